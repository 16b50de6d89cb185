/**
 * Recorder: begins the recordings of exchanges and streams, as far as memory goes, and counts what it could not keep. Has
 * no clock: whoever makes it gives one.
 */
import type { ExchangeRecorder, ExchangeRecording, StreamRecording as Stream } from "../../protocol/recording.ts"

import type { Memory } from "./memory.ts"
import { type HeardExchange, Recording, recordingOverhead, type RecordingOwner } from "./recording.ts"
import { type HeardStream, StreamRecording, streamOverhead } from "./stream-recording.ts"

/** What becomes a record. */
export type Heard = HeardExchange | HeardStream

export interface RecorderParts {
  readonly memory: Memory
  /** Bytes of a body that are kept, when a recording begins. */
  readonly maxBody: () => number
  /** Whether the first bytes of streams are kept, when one begins. */
  readonly keepsFirst: () => boolean
  /** Whether probes are wanted. */
  readonly wantsProbes: () => boolean
  /** Milliseconds since the epoch, and of the clock that tells the times of messages. */
  readonly epoch: () => number
  readonly now: () => number
  /** Gets everything that is over, with its memory. */
  readonly heard: (heard: Heard) => void
}

export class Recorder implements ExchangeRecorder {
  /** Exchanges and streams without a record: for want of memory, and because they were not wanted. */
  dropped = 0
  leftOut = 0
  private readonly parts: RecorderParts

  constructor(parts: RecorderParts) {
    this.parts = parts
  }

  begin(isProbe: boolean, now: number): ExchangeRecording | undefined {
    const { parts } = this
    if (isProbe && !parts.wantsProbes()) {
      this.leftOut++
      return undefined
    }
    if (!this.reserve(recordingOverhead)) return undefined
    return new Recording(this.owner(), now, this.since(now))
  }

  beginStream(now: number): Stream | undefined {
    if (!this.reserve(streamOverhead)) return undefined
    const { memory, keepsFirst, heard } = this.parts
    return new StreamRecording({ memory, keepsFirst: keepsFirst(), heard }, this.since(now))
  }

  private reserve(bytes: number): boolean {
    const isThere = this.parts.memory.reserve(bytes)
    if (!isThere) this.dropped++
    return isThere
  }

  /** A moment of the clock of messages in milliseconds since the epoch. */
  private since(now: number): number {
    return this.parts.epoch() - (this.parts.now() - now)
  }

  /** Limits that change hold for recordings that begin later. */
  private owner(): RecordingOwner {
    const { memory, maxBody, heard } = this.parts
    return { memory, maxBody: maxBody(), heard, dropped: () => void this.dropped++ }
  }
}
