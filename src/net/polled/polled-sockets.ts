/**
 * Polled sockets: listening and connecting by system calls. Every failure has its true name, and an attempt that is
 * cancelled is gone at once.
 */
import { ptr } from "bun:ffi"

import { type Fallback, type Shortfalls, unheard } from "../../flow/shortfalls.ts"
import type { Address } from "../../protocol/address.ts"
import { errorName, whyNoLibc } from "../../system/load-libc.ts"
import { Attempt, type AttemptOwner } from "../sockets/attempt.ts"
import { routeError } from "../sockets/route.ts"
import { AF_INET, familyOf, socketAddress } from "../sockets/socket-address.ts"
import {
  EACCES,
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  EINPROGRESS,
  ENOSYS,
  EPERM,
  openSocketCalls,
  socketAddressLength,
  type SocketCalls,
} from "../sockets/socket-calls.ts"
import type { Sockets } from "../sockets/sockets.ts"
import { PolledEnd } from "./polled-end.ts"
import { PolledListener } from "./polled-listener.ts"
import { Poller } from "./poller.ts"
import { runtimesEpoll } from "./runtime-epoll.ts"

/** Opens polled sockets, or returns why there are none. `shortfalls` hears what the kernel does not give them. */
export const polledSockets = (shortfalls: Shortfalls = unheard): Sockets | Fallback => {
  const poller = openPoller()
  if ("reason" in poller) return poller
  poller.shortfalls = shortfalls
  return {
    listen: (address, port, accept) => new PolledListener(poller, address, port, accept),
    connect: (address, port, owner) => connect(poller, address, port, owner),
  }
}

/** The poller of the whole program: a second one would have to wait for the first. */
let opened: Poller | undefined

const openPoller = (): Poller | Fallback => {
  if (opened !== undefined) return opened
  const libc = openSocketCalls()
  if (libc === undefined) return whyNoLibc()
  const runtimes = runtimesEpoll()
  if (runtimes === undefined) return { reason: "no-epoll" }
  const epoll = libc.epoll()
  if (epoll < 0) return { reason: "no-descriptor", code: errorName(-epoll) }
  opened = new Poller(libc, epoll, runtimes, ptr)
  return opened
}

/**
 * Whether a sandbox denies accept4(2), asked of a socket that does not listen. Bun would try again and again, and take
 * a whole processor for it. False where libc cannot be asked.
 */
export const acceptIsDenied = (libc: SocketCalls | undefined = openSocketCalls()): boolean => {
  const fd = libc?.socket(AF_INET) ?? -1
  if (libc === undefined || fd < 0) return false
  const result = libc.accept(fd, new Uint8Array(socketAddressLength))
  libc.close(fd)
  return result === -EPERM || result === -EACCES || result === -ENOSYS
}

const connect = (poller: Poller, address: Address, port: number, owner: AttemptOwner): Attempt | string => {
  const { libc } = poller
  const fd = libc.socket(familyOf(address))
  // Where a sandbox denies the family there is none.
  if (fd < 0) return errorName(fd === -EPERM || fd === -EACCES ? EAFNOSUPPORT : -fd)
  const to = socketAddress(address, port)
  const result = libc.connect(fd, to, to.length)
  if (result < 0 && result !== -EINPROGRESS) {
    libc.close(fd)
    const error = result === -EADDRNOTAVAIL ? routeError(libc, address, port) : undefined
    return error ?? errorName(-result)
  }
  const attempt = new Attempt(address, port, owner)
  const end = PolledEnd.connecting(poller, fd, attempt)
  if (typeof end === "number") return errorName(-end)
  attempt.end = end
  return attempt
}
