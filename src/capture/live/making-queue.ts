/**
 * Making queue: what was heard and is no record yet. Hands it over in batches to a maker, which it starts when records are
 * wanted and ends when they are not, and which may be slow or die: what waits is bounded, what is too much is dropped, and
 * nothing here is ever waited for by traffic.
 */
import type { CaptureTotals } from "../totals.ts"

import type { DropReason } from "./counters.ts"
import type { MadeBatch, Maker, StartMaker } from "./maker.ts"

/** Exchanges, and bytes of memory, of a batch: to hand over more at once takes too long. A larger one goes alone. */
export const maxBatch = 64
export const maxBatchBytes = 512 * 1024

/** Batches that are with the maker: while it is at one of them the next one is there. */
export const maxBatches = 2

/** What waits and what is with the maker takes at most this share of a capture's memory: what is under way needs some. */
export const queueShare = 0.5

/** Milliseconds from the start of a maker that died until the next one is started. */
export const restartAfter = 60_000

/** What is queued. */
interface Held {
  /** Bytes of the capture's memory that go with it. */
  readonly held: number
}

export interface MakingQueueOwner {
  readonly made: (batch: MadeBatch) => void
  /** There are no records of so many. */
  readonly dropped: (reason: DropReason, count: number) => void
  /** So many were heard for somebody who has gone. */
  readonly unwanted: (count: number) => void
  readonly died: (why: string) => void
}

export interface MakingQueueParts<Heard extends Held> {
  readonly start: StartMaker<Heard>
  readonly owner: MakingQueueOwner
  /** Gives bytes of the capture's memory back. */
  readonly release: (bytes: number) => void
  /** Bytes of the capture's memory. */
  readonly maxMemory: () => number
  /** Whether records are kept, and not only told. */
  readonly isKept: () => boolean
  readonly totals: () => CaptureTotals
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  /** Ends when the event loop has turned. */
  readonly turn: () => Promise<void>
}

interface Batch {
  readonly count: number
  readonly held: number
}

export class MakingQueue<Heard extends Held> {
  private readonly parts: MakingQueueParts<Heard>
  private readonly waiting: Array<Heard> = []
  private readonly underWay: Array<Batch> = []
  /** Bytes of what waits and of what is under way. */
  private held = 0
  private maker: Maker<Heard> | undefined = undefined
  private startedAt = 0
  private notBefore = Number.NEGATIVE_INFINITY
  private isWanted = false
  private isScheduled = false
  private isEnding = false
  private whenIdle: Array<() => void> = []

  constructor(parts: MakingQueueParts<Heard>) {
    this.parts = parts
  }

  /** Records are wanted from now on, or are not: then nothing that waits becomes one. */
  want(isWanted: boolean): void {
    this.isWanted = isWanted
    if (isWanted) {
      this.start()
      return
    }
    if (this.waiting.length > 0) this.parts.owner.unwanted(this.forget())
    this.settle()
  }

  /** Something was heard. It is a record some time, or is dropped at once. */
  add(heard: Heard): void {
    const { owner, release, maxMemory } = this.parts
    if (this.held > 0 && this.held + heard.held > maxMemory() * queueShare) {
      release(heard.held)
      owner.dropped("queue", 1)
    } else {
      this.waiting.push(heard)
      this.held += heard.held
    }
    // Also where nothing more fits: it may be time for another maker.
    this.schedule()
  }

  /** Resolves when all that was heard has become a record, or been dropped, and the maker has ended. */
  async finish(): Promise<void> {
    this.schedule()
    if (!this.isIdle) await new Promise<void>((resolve) => void this.whenIdle.push(resolve))
    this.isWanted = false
    await this.end()
  }

  private get isIdle(): boolean {
    return this.waiting.length === 0 && this.underWay.length === 0
  }

  /** Hands over in a later turn than the one that carries the bytes. */
  private schedule(): void {
    if (this.isScheduled || this.waiting.length === 0 || this.underWay.length >= maxBatches) return
    this.isScheduled = true
    void this.handOver()
  }

  private async handOver(): Promise<void> {
    await this.parts.turn()
    this.isScheduled = false
    if (this.waiting.length === 0) return
    if (this.maker === undefined) this.start()
    const { maker } = this
    if (maker === undefined) {
      if (this.whenIdle.length > 0) this.drop()
      return
    }
    const batch = this.nextBatch()
    this.underWay.push({ count: batch.length, held: batch.reduce((sum, { held }) => sum + held, 0) })
    maker.make(batch, this.parts.isKept())
    this.schedule()
  }

  private nextBatch(): ReadonlyArray<Heard> {
    const { waiting } = this
    let bytes = 0
    let count = 0
    for (const { held } of waiting) {
      if (count === maxBatch || (count > 0 && bytes + held > maxBatchBytes)) break
      bytes += held
      count++
    }
    return waiting.splice(0, count)
  }

  private start(): void {
    const { now, start } = this.parts
    if (this.maker !== undefined || this.isEnding || !this.isWanted || now() < this.notBefore) return
    this.startedAt = now()
    try {
      const maker: Maker<Heard> = start({
        made: (batch) => {
          if (this.maker === maker) this.made(batch)
        },
        died: (why) => {
          if (this.maker === maker) this.died(why)
        },
      })
      this.maker = maker
    } catch (error) {
      this.died(String(error))
    }
  }

  private made(batch: MadeBatch): void {
    this.done()
    this.parts.owner.made(batch)
    this.schedule()
    this.settle()
  }

  private died(why: string): void {
    const { owner } = this.parts
    this.maker = undefined
    this.notBefore = this.startedAt + restartAfter
    owner.died(why)
    while (this.underWay.length > 0) owner.dropped("error", this.done())
    this.schedule()
    this.settle()
  }

  /** The oldest batch is not under way any more; returns how many were in it. */
  private done(): number {
    const batch = this.underWay.shift()
    if (batch === undefined) return 0
    this.held -= batch.held
    this.parts.release(batch.held)
    return batch.count
  }

  /** Nothing that waits can become a record any more. */
  private drop(): void {
    this.parts.owner.dropped("error", this.forget())
    this.settle()
  }

  private forget(): number {
    const forgotten = this.waiting.splice(0)
    const bytes = forgotten.reduce((sum, { held }) => sum + held, 0)
    this.held -= bytes
    this.parts.release(bytes)
    return forgotten.length
  }

  /** Whether something ends, now that something was done. */
  private settle(): void {
    if (!this.isIdle) return
    for (const resolve of this.whenIdle.splice(0)) resolve()
    if (!this.isWanted) void this.end()
  }

  /** A new maker is not started before the old one has left everything as it should be. */
  private async end(): Promise<void> {
    const { maker } = this
    if (maker === undefined) return
    this.maker = undefined
    this.isEnding = true
    await maker.end(this.parts.totals())
    this.isEnding = false
    if (this.isWanted) this.start()
    this.schedule()
  }
}
