/**
 * Runtime sockets: listening and connecting by Bun, wherever it runs.
 *
 * Bun calls nearly every failure to connect ECONNREFUSED (oven-sh/bun#37093), and an attempt that was cancelled lives
 * on, unheard, until it connects (then it is reset) or the kernel gives it up.
 */
import { connect as bunConnect, listen as bunListen, type Socket, type SocketHandler } from "bun"
import type { Peer } from "../../flow/flow.ts"
import { type Address, parseAddress } from "../../protocol/address.ts"

import { Attempt, type Connect, type AttemptOwner } from "../sockets/attempt.ts"
import { nobody } from "../common/end.ts"
import { type SocketCalls, openSocketCalls } from "../sockets/socket-calls.ts"
import { releaseBytes } from "../../system/release-bytes.ts"
import { keepAliveProbeAfter } from "../sockets/tcp-keep-alive.ts"
import { peerOf } from "../sockets/socket-address.ts"
import {
  firstSubclassBit,
  hasPeerFinished,
  isBroken,
  isFinished,
  isOpen,
  isPaused,
  SocketEnd,
  type SocketName,
} from "../sockets/socket-end.ts"
import type { Accept, Listening, Sockets } from "../sockets/sockets.ts"

declare module "bun" {
  /** bun-types 1.4.5 leaves out what sockets of Bun 1.4.5 have. */
  interface Socket<Data = undefined> {
    /** -1 once it is closed. */
    readonly fd: number
  }
}

/**
 * What the peer had not acknowledged when that was asked last, of those where it was something: once a socket of the
 * runtime's is closed, nobody can ask.
 */
const lastUnacknowledged = new Map<RuntimeEnd, number>()

/** Opened when it is needed first; "none" where it cannot be had. */
let opened: SocketCalls | "none" | undefined = undefined
const libc = (): SocketCalls | undefined => {
  opened ??= openSocketCalls() ?? "none"
  return opened === "none" ? undefined : opened
}

/** It was given up before it had a socket. */
const isAbandoned = firstSubclassBit

export class RuntimeEnd extends SocketEnd {
  private socket: Socket<RuntimeEnd> | undefined = undefined

  /** Binds this end to its socket; called once, by the socket's `open`. */
  attach(socket: Socket<RuntimeEnd>): void {
    this.socket = socket
    this.opened()
    if ((this.state & isAbandoned) === 0) return
    abandoned--
    this.terminate()
  }

  localName(): SocketName | undefined {
    return this.open && this.socket ? nameOf(this.socket.localAddress, this.socket.localPort) : undefined
  }

  remoteName(): SocketName | undefined {
    return this.open && this.socket ? nameOf(this.socket.remoteAddress, this.socket.remotePort) : undefined
  }

  get descriptor(): number {
    return this.open && this.socket !== undefined ? this.socket.fd : -1
  }

  /** Asks the kernel whatever is wanted: nothing is known of a turn before it is over. */
  hasNews(): boolean {
    if (!this.open || this.socket === undefined) return true
    // Without it a request may meet the end of its connection, and is sent again where that is safe.
    return libc()?.isQuiet(this.socket.fd) === false
  }

  write(bytes: Uint8Array, offset = 0): number {
    if ((this.state & (isOpen | isFinished)) !== isOpen) return -1
    // All three arguments, always: Bun 1.4.5 throws a RangeError for an offset without a length (oven-sh/bun#42997).
    const count = this.socket!.write(bytes, offset, bytes.length - offset)
    if (count < 0) this.state |= isBroken
    else this.sent += count
    return count
  }

  probe(): void {
    this.socket?.setKeepAlive(true, keepAliveProbeAfter)
  }

  pause(): void {
    if ((this.state & (isOpen | isPaused)) !== isOpen) return
    this.state |= isPaused
    this.socket!.pause()
  }

  resume(): void {
    if ((this.state & (isOpen | isPaused)) !== (isOpen | isPaused)) return
    this.state &= ~isPaused
    this.socket!.resume()
  }

  /** Never Bun's own `end()`, which is close(2) of both directions at once, and loses data in flight. */
  shutdown(): void {
    if ((this.state & (isOpen | isFinished)) !== isOpen) return
    this.state |= isFinished
    // Where the peer has finished too close(2) sends what is left, and FIN, and spares a wake-up.
    if ((this.state & hasPeerFinished) === 0) this.socket!.shutdown()
    else this.socket!.close()
  }

