/**
 * Relay: carries opaque bytes between two ends until both are done.
 *
 * Two halves that know each other. A half takes what its end receives to the other half's end; what that end does not
 * take at once is the other half's one tail, and until it is gone the source is paused. FIN goes on as FIN after the
 * tail, a reset as a reset; a half-closed connection lingers for a bounded time.
 *
 * From the moment two ends are joined nothing is allocated per chunk but the view of a tail, and no Effect runs until
 * the relay is over. To observe or to intercept what is carried, wrap an end.
 */
import * as Effect from "effect/Effect"

import type { Flow } from "../observe/flow.ts"
import { concat } from "../protocol/bytes.ts"
import { serverNameOf } from "../protocol/tls-hello.ts"

import { after, cancel, type Deadline } from "./deadline.ts"
import { type End, nobody, type Receiver } from "./end.ts"
import { FirstChunk } from "./first-chunk.ts"

/**
 * A half-closed relay is given one more half-close timeout for every period in which this much still went through: a
 * long answer to a finished request is no leak, a trickle that holds descriptors is one.
 */
export const lingerProgress = 64 * 1024

/** What one half still has to do with its end. */
class Half implements Receiver {
  readonly end: End
  readonly name: "client" | "target"
  readonly relay: Relay
  /** Bytes that `end` has not taken yet. */
  tail: Uint8Array | undefined = undefined
  /** The peer of `end` has sent its FIN. */
  finished = false

  constructor(end: End, name: "client" | "target", relay: Relay) {
    this.end = end
    this.name = name
    this.relay = relay
  }

  get other(): Half {
    return this === this.relay.client ? this.relay.target : this.relay.client
  }

  data(_: End, chunk: Uint8Array): void {
    const other = this.other
    // A paused socket that is being reset delivers what it had read, in spite of the pause.
    if (other.tail !== undefined) other.tail = concat(other.tail, chunk)
    else other.send(chunk)
  }

  /** Gives `bytes` to this half's end, and pauses the other one when they are not all taken. */
  send(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const count = this.end.write(bytes)
    if (count < 0) this.relay.reset(this, "EPIPE")
    else if (count < bytes.length) {
      this.tail = count === 0 ? bytes : bytes.subarray(count)
      this.other.end.pause()
    }
  }

  drain(): void {
    if (this.tail === undefined) return
    const count = this.end.write(this.tail)
    if (count < 0) return this.relay.reset(this, "EPIPE")
    this.tail = count < this.tail.length ? this.tail.subarray(count) : undefined
    if (this.tail !== undefined) return
    if (this.other.finished) this.end.shutdown()
    else this.other.end.resume()
  }

  ended(): void {
    if (this.finished) return
    this.finished = true
    if (this.other.tail === undefined) this.other.end.shutdown()
    this.relay.halfClosed(this)
  }

  closed(_: End, code: string | undefined): void {
    if (code !== undefined || this.tail !== undefined) return this.relay.reset(this, code ?? "EPIPE")
    // After our own FIN the peer's FIN closes the socket without an `ended` of its own.
    this.ended()
    this.relay.settle()
  }
}

class Relay {
  readonly client: Half
  readonly target: Half
  private readonly flow: Flow
  private readonly limits: () => RelayLimits
  private readonly done: () => void
  private over = false
  private deadline: Deadline | undefined = undefined
  private progress = 0

  constructor(client: End, target: End, flow: Flow, limits: () => RelayLimits, done: () => void) {
    this.flow = flow
    this.limits = limits
    this.done = done
    this.client = new Half(client, "client", this)
    this.target = new Half(target, "target", this)
  }

  start(toClient: Uint8Array, toTarget: Uint8Array): void {
    const { flow } = this
    const look = (bytes: Uint8Array): void => void (flow.sni = serverNameOf(bytes))
    if (toTarget.length > 0) look(toTarget)
    this.client.end.receiver = toTarget.length > 0 ? this.client : new FirstChunk(this.client, look)
    this.target.end.receiver = new FirstChunk(this.target, () => void (flow.firstByteAt = flow.elapsed()))
    this.client.send(toClient)
    this.target.send(toTarget)
    // The client may have been paused, or may have sent its FIN, while its target was dialled.
    if (this.target.tail === undefined) this.client.end.resume()
  }

  /** One side is gone without order: the other one learns of it by a reset, never by a FIN that looks complete. */
  reset(half: Half, code: string): void {
    this.flow.end(half.name, code)
    this.stop()
  }

  halfClosed(half: Half): void {
    this.flow.end(half.name)
    if (this.deadline === undefined && !this.over) this.armLinger()
  }

  private armLinger(): void {
    this.progress = this.client.end.sent + this.target.end.sent
    this.deadline = after(this.limits().halfCloseTimeout, () => {
      if (this.client.end.sent + this.target.end.sent - this.progress >= lingerProgress) return this.armLinger()
      this.flow.endedBy = "timeout"
      this.stop()
    })
  }

  /** Over, in order, once both sockets are closed. */
  settle(): void {
    if (!this.client.end.open && !this.target.end.open) this.finish()
  }

  /** Over at once. */
  stop(): void {
    this.client.end.receiver = nobody
    this.target.end.receiver = nobody
    this.client.end.terminate()
    this.target.end.terminate()
    this.finish()
  }

  private finish(): void {
    if (this.over) return
    this.over = true
    cancel(this.deadline)
    this.flow.settle()
    this.done()
  }
}

/** Read when they are used: a reload changes them. */
export interface RelayLimits {
  /** Milliseconds that a connection may last after one side has finished. */
  readonly halfCloseTimeout: number
}

/** What has to be sent before the ends are joined, and what is known of the client by then. */
export interface Start {
  readonly toClient: Uint8Array
  readonly toTarget: Uint8Array
  /** The client's FIN arrived before the relay began. */
  readonly clientFinished: boolean
}

/**
 * Joins `client` and `target` until both are closed. One suspension for the whole relay; interrupting it resets both.
 */
export const relay = (
  client: End,
  target: End,
  flow: Flow,
  start: Start,
  limits: () => RelayLimits,
): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const joined = new Relay(client, target, flow, limits, () => resume(Effect.void))
    joined.start(start.toClient, start.toTarget)
    if (start.clientFinished) joined.client.ended()
    return Effect.sync(() => joined.stop())
  })
