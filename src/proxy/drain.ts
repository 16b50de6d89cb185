/**
 * Drain: how the proxy stops without losing anything (the two phases of the contract).
 *
 * From the signal on the proxy is not ready. Inbound goes on accepting for `drain-delay`, because those who send to it
 * learn late that it leaves; outbound accepts until the end, because the workload may need its database to stop. The
 * end comes when the delay is over and no connection is left, or `drain-timeout` after the signal.
 */
import * as Effect from "effect/Effect"

import type { Drain } from "../net/common/drain-signal.ts"
import type { Listener } from "../net/sockets/listener.ts"

export interface DrainParts {
  readonly drain: Drain
  readonly inbound: ReadonlyArray<Listener>
  readonly settings: () => { readonly drainDelay: number; readonly drainTimeout: number }
  /** Suspends until no connection is open. */
  readonly awaitEmpty: Effect.Effect<void>
}

/** The whole stop; true when every connection ended by itself, false when some have to be reset. */
export const drainAll = Effect.fnUntraced(function* ({ drain, inbound, settings, awaitEmpty }: DrainParts) {
  const { drainDelay, drainTimeout } = settings()
  drain.start()
  const stopped = Effect.sleep(drainDelay).pipe(
    Effect.andThen(
      Effect.sync(() => {
        for (const listener of inbound) listener.stop()
      }),
    ),
    Effect.andThen(awaitEmpty),
  )
  const inTime = yield* Effect.timeoutOption(stopped, drainTimeout)
  return inTime._tag === "Some"
})
