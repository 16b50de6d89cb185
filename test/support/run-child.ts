/** Run-child: a process that starts its arguments as `pillion run --` does, without a proxy beside them. */
import * as Effect from "effect/Effect"
import { startChild } from "../../src/cli/run/child.ts"
import { Signals } from "../../src/cli/command-line/signals.ts"

const signals = new Signals()
signals.install()

const environment: Record<string, string> = {}
for (const [name, value] of Object.entries(process.env)) if (value !== undefined) environment[name] = value

const code = await Effect.gen(function* () {
  const child = yield* startChild(process.argv.slice(2), environment)
  signals.listen(child.signal)
  return yield* child.exitCode
}).pipe(
  Effect.scoped,
  Effect.catchTag("ChildNotStarted", ({ message, exitCode }) =>
    Effect.sync(() => {
      process.stderr.write(`pillion: ${message}\n`)
      return exitCode
    }),
  ),
  Effect.runPromise,
)
process.exit(code)
