/**
 * Route: whether this machine can send anything to an address at all, asked of the kernel by a UDP socket that is
 * connected and sends nothing. This finds what connect(2) of TCP and Bun do not report; never why a packet was lost.
 */
import type { Address } from "../../protocol/address.ts"

import { EADDRNOTAVAIL, ENETUNREACH, type SocketCalls, socketOptions } from "./socket-calls.ts"
import { errorName } from "../../system/load-libc.ts"
import { familyOf, socketAddress } from "./socket-address.ts"

/**
 * The error code of an address that cannot be reached from here; undefined where it can be, or nobody knows. Without an
 * address of its own to send from (IPv6 that is switched off by sysctl) a machine has no route: connect(2) of TCP says
 * EADDRNOTAVAIL then, as where no port is free, of which UDP has others.
 */
export const routeError = (libc: SocketCalls, address: Address, port: number): string | undefined => {
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
