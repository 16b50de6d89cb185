/**
 * Recorded messages: tells a recording of an exchange that is passed on and not only watched. Fed the bytes that its
 * messages came in; takes their framing away as the follower does, so that a recording hears the same of both.
 */
import type { CarriedRecording, ExchangeRecording, MessageRecording } from "../../recording.ts"

import { Content } from "./content.ts"

export class RecordedMessages {
  readonly recording: ExchangeRecording
  /** The number of the exchange within its connection, from 1. */
  readonly n: number
  readonly request: RecordedMessage
  readonly response: RecordedMessage
  /** Who records what the connection has become behind the answer. */
  upgrade: CarriedRecording | undefined = undefined

  /** Trailers may have `maxTrailerBytes`. */
  constructor(recording: ExchangeRecording, n: number, maxTrailerBytes: number) {
    this.recording = recording
    this.n = n
    this.request = new RecordedMessage(recording.request, maxTrailerBytes)
    this.response = new RecordedMessage(recording.response, maxTrailerBytes)
  }

  /** The answer in `bytes[0, end)` has made another protocol of the connection, of which the first bytes stand behind it. */
  switched(bytes: Uint8Array, end: number, now: number): void {
    this.response.begin(bytes, end, 0, now)
    this.upgrade = this.recording.upgraded()
    this.upgrade?.carried("target", bytes, end, bytes.length, now)
  }
}

export class RecordedMessage {
  private readonly recording: MessageRecording
  private readonly maxTrailerBytes: number
  private readonly content = new Content()

  constructor(recording: MessageRecording, maxTrailerBytes: number) {
    this.recording = recording
    this.maxTrailerBytes = maxTrailerBytes
  }

  /** Begins with the head in `bytes[0, end)`; `framing` is a length in bytes, `chunked` or `untilClose`. */
  begin(bytes: Uint8Array, end: number, framing: number, now: number): void {
    this.recording.head(bytes, 0, end, now)
    this.content.begin(framing, this.recording)
  }

  /** Goes on with `bytes[start, end)`, framing included. */
  carried(bytes: Uint8Array, start: number, end: number, now: number): void {
    const { content } = this
    if (content.problem !== undefined || end === start) return
    content.read(end === bytes.length ? bytes : bytes.subarray(0, end), start, this.maxTrailerBytes, now)
  }

  /** How many of the next bytes may pass unseen. */
  get skippable(): number {
    return this.content.skippable
  }

  /** Notes that so many, at most `skippable`, have. */
  skipped(count: number): void {
    this.content.skip(count)
  }
}
