/**
 * Socket calls: sockets by system calls, through bun:ffi, for polled sockets. Linux on x64 and arm64, glibc and musl.
 *
 * Every call returns what the kernel does, or an errno as a negative number. Nothing here waits but `epollWait`, and
 * nothing allocates.
 */
import { type Pointer, ptr, read } from "bun:ffi"
import { constants } from "node:os"

import { loadLibc } from "../../system/load-libc.ts"

// The values of Linux; x64 and arm64 agree on all of them.
const SOCK_STREAM = 0o1
const SOCK_DGRAM = 0o2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const EPOLL_CLOEXEC = SOCK_CLOEXEC
const MSG_PEEK = 0x2
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000
const SHUT_WR = 1
const SIOCOUTQ = 0x5411
const nonBlocking = SOCK_NONBLOCK | SOCK_CLOEXEC

export const { EACCES, EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN, EINPROGRESS, ENETUNREACH, ENOSYS, EPERM } = constants.errno

/**
 * Milliseconds for which the kernel goes on with a socket that was detached while its peer takes nothing at all. A peer
 * that takes some gets the rest.
 */
export const kernelDeliveryTimeout = 60_000

/** Options of a socket: level and name, and a number each. */
export const socketOptions = {
  reuseAddress: { level: 1, name: 2 },
  error: { level: 1, name: 4 },
  broadcast: { level: 1, name: 6 },
  keepAlive: { level: 1, name: 9 },
  noDelay: { level: 6, name: 1 },
  /** Seconds of silence before the first probe, seconds between two, and how many unanswered ones end a connection. */
  keepAliveIdle: { level: 6, name: 4 },
  keepAliveInterval: { level: 6, name: 5 },
  keepAliveCount: { level: 6, name: 6 },
  /** Milliseconds for which the kernel goes on while the peer takes nothing. */
  userTimeout: { level: 6, name: 18 },
  ipv6Only: { level: 41, name: 26 },
} as const

interface SocketOption {
  readonly level: number
  readonly name: number
}

const lingerOption: SocketOption = { level: 1, name: 13 }

