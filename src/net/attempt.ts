/**
 * Attempt: one connection being made to one address.
 *
 * There are two ways to make one. `exactConnect` tells every failure by its true name and is cancelled at once.
 * `plainConnect` is the fall-back where libc cannot be reached: Bun calls nearly every failure ECONNREFUSED, and an
 * attempt that was cancelled lives on, unheard, until it connects (then it is reset) or the kernel gives it up.
 * Neither resolves a name: both only ever see an address.
 */
import { readFileSync } from "node:fs"
import { connect, type FdSocketOptions, type Socket, type SocketHandler } from "bun"
import type { Address } from "../protocol/address.ts"
import { nobody, type Receiver, SocketEnd, socketHandlers } from "./end.ts"
import type { Libc } from "./libc.ts"

declare module "bun" {
  /** bun-types 1.4.5 has these options but leaves out the overload that takes them. */
  function connect<Data>(options: FdSocketOptions<Data>): Promise<Socket<Data>>
}

/** Who hears how attempts end: once each, never before `Connect` has returned, and never after `cancel`. */
export interface Outcome {
  readonly connected: (attempt: Attempt) => void
  readonly failed: (attempt: Attempt, code: string) => void
}

/** Starts an attempt; a string is the error code of one that failed at once. `port` is 1..65535. */
export type Connect = (address: Address, port: number, outcome: Outcome) => Attempt | string

/**
 * Abandoned attempts of `plainConnect` that the kernel may still be working on, each with a descriptor, for up to two
 * minutes. Without a bound a client that dials black holes would take every descriptor of the process.
 */
export const abandonedAtOnce = 1024

export class Attempt implements Receiver {
  readonly address: Address
  readonly port: number
  readonly end = new SocketEnd(this)
  private readonly outcome: Outcome

  constructor(address: Address, port: number, outcome: Outcome) {
    this.address = address
    this.port = port
    this.outcome = outcome
  }

  /** Writable for the first time, which is how a socket says that it is connected. */
  drain(): void {
    if (this.port >= lowestEphemeralPort && isSelfConnected(this.end, this.port)) {
      this.cancel()
      this.outcome.failed(this, "ECONNREFUSED")
      return
    }
    this.end.receiver = unclaimed
    this.outcome.connected(this)
  }

  /** Nothing arrives on a socket before it is writable. */
  data(): void {}
  ended(): void {}

  /** A reset can overtake the news that the connection was made; then the socket closes without an error of its own. */
  closed(_end: unknown, code: string | undefined): void {
    this.outcome.failed(this, code ?? "ECONNRESET")
  }

  cancel(): void {
    this.end.receiver = this.end.attached ? nobody : late
    if (this.end.attached) this.end.terminate()
    else abandoned++
  }
}

/**
 * Between "connected" and the owner's own receiver. Bytes that came in that moment would be lost without a trace, so a
 * reset says it instead; an owner who sets its receiver where the dial's effect continues never sees this.
 */
const unclaimed: Receiver = {
  ...nobody,
  data: (end) => end.terminate(),
  ended: (end) => end.terminate(),
}

let abandoned = 0

/** Hears a plain attempt that was cancelled. */
const late: Receiver = {
  ...nobody,
  drain: (end) => end.terminate(),
  closed: () => void abandoned--,
}

/** The lowest port that the kernel gives to a connection of its own; 1024 where it does not say. */
const readLowestEphemeralPort = (): number => {
  try {
    return Number.parseInt(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "latin1")) || 1024
  } catch {
    return 1024
  }
}
const lowestEphemeralPort = readLowestEphemeralPort()

/**
 * A dial of a port in the ephemeral range of this machine, where nobody listens, may get that very port as its source,
 * and TCP's simultaneous open (RFC 9293 section 3.5) then connects the socket to itself: it would echo every byte.
 */
export const isSelfConnected = (
  end: Pick<SocketEnd, "localPort" | "localAddress" | "remoteAddress">,
  port: number,
): boolean => end.localPort === port && end.localAddress === end.remoteAddress

// A socket that is connecting is registered with epoll as any other: it turns writable when it is connected, and only
// then; a failure closes it with SO_ERROR. `remoteAddress` must not be read earlier: Bun keeps the undefined it gets.
const exactHandlers: SocketHandler<SocketEnd> = {
  ...socketHandlers,
  open(socket) {
    socket.data.attach(socket)
  },
  connectError() {},
}

export const exactConnect =
  (libc: Libc): Connect =>
  (address, port, outcome) => {
    const started = libc.nonBlockingConnect(address, port)
    if ("code" in started) return started.code
    const attempt = new Attempt(address, port, outcome)
    // `open` comes before this returns, and the promise is settled; everything of interest comes to the handlers.
    void connect({ fd: started.fd, allowHalfOpen: true, socket: exactHandlers, data: attempt.end })
    if (attempt.end.attached) return attempt
    // epoll_ctl(2) has no room for one more watch. Bun leaves the descriptor with us.
    libc.close(started.fd)
    return "ENOSPC"
  }

const plainHandlers: SocketHandler<SocketEnd> = {
  ...socketHandlers,
  open(socket) {
    socket.data.attach(socket)
    socket.data.receiver.drain(socket.data)
  },
  connectError(socket, error) {
    const code = "code" in error && typeof error.code === "string" ? error.code : "ECONNREFUSED"
    // What fails at once is told before `connect` has returned, and even microtasks run before that.
    setImmediate(() => socket.data.close(code))
  },
}

export const plainConnect: Connect = (address, port, outcome) => {
  if (abandoned >= abandonedAtOnce) return "EMFILE"
  const attempt = new Attempt(address, port, outcome)
  // Its rejection repeats what connectError has said.
  connect({
    hostname: address.text,
    port,
    allowHalfOpen: true,
    socket: plainHandlers,
    data: attempt.end,
  }).catch(() => {})
  return attempt
}
