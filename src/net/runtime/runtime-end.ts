/**
 * Runtime end: a socket of Bun's, as an end.
 */
import type { Socket } from "bun"

import { parseAddress } from "../../protocol/address.ts"
import { releaseBytes } from "../../system/release-bytes.ts"
import { nobody } from "../common/end.ts"
import { openSocketCalls, type SocketCalls } from "../sockets/socket-calls.ts"
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
import { keepAliveProbeAfter } from "../sockets/tcp-keep-alive.ts"

declare module "bun" {
  /** bun-types 1.4.5 leaves out what sockets of Bun 1.4.5 have. */
  interface Socket<Data = undefined> {
    /** -1 once it is closed. */
    readonly fd: number
  }
}

/**
 * Bytes that the peer had not acknowledged at the last question, for ends where it was not 0: once a socket of the
 * runtime's is closed, the kernel cannot be asked.
 */
const lastUnacknowledged = new Map<RuntimeEnd, number>()

/** Socket calls, opened when they are needed first; "none" where there are none. */
let opened: SocketCalls | "none" | undefined = undefined
const libc = (): SocketCalls | undefined => {
  opened ??= openSocketCalls() ?? "none"
  return opened === "none" ? undefined : opened
}

/** The attempt was cancelled before its end had a socket. */
const isAbandoned = firstSubclassBit

/** Ends that were abandoned and are not over: the runtime cannot cancel an attempt. */
export const abandonedEnds = (): number => abandoned
let abandoned = 0

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

  /** Always asks the kernel: nothing is known of a turn before it is over. */
  hasNews(): boolean {
    if (!this.open || this.socket === undefined) return true
    // Where the kernel cannot be asked a request may meet the end of its connection, and is sent again where that is
    // safe.
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

  enableKeepAlive(): void {
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
    // Where the peer has finished too, close(2) sends what is left, and FIN, and spares a wake-up.
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

/** Bun writes an IPv4 client of a dual-stack listener as an IPv6 address; `parseAddress` knows what it is. */
const nameOf = (text: string | undefined, port: number): SocketName | undefined => {
  const address = parseAddress(text ?? "")
  return address && { address, port }
}