const functions = {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  accept4: { args: ["i32", "ptr", "ptr", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  getpeername: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  recv: { args: ["i32", "ptr", "usize", "i32"], returns: "i32" },
  send: { args: ["i32", "ptr", "usize", "i32"], returns: "i32" },
  shutdown: { args: ["i32", "i32"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  epoll_create1: { args: ["i32"], returns: "i32" },
  epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
} as const

type Symbols = NonNullable<ReturnType<typeof loadLibc<typeof functions>>>

/** Opens the calls; undefined where this system has no such libc. */
export const openSocketCalls = (): SocketCalls | undefined => {
  const symbols = loadLibc(functions)
  const errno = symbols?.__errno_location()
  return symbols === undefined || typeof errno !== "number" ? undefined : new SocketCalls(symbols, errno)
}

/** Bytes of the largest socket address: struct sockaddr_in6. */
export const socketAddressLength = 28

export class SocketCalls {
  private readonly calls: Symbols
  private readonly errno: Pointer
  private readonly number = new Int32Array(1)
  private readonly length = new Uint32Array(1)
  private readonly peeked = new Uint8Array(1)
  /** A close that resets: on, for no time at all. */
  private readonly linger = new Int32Array([1, 0])
  /** struct epoll_event, which is packed on x64 only; `wordsOfEvent` of them are one. */
  private readonly event = new Uint32Array(wordsOfEvent)

  constructor(calls: Symbols, errno: Pointer) {
    this.calls = calls
    this.errno = errno
  }

  /**
   * Reads errno, which must happen before any other call is made. The place of errno belongs to the thread, so it
   * was asked for once.
   */
  private orErrno(result: number): number {
    return result < 0 ? -read.i32(this.errno, 0) : result
  }

  /** Opens a TCP socket of an address family that never blocks. */
  socket(family: number): number {
    return this.orErrno(this.calls.socket(family, SOCK_STREAM | nonBlocking, 0))
  }

  /** Opens a UDP socket that never blocks. */
  datagramSocket(family: number): number {
    return this.orErrno(this.calls.socket(family, SOCK_DGRAM | nonBlocking, 0))
  }

  bind(fd: number, address: Uint8Array, length: number): number {
    return this.orErrno(this.calls.bind(fd, address, length))
  }

  listen(fd: number, backlog: number): number {
    return this.orErrno(this.calls.listen(fd, backlog))
  }

  /** Accepts the next connection in the queue; its address is written to `peer`. */
  accept(fd: number, peer: Uint8Array): number {
    this.length[0] = peer.length
    return this.orErrno(this.calls.accept4(fd, peer, this.length, nonBlocking))
  }

  connect(fd: number, address: Uint8Array, length: number): number {
    return this.orErrno(this.calls.connect(fd, address, length))
  }

  localName(fd: number, into: Uint8Array): number {
    this.length[0] = into.length
    return this.orErrno(this.calls.getsockname(fd, into, this.length))
  }

  peerName(fd: number, into: Uint8Array): number {
    this.length[0] = into.length
    return this.orErrno(this.calls.getpeername(fd, into, this.length))
  }

  set(fd: number, { level, name }: SocketOption, value: number): number {
    this.number[0] = value
    return this.orErrno(this.calls.setsockopt(fd, level, name, this.number, 4))
  }

  /** The error that the kernel keeps for a socket, as a negative number; 0 if there is none. Reading it forgets it. */
  takeError(fd: number): number {
    const { level, name } = socketOptions.error
    this.length[0] = 4
    const result = this.orErrno(this.calls.getsockopt(fd, level, name, this.number, this.length))
    return result < 0 ? result : -this.number[0]!
  }

  /** Reads up to `length` bytes to an address in memory that does not move. */
  receive(fd: number, into: number, length: number): number {
    return this.orErrno(this.calls.recv(fd, into as Pointer, length, 0))
  }

  /** Whether a read would have to wait: nothing has come, not even an end. */
  isQuiet(fd: number): boolean {
    return this.orErrno(this.calls.recv(fd, this.peeked, 1, MSG_PEEK | MSG_DONTWAIT)) === -EAGAIN
  }

  /**
   * Bytes that were written to a socket and that its peer has not acknowledged; a FIN that was sent counts as one. Can
   * be asked after a reset too. 0 where the system does not say.
   */
  unacknowledged(fd: number): number {
    return this.calls.ioctl(fd, SIOCOUTQ, this.number) === 0 ? Math.max(0, this.number[0]!) : 0
  }

  /** Bounds what the kernel does for a socket after it was closed, to `kernelDeliveryTimeout`. */
  boundDelivery(fd: number): void {
    this.set(fd, socketOptions.userTimeout, kernelDeliveryTimeout)
  }

  /** Sends `bytes` from `offset` to their end. */
  send(fd: number, bytes: Uint8Array, offset: number): number {
    const from = offset === 0 ? bytes : ((ptr(bytes) + offset) as Pointer)
    return this.orErrno(this.calls.send(fd, from, bytes.length - offset, MSG_NOSIGNAL))
  }

  /** Sends `length` bytes from an address in memory that does not move. */
  sendFrom(fd: number, from: number, length: number): number {
    return this.orErrno(this.calls.send(fd, from as Pointer, length, MSG_NOSIGNAL))
  }

  /** Sends FIN. */
  finish(fd: number): void {
    this.calls.shutdown(fd, SHUT_WR)
  }

  close(fd: number): void {
    this.calls.close(fd)
  }

  /** Closes so that the peer sees a reset. */
  reset(fd: number): void {
    this.calls.setsockopt(fd, lingerOption.level, lingerOption.name, this.linger, 8)
    this.calls.close(fd)
  }

  epoll(): number {
    return this.orErrno(this.calls.epoll_create1(EPOLL_CLOEXEC))
  }

  /** Changes what epoll(7) does about a descriptor; `low` and `high` come back with its events. */
  epollControl(epoll: number, operation: number, fd: number, events: number, low: number, high: number): number {
    const { event } = this
    event[0] = events
    event[dataOfEvent] = low
    event[dataOfEvent + 1] = high
    return this.orErrno(this.calls.epoll_ctl(epoll, operation, fd, event))
  }

  /** Waits at most `milliseconds` until something has happened; a signal ends the wait. */
  epollWait(epoll: number, events: Uint32Array, maxEvents: number, milliseconds: number): number {
    return this.orErrno(this.calls.epoll_wait(epoll, events, maxEvents, milliseconds))
  }
}

/** The words of 32 bits of one event, and which of them is the first of its data. */
export const wordsOfEvent = process.arch === "arm64" ? 4 : 3
export const dataOfEvent = wordsOfEvent - 2
