/**
 * Reap: waits for orphans when the proxy is PID 1, as `init` does. Orphaned processes become children of PID 1, and
 * stay in the process table as zombies until it waits for them; Bun 1.4.5 waits for those that it started only.
 *
 * A dead child is first looked at without being taken (WNOWAIT), so that the exit status of a process that Bun started
 * is left for Bun. Linux on x64 and arm64, glibc and musl; nothing here blocks.
 */
import { ptr, read } from "bun:ffi"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import { loadLibc } from "../../system/load-libc.ts"

// The values of Linux; x64 and arm64 agree on all of them.
const P_ALL = 0
const WNOHANG = 1
const WEXITED = 4
const WNOWAIT = 0x0100_0000

/** siginfo_t is 128 bytes; behind three ints and padding comes si_pid. */
const siginfoLength = 128
const siginfoPid = 16

const functions = {
  waitid: { args: ["i32", "u32", "ptr", "i32"], returns: "i32" },
  waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
} as const

/** Until the scope closes. Does nothing where this process is not PID 1. `own` is the process that Bun waits for. */
export const reapOrphans = (own: number): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    if (process.pid !== 1) return
    const libc = loadLibc(functions)
    if (libc === undefined) {
      return yield* Effect.logWarning("libc cannot be used here: orphaned processes will stay as zombies")
    }
    const reap = reaper(libc, own)
    yield* Effect.acquireRelease(
      Effect.sync(() => process.on("SIGCHLD", reap)),
      () => Effect.sync(() => process.off("SIGCHLD", reap)),
    )
    // Those that died before anyone listened.
    reap()
  })

type Wait = NonNullable<ReturnType<typeof loadLibc<typeof functions>>>

/** One signal may stand for several deaths, so each call takes all the dead. */
const reaper = (libc: Wait, own: number): (() => void) => {
  const siginfo = new Uint8Array(siginfoLength)
  const pointer = ptr(siginfo)
  return () => {
    for (;;) {
      siginfo.fill(0)
      if (libc.waitid(P_ALL, 0, pointer, WEXITED | WNOHANG | WNOWAIT) !== 0) return
      const pid = read.i32(pointer, siginfoPid)
      // Nobody is dead, or Bun's own child is, and hides the others for the moment until Bun has taken it: when it is
      // dead, the program is about to end.
      if (pid === 0 || pid === own) return
      libc.waitpid(pid, null, WNOHANG)
    }
  }
}
