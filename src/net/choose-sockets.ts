/**
 * Choose sockets: which kind of sockets works on this machine, tested once at start.
 *
 * Polled sockets reach into libc by an interface that Bun calls experimental, and share a thread with its event loop.
 * Before anything relies on that, they must have carried bytes over one connection on loopback, and named one failure.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"

import { errorCode } from "../flow/error-code.ts"
import { cannotAccept } from "../flow/listen-failed.ts"
import type { Fallback, Shortfalls } from "../flow/shortfalls.ts"
import { type Address, addressLiteral } from "../protocol/address.ts"
import { fromLatin1 } from "../protocol/bytes.ts"
import { after, cancel } from "./common/deadline.ts"
import { type End, nobody } from "./common/end.ts"
import { acceptIsDenied, polledSockets } from "./polled/polled-sockets.ts"
import { routedSockets } from "./runtime/routed-sockets.ts"
import type { Sockets } from "./sockets/sockets.ts"

/** Milliseconds; loopback answers within one, but a container that starts may have little of a processor. */
const timeout = 3000

const loopback = addressLiteral("127.0.0.1")

const greeting = fromLatin1("hello")

/**
 * Chooses polled sockets where they are wanted and pass the test, else the runtime's; `shortfalls` hears why. Where a
 * sandbox lets nothing be accepted neither kind listens, and `listen` throws an error that says so.
 */
export const chooseSockets = (
  wanted: boolean,
  shortfalls: Shortfalls,
  polled: (shortfalls: Shortfalls) => Sockets | Fallback = polledSockets,
  denied: () => boolean = acceptIsDenied,
): Effect.Effect<Sockets> =>
  Effect.gen(function* () {
    if (denied()) return { ...routedSockets(), listen: refuseToListen }
    if (!wanted) return routedSockets()
    const sockets = polled(shortfalls)
    if ("reason" in sockets) {
      shortfalls.fellBack("poll", sockets)
      return routedSockets()
    }
    const fallback = yield* selfTest(sockets)
    if (fallback === undefined) return sockets
    shortfalls.fellBack("poll", fallback)
    return routedSockets()
  })

const refuseToListen = (): never => {
  throw Object.assign(new Error(cannotAccept), { code: cannotAccept })
}

/** Tests a kind of sockets: undefined where it works. Never fails: whatever goes wrong means that it does not work. */
export const selfTest = (sockets: Sockets): Effect.Effect<Fallback | undefined> =>
  Effect.gen(function* () {
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
    const first = yield* outcome(sockets, loopback, listener.port)
    if (first !== "greeted") return failed(first)
    // Nobody can listen on port 0, so this is refused everywhere.
    const second = yield* outcome(sockets, loopback, 0)
    return second === "ECONNREFUSED" ? undefined : failed(second)
  }).pipe(
    Effect.scoped,
    Effect.catchCause((cause) => Effect.succeed(failed(errorCode(Cause.squash(cause))))),
  )

const failed = (code: string): Fallback => (code === tooLate ? { reason: "time" } : { reason: "failed", code })

const tooLate = "too late"

/** Connects and waits for the greeting: "greeted", the error code, or `tooLate` when the time is up. */
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
          closed: (_, code) => settle(code ?? "closed"),
        }
      },
      failed: (_, code) => settle(code),
    })
    const deadline = after(timeout, {
      expire() {
        if (typeof attempt !== "string") attempt.cancel()
        settle(tooLate)
      },
    })
    if (typeof attempt === "string") settle(attempt)
  })
