/**
 * Listener: one bound address that hands over every connection as an end.
 *
 * Reads nothing, refuses nothing and starts no fiber: what happens to a connection is its caller's business.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import { type ListenerName, type ListenFailed, listenFailed } from "../../flow/listen-failed.ts"
import type { Address } from "../../protocol/address.ts"

import type { Accept, Listening, Sockets } from "./sockets.ts"

export interface Listener extends Listening {
  readonly address: Address
}

/** Listens on `address` and `port` until its scope closes. */
export const listen = (
  sockets: Pick<Sockets, "listen">,
  what: ListenerName,
  address: Address,
  port: number,
  accept: Accept,
): Effect.Effect<Listener, ListenFailed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        const listening = sockets.listen(address, port, accept)
        return { address, port: listening.port, stop: () => listening.stop() }
      },
      catch: (cause) => listenFailed(what, address.text, port, cause),
    }),
    (listener) => Effect.sync(listener.stop),
  )
