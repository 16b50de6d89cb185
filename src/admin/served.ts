/**
 * Served: a server that listens for as long as its scope is open.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import { type ListenerName, type ListenFailed, listenFailed } from "../flow/listen-failed.ts"

/** The address and port that a server listens on; the port also where 0 was asked for. */
export interface Served {
  readonly address: string
  readonly port: number
}

/** A server, as Bun.serve and Bun.listen give one. */
interface Stoppable {
  readonly port?: number | undefined
  readonly stop: (closeActiveConnections: boolean) => unknown
}

/** Listens until the scope closes, which cuts off whoever is still there. `listen` may throw what the system says. */
export const served = (
  what: ListenerName,
  address: string,
  port: number,
  listen: () => Stoppable,
): Effect.Effect<Served, ListenFailed, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.try({ try: listen, catch: (cause) => listenFailed(what, address, port, cause) }),
      (server) => Effect.sync(() => void server.stop(true)),
    ),
    (server) => ({ address, port: server.port ?? port }),
  )
