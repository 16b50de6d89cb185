/**
 * Make socket: the frames of a WebSocket as a record has them: fragments put together, masks and compression taken away
 * (RFC 6455 section 5.4, RFC 7692). What cannot be inflated is not there, since what cannot be read cannot be redacted.
 */
import { concat, concatAll, empty } from "../../protocol/bytes.ts"
import type { ConnectionFacts, Sender } from "../../protocol/recording.ts"
import { readClose, unmask } from "../../protocol/websocket/payload.ts"
import { type BodyRules, type Inflate, type Inflated, written } from "../body.ts"
import type { RecordedFrame, SocketRecord } from "../record.ts"

import { microseconds } from "./arrivals.ts"
import { unlessInOrder } from "./common-fields.ts"
import { type HeardFrame, type HeardSocket, maxFrameBytes } from "./socket-frames.ts"

/** Bytes of content that later messages may refer to (RFC 7692 section 7.1.2.1). */
const windowBytes = 32 * 1024

/** What a record of a WebSocket has besides that of its exchange. */
export interface MadeSocket extends Pick<SocketRecord, "frames" | "close" | "lost"> {
  readonly isCut: boolean
}

/** Makes the frames. Times are since `startedAt`. */
export const makeSocket = async (
  socket: HeardSocket,
  startedAt: number,
  rules: BodyRules,
  inflate: Inflate,
): Promise<MadeSocket> => {
  const maker = new FrameMaker(startedAt, rules, inflate)
  const messages = messagesOf(socket)
  for (const message of messages) if (!(await maker.add(message))) break
  return {
    frames: maker.frames,
    isCut: socket.isCut || maker.isCut || maker.frames.length < messages.length,
    ...(socket.close === undefined ? {} : { close: readClose(socket.close) }),
    ...(socket.lost === undefined ? {} : { lost: socket.lost }),
  }
}

/** How the connection ended, if not well: one that is over says so by a close frame before (RFC 6455 section 7.1.4). */
export const socketFacts = <A extends ConnectionFacts>(facts: A, { close, lost }: HeardSocket): A => {
  const inOrder = unlessInOrder(facts)
  if (close !== undefined || lost !== undefined) return inOrder
  return { ...facts, error: facts.error ?? "the connection ended without a close frame" }
}

/** A message, or a control frame. */
interface Message {
  readonly first: HeardFrame
  readonly frames: Array<HeardFrame>
  /** What was copied of each, without its mask. */
  readonly payloads: Array<Uint8Array>
}

/** In the order in which they began. */
const messagesOf = ({ frames, payloads }: HeardSocket): ReadonlyArray<Message> => {
  const messages: Array<Message> = []
  const read = { client: 0, target: 0 }
  const open: { [from in Sender]?: Message } = {}
  for (const frame of frames) {
    const { from, op, kept, mask } = frame
    const payload = payloads[from].slice(read[from], read[from] + kept)
    read[from] += kept
    unmask(payload, mask)
    const begun = op === "continuation" ? open[from] : undefined
    const message = begun ?? { first: frame, frames: [], payloads: [] }
    if (begun === undefined) messages.push(message)
    message.frames.push(frame)
    message.payloads.push(payload)
    if (op === "text" || op === "binary") open[from] = message
  }
  return messages
}

/** Its last frame has come, and all of it was copied. */
const isWhole = ({ frames }: Message): boolean =>
  frames.every(({ kept, size }) => kept === size) && frames.at(-1)?.isFinal === true

class FrameMaker {
  readonly frames: Array<RecordedFrame> = []
  /** Some message is not here whole. */
  isCut = false
  private readonly startedAt: number
  private readonly rules: BodyRules
  private readonly inflate: Inflate
  /** The last content of each side; undefined where some of it could not be inflated. */
  private readonly windows: { [from in Sender]: Uint8Array | undefined } = { client: empty, target: empty }
  /** Bytes that may still be inflated. */
  private left = maxFrameBytes

  constructor(startedAt: number, rules: BodyRules, inflate: Inflate) {
    this.startedAt = startedAt
    this.rules = rules
    this.inflate = inflate
  }

  /** Adds a message; false where those behind it do not fit any more. */
  async add(message: Message): Promise<boolean> {
    const { first, frames } = message
    const wire = frames.reduce((sum, { size }) => sum + size, 0)
    const content = { bytes: concatAll(message.payloads), ended: isWhole(message) }
    const inflated = first.isCompressed ? await this.inflated(first.from, content) : content
    const size = first.isCompressed && inflated !== undefined ? inflated.bytes.length : wire
    const { startedAt } = this
    const t = microseconds(first.at - startedAt)
    const fragments = frames.map(({ at, size }) => [microseconds(at - startedAt), size] as const)
    this.frames.push({
      t,
      from: first.from,
      op: first.op,
      ...this.payload(first, wire, inflated),
      size: this.rules.maxBytes === 0 ? wire : size,
      ...(first.isCompressed ? { wire } : {}),
      ...(fragments.length > 1 ? { fragments } : {}),
    })
    return this.left > 0
  }

  private payload(
    { op }: HeardFrame,
    wire: number,
    inflated: Inflated | undefined,
  ): Pick<RecordedFrame, "text" | "base64" | "omitted"> {
    const { maxBytes } = this.rules
    if (wire === 0) return op === "binary" ? { base64: "" } : { text: "" }
    if (maxBytes === 0) return { omitted: "off" }
    if (inflated === undefined) return { omitted: "coding" }
    const kept = inflated.bytes.subarray(0, maxBytes)
    const whole = inflated.ended && kept.length === inflated.bytes.length
    this.isCut ||= !whole
    if (kept.length === 0 && !whole) return { omitted: "budget" }
    if (op === "binary" || op === "close") return { base64: kept.toBase64() }
    const { truncated: _, ...content } = written(kept, op === "text" ? "text/plain" : "", whole)
    return content
  }

  private async inflated(from: Sender, { bytes, ended }: Inflated): Promise<Inflated | undefined> {
    const window = this.windows[from]
    if (window === undefined || this.rules.maxBytes === 0) return undefined
    this.windows[from] = undefined
    const inflated = await this.inflate("message", bytes, this.left, window)
    if (inflated === undefined) return undefined
    this.left = inflated.ended ? this.left - inflated.bytes.length : 0
    if (inflated.ended) this.windows[from] = concat(window, inflated.bytes).slice(-windowBytes)
    return { bytes: inflated.bytes, ended: inflated.ended && ended }
  }
}
