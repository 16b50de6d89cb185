/**
 * Recorder: begins the recordings of exchanges, as far as memory goes, and counts what it could not keep. Has no clock:
 * whoever makes it gives one.
 */
import type { ExchangeRecorder, ExchangeRecording } from "../../protocol/recording.ts"

import type { Memory } from "./memory.ts"
import { type HeardExchange, Recording, recordingOverhead, type RecordingOwner } from "./recording.ts"

export interface RecorderParts {
  readonly memory: Memory
  /** Bytes of a body that are kept, when a recording begins. */
  readonly maxBody: () => number
  /** Whether probes are wanted. */
  readonly wantsProbes: () => boolean
  /** Milliseconds since the epoch, and of the clock that tells the times of messages. */
  readonly epoch: () => number
  readonly now: () => number
  /** Gets every exchange that is over, with its memory. */
  readonly heard: (exchange: HeardExchange) => void
}

export class Recorder implements ExchangeRecorder {
  /** Exchanges without a record: for want of memory, and because they were not wanted. */
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
    if (!parts.memory.reserve(recordingOverhead)) {
      this.dropped++
      return undefined
    }
    const started = parts.epoch() - (parts.now() - now)
    return new Recording(this.owner(), now, started)
  }

  /** Limits that change hold for recordings that begin later. */
  private owner(): RecordingOwner {
    const { memory, maxBody, heard } = this.parts
    return { memory, maxBody: maxBody(), heard, dropped: () => void this.dropped++ }
  }
}
