/**
 * Run-child: a process that starts its arguments as `pillion run --` does, without a proxy beside them. The environment
 * variable RUN_CHILD_WITHOUT_LIBC=1 stands for a machine where the C library cannot be called.
 */
import * as Effect from "effect/Effect"
import { startChild } from "../../src/cli/run/child.ts"
import { Signals } from "../../src/cli/command-line/signals.ts"
import { Terminal } from "../../src/cli/run/terminal.ts"

const terminal = new Terminal()
const hasTerminal = terminal.look()
const signals = new Signals()
signals.install(hasTerminal ? "program" : "program without a terminal")

const { RUN_CHILD_WITHOUT_LIBC: withoutLibc, ...variables } = process.env
const environment: Record<string, string> = {}
for (const [name, value] of Object.entries(variables)) if (value !== undefined) environment[name] = value

// Listening for signals keeps no process alive.
setInterval(() => {}, 1e6)
const code = await Effect.gen(function* () {
  const child = yield* startChild({
    command: process.argv.slice(2),
    environment,
    terminal: hasTerminal ? terminal : undefined,
    ignored: signals.ignored,
    ...(withoutLibc === "1" ? { libc: undefined } : {}),
  })
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
