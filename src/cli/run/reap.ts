/**
 * Reap: waits for the program beside the proxy, and as PID 1 also for orphans, as `init` does. Orphaned processes become
 * children of PID 1, and stay in the process table as zombies until it waits for them.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type Spawning, takeEnded } from "./spawn.ts"

/** Calls `ended` with the exit code of the child `own`, once. Reaps until the scope closes, and `own` has ended. */
export const reapChildren = (
  libc: Spawning,
  own: number,
  ended: (code: number) => void,
): Effect.Effect<void, never, Scope.Scope> => {
  // Except as PID 1, other children are waited for where they were started.
  const which = process.pid === 1 ? -1 : own
  const until = { ended: false, closed: false }
  const reap = (): void => {
    // One signal may stand for several deaths, so each takes all the dead.
    for (let dead = takeEnded(libc, which); dead !== undefined; dead = takeEnded(libc, which)) {
      if (dead.pid !== own) continue
      until.ended = true
      ended(dead.code)
    }
    leave()
  }
  const leave = (): void => {
    if (until.ended && until.closed) process.off("SIGCHLD", reap)
  }
  return Effect.gen(function* () {
    process.on("SIGCHLD", reap)
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        until.closed = true
        leave()
      }),
    )
    // Those that died before anyone listened.
    reap()
  })
}
