/**
 * Recording: the copies of one exchange that is under way. Nothing is parsed here and nothing waits: bytes are copied as
 * far as limits let them be, and handed over when the exchange is over.
 */
import { empty } from "../../protocol/bytes.ts"
import type { CarriedRecording, ExchangeFacts, ExchangeRecording, MessageRecording } from "../../protocol/recording.ts"
import { readExtensions } from "../../protocol/websocket/extensions.ts"

import { Arrivals, type HeardArrivals } from "./arrivals.ts"
import { joined, recordedResponseHead } from "./heads.ts"
import { KeptBytes } from "./kept-bytes.ts"
import type { Memory } from "./memory.ts"
import { type HeardSocket, SocketFrames } from "./socket-frames.ts"

/** Bytes of memory that a recording counts as besides what it copies: its objects, and the times of its first pieces. */
export const recordingOverhead = 4 * 1024

/** Interim answers that are kept of one exchange; real ones have one or two. */
export const maxInterims = 8

/** Bytes of a head, or of trailers, that are kept: more than any limit on heads lets pass by default. */
export const maxRecordedHead = 256 * 1024

/** What was heard of one message. */
export interface HeardMessage {
  /** Its head as it came; empty where none came. Without its blank line where it was never whole. */
  readonly head: Uint8Array
  /** The first bytes of its content. */
  readonly content: Uint8Array
  readonly trailers: Uint8Array
  readonly arrivals: HeardArrivals
  /** When its head came; undefined where none did. */
  readonly headAt: number | undefined
  /** Content, or trailers, are missing because there was no memory for them. */
  readonly lacksMemory: boolean
}

/** What was heard of an exchange that is over, and of what its connection became. Plain data, as all that is heard. */
export interface HeardExchange {
  readonly kind: "exchange"
  /** On the clock of all times here, and in milliseconds since the epoch. */
  readonly startedAt: number
  readonly started: number
  readonly request: HeardMessage
  readonly response: HeardMessage
  readonly interims: ReadonlyArray<{ readonly head: Uint8Array; readonly at: number }>
  /** Where the answer has made a WebSocket of the connection. */
  readonly socket: HeardSocket | undefined
  readonly facts: ExchangeFacts
  /** Bytes of the capture's memory that go with it: whoever has it releases them. */
  readonly held: number
}

/** Who begins recordings and gets what they heard. */
export interface RecordingOwner {
  readonly memory: Memory
  /** Bytes of a body that are kept. */
  readonly maxBody: number
  /** An exchange is over. Its memory goes with it. */
  readonly heard: (exchange: HeardExchange) => void
  /** There will be no record of an exchange, for whatever reason. Its memory is released. */
  readonly abandoned: () => void
  /** Called behind `abandoned` where the reason is that there is no memory for it. */
  readonly dropped: () => void
}

export class Recording implements ExchangeRecording {
  readonly request: KeptMessage
  readonly response: KeptMessage
  private readonly owner: RecordingOwner
  private readonly startedAt: number
  private readonly started: number
  private readonly interims: Array<{ readonly head: Uint8Array; readonly at: number }> = []
  private interimBytes = 0
  private socket: SocketFrames | undefined = undefined
  private isOver = false

  /** `recordingOverhead` was reserved for it. `started` is `startedAt` in milliseconds since the epoch. */
  constructor(owner: RecordingOwner, startedAt: number, started: number) {
    this.owner = owner
    this.startedAt = startedAt
    this.started = started
    this.request = new KeptMessage(owner.maxBody, owner.memory)
    this.response = new KeptMessage(owner.maxBody, owner.memory)
  }

  interim(bytes: Uint8Array, start: number, end: number, now: number): void {
    if (this.isOver || this.interims.length === maxInterims || !this.owner.memory.reserve(end - start)) return
    this.interimBytes += end - start
    // Not `slice`, which shares the memory of a Buffer.
    this.interims.push({ head: new Uint8Array(bytes.subarray(start, end)), at: now })
  }

  upgraded(): CarriedRecording | undefined {
    if (this.isOver || this.response.lacksHead) return undefined
    const { headers } = recordedResponseHead(this.response.headView)
    if (joined(headers, "upgrade").trim().toLowerCase() !== "websocket") return undefined
    const extensions = readExtensions(joined(headers, "sec-websocket-extensions"))
    const { memory, maxBody } = this.owner
    this.socket = new SocketFrames(extensions, maxBody > 0, memory)
    return this.socket
  }

  over(facts: ExchangeFacts): void {
    if (this.isOver) return
    // A record without its heads says nothing.
    if (this.request.lacksHead || this.response.lacksHead) {
      this.abandon()
      return this.owner.dropped()
    }
    this.isOver = true
    const { owner, startedAt, started, interims } = this
    const { held } = this
    const request = this.request.take()
    const response = this.response.take()
    const socket = this.socket?.take()
    owner.heard({ kind: "exchange", startedAt, started, request, response, interims, socket, facts, held })
  }

  abandon(): void {
    if (this.isOver) return
    this.isOver = true
    const { held } = this
    this.request.take()
    this.response.take()
    this.socket?.take()
    this.owner.memory.release(held)
    this.owner.abandoned()
  }

  /** The head of the request as far as it came, to be read at once. */
  get requestHead(): Uint8Array {
    return this.request.headView
  }

  private get held(): number {
    const ofSocket = this.socket?.held ?? 0
    return recordingOverhead + this.interimBytes + this.request.held + this.response.held + ofSocket
  }
}

/** The copies of one message. */
class KeptMessage implements MessageRecording {
  /** There was no memory for its head. */
  lacksHead = false
  private readonly headBytes: KeptBytes
  private readonly body: KeptBytes
  private readonly trailerBytes: KeptBytes
  private readonly arrivals: Arrivals
  private headAt: number | undefined = undefined
  private isOver = false

  constructor(maxBody: number, memory: Memory) {
    this.headBytes = new KeptBytes(maxRecordedHead, memory)
    this.body = new KeptBytes(maxBody, memory)
    this.trailerBytes = new KeptBytes(maxRecordedHead, memory)
    this.arrivals = new Arrivals(memory)
  }

  get isFull(): boolean {
    return this.lacksHead || this.body.isFull
  }

  get held(): number {
    return this.headBytes.held + this.body.held + this.trailerBytes.held + this.arrivals.held
  }

  /** The head that was told last, to be read at once. */
  get headView(): Uint8Array {
    return this.headBytes.view
  }

  head(bytes: Uint8Array, start: number, end: number, now: number): void {
    if (this.isOver) return
    const { headBytes } = this
    headBytes.clear()
    headBytes.append(bytes, start, end)
    this.lacksHead = headBytes.length < end - start
    this.headAt = now
  }

  content(bytes: Uint8Array, start: number, end: number, now: number): void {
    if (this.isOver || this.lacksHead || end === start) return
    this.arrivals.add(now, end - start)
    this.body.append(bytes, start, end)
  }

  trailers(bytes: Uint8Array, start: number, end: number): void {
    if (!this.isOver) this.trailerBytes.append(bytes, start, end)
  }

  /** What was heard. Nothing is heard any more: the rest of a request may come behind its answer. */
  take(): HeardMessage {
    this.isOver = true
    const { headAt } = this
    const arrivals = this.arrivals.take()
    const lacksMemory = this.body.lacksMemory || this.trailerBytes.lacksMemory
    const trailers = this.trailerBytes.lacksMemory ? empty : this.trailerBytes.take()
    return { head: this.headBytes.take(), content: this.body.take(), trailers, arrivals, headAt, lacksMemory }
  }
}
