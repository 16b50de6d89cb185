/**
 * Socket frames: copies of the frames of a WebSocket while they pass, as far as limits let them be. Frames are only told
 * apart here; masks and compression are taken away when the record is made.
 *
 * Beyond its limits it goes on to read headers, so that it is known how the connection was closed.
 */
import type { Extensions } from "../../protocol/websocket/extensions.ts"
import { FrameReader, type FrameOwner, type Opcode } from "../../protocol/websocket/frame-reader.ts"
import { unmask } from "../../protocol/websocket/payload.ts"
import type { CarriedRecording, Sender } from "../../protocol/recording.ts"

import { KeptBytes } from "./kept-bytes.ts"
import type { Memory } from "./memory.ts"

/** Frames of one record, fragments of messages included. */
export const maxFrames = 1000

/** Bytes of payload of one record, of both sides together. */
export const maxFrameBytes = 1024 * 1024

/** Bytes of memory that a frame counts as besides its payload. */
export const frameOverhead = 96

/** A frame whose payload is the next `kept` bytes of its side's. */
export interface HeardFrame {
  readonly at: number
  readonly from: Sender
  readonly op: Opcode
  readonly isFinal: boolean
  readonly isCompressed: boolean
  readonly size: number
  readonly mask: number
  /** Bytes of its payload that were copied. */
  kept: number
}

/** What was heard of the frames of a connection. */
export interface HeardSocket {
  /** In the order in which they began. */
  readonly frames: ReadonlyArray<HeardFrame>
  /** What was copied of the payloads of each side, one behind the other, masked as they were sent. */
  readonly payloads: { readonly [from in Sender]: Uint8Array }
  /** The payload of the first close frame, without its mask. */
  readonly close: Uint8Array | undefined
  /** Why frames could not be read any more. */
  readonly lost: string | undefined
  /** There were more frames, or more of them, than are here. */
  readonly isCut: boolean
}

export class SocketFrames implements CarriedRecording {
  bytesIn = 0
  bytesOut = 0
  /** Everything is copied that fits. */
  private readonly keepsPayload: boolean
  private readonly memory: Memory
  private readonly frames: Array<HeardFrame> = []
  private readonly client: SideFrames
  private readonly target: SideFrames
  private close: Uint8Array | undefined = undefined
  private lost: string | undefined = undefined
  private isCut = false
  private isOver = false

  /** `keepsPayload` is false where no bodies are kept. */
  constructor({ deflate, others }: Extensions, keepsPayload: boolean, memory: Memory) {
    this.keepsPayload = keepsPayload
    this.memory = memory
    this.client = new SideFrames("client", deflate, new KeptBytes(maxFrameBytes, memory), this)
    this.target = new SideFrames("target", deflate, new KeptBytes(maxFrameBytes, memory), this)
    if (others.length > 0) this.lost = `an extension that is not known: ${others.join(", ")}`
  }

  carried(from: Sender, bytes: Uint8Array, start: number, end: number, now: number): void {
    this.count(from, end - start)
    if (this.isDeaf) return
    const { reader } = this[from].read(bytes, start, end, now)
    if (reader.problem !== undefined) this.lost = `the ${from}: ${reader.problem}`
  }

  skippable(from: Sender): number {
    if (this.isDeaf) return Infinity
    return this[from].isWanted ? 0 : this[from].reader.payloadLeft
  }

  skipped(from: Sender, count: number): void {
    this.count(from, count)
    if (!this.isDeaf) this[from].reader.skip(count)
  }

  /** Bytes of the capture's memory that this holds. */
  get held(): number {
    return this.frames.length * frameOverhead + this.client.kept.held + this.target.kept.held
  }

  /** What was heard. Nothing is heard any more. */
  take(): HeardSocket {
    this.isOver = true
    const { frames, close, lost, client, target } = this
    const isCut = this.isCut || client.isInFrame || target.isInFrame
    return { frames, payloads: { client: client.kept.take(), target: target.kept.take() }, close, lost, isCut }
  }

  /** A frame begins: the entry that its payload is copied for; undefined where there is none, or nothing of it is wanted. */
  began(frame: HeardFrame): HeardFrame | undefined {
    this.isCut ||= this.frames.length === maxFrames || !this.memory.reserve(frameOverhead)
    if (this.isCut) return undefined
    this.frames.push(frame)
    return this.keepsPayload ? frame : undefined
  }

  /** Copies what fits of the payload of `frame`; false where that was not all. */
  copy(frame: HeardFrame, kept: KeptBytes, bytes: Uint8Array, start: number, end: number): boolean {
    const room = maxFrameBytes - this.client.kept.length - this.target.kept.length
    const before = kept.length
    kept.append(bytes, start, Math.min(end, start + room))
    frame.kept += kept.length - before
    const isWhole = kept.length - before === end - start
    this.isCut ||= !isWhole
    return isWhole
  }

  /** A close frame is whole. */
  closed(payload: Uint8Array): void {
    this.close ??= payload
  }

  private count(from: Sender, bytes: number): void {
    if (from === "client") this.bytesIn += bytes
    else this.bytesOut += bytes
  }

  /** Nothing more is read. */
  private get isDeaf(): boolean {
    return this.isOver || this.lost !== undefined
  }
}

/** The frames of one side. */
class SideFrames implements FrameOwner {
  readonly reader: FrameReader
  readonly kept: KeptBytes
  /** A frame has begun, and its payload is not whole. */
  isInFrame = false
  private readonly from: Sender
  private readonly owner: SocketFrames
  private now = 0
  /** The frame that is under way, where its payload is copied. */
  private frame: HeardFrame | undefined = undefined
  /** The payload of the close frame that is under way. */
  private close: Uint8Array | undefined = undefined
  private closeBytes = 0

  constructor(from: Sender, mayCompress: boolean, kept: KeptBytes, owner: SocketFrames) {
    this.from = from
    this.kept = kept
    this.owner = owner
    this.reader = new FrameReader(mayCompress, this)
  }

  read(bytes: Uint8Array, start: number, end: number, now: number): this {
    this.now = now
    this.reader.read(bytes, start, end)
    return this
  }

  /** The payload that comes next is to be seen. */
  get isWanted(): boolean {
    return this.frame !== undefined || this.close !== undefined
  }

  frameBegan({ op, isFinal, isCompressed, size, mask }: FrameReader): void {
    const { from, now } = this
    this.isInFrame = true
    this.frame = this.owner.began({ at: now, from, op, isFinal, isCompressed, size, mask, kept: 0 })
    this.close = op === "close" ? new Uint8Array(size) : undefined
    this.closeBytes = 0
  }

  framePayload(bytes: Uint8Array, start: number, end: number): void {
    const { frame, close } = this
    if (frame !== undefined && !this.owner.copy(frame, this.kept, bytes, start, end)) this.frame = undefined
    if (close === undefined) return
    close.set(bytes.subarray(start, end), this.closeBytes)
    this.closeBytes += end - start
  }

  frameEnded({ mask }: FrameReader): void {
    this.isInFrame = false
    this.frame = undefined
    const { close } = this
    if (close === undefined) return
    unmask(close, mask)
    this.owner.closed(close)
    this.close = undefined
  }
}
