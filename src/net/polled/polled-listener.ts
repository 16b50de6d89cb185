/**
 * Polled listener: a listening socket that a poller watches; accepts by system calls, and rests where the system
 * refuses.
 */
import { errorName } from "../../system/load-libc.ts"
import type { Address } from "../../protocol/address.ts"
import { after, cancel, type Deadline, type Expires } from "../common/deadline.ts"
import { AF_INET6, familyOf, peerIn, portIn, socketAddress } from "../sockets/socket-address.ts"
import { type SocketCalls, socketAddressLength, socketOptions } from "../sockets/socket-calls.ts"
import { type Accept, backlog, type Listening } from "../sockets/sockets.ts"
import { PolledEnd } from "./polled-end.ts"
import { type Poller, readable, type Watcher, wouldBlock } from "./poller.ts"

/** Connections that are accepted in a row, before those that are open have their turn. */
export const acceptBatch = 64

/**
 * Milliseconds until accepting is tried again, where the system has no descriptor or no memory left for a socket; where
 * the call is refused the delay doubles up to `maxAcceptRetryDelay`, for that may be for good.
 */
export const acceptRetryDelay = 100
export const maxAcceptRetryDelay = 5000

export class PolledListener implements Listening, Watcher, Expires {
  readonly port: number
  private readonly poller: Poller
  private readonly accept: Accept
  private fd: number
  private readonly peer = new Uint8Array(socketAddressLength)
  private deadline: Deadline | undefined = undefined
  private stopping = false
  /** Failures in a row after which the listener rested. */
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

  /** Accepts what is queued first: the kernel has already completed those connections, and closing would reset them. */
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

  /** Accepts up to `acceptBatch` connections; returns whether more may be queued, for the next turn. */
  private acceptSome(): boolean {
    let lost = 0
    for (let i = 0; i < acceptBatch; i++) {
      // A callback may have stopped this listener.
      if (this.fd < 0) return false
      const fd = this.poller.libc.accept(this.fd, this.peer)
      if (fd < 0) {
        if (wouldBlock(fd)) return false
        const code = errorName(-fd)
        // The error belongs to the one connection that was to be accepted, which is gone; not all can have one.
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

  /** Stops watching for a while: nothing can be accepted now, and the event would come again and again. */
  private rest(code: string): void {
    cancel(this.deadline)
    this.poller.reregister(this.fd, 0)
    const doubled = Math.min(maxAcceptRetryDelay, acceptRetryDelay * 2 ** this.rests)
    this.rests++
    this.deadline = after(scarce.has(code) ? acceptRetryDelay : doubled, this)
    this.poller.shortfalls.cannotAccept(this.port, code)
  }

  private recovered(): void {
    this.rests = 0
    this.poller.shortfalls.acceptsAgain(this.port)
  }

  /** Goes on after its rest. */
  expire(): void {
    this.poller.reregister(this.fd, readable)
  }
}

/** Errors that accept(2) passes on from the connection itself (its "Error handling"). */
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

/** Errors of accept(2) that say what the machine lacks. */
const scarce: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"])

/** Makes a socket bound to an address; accepted sockets inherit its options. */
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
