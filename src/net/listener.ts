/**
 * Listener: one bound address that hands over every connection as an end.
 *
 * It reads nothing, refuses nothing and starts no fiber: what happens to a connection is its caller's business.
 */
import type { TCPSocketListener } from "bun"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import { type Listener as What, type ListenFailed, listenFailed } from "../observe/listen-failed.ts"
import type { Address } from "../protocol/address.ts"

import { nobody, SocketEnd, socketHandlers } from "./end.ts"

export interface Listener {
  readonly address: Address
  /** The port that was bound, also where 0 was asked for. */
  readonly port: number
  /** Refuses new connections from now on; those that are open stay. Closing the scope does it too. */
  readonly stop: () => void
}

/**
 * Listens on `address` and `port` until its scope closes. `accept` is called synchronously for every connection and
 * must give its end a receiver before it returns. Bun binds with SO_REUSEADDR and a fixed backlog of 512.
 */
export const listen = (
  what: What,
  address: Address,
  port: number,
  accept: (end: SocketEnd) => void,
): Effect.Effect<Listener, ListenFailed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => bind(address, port, accept),
      catch: (cause) => listenFailed(what, address.text, port, cause),
    }),
    (listener) => Effect.sync(listener.stop),
  )

const bind = (address: Address, port: number, accept: (end: SocketEnd) => void): Listener => {
  let listening = true
  const server: TCPSocketListener<SocketEnd> = Bun.listen<SocketEnd>({
    hostname: address.text,
    port,
    // Without it Bun closes a socket whole when its peer sends FIN, and the answer is lost.
    allowHalfOpen: true,
    socket: {
      ...socketHandlers,
      open(socket) {
        const end = new SocketEnd(nobody)
        socket.data = end
        end.attach(socket)
        accept(end)
      },
    },
  })
  return {
    address,
    port: server.port,
    stop: () => {
      if (!listening) return
      listening = false
      server.stop()
    },
  }
}
