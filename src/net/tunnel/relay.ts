/**
 * Relay: carries opaque bytes between two ends until both are done.
 *
 * What one end receives goes to the other; what that one does not take at once is its one tail, and until it is gone
 * the source is paused. FIN goes on as FIN after the tail, a reset as a reset. What one side has sent and finished is
 * delivered, also when that side is reset afterwards. A half-closed connection lasts as long as there is progress.
 *
 * From the moment two ends are joined nothing is allocated per chunk but what is kept as a tail, and no Effect runs
 * until the relay is over. A wiretap may listen. To intercept what is carried, wrap an end, one without a descriptor, that
 * names itself to its receiver: bytes that it is given to write are only lent.
 */
import type { Flow } from "../../flow/flow.ts"
import { concat } from "../../protocol/bytes.ts"
import { serverNameOf } from "../../protocol/tls/client-hello.ts"

import { acknowledgedBy, Delivery, type DeliveryOwner } from "../common/delivery.ts"
import { type End, nobody, type Receiver } from "../common/end.ts"
import { releaseBytes } from "../../system/release-bytes.ts"
import { HalfClose, type HalfCloseOwner } from "../common/half-close.ts"
import { type Moved, type Splicer, spliceFrom } from "../splice/splicer.ts"
import type { Cancellable } from "../common/cancellable.ts"
import type { Side, Wiretap } from "./wiretap.ts"

/** Read when they are used: a reload changes them. */
export interface RelayLimits {
  /** Milliseconds that a connection may last after one side has finished; given again while there is progress. */
  readonly halfCloseTimeout: number
}

/** Whose connection is relayed. */
export interface RelayOwner {
  readonly flow: Flow
  readonly limits: () => RelayLimits
  readonly splicer: Pick<Splicer, "move">
  /**
   * Who is to listen, by the `first` bytes of the side that speaks first, lent; undefined for nobody. `held`: they came
   * before the two were joined. Asked once, unless somebody listens already.
   */
  readonly wiretap: (first: Uint8Array, held: boolean, from: Side) => Wiretap | undefined
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
/** The kernel has refused a write to it: what comes for it is thrown away until it is closed. */
const clientIsBroken = 32
const targetIsBroken = 64

export class Relay implements Receiver, Cancellable, HalfCloseOwner, DeliveryOwner {
  private readonly client: End
  private readonly target: End
  private readonly owner: RelayOwner
  /** Bytes that an end has not taken yet. */
  private toClient: Uint8Array | undefined = undefined
  private toTarget: Uint8Array | undefined = undefined
  private state = 0
  /** Runs from the first FIN on. */
  private halfClose: HalfClose | undefined = undefined
  /** What is left when one side is gone that had finished. */
  private delivery: Delivery | undefined = undefined
  private wiretap: Wiretap | undefined = undefined

  constructor(client: End, target: End, owner: RelayOwner) {
    this.client = client
    this.target = target
    this.owner = owner
  }

  /**
   * Joins the two. `toClient` and `toTarget` go first; `clientFinished` says that the client's FIN came before. May be
   * over before it returns. `wiretap` listens from the beginning.
   */
  start(toClient: Uint8Array, toTarget: Uint8Array, clientFinished: boolean, wiretap?: Wiretap): void {
    const { client, target } = this
    this.wiretap = wiretap
    client.receiver = this
    target.receiver = this
    if (toTarget.length > 0) {
      this.firstBytes(client, toTarget, true)
      if (this.wiretap !== undefined) this.listen(this.wiretap, client, toTarget)
    }
    this.send(client, toClient)
    this.send(target, toTarget)
    // The client may have been paused while its target was dialled.
    if (this.toTarget === undefined) client.resume()
    if (clientFinished) this.ended(client)
  }

  data(from: End, chunk: Uint8Array): void {
    if (!this.has(from, clientHasSpoken, targetHasSpoken)) this.firstBytes(from, chunk, false)
    const to = this.other(from)
    if (this.has(to, clientIsBroken, targetIsBroken)) return
    if (this.wiretap !== undefined) this.listen(this.wiretap, from, chunk)
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
    if (count < 0) return this.refused(to)
    if (count < tail.length) return this.keep(to, tail.subarray(count))
    releaseBytes(tail)
    this.keep(to, undefined)
    const from = this.other(to)
    if (this.has(from, clientHasFinished, targetHasFinished)) to.shutdown()
    else from.resume()
  }

  ended(from: End): void {
    if (this.has(from, clientHasFinished, targetHasFinished)) return
    this.state |= from === this.client ? clientHasFinished : targetHasFinished
    if (this.wiretap !== undefined) this.listen(this.wiretap, from)
    const to = this.other(from)
    // First: a shutdown that is the second one closes the socket, and the relay may be over.
    this.halfClosed(from)
    // What was thrown away is missing: a peer that can still hear us must not take what it got for all of it.
    if (this.tailOf(to) === undefined && !this.has(to, clientIsBroken, targetIsBroken)) to.shutdown()
  }

  closed(end: End, code: string | undefined): void {
    if (code !== undefined || this.tailOf(end) !== undefined) {
      if (this.has(end, clientHasFinished, targetHasFinished)) return this.deliver(end, code)
      return this.reset(end, code ?? "EPIPE")
    }
    // After our own FIN the peer's FIN closes the socket without an `ended` of its own.
    this.ended(end)
    if (!this.client.open && !this.target.open) this.finish()
  }

