/**
 * Socket end: what the ends of all sockets have in common, however their bytes are read and written.
 */
import type { Address } from "../../protocol/address.ts"

import { noteSocketOpened } from "../../system/collect-garbage.ts"
import { type End, nobody, type Receiver } from "../common/end.ts"
import { keepAliveProbeAfter, type KeepAliveSocket, TcpKeepAlive } from "./tcp-keep-alive.ts"

/** Sockets that are open now: accepted, connected, and being connected. */
export const openSockets = (): number => sockets
let sockets = 0

const keepAlive = new TcpKeepAlive(keepAliveProbeAfter)

// The state of an end, a bit each: as fields they would be 64 bytes of every connection.
export const isOpen = 1
/** The kernel refused a write: the close that follows carries no error of its own. */
export const isBroken = 2
/** Our FIN was sent. */
export const isFinished = 4
export const hasPeerFinished = 8
export const isPaused = 16
/** The end has its socket. */
export const isAttached = 32
/** The first bit that is the subclass's own. */
export const firstSubclassBit = 64

/** Throws an error where only the last resort catches it. */
const report = (error: unknown): void =>
  queueMicrotask(() => {
    throw error
  })

/** The address and port of one side of a connection. */
export interface SocketName {
  readonly address: Address
  readonly port: number
}

export abstract class SocketEnd implements End, KeepAliveSocket {
  receiver: Receiver
  received = 0
  sent = 0
  protected state = isOpen
  waitsSince = 0
  previous: KeepAliveSocket | undefined = undefined
  next: KeepAliveSocket | undefined = undefined

  constructor(receiver: Receiver) {
    this.receiver = receiver
  }

  get open(): boolean {
    return (this.state & isOpen) !== 0
  }

  get attached(): boolean {
    return (this.state & isAttached) !== 0
  }

  abstract readonly descriptor: number
  /** Undefined where there is no socket, or not any more. */
  abstract localName(): SocketName | undefined
  abstract remoteName(): SocketName | undefined
  abstract hasNews(asking: boolean): boolean
  abstract write(bytes: Uint8Array, offset?: number): number
  abstract pause(): void
  abstract resume(): void
  abstract shutdown(): void
  abstract unacknowledged(): number
  abstract detach(): void
  abstract terminate(): void
  abstract enableKeepAlive(): void

  /** Called by the subclass when a socket was opened for this end. */
  protected opened(): void {
    this.state |= isAttached
    sockets++
    noteSocketOpened(sockets)
    keepAlive.await(this)
  }

  /** Ends the connection of a receiver that threw, a defect of this program; the last-resort handler logs the error. */
  defect(error: unknown): void {
    report(error)
    try {
      this.terminate()
    } catch (another) {
      report(another)
    }
  }

  /**
   * Reports the peer's FIN. After a refused write a FIN that never came may be found: the close that follows is the
   * truth.
   */
  protected peerFinished(): void {
    if ((this.state & isBroken) !== 0) return
    this.state |= hasPeerFinished
    this.receiver.ended(this)
  }

  /** Reports that the socket is closed; the only place where an end stops being open. */
  protected closed(code: string | undefined): void {
    if (!this.open) return
    this.state &= ~isOpen
    if (this.attached) sockets--
    keepAlive.forget(this)
    this.receiver.closed(this, code ?? ((this.state & isBroken) === 0 ? undefined : "EPIPE"))
    this.receiver = nobody
  }
}
