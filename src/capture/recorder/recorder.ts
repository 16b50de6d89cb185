/**
 * Recorder: begins the recordings of exchanges, as far as memory goes, and counts what it could not keep. Has no clock:
 * whoever makes it gives one.
 */
import type { ExchangeFacts, ExchangeRecorder, ExchangeRecording } from "../../protocol/recording.ts"

import type { Cause } from "../record.ts"
import type { Causes, Opened } from "./causes.ts"
import type { Memory } from "./memory.ts"
import { type HeardExchange, Recording, recordingOverhead, type RecordingOwner } from "./recording.ts"

/** An exchange that is over, with what is known of it among others. */
export interface IdentifiedExchange extends HeardExchange {
  /** Of its record. */
  readonly id: string
  readonly cause: Cause | undefined
}

export interface RecorderParts {
  /** Of all exchanges that this one records. */
  readonly direction: ExchangeFacts["direction"]
  readonly memory: Memory
  /** Shared by those who record both directions. */
  readonly causes: Causes
  /** Makes the id of a record that began then, in milliseconds since the epoch. */
  readonly makeId: (started: number) => string
  /** Bytes of a body that are kept, when a recording begins. */
  readonly maxBody: () => number
  /** Whether probes are wanted. */
  readonly wantsProbes: () => boolean
  /** Milliseconds since the epoch, and of the clock that tells the times of messages. */
  readonly epoch: () => number
  readonly now: () => number
  /** Gets every exchange that is over, with its memory. */
  readonly heard: (exchange: IdentifiedExchange) => void
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
    const recording: Recording = new Recording(
      this.owner(() => opened),
      now,
      started,
    )
    const { causes, direction, makeId } = parts
    const opened = causes.begin(
      direction,
      now,
      () => recording.requestHead,
      () => makeId(started),
    )
    return recording
  }

  /** Limits that change hold for recordings that begin later. */
  private owner(opened: () => Opened): RecordingOwner {
    const { memory, maxBody, causes, now, heard } = this.parts
    return {
      memory,
      maxBody: maxBody(),
      heard: (exchange) => heard({ ...exchange, ...causes.ended(opened(), now()) }),
      abandoned: () => causes.abandoned(opened()),
      dropped: () => void this.dropped++,
    }
  }
}
