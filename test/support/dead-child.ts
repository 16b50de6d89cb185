/** Dead-child: as PID 1, looks for orphans when a process of Bun's own is dead and Bun has not had a turn to notice. */
import { readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import { reapOrphans } from "../../src/cli/run/reap.ts"

const program = Bun.spawn(["sh", "-c", "exit 7"])
while (!readFileSync(`/proc/${program.pid}/stat`, "latin1").includes(") Z ")) Bun.sleepSync(1)
await Effect.runPromise(Effect.scoped(reapOrphans(program.pid)))
process.exit(await program.exited)
