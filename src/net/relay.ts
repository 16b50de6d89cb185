/**
 * Relay: carries opaque bytes between two ends until both are done.
 *
 * Two halves that know each other. A half takes what its end receives to the other half's end; what that end does not
 * take at once is the other half's one tail, and until it is gone the source is paused. FIN goes on as FIN after the
 * tail, a reset as a reset; a half-closed connection lingers for a bounded time.
 *
 * From the moment two ends are joined nothing is allocated per chunk but the view of a tail, and no Effect runs until
 * the relay is over. To observe or to intercept what is carried, wrap an end, one without a descriptor: bytes that it
 * was given to write are freed when it has taken them all.
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

/** What one half still has to do with its end. */
class Half implements Receiver {
  readonly end: End
  /** Bytes that `end` has not taken yet. */
  tail: Uint8Array | undefined = undefined
  /** The peer of `end` has sent its FIN. */
  finished = false
  /** Nothing has come from `end` so far. */
  silent = true
  other: Half
  private readonly relay: Relay

  constructor(end: End, relay: Relay) {
    this.end = end
    this.relay = relay
    this.other = this
  }

  data(_: End, chunk: Uint8Array): void {
    if (this.silent) this.relay.firstBytes(this, chunk)
    const { other } = this
    // A paused socket that is being reset delivers what it had read, in spite of the pause.
    if (other.tail !== undefined) other.tail = concat(other.tail, chunk)
    else {
      const { length } = chunk
      other.send(chunk)
      if (length >= spliceFrom && other.tail === undefined) this.relay.splice(this)
    }
  }

  /** Gives `bytes` to this half's end, and pauses the other one when they are not all taken. */
  send(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const count = this.end.write(bytes)
    if (count < 0) this.relay.reset(this, "EPIPE")
    else if (count < bytes.length) {
      this.tail = count === 0 ? bytes : bytes.subarray(count)
      this.other.end.pause()
    } else letGo(bytes)
  }

  drain(): void {
    if (this.tail === undefined) return
    const count = this.end.write(this.tail)
    if (count < 0) return this.relay.reset(this, "EPIPE")
    if (count < this.tail.length) {
      this.tail = this.tail.subarray(count)
      return
    }
    letGo(this.tail)
    this.tail = undefined
    if (this.other.finished) this.end.shutdown()
    else this.other.end.resume()
  }

  ended(): void {
    if (this.finished) return
    this.finished = true
    // First: a shutdown that is the second one closes the socket, and the relay may be over.
    this.relay.halfClosed(this)
    if (this.other.tail === undefined) this.other.end.shutdown()
  }

  closed(_: End, code: string | undefined): void {
    if (code !== undefined || this.tail !== undefined) return this.relay.reset(this, code ?? "EPIPE")
    // After our own FIN the peer's FIN closes the socket without an `ended` of its own.
    this.ended()
    this.relay.settle()
  }
}

/** Read when they are used: a reload changes them. */
export interface RelayLimits {
  /** Milliseconds that a connection may last after one side has finished. */
  readonly halfCloseTimeout: number
}

/** Who hears that a relay is over: once, with both sockets closed, unless it is cancelled. */
export interface Relaying {
  readonly relayed: () => void
}

export class Relay implements Step {
  private readonly client: Half
  private readonly target: Half
  private readonly flow: Flow
  private readonly limits: () => RelayLimits
  private readonly splicer: Pick<Splicer, "move">
  private readonly relaying: Relaying
  private over = false
  private deadline: Deadline | undefined = undefined
  private progress = 0

  constructor(
    client: End,
    target: End,
    flow: Flow,
    limits: () => RelayLimits,
    splicer: Pick<Splicer, "move">,
    relaying: Relaying,
  ) {
    this.flow = flow
    this.limits = limits
    this.splicer = splicer
    this.relaying = relaying
    this.client = new Half(client, this)
    this.target = new Half(target, this)
    this.client.other = this.target
    this.target.other = this.client
  }

  /**
   * Joins the two. `toClient` and `toTarget` go first; `clientFinished` says that the client's FIN came before. May be
   * over before it returns.
   */
  start(toClient: Uint8Array, toTarget: Uint8Array, clientFinished: boolean): void {
    const { client, target } = this
    client.end.receiver = client
    target.end.receiver = target
    if (toTarget.length > 0) this.firstBytes(client, toTarget)
    client.send(toClient)
    target.send(toTarget)
    // The client may have been paused while its target was dialled.
    if (target.tail === undefined) client.end.resume()
    if (clientFinished) client.ended()
  }

  /** The first bytes of one side: a TLS hello of the client, or the answer of the target. */
  firstBytes(half: Half, bytes: Uint8Array): void {
    half.silent = false
    if (half === this.client) this.flow.sni = serverNameOf(bytes)
    else this.flow.firstByteAt = this.flow.elapsed()
  }

  /** Much has come from `half`, and was taken: what is waiting behind it goes on past us. */
  splice(half: Half): void {
    const moved = this.splicer.move(half.end, half.other.end)
    if (typeof moved === "string") this.reset(half, moved)
    else if (moved !== undefined) half.other.send(moved)
  }

  /** One side is gone without order: the other one learns of it by a reset, never by a FIN that looks complete. */
  reset(half: Half, code: string): void {
    this.flow.end(this.nameOf(half), code)
    this.stop()
  }

  halfClosed(half: Half): void {
    this.flow.end(this.nameOf(half))
    if (this.deadline === undefined && !this.over) this.armLinger()
  }

  private nameOf(half: Half): "client" | "target" {
    return half === this.client ? "client" : "target"
  }

  private armLinger(): void {
    this.progress = this.client.end.sent + this.target.end.sent
    this.deadline = after(this.limits().halfCloseTimeout, expire, this)
  }

  expire(): void {
    if (this.client.end.sent + this.target.end.sent - this.progress >= lingerProgress) return this.armLinger()
    this.flow.endedBy = "timeout"
    this.stop()
  }

  /** Over, in order, once both sockets are closed. */
  settle(): void {
    if (!this.client.end.open && !this.target.end.open) this.finish()
  }

  /** Over at once. */
  private stop(): void {
    this.cut()
    this.finish()
  }

  /** Resets both. */
  cancel(): void {
    if (this.over) return
    this.over = true
    cancel(this.deadline)
    this.cut()
    this.flow.settle()
  }

  private cut(): void {
    this.client.end.receiver = nobody
    this.target.end.receiver = nobody
    this.client.end.terminate()
    this.target.end.terminate()
  }

  private finish(): void {
    if (this.over) return
    this.over = true
    cancel(this.deadline)
    this.flow.settle()
    this.relaying.relayed()
  }
}

const expire = (relay: Relay): void => relay.expire()