  halfCloseTimeout(): number {
    return this.owner.limits().halfCloseTimeout
  }

  acknowledged(): number {
    return acknowledgedBy(this.client) + acknowledgedBy(this.target)
  }

  halfCloseExpired(): void {
    this.owner.flow.expire()
    this.stop()
  }

  /** A side that had finished is gone, and cannot be given any more. The other one gets what that side had sent first. */
  private deliver(gone: End, code: string | undefined): void {
    const to = this.other(gone)
    this.state |= gone === this.client ? clientIsBroken : targetIsBroken
    const total = to.sent + (this.tailOf(to)?.length ?? 0)
    if (!to.open || total === to.sent - to.unacknowledged()) return this.reset(gone, code ?? "EPIPE")
    this.owner.flow.end(this.nameOf(gone), code)
    this.keep(gone, undefined)
    this.delivery = new Delivery(to, total, this.owner.limits().halfCloseTimeout, this)
    // More of it is thrown away; a sender that is held back would perhaps not read.
    to.resume()
  }

  delivered(): void {
    this.client.terminate()
    this.target.terminate()
  }

  stalled(): void {
    this.owner.flow.expire()
    this.stop()
  }

  /** Ends both: what is whole is left to the kernel to deliver, the rest is reset. */
  cancel(): void {
    if ((this.state & isOver) !== 0) return
    this.settle()
    this.leave()
  }

  /** The first bytes of one side: a TLS hello of the client, or the answer of the target. */
  private firstBytes(from: End, bytes: Uint8Array, held: boolean): void {
    const { flow } = this.owner
    if ((this.state & (clientHasSpoken | targetHasSpoken)) === 0) {
      this.wiretap ??= this.owner.wiretap(bytes, held, this.nameOf(from))
    }
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
    if (count < 0) this.refused(to)
    else if (count < bytes.length) {
      this.keep(to, bytes.slice(count))
      this.other(to).pause()
    }
  }

  /** What it had sent before it broke may still be here; then it is closed. */
  private refused(to: End): void {
    if (!to.open) return this.reset(to, "EPIPE")
    this.state |= to === this.client ? clientIsBroken : targetIsBroken
    this.keep(to, undefined)
    this.other(to).resume()
  }

  /** Much has come, and was taken: what is waiting behind it goes on past us. */
  private splice(from: End, to: End): void {
    const { wiretap } = this
    const moved = wiretap === undefined ? this.owner.splicer.move(from, to) : this.spliceUnheard(wiretap, from, to)
    if (typeof moved === "string") this.reset(from, moved)
    else if (moved !== undefined) this.send(to, moved)
  }

  /** As much as the wiretap can do without. */
  private spliceUnheard(wiretap: Wiretap, from: End, to: End): Moved {
    const { received } = from
    const moved = this.owner.splicer.move(from, to, this.skippable(wiretap, from))
    if (from.received > received && this.wiretap !== undefined) this.listen(wiretap, from, from.received - received)
    return moved
  }

  private skippable(wiretap: Wiretap, from: End): number {
    try {
      return wiretap.skippable(this.nameOf(from))
    } catch (cause) {
      this.letGo(wiretap, cause)
      return 0
    }
  }

  /** Tells the wiretap of bytes, of a number of them that it could not see, or of a FIN. */
  private listen(wiretap: Wiretap, from: End, what?: Uint8Array | number): void {
    try {
      const side = this.nameOf(from)
      if (what === undefined) wiretap.finished(side)
      else if (typeof what === "number") wiretap.skipped(side, what)
      else wiretap.carried(side, what)
      if (wiretap.isDone) this.wiretap = wiretap.successor
    } catch (cause) {
      this.letGo(wiretap, cause)
    }
  }

  private letGo(wiretap: Wiretap, cause: unknown): void {
    this.wiretap = undefined
    wiretap.failed(cause)
  }

  /** One side is gone without order: the other one learns of it by a reset, never by a FIN that looks complete. */
  private reset(end: End, code: string): void {
    this.owner.flow.end(this.nameOf(end), code)
    this.client.receiver = nobody
    this.target.receiver = nobody
    this.client.terminate()
    this.target.terminate()
    this.finish()
  }

  private halfClosed(end: End): void {
    this.owner.flow.end(this.nameOf(end))
    if (this.halfClose === undefined && (this.state & isOver) === 0) this.halfClose = new HalfClose(this)
  }

  private other(end: End): End {
    return end === this.client ? this.target : this.client
  }

  private nameOf(end: End): Side {
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
    this.leave()
    this.finish()
  }

  private leave(): void {
    this.client.receiver = nobody
    this.target.receiver = nobody
    this.client.detach()
    this.target.detach()
  }

  private finish(): void {
    if ((this.state & isOver) !== 0) return
    this.settle()
    this.owner.relayed()
  }

  private settle(): void {
    this.state |= isOver
    this.halfClose?.cancel()
    this.delivery?.cancel()
    if (this.wiretap !== undefined) endWiretap(this.wiretap)
    this.wiretap = undefined
  }
}

const endWiretap = (wiretap: Wiretap): void => {
  try {
    wiretap.over()
  } catch (cause) {
    wiretap.failed(cause)
  }
}
