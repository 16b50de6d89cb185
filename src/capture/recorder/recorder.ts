/**
 * Recorder: begins the recordings of exchanges and streams, as far as memory goes, and counts what it could not keep. Has
 * no clock: whoever makes it gives one.
 */
import type {
  ConnectionFacts,
  ExchangeRecorder,
  ExchangeRecording,
  StreamRecording as Stream,
} from "../../protocol/recording.ts"

import { empty } from "../../protocol/bytes.ts"
import type { Cause } from "../record.ts"
import type { Causes, Opened } from "./causes.ts"
import type { Memory } from "./memory.ts"
import { type HeardExchange, Recording, recordingOverhead, type RecordingOwner } from "./recording.ts"
import { type HeardStream, StreamRecording, streamOverhead } from "./stream-recording.ts"

/** What becomes a record. */
export type Heard = HeardExchange | HeardStream

/** What is over, with what is known of it among others. */
export type Identified = Heard & {
  /** Of its record. */
  readonly id: string
  readonly cause: Cause | undefined
}

export interface RecorderParts {
  /** Of all exchanges that this one records. */
  readonly direction: ConnectionFacts["direction"]
  readonly memory: Memory
  /** Shared by those who record both directions. */
  readonly causes: Causes
  /** Makes the id of a record that began then, in milliseconds since the epoch. */
  readonly makeId: (started: number) => string
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
  readonly heard: (heard: Identified) => void
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
    const started = this.since(now)
    const recording: Recording = new Recording(
      this.owner(() => opened),
      now,
      started,
    )
    const opened = this.open(now, started, () => recording.requestHead)
    return recording
  }

  beginStream(now: number): Stream | undefined {
    if (!this.reserve(streamOverhead)) return undefined
    const { memory, keepsFirst } = this.parts
    const started = this.since(now)
    const opened = this.open(now, started, () => empty)
    const owner = { memory, keepsFirst: keepsFirst(), ...this.endings(() => opened) }
    return new StreamRecording(owner, started)
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

  private open(now: number, started: number, head: () => Uint8Array): Opened {
    const { causes, direction, makeId } = this.parts
    return causes.begin(direction, now, head, () => makeId(started))
  }

  /** Limits that change hold for recordings that begin later. */
  private owner(opened: () => Opened): RecordingOwner {
    const { memory, maxBody } = this.parts
    return { memory, maxBody: maxBody(), ...this.endings(opened), dropped: () => void this.dropped++ }
  }

  /** Who hears how a recording ended. */
  private endings(opened: () => Opened) {
    const { causes, now, heard } = this.parts
    return {
      heard: (what: Heard) => heard({ ...what, ...causes.ended(opened(), now()) }),
      abandoned: () => causes.abandoned(opened()),
    }
  }
}
