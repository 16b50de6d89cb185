/**
 * Self-test: which way of having sockets works on this machine, tried once at start.
 *
 * Polled sockets reach into libc by an interface that Bun calls experimental, and share a thread with its event loop.
 * Before anything relies on that, they must have carried bytes over one connection on loopback, and named one failure.
 */
import * as Effect from "effect/Effect"
import { type Address, parseAddress } from "../protocol/address.ts"
import { fromLatin1 } from "../protocol/bytes.ts"
import { after, cancel } from "./deadline.ts"
import { type End, nobody } from "./end.ts"
import { polledSockets } from "./polled-sockets.ts"
import { runtimeSockets } from "./runtime-sockets.ts"
import type { Sockets } from "./sockets.ts"

/** Milliseconds; loopback answers within one. */
const patience = 1000

const greeting = fromLatin1("hello")

/** The polled way where it is wanted and passes the test, else the runtime's; with a warning where it did not pass. */
export const chooseSockets = (
  wanted: boolean,
  polled: () => Sockets | undefined = polledSockets,
): Effect.Effect<Sockets> =>
  Effect.gen(function* () {
    if (!wanted) return runtimeSockets
    const sockets = polled()
    if (sockets !== undefined && (yield* works(sockets))) return sockets
    yield* Effect.logWarning(
      "the system calls for sockets cannot be used here: connections will cost more, unreachable destinations will be reported as refused, and a dial that is given up keeps its socket until the system drops it",
    )
    return runtimeSockets
  })

/** Never fails: whatever goes wrong means that it does not work. */
export const works = (sockets: Sockets): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    const loopback = parseAddress("127.0.0.1")
    if (loopback === undefined) return false
    const accepted: Array<End> = []
    const greet = (end: End): void => {
      accepted.push(end)
      end.write(greeting)
    }
    const listener = yield* Effect.acquireRelease(
      Effect.sync(() => sockets.listen(loopback, 0, greet)),
      (listener) =>
        Effect.sync(() => {
          listener.stop()
          for (const end of accepted) end.terminate()
        }),
    )
    if ((yield* outcome(sockets, loopback, listener.port)) !== "greeted") return false
    // Nobody can listen on port 0, so this is refused everywhere.
    return (yield* outcome(sockets, loopback, 0)) === "ECONNREFUSED"
  }).pipe(
    Effect.scoped,
    Effect.catchCause(() => Effect.succeed(false)),
  )

/** "greeted", the error code, or "nothing" when the time is up. */
const outcome = ({ connect }: Sockets, address: Address, port: number): Effect.Effect<string> =>
  Effect.callback<string>((resume) => {
    const settle = (result: string): void => {
      cancel(deadline)
      resume(Effect.succeed(result))
    }
    const attempt = connect(address, port, {
      connected({ end }) {
        let received = ""
        end.receiver = {
          ...nobody,
          data(_, chunk) {
            received += String.fromCharCode(...chunk)
            if (received.length < greeting.length) return
            settle(received === "hello" ? "greeted" : "other bytes")
            end.terminate()
          },
          closed: (_, code) => settle(code ?? "nothing"),
        }
      },
      failed: (_, code) => settle(code),
    })
    const deadline = after(patience, () => {
      if (typeof attempt !== "string") attempt.cancel()
      settle("nothing")
    })
    if (typeof attempt === "string") settle(attempt)
  })
