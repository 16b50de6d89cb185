/**
 * Polled listener: a listening socket that a poller watches; accepts by system calls, and rests where the system refuses.
 */
import { errorName } from "../../system/load-libc.ts"
import type { Address } from "../../protocol/address.ts"
import { after, cancel, type Deadline } from "../common/deadline.ts"
import { AF_INET6, familyOf, peerIn, portIn, socketAddress } from "../sockets/socket-address.ts"
import { type SocketCalls, socketAddressLength, socketOptions } from "../sockets/socket-calls.ts"
import { type Accept, backlog, type Listening } from "../sockets/sockets.ts"
import { PolledEnd } from "./polled-end.ts"
import { type Poller, readable, type Watcher, wouldBlock } from "./poller.ts"

/** Connections that are accepted in a row, before those that are open have their turn. */
export const acceptBatch = 64

/**
 * Milliseconds until it is tried again to accept, where the system has no descriptor or no memory left for it; where the
 * call is refused the time doubles up to the longest, for that may be for good.
 */
export const acceptRetryDelay = 100
export const maxAcceptRetryDelay = 5000

export class PolledListener implements Listening, Watcher {
  readonly port: number
  private readonly poller: Poller
  private readonly accept: Accept
  private fd: number
  private readonly peer = new Uint8Array(socketAddressLength)
  private deadline: Deadline | undefined = undefined
  private stopping = false
  /** How often in a row it had to rest. */
  private rests = 0

  constructor(poller: Poller, address: Address, port: number, accept: Accept) {
    this.poller = poller
    this.accept = accept
    this.fd = bound(poller.libc, address, port)
    const { libc } = poller
    try {
      checked(libc.listen(this.fd, backlog), "listen")
      checked(libc.localName(this.fd, this.peer), "getsockname")
      this.port = portIn(this.peer)
      checked(poller.register(this.fd, readable, this), "epoll_ctl")
    } catch (error) {
      libc.close(this.fd)
      throw error
    }
  }

  /** Who waits to be accepted has been told by the kernel that it is connected: it is not reset for our stopping. */
  stop(): void {
    if (this.fd < 0 || this.stopping) return
    this.stopping = true
    for (let rounds = backlog / acceptBatch; rounds > 0 && this.acceptSome(); rounds--);
    cancel(this.deadline)
    this.poller.deregister(this.fd)
    this.poller.libc.close(this.fd)
    this.fd = -1
  }

  prefetch(): void {}

  ready(): void {
    this.acceptSome()
  }

  /** Whether there may be more: whoever waits behind so many has the next turn. */
  private acceptSome(): boolean {
    let lost = 0
    for (let i = 0; i < acceptBatch; i++) {
      // A callback may have stopped it.
      if (this.fd < 0) return false
      const fd = this.poller.libc.accept(this.fd, this.peer)
      if (fd < 0) {
        if (wouldBlock(fd)) return false
        const code = errorName(-fd)
        // Of the one connection that was to be accepted, which is gone; but not all of them.
        if (ofConnections.has(code) && ++lost < acceptBatch) continue
        this.rest(code)
        return false
      }
      if (this.rests > 0) this.recovered()
      const end = PolledEnd.accepted(this.poller, fd)
      if (typeof end !== "number") this.handOver(end)
    }
    return true
  }

  private handOver(end: PolledEnd): void {
    try {
      this.accept(end, peerIn(this.peer))
    } catch (error) {
      end.defect(error)
    }
  }

  /** Nothing can be accepted now, and the news that something waits would come again and again. */
  private rest(code: string): void {
    cancel(this.deadline)
    this.poller.reregister(this.fd, 0)
    const doubled = Math.min(maxAcceptRetryDelay, acceptRetryDelay * 2 ** this.rests)
    this.rests++
    this.deadline = after(scarce.has(code) ? acceptRetryDelay : doubled, resume, this)
    this.poller.shortfalls.cannotAccept(this.port, code)
  }

  private recovered(): void {
    this.rests = 0
    this.poller.shortfalls.acceptsAgain(this.port)
  }

  resume(): void {
    this.poller.reregister(this.fd, readable)
  }
}

const resume = (listener: PolledListener): void => listener.resume()

/** Errors of accept(2) that the connection already had (its "Error handling"). */
const ofConnections: ReadonlySet<string> = new Set([
  "ECONNABORTED",
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "EINTR",
  "ENETDOWN",
  "ENETUNREACH",
  "ENONET",
  "ENOPROTOOPT",
  "EOPNOTSUPP",
  "EPROTO",
  "ETIMEDOUT",
])

/** What the machine lacks when it cannot accept. */
const scarce: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"])

/** A socket bound to an address, which accepted sockets take their options from. */
const bound = (libc: SocketCalls, address: Address, port: number): number => {
  const family = familyOf(address)
  const fd = checked(libc.socket(family), "socket")
  try {
    libc.set(fd, socketOptions.reuseAddress, 1)
    libc.set(fd, socketOptions.noDelay, 1)
    if (family === AF_INET6) libc.set(fd, socketOptions.ipv6Only, 0)
    const name = socketAddress(address, port)
    checked(libc.bind(fd, name, name.length), "bind")
    return fd
  } catch (error) {
    libc.close(fd)
    throw error
  }
}

const checked = (result: number, call: string): number => {
  if (result >= 0) return result
  const code = errorName(-result)
  throw Object.assign(new Error(`${call}: ${code}`), { code })
}
