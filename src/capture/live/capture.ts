/**
 * Capture: what is recorded of a running proxy, from the recording of an exchange, or of a stream, to the record that is kept or shown.
 *
 * Off until it is switched on or somebody follows; then one recorder copies what passes, and each exchange that is over
 * waits here to become a record: decoded, redacted, hashed, kept. That is done in slices, so that bytes are held up for no
 * longer than `maxSlice` and the one record in which it ended; what waits counts against the capture's memory, so there is
 * never more of it than that. Nothing is kept or told before it was redacted, and what fails is dropped and counted.
 *
 * Clock, randomness, inflating, hashing and the turns of the event loop are given to it.
 */
import type { RecorderSwitch } from "../../protocol/recording.ts"
import { type Inflate, sealBody } from "../body.ts"
import { makeId } from "../ids.ts"
import { type CaptureRecord, isHttp } from "../record.ts"
import { makeRecord } from "../recorder/make-record.ts"
import { Memory } from "../recorder/memory.ts"
import { type Heard, Recorder } from "../recorder/recorder.ts"

import { CaptureCounters } from "./counters.ts"
import { Ring } from "./ring.ts"

/** Milliseconds after which records that wait are left to the next turn of the event loop. */
export const maxSlice = 5

/** Read when they are used: a reload changes them. */
export interface CaptureLimits {
  /** Bytes that are kept of each body; 0 keeps none. */
  readonly maxBody: number
  /** Bytes of memory for records under way, those that wait, and those that are kept. */
  readonly maxMemory: number
  /** Whether the first bytes of connections that nobody can read are kept; not where absent. */
  readonly keepsFirst?: boolean
  /** Whether probes are recorded at all. Where they are not, nothing of them is copied. */
  readonly wantsProbes: boolean
  /** Which records are wanted; looks at a record that was redacted. */
  readonly wants: (record: CaptureRecord) => boolean
}

export interface CaptureParts {
  readonly limits: () => CaptureLimits
  /** Replaces what is secret. Must not throw; if it does there is no record. */
  readonly redact: (record: CaptureRecord) => CaptureRecord
  readonly inflate: Inflate
  /** Lower-case hex. */
  readonly sha256: (bytes: Uint8Array) => string
  /** 10 bytes that nobody can foretell. */
  readonly random: () => Uint8Array
  /** Milliseconds since the epoch, and of a clock that never goes back. */
  readonly epoch: () => number
  readonly now: () => number
  /** Ends when the event loop has turned. */
  readonly turn: () => Promise<void>
}

/** Hears of every record, with its line of JSON; must not throw. */
export type RecordFollower = (record: CaptureRecord, line: string) => void

export class Capture implements RecorderSwitch {
  current: Recorder | undefined = undefined
  readonly counters = new CaptureCounters()
  private readonly parts: CaptureParts
  private readonly memory: Memory
  private readonly ring = new Ring()
  private readonly recorder: Recorder
  private readonly followers = new Set<RecordFollower>()
  private readonly waiting: Array<Heard> = []
  private isWorking = false
  private isOn = false

  constructor(parts: CaptureParts) {
    this.parts = parts
    const { limits, epoch, now } = parts
    this.memory = new Memory(
      () => limits().maxMemory,
      () => this.ring.forgetOldest(this.memory),
    )
    this.recorder = new Recorder({
      memory: this.memory,
      maxBody: () => limits().maxBody,
      keepsFirst: () => limits().keepsFirst === true,
      wantsProbes: () => limits().wantsProbes,
      epoch,
      now,
      heard: (exchange) => this.heard(exchange),
    })
  }

  /** Whether records are kept. */
  get keeps(): boolean {
    return this.isOn
  }

  /** Keeps records from now on, or does not. Those that are kept stay. */
  keep(isOn: boolean): void {
    this.isOn = isOn
    this.choose()
  }

  /** Has `follower` hear of every record from now on, whether any is kept or not; returns what ends that. */
  follow(follower: RecordFollower): () => void {
    this.followers.add(follower)
    this.choose()
    return () => {
      this.followers.delete(follower)
      this.choose()
    }
  }

  /** The ids of the records that are kept, the oldest first. */
  ids(): ReadonlyArray<string> {
    return this.ring.ids()
  }

  /** The line of JSON of a record that is kept, its newline included. */
  line(id: string): Uint8Array | undefined {
    return this.ring.get(id)
  }

  /** Lets all records go that are kept. */
  clear(): void {
    this.ring.clear(this.memory)
  }

  /** Bytes of the capture's memory that are in use. */
  get bytes(): number {
    return this.memory.used
  }

  /** Exchanges that were not recorded for want of memory, and that were not wanted. */
  get dropped(): number {
    return this.recorder.dropped + this.counters.dropped.memory
  }

  get leftOut(): number {
    return this.recorder.leftOut + this.counters.leftOut
  }

  private choose(): void {
    this.current = this.isWanted ? this.recorder : undefined
  }

  private get isWanted(): boolean {
    return this.isOn || this.followers.size > 0
  }

  private heard(exchange: Heard): void {
    this.waiting.push(exchange)
    if (this.isWorking) return
    this.isWorking = true
    void this.work()
  }

  /** Makes records of all that wait, a slice in each turn. The first slice is not in the turn that carries the bytes. */
  private async work(): Promise<void> {
    const { waiting } = this
    const { turn, now } = this.parts
    while (waiting.length > 0) {
      await turn()
      const until = now() + maxSlice
      let made = 0
      do await this.make(waiting[made++]!)
      while (made < waiting.length && now() < until)
      waiting.splice(0, made)
    }
    this.isWorking = false
  }

  private async make(exchange: Heard): Promise<void> {
    try {
      // Whoever asked for it may be gone: then nobody may have it.
      if (this.isWanted) this.tell(await this.recordOf(exchange))
      else this.counters.leftOut++
    } catch {
      this.counters.dropped.error++
    } finally {
      this.memory.release(exchange.held)
    }
  }

  private async recordOf(exchange: Heard): Promise<CaptureRecord> {
    const { limits, inflate, redact, random, sha256 } = this.parts
    const id = makeId(exchange.started, random())
    const rules = { maxBytes: limits().maxBody, keepBulky: undefined }
    return sealed(redact(await makeRecord(exchange, id, rules, inflate)), sha256)
  }

  private tell(record: CaptureRecord): void {
    const { counters } = this
    if (!this.parts.limits().wants(record)) {
      counters.leftOut++
      return
    }
    const line = `${JSON.stringify(record)}\n`
    if (this.isOn && !this.ring.add(record.id, new TextEncoder().encode(line), this.memory)) {
      counters.dropped.memory++
      return
    }
    counters.count(record)
    for (const follower of this.followers) follower(record, line)
  }
}

const sealed = (record: CaptureRecord, sha256: (bytes: Uint8Array) => string): CaptureRecord => {
  if (!isHttp(record)) return record
  const { request, response } = record
  return {
    ...record,
    request: request.body === undefined ? request : { ...request, body: sealBody(request.body, sha256) },
    ...(response?.body === undefined ? {} : { response: { ...response, body: sealBody(response.body, sha256) } }),
  }
}