  unacknowledged(): number {
    const fd = this.descriptor
    const count = fd < 0 ? 0 : (libc()?.unacknowledged(fd) ?? 0)
    if (count > 0) lastUnacknowledged.set(this, count)
    else lastUnacknowledged.delete(this)
    return count
  }

  detach(): void {
    if ((this.state & (isOpen | isFinished | isBroken)) !== (isOpen | isFinished)) return this.terminate()
    if (this.unacknowledged() > 0) libc()?.boundDelivery(this.descriptor)
    this.lose()
    this.socket!.close()
  }

  private lose(): void {
    const left = lastUnacknowledged.get(this)
    if (left === undefined) return
    lastUnacknowledged.delete(this)
    const fin = (this.state & isFinished) === 0 ? 0 : 1
    this.sent -= Math.min(this.sent, left - fin)
  }

  terminate(): void {
    if (!this.open) return
    this.unacknowledged()
    this.lose()
    if (this.socket !== undefined) return void this.socket.terminate()
    this.state |= isAbandoned
    abandoned++
    this.receiver = nobody
  }

  take(chunk: Uint8Array): void {
    this.received += chunk.length
    try {
      this.receiver.data(this, chunk)
    } catch (error) {
      this.defect(error)
    }
    releaseBytes(chunk)
  }

  finish(): void {
    this.peerFinished()
  }

  close(code: string | undefined): void {
    if (!this.attached && (this.state & isAbandoned) !== 0) abandoned--
    if (code !== undefined) this.lose()
    else lastUnacknowledged.delete(this)
    this.closed(code)
  }
}

/** One constant for every socket of the program; what differs per connection lives in the end. */
const handlers: SocketHandler<RuntimeEnd> = {
  // Plain arrays: a view of a Buffer costs many times what a view of a Uint8Array does.
  binaryType: "uint8array",
  open(socket) {
    socket.data.attach(socket)
    socket.data.receiver.drain(socket.data)
  },
  data(socket, chunk) {
    socket.data.take(chunk)
  },
  drain(socket) {
    socket.data.receiver.drain(socket.data)
  },
  end(socket) {
    socket.data.finish()
  },
  close(socket, error) {
    socket.data.close(codeOf(error))
  },
  error(socket, error) {
    socket.data.defect(error)
  },
  connectError(socket, error) {
    const code = codeOf(error) ?? "ECONNREFUSED"
    // What fails at once is told before `connect` has returned, and even microtasks run before that.
    setImmediate(() => socket.data.close(code))
  },
}

const codeOf = (error: unknown): string | undefined =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined

/**
 * Abandoned attempts that the kernel may still be working on, each with a descriptor, for up to two minutes. Without a
 * bound a client that dials black holes would take every descriptor of the process.
 */
export const maxAbandoned = 1024
let abandoned = 0

export const connect: Connect = (address: Address, port: number, outcome: AttemptOwner) => {
  if (abandoned >= maxAbandoned) return "EMFILE"
  const attempt = new Attempt(address, port, outcome)
  const end = new RuntimeEnd(attempt)
  attempt.end = end
  // Its rejection repeats what connectError has said.
  bunConnect({ hostname: address.text, port, allowHalfOpen: true, socket: handlers, data: end }).catch(() => {})
  return attempt
}

/** A client that has gone already. */
const nobodyKnown: Peer = { host: "-", port: 0 }

/** Bun binds with SO_REUSEADDR and a backlog of 512. */
const listen = (address: Address, port: number, accept: Accept): Listening => {
  let listening = true
  const server = bunListen<RuntimeEnd>({
    hostname: address.text,
    port,
    // Without it Bun closes a socket whole when its peer sends FIN, and the answer is lost.
    allowHalfOpen: true,
    socket: {
      ...handlers,
      open(socket) {
        const end = new RuntimeEnd(nobody)
        socket.data = end
        end.attach(socket)
        const name = end.remoteName()
        accept(end, name === undefined ? nobodyKnown : peerOf(name))
      },
    },
  })
  return {
    port: server.port,
    stop: () => {
      if (!listening) return
      listening = false
      server.stop()
    },
  }
}

/** Bun writes an IPv4 client of a dual-stack listener as an IPv6 address; `parseAddress` knows what it is. */
const nameOf = (text: string | undefined, port: number): SocketName | undefined => {
  const address = parseAddress(text ?? "")
  return address && { address, port }
}

export const runtimeSockets: Sockets = { listen, connect }
