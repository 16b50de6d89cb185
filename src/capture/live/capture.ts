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
import type { ExchangeFacts, RecorderSwitch } from "../../protocol/recording.ts"
import { type Inflate, sealBody } from "../body.ts"
import { makeId } from "../ids.ts"
import type { Drawable, Policy } from "../policy/policy.ts"
import { type CaptureRecord, isHttp } from "../record.ts"
import { Causes } from "../recorder/causes.ts"
import { recordedRequestHead } from "../recorder/heads.ts"
import { makeRecord } from "../recorder/make-record.ts"
import { Memory } from "../recorder/memory.ts"
import { type Identified, Recorder } from "../recorder/recorder.ts"

import { CaptureCounters, type DropReason, type LeaveReason } from "./counters.ts"
import { Ring } from "./ring.ts"

type Direction = ExchangeFacts["direction"]

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
}

export interface CaptureParts {
  readonly limits: () => CaptureLimits
  /** What becomes a record, and what of that is secret, when it is asked. */
  readonly policy: () => Policy
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

/** Hears of every record by its line of JSON, newline included; the record itself is made only where it is asked for. */
export type RecordFollower = (line: Uint8Array, record: () => CaptureRecord) => void

/** A switch that this file turns. */
interface Switch extends RecorderSwitch {
  current: Recorder | undefined
}

export class Capture {
  /** Who records what passes in each direction. */
  readonly recorders: Record<Direction, Switch> = { inbound: { current: undefined }, outbound: { current: undefined } }
  readonly counters = new CaptureCounters()
  private readonly parts: CaptureParts
  private readonly memory: Memory
  private readonly ring = new Ring()
  private readonly inbound: Recorder
  private readonly outbound: Recorder
  private readonly followers = new Set<RecordFollower>()
  private readonly waiting: Array<Identified> = []
  private isWorking = false
  private isOn = false

  constructor(parts: CaptureParts) {
    this.parts = parts
    const { limits, policy, epoch, now, random } = parts
    this.memory = new Memory(
      () => limits().maxMemory,
      () => this.ring.forgetOldest(this.memory),
    )
    const shared = {
      memory: this.memory,
      causes: new Causes(),
      maxBody: () => limits().maxBody,
      keepsFirst: () => limits().keepsFirst === true,
      wantsProbes: () => policy().wantsProbes,
      makeId: (started: number) => makeId(started, random()),
      epoch,
      now,
      heard: (exchange: Identified) => this.heard(exchange),
    }
    this.inbound = new Recorder({ ...shared, direction: "inbound" })
    this.outbound = new Recorder({ ...shared, direction: "outbound" })
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

  /** Records that are kept. */
  get count(): number {
    return this.ring.count
  }

  /** Whoever hears of records. */
  get following(): number {
    return this.followers.size
  }

  /** Exchanges of which there is no record, by the reason. */
  get dropped(): { readonly [R in DropReason]: number } {
    const { dropped } = this.counters
    return { ...dropped, memory: dropped.memory + this.inbound.dropped + this.outbound.dropped }
  }

  /** Exchanges whose record was not wanted. */
  get leftOut(): { readonly [R in LeaveReason]: number } {
    const { leftOut } = this.counters
    return { ...leftOut, filter: leftOut.filter + this.inbound.leftOut + this.outbound.leftOut }
  }

  private choose(): void {
    const { recorders, isWanted } = this
    recorders.inbound.current = isWanted ? this.inbound : undefined
    recorders.outbound.current = isWanted ? this.outbound : undefined
  }

  private get isWanted(): boolean {
    return this.isOn || this.followers.size > 0
  }

  private heard(exchange: Identified): void {
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

  private async make(exchange: Identified): Promise<void> {
    const policy = this.parts.policy()
    try {
      const drawn = policy.drawsAll || policy.draws(drawable(exchange))
      // Whoever asked for it may be gone: then nobody may have it.
      if (!this.isWanted) this.counters.leftOut.filter++
      else if (!drawn && !policy.keepsUndrawn) this.counters.leftOut.sample++
      else this.judge(await this.recordOf(exchange), drawn, policy)
    } catch {
      this.counters.dropped.error++
    } finally {
      this.memory.release(exchange.held)
    }
  }

  /** A record that nobody may see yet. */
  private recordOf(heard: Identified): Promise<CaptureRecord> {
    const rules = { maxBytes: this.parts.limits().maxBody, keepBulky: undefined }
    return makeRecord(heard, heard.id, rules, this.parts.inflate)
  }

  private judge(unredacted: CaptureRecord, drawn: boolean, policy: Policy): void {
    const record = redacted(unredacted, policy)
    if (record === undefined) {
      this.counters.dropped.redaction++
      return
    }
    const refused = policy.refuses(record, drawn)
    if (refused === undefined) this.tell(sealed(record, this.parts.sha256))
    else this.counters.leftOut[refused]++
  }

  private tell(record: CaptureRecord): void {
    const { counters } = this
    const line = new TextEncoder().encode(`${JSON.stringify(record)}\n`)
    if (this.isOn && !this.ring.add(record.id, line, this.memory)) {
      counters.dropped.memory++
      return
    }
    counters.count(record)
    for (const follower of this.followers) follower(line, () => record)
  }
}

/** Undefined where what is secret in it could not be replaced. */
const redacted = (record: CaptureRecord, { redact }: Policy): CaptureRecord | undefined => {
  try {
    return redact(record)
  } catch {
    return undefined
  }
}

const drawable = (heard: Identified): Drawable => ({
  flow: heard.facts.flow,
  headers: heard.kind === "stream" ? [] : recordedRequestHead(heard.request.head).headers,
})

const sealed = (record: CaptureRecord, sha256: (bytes: Uint8Array) => string): CaptureRecord => {
  if (!isHttp(record)) return record
  const { request, response } = record
  return {
    ...record,
    request: request.body === undefined ? request : { ...request, body: sealBody(request.body, sha256) },
    ...(response?.body === undefined ? {} : { response: { ...response, body: sealBody(response.body, sha256) } }),
  }
}
