/**
 * Route: whether this machine can send anything to an address at all, asked of the kernel by a UDP socket that is
 * connected and sends nothing. So it knows what connect(2) of TCP and Bun leave untold; never why a packet was lost.
 */
import type { Address } from "../protocol/address.ts"

import type { Outcome } from "./attempt.ts"
import { EADDRNOTAVAIL, ENETUNREACH, type Libc, openLibc, socketOptions } from "./libc.ts"
import { errorName } from "./load-libc.ts"
import { runtimeSockets } from "./runtime-sockets.ts"
import { familyOf, socketAddress } from "./socket-address.ts"
import type { Sockets } from "./sockets.ts"

/**
 * The error code of an address that cannot be reached from here; undefined where it can be, or nobody knows. Without an
 * address of its own to send from (IPv6 that is switched off by sysctl) a machine has no route: connect(2) of TCP says
 * EADDRNOTAVAIL then, as where no port is free, of which UDP has others.
 */
export const routeError = (libc: Libc, address: Address, port: number): string | undefined => {
  const fd = libc.datagramSocket(familyOf(address))
  if (fd < 0) return undefined
  // A broadcast address is refused to UDP for a reason that TCP does not have.
  libc.set(fd, socketOptions.broadcast, 1)
  const to = socketAddress(address, port)
  const result = libc.connect(fd, to, to.length)
  libc.close(fd)
  if (result >= 0) return undefined
  return errorName(result === -EADDRNOTAVAIL ? ENETUNREACH : -result)
}

/** The runtime's sockets; where libc can be asked a destination without a route is told by its own name. */
export const routedSockets = (libc: Libc | undefined = openLibc()): Sockets => {
  if (libc === undefined) return runtimeSockets
  const { listen, connect } = runtimeSockets
  return { listen, connect: (address, port, outcome) => connect(address, port, routed(outcome, libc)) }
}

/** What Bun calls nearly every failure, and what it says without IPv6. */
const untold: ReadonlySet<string> = new Set(["ECONNREFUSED", "EADDRNOTAVAIL"])

const routed = (outcome: Outcome, libc: Libc): Outcome => ({
  connected: (attempt) => outcome.connected(attempt),
  failed: (attempt, code) => {
    const error = untold.has(code) ? routeError(libc, attempt.address, attempt.port) : undefined
    outcome.failed(attempt, error ?? code)
  },
})
