/**
 * Capture: what is recorded of a running proxy, from the recording of an exchange, or of a stream, to the record that is
 * kept or shown.
 *
 * Off until it is switched on or somebody follows; then one recorder for each direction copies what passes, and each
 * exchange that is over is handed to a maker, which makes a record of it elsewhere: decoded, redacted, hashed, written.
 * The event loop copies, and nothing else. What waits counts against the capture's memory until its record is there, so
 * there is never more of it than that. Nothing is kept or told before it was redacted, and what fails is dropped and
 * counted.
 *
 * Clock, randomness, the maker and the turns of the event loop are given to it.
 */
import type { ExchangeFacts, RecorderSwitch } from "../../protocol/recording.ts"
import { makeId } from "../ids.ts"
import type { CaptureRecord } from "../record.ts"
import { Causes } from "../recorder/causes.ts"
import { Memory } from "../recorder/memory.ts"
import { type Identified, Recorder } from "../recorder/recorder.ts"
import type { CaptureTotals } from "../totals.ts"

import { CaptureCounters, type DropReason, type LeaveReason } from "./counters.ts"
import type { MadeBatch, MadeRecord, StartMaker } from "./maker.ts"
import { MakingQueue } from "./making-queue.ts"
import { Ring } from "./ring.ts"

type Direction = ExchangeFacts["direction"]

/** Read when they are used: a reload changes them. */
export interface CaptureLimits {
  /** Bytes that are kept of each body; 0 keeps none. */
  readonly maxBody: number
  /** Bytes of memory for records under way, those that wait, and those that are kept. */
  readonly maxMemory: number
  /** Whether the first bytes of connections that nobody can read are kept; not where absent. */
  readonly keepsFirst?: boolean
  /** Whether probes could be wanted: where not, nothing of them is copied. */
  readonly wantsProbes: boolean
}

export interface CaptureParts {
  readonly limits: () => CaptureLimits
  readonly startMaker: StartMaker<Identified>
  /** Hears why a maker is no more that should be there. */
  readonly makerDied: (why: string) => void
  /** 10 bytes that nobody can foretell. */
  readonly random: () => Uint8Array
  /** Milliseconds since the epoch, and of a clock that never goes back. */
  readonly epoch: () => number
  readonly now: () => number
  /** Ends when the event loop has turned. */
  readonly turn: () => Promise<void>
}

/** Hears of every record by its line of JSON, newline included; the record itself is made only where it is asked for. Must not throw. */
export type RecordFollower = (line: Uint8Array, record: () => CaptureRecord) => void

const decoder = new TextDecoder()

/** A switch that this file turns. */
interface Switch extends RecorderSwitch {
  current: Recorder | undefined
}

export class Capture {
  /** Who records what passes in each direction. */
  readonly recorders: Record<Direction, Switch> = { inbound: { current: undefined }, outbound: { current: undefined } }
  readonly counters = new CaptureCounters()
  /** Bytes that the directory holds, when that was last heard of. */
  diskBytes = 0
  private readonly memory: Memory
  private readonly ring = new Ring()
  private readonly queue: MakingQueue<Identified>
  private readonly inbound: Recorder
  private readonly outbound: Recorder
  private readonly followers = new Set<RecordFollower>()
  private isOn = false

  constructor(parts: CaptureParts) {
    const { limits, epoch, now, turn, random, startMaker, makerDied } = parts
    this.memory = new Memory(
      () => limits().maxMemory,
      () => this.ring.forgetOldest(this.memory),
    )
    this.queue = new MakingQueue({
      start: startMaker,
      owner: {
        made: (batch) => this.made(batch),
        dropped: (reason, count) => void (this.counters.dropped[reason] += count),
        unwanted: (count) => void (this.counters.leftOut.filter += count),
        died: makerDied,
      },
      release: (bytes) => this.memory.release(bytes),
      maxMemory: () => limits().maxMemory,
      isKept: () => this.isOn,
      totals: () => this.totals,
      now,
      turn,
    })
    const shared = {
      memory: this.memory,
      causes: new Causes(),
      maxBody: () => limits().maxBody,
      keepsFirst: () => limits().keepsFirst === true,
      wantsProbes: () => limits().wantsProbes,
      makeId: (started: number) => makeId(started, random()),
      epoch,
      now,
      heard: (heard: Identified) => this.queue.add(heard),
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

  /** Records nothing more; resolves when all that was heard is a record, or was dropped, and is where it is kept. */
  async end(): Promise<void> {
    this.switchTo(false)
    await this.queue.finish()
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

  private get totals(): CaptureTotals {
    const { records, truncated, redactions } = this.counters
    return {
      records: Object.fromEntries(records),
      dropped: this.dropped,
      leftOut: this.leftOut,
      truncated: Object.fromEntries(truncated),
      redactions: Object.fromEntries(redactions),
    }
  }

  private choose(): void {
    const { isWanted } = this
    this.switchTo(isWanted)
    this.queue.want(isWanted)
  }

  private switchTo(isOn: boolean): void {
    const { recorders } = this
    recorders.inbound.current = isOn ? this.inbound : undefined
    recorders.outbound.current = isOn ? this.outbound : undefined
  }

  private get isWanted(): boolean {
    return this.isOn || this.followers.size > 0
  }

  private made({ records, lines, dropped, leftOut, onDisk }: MadeBatch): void {
    const { counters } = this
    this.diskBytes = onDisk
    for (const [reason, count] of Object.entries(dropped)) counters.dropped[reason as DropReason] += count
    for (const [reason, count] of Object.entries(leftOut)) counters.leftOut[reason as LeaveReason] += count
    let at = 0
    for (const record of records) {
      // Not a view: one would hold the lines of all.
      this.tell(record, lines.slice(at, at + record.length))
      at += record.length
    }
  }

  private tell(record: MadeRecord, line: Uint8Array): void {
    const { counters } = this
    // Whoever asked for it may be gone: then nobody may have it, where it is not written already.
    if (!this.isWanted && record.isWritten !== true) {
      counters.leftOut.filter++
      return
    }
    const isHeld = this.isOn && this.ring.add(record.id, line, this.memory)
    if (record.isWritten === false) counters.dropped.disk++
    else if (this.isOn && !isHeld && record.isWritten === undefined) counters.dropped.memory++
    else counters.count(record)
    for (const follower of this.followers) follower(line, () => JSON.parse(decoder.decode(line)))
  }
}
