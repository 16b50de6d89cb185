/**
 * Self-test: which way of connecting works on this machine, tried once at start.
 *
 * `exactConnect` reaches into libc by an interface that Bun calls experimental, and hands Bun sockets that are still
 * connecting. Before anything relies on that it must have made one connection on loopback, and named one failure.
 */
import { listen } from "bun"
import * as Effect from "effect/Effect"
import { parseAddress } from "../protocol/address.ts"
import { type Connect, exactConnect, plainConnect } from "./attempt.ts"
import { after, cancel } from "./deadline.ts"
import { openLibc } from "./libc.ts"

/** Milliseconds; loopback answers within one. */
const patience = 1000

/** The exact way where it passes the test, else the plain one, with a warning. */
export const chooseConnect: Effect.Effect<Connect> = Effect.gen(function* () {
  const libc = openLibc()
  if (libc !== undefined) {
    const connect = exactConnect(libc)
    if (yield* works(connect)) return connect
  }
  yield* Effect.logWarning(
    "libc cannot be used for connecting here: unreachable destinations will be reported as refused, and a dial that is given up keeps its socket until the system drops it",
  )
  return plainConnect
})

/** Never fails: whatever goes wrong means that it does not work. */
export const works = (connect: Connect): Effect.Effect<boolean> =>
  Effect.acquireUseRelease(
    Effect.sync(() => listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })),
    (listener) =>
      Effect.gen(function* () {
        if ((yield* outcome(connect, listener.port)) !== "connected") return false
        // Nobody can listen on port 0, so this is refused everywhere.
        return (yield* outcome(connect, 0)) === "ECONNREFUSED"
      }),
    (listener) => Effect.sync(() => listener.stop(true)),
  ).pipe(Effect.catchCause(() => Effect.succeed(false)))

/** "connected", the error code, or "nothing" when the time is up. */
const outcome = (connect: Connect, port: number): Effect.Effect<string> =>
  Effect.callback<string>((resume) => {
    const address = parseAddress("127.0.0.1")
    if (address === undefined) return resume(Effect.succeed("nothing"))
    const settle = (result: string): void => {
      cancel(deadline)
      resume(Effect.succeed(result))
    }
    const attempt = connect(address, port, {
      connected(attempt) {
        attempt.end.terminate()
        settle("connected")
      },
      failed: (_, code) => settle(code),
    })
    const deadline = after(patience, () => {
      if (typeof attempt !== "string") attempt.cancel()
      settle("nothing")
    })
    if (typeof attempt === "string") settle(attempt)
  })
