/**
 * Relay: carries opaque bytes between two ends until both are done.
 *
 * What one end receives goes to the other; what that one does not take at once is its one tail, and until it is gone
 * the source is paused. FIN goes on as FIN after the tail, a reset as a reset; a half-closed connection lingers for a
 * bounded time.
 *
 * From the moment two ends are joined nothing is allocated per chunk but what is kept as a tail, and no Effect runs
 * until the relay is over. To observe or to intercept what is carried, wrap an end, one without a descriptor, that names
 * itself to its receiver: bytes that it is given to write are only lent.
 */
import type { Flow } from "../observe/flow.ts"
import { concat } from "../protocol/bytes.ts"
import { serverNameOf } from "../protocol/tls-hello.ts"

import { after, cancel, type Deadline } from "./deadline.ts"
import { type End, nobody, type Receiver } from "./end.ts"
import { letGo } from "./let-go.ts"
import { type Splicer, spliceFrom } from "./splicer.ts"
import type { Step } from "./step.ts"

/**
 * A half-closed relay is given one more half-close timeout for every period in which this much still went through: a
 * long answer to a finished request is no leak, a trickle that holds descriptors is one.
 */
export const lingerProgress = 64 * 1024

/** Read when they are used: a reload changes them. */
export interface RelayLimits {
  /** Milliseconds that a connection may last after one side has finished. */
  readonly halfCloseTimeout: number
}

/** Whose connection is relayed. */
export interface Relaying {
  readonly flow: Flow
  readonly limits: () => RelayLimits
  readonly splicer: Pick<Splicer, "move">
  /** The relay is over: called once, with both sockets closed, unless it is cancelled. */
  readonly relayed: () => void
}

// What has happened, a bit each: as fields, or with an object for each side, an idle tunnel would be 160 bytes larger.
const clientHasSpoken = 1
const targetHasSpoken = 2
/** Its FIN has come, or it is gone. */
const clientHasFinished = 4
const targetHasFinished = 8
const isOver = 16

export class Relay implements Receiver, Step {
  private readonly client: End
  private readonly target: End
  private readonly relaying: Relaying
  /** Bytes that an end has not taken yet. */
  private toClient: Uint8Array | undefined = undefined
  private toTarget: Uint8Array | undefined = undefined
  private state = 0
  private deadline: Deadline | undefined = undefined
  private progress = 0

  constructor(client: End, target: End, relaying: Relaying) {
    this.client = client
    this.target = target
    this.relaying = relaying
  }

  /**
   * Joins the two. `toClient` and `toTarget` go first; `clientFinished` says that the client's FIN came before. May be
   * over before it returns.
   */
  start(toClient: Uint8Array, toTarget: Uint8Array, clientFinished: boolean): void {
    const { client, target } = this
    client.receiver = this
    target.receiver = this
    if (toTarget.length > 0) this.firstBytes(client, toTarget)
    this.send(client, toClient)
    this.send(target, toTarget)
    // The client may have been paused while its target was dialled.
    if (this.toTarget === undefined) client.resume()
    if (clientFinished) this.ended(client)
  }

  data(from: End, chunk: Uint8Array): void {
    if (!this.has(from, clientHasSpoken, targetHasSpoken)) this.firstBytes(from, chunk)
    const to = this.other(from)
    const tail = this.tailOf(to)
    // One chunk may come after a pause; and from a socket of the runtime's that is reset, all that it still held.
    if (tail !== undefined) return this.keep(to, concat(tail, chunk))
    const { length } = chunk
    this.send(to, chunk)
    if (length >= spliceFrom && this.tailOf(to) === undefined) this.splice(from, to)
  }

  drain(to: End): void {
    const tail = this.tailOf(to)
    if (tail === undefined) return
    const count = to.write(tail)
    if (count < 0) return this.reset(to, "EPIPE")
    if (count < tail.length) return this.keep(to, tail.subarray(count))
    letGo(tail)
    this.keep(to, undefined)
    const from = this.other(to)
    if (this.has(from, clientHasFinished, targetHasFinished)) to.shutdown()
    else from.resume()
  }

