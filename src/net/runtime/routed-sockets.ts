/**
 * Routed sockets: those of the runtime, with the true name of a destination that this machine has no route to.
 */
import type { AttemptOwner } from "../sockets/attempt.ts"
import { type SocketCalls, openSocketCalls } from "../sockets/socket-calls.ts"
import { routeError } from "../sockets/route.ts"
import { runtimeSockets } from "./runtime-sockets.ts"
import type { Sockets } from "../sockets/sockets.ts"

/** The runtime's sockets; where libc can be asked, a destination without a route is reported by its own error. */
export const routedSockets = (libc: SocketCalls | undefined = openSocketCalls()): Sockets => {
  if (libc === undefined) return runtimeSockets
  const { listen, connect } = runtimeSockets
  return { listen, connect: (address, port, owner) => connect(address, port, routed(owner, libc)) }
}

/** The codes that Bun reports for nearly every failure, and for IPv6 where there is none. */
const vagueCodes: ReadonlySet<string> = new Set(["ECONNREFUSED", "EADDRNOTAVAIL"])

const routed = (owner: AttemptOwner, libc: SocketCalls): AttemptOwner => ({
  connected: (attempt) => owner.connected(attempt),
  failed: (attempt, code) => {
    const error = vagueCodes.has(code) ? routeError(libc, attempt.address, attempt.port) : undefined
    owner.failed(attempt, error ?? code)
  },
})