  ended(from: End): void {
    if (this.has(from, clientHasFinished, targetHasFinished)) return
    this.state |= from === this.client ? clientHasFinished : targetHasFinished
    const to = this.other(from)
    // First: a shutdown that is the second one closes the socket, and the relay may be over.
    this.halfClosed(from)
    if (this.tailOf(to) === undefined) to.shutdown()
  }

  closed(end: End, code: string | undefined): void {
    if (code !== undefined || this.tailOf(end) !== undefined) return this.reset(end, code ?? "EPIPE")
    // After our own FIN the peer's FIN closes the socket without an `ended` of its own.
    this.ended(end)
    if (!this.client.open && !this.target.open) this.finish()
  }

  expire(): void {
    if (this.client.sent + this.target.sent - this.progress >= lingerProgress) return this.armLinger()
    this.relaying.flow.expire()
    this.stop()
  }

  /** Resets both. */
  cancel(): void {
    if ((this.state & isOver) !== 0) return
    this.settle()
    this.cut()
  }

  /** The first bytes of one side: a TLS hello of the client, or the answer of the target. */
  private firstBytes(from: End, bytes: Uint8Array): void {
    const { flow } = this.relaying
    if (from === this.client) {
      this.state |= clientHasSpoken
      flow.sni = serverNameOf(bytes)
    } else {
      this.state |= targetHasSpoken
      flow.firstByteAt = flow.elapsed()
    }
  }

  /** Gives `bytes` to an end, and pauses the other one when they are not all taken. */
  private send(to: End, bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const count = to.write(bytes)
    if (count < 0) this.reset(to, "EPIPE")
    else if (count < bytes.length) {
      this.keep(to, bytes.slice(count))
      this.other(to).pause()
    }
  }

  /** Much has come, and was taken: what is waiting behind it goes on past us. */
  private splice(from: End, to: End): void {
    const moved = this.relaying.splicer.move(from, to)
    if (typeof moved === "string") this.reset(from, moved)
    else if (moved !== undefined) this.send(to, moved)
  }

  /** One side is gone without order: the other one learns of it by a reset, never by a FIN that looks complete. */
  private reset(end: End, code: string): void {
    this.relaying.flow.end(this.nameOf(end), code)
    this.stop()
  }

  private halfClosed(end: End): void {
    this.relaying.flow.end(this.nameOf(end))
    if (this.deadline === undefined && (this.state & isOver) === 0) this.armLinger()
  }

  private armLinger(): void {
    this.progress = this.client.sent + this.target.sent
    this.deadline = after(this.relaying.limits().halfCloseTimeout, expire, this)
  }

  private other(end: End): End {
    return end === this.client ? this.target : this.client
  }

  private nameOf(end: End): "client" | "target" {
    return end === this.client ? "client" : "target"
  }

  private has(end: End, client: number, target: number): boolean {
    return (this.state & (end === this.client ? client : target)) !== 0
  }

  private tailOf(to: End): Uint8Array | undefined {
    return to === this.client ? this.toClient : this.toTarget
  }

  private keep(to: End, tail: Uint8Array | undefined): void {
    if (to === this.client) this.toClient = tail
    else this.toTarget = tail
  }

  /** Over at once. */
  private stop(): void {
    this.cut()
    this.finish()
  }

  private cut(): void {
    this.client.receiver = nobody
    this.target.receiver = nobody
    this.client.terminate()
    this.target.terminate()
  }

  private finish(): void {
    if ((this.state & isOver) !== 0) return
    this.settle()
    this.relaying.relayed()
  }

  private settle(): void {
    this.state |= isOver
    cancel(this.deadline)
  }
}

const expire = (relay: Relay): void => relay.expire()
