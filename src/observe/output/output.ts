/**
 * Output: lines to standard output or standard error that can never block or end the process.
 *
 * Lines are collected and written in batches, one write at a time. What a slow, full or closed reader does not take
 * waits, up to a limit; beyond it whole lines are dropped and counted, and one line says so once writing works again.
 */

/** Bytes that may wait to be written, those under way included. Some seconds of a busy log. */
export const maxQueue = 1 << 20
/** Bytes of a buffer that is kept for the next lines: a busy log fills it. A longer one, after a stall, is let go of. */
const keptBuffer = 256 * 1024

/** Milliseconds that lines are collected for. A write costs as much as twenty lines. */
const batchEvery = 5
/** Bytes of a batch that does not wait for more. A pipe takes 64 KiB: one that is half full always takes it whole. */
export const fullBatch = 32 * 1024
/** Milliseconds until a full pipe is tried again: at first, and at most. */
const firstRetry = 1
const lastRetry = 100
/** Milliseconds until the next try after an error, which rarely passes by itself: EPIPE, ENOSPC, EIO. */
const afterError = 1000

const newline = 0x0a
const newlineBytes = Uint8Array.of(newline)
const none = new Uint8Array(0)
/** Bytes of a buffer at first. */
const firstBuffer = 4096

/** Writes `bytes` from `offset` on, perhaps not to their end; must not block. `EAGAIN` says that there is no room now. */
export type Write = (
  bytes: Uint8Array,
  offset: number,
  done: (code: string | undefined, written: number) => void,
) => void

export interface OutputParts {
  readonly write: Write
  /** The line that reports how many lines were dropped; ends with a newline. */
  readonly notice: (lines: number) => string
}

export class Output {
  /** Lines that were dropped so far. */
  dropped = 0
  private readonly parts: OutputParts
  /** Lines that wait, in `waiting[0, length)`. While a batch is under way the next lines gather in another buffer. */
  private waiting: Uint8Array<ArrayBuffer> = none
  private length = 0
  private spare: Uint8Array<ArrayBuffer> = none
  private batch: Batch | undefined
  /** How many of the dropped lines a notice has reported. */
  private told = 0
  /** A line was cut off by an error in the middle of a write. */
  private torn = false
  private timer: ReturnType<typeof setTimeout> | undefined
  private busy = false
  private retry = firstRetry
  private failedAt = Number.NEGATIVE_INFINITY
  private readonly flushing = new Set<() => void>()

  constructor(parts: OutputParts) {
    this.parts = parts
  }

  /** Takes one line, which ends with its newline. */
  write(line: string): void {
    const bytes = Buffer.from(line)
    this.writeBytes(bytes, bytes.length)
  }

  /** Takes one line from `bytes[0, length)`, and keeps no view of it. */
  writeBytes(bytes: Buffer, length: number): void {
    if (this.length + (this.batch?.bytes.length ?? 0) + length > maxQueue) {
      this.dropped++
      return
    }
    this.append(bytes, length)
    if (this.length >= fullBatch && this.batch === undefined && this.untilRetry() <= 0) return this.go()
    if (this.timer === undefined && !this.busy) {
      this.wake(Math.max(batchEvery, this.untilRetry()))
    }
  }

  /** Writes what waits without further delay. True when all of it was written, false when `milliseconds` were over. */
  flush(milliseconds: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const before = this.dropped
    const done = (): void => settle(this.dropped === before)
    const late = setTimeout(() => settle(false), milliseconds)
    const settle = (written: boolean): void => {
      clearTimeout(late)
      this.flushing.delete(done)
      resolve(written)
    }
    this.flushing.add(done)
    this.retry = firstRetry
    if (!this.busy) this.go()
    return promise
  }

  /** Milliseconds that are left until a write may be tried after an error; not above 0 where it may. */
  private untilRetry(): number {
    return this.failedAt + afterError - performance.now()
  }

  private append(bytes: Buffer, length: number): void {
    if (this.length + length > this.waiting.length) {
      const grown = new Uint8Array(Math.max(firstBuffer, this.length + length, this.waiting.length * 2))
      grown.set(this.waiting)
      this.waiting = grown
    }
    bytes.copy(this.waiting, this.length, 0, length)
    this.length += length
  }

  private wake(milliseconds: number): void {
    this.timer = setTimeout(this.go, milliseconds)
    this.timer.unref()
  }

  private readonly go = (): void => {
    clearTimeout(this.timer)
    this.timer = undefined
    this.batch ??= this.take()
    if (this.batch === undefined) {
      this.flushed()
      return
    }
    this.busy = true
    this.parts.write(this.batch.bytes, this.batch.offset, this.written)
  }

  /** All that waits, and the notice of what was dropped meanwhile, at the place where it is missing. */
  private take(): Batch | undefined {
    const untold = this.dropped - this.told
    if (this.length === 0 && untold === 0) return undefined
    if (untold > 0) {
      const notice = Buffer.from(this.parts.notice(untold))
      this.append(notice, notice.length)
    }
    const lines = this.waiting.subarray(0, this.length)
    const bytes = this.torn ? Buffer.concat([newlineBytes, lines]) : lines
    this.waiting = this.spare
    this.spare = none
    this.length = 0
    return { bytes, offset: 0, firstLine: this.torn ? 1 : 0, tells: untold }
  }

  private readonly written = (code: string | undefined, count: number): void => {
    this.busy = false
    const { batch } = this
    if (batch === undefined) return
    if (code !== undefined && code !== "EAGAIN") return this.fail(batch)
    batch.offset += count
    if (batch.offset < batch.bytes.length) {
      this.retry = count > 0 ? firstRetry : Math.min(this.retry * 2, lastRetry)
      return this.wake(this.retry)
    }
    this.told += batch.tells
    this.torn = false
    this.retry = firstRetry
    this.batch = undefined
    this.keep(batch)
    this.next()
  }

  /** Drops the batch: what fails now fails for the next try too, and the end of the process must not wait for it. */
  private fail(batch: Batch): void {
    this.dropped += linesAfter(batch) - (batch.tells > 0 ? 1 : 0)
    if (batch.offset > 0) this.torn = batch.bytes[batch.offset - 1] !== newline
    this.batch = undefined
    this.failedAt = performance.now()
    if (this.length > 0) this.next()
    else this.flushed()
  }

  /** A batch that is written leaves its buffer for the lines after the next. */
  private keep({ bytes }: Batch): void {
    if (bytes.buffer.byteLength <= keptBuffer) this.spare = new Uint8Array(bytes.buffer)
  }

  private flushed(): void {
    for (const done of this.flushing) done()
  }

  private next(): void {
    if (this.flushing.size > 0) this.go()
    else if (this.length > 0 || this.dropped > this.told) {
      this.wake(Math.max(batchEvery, this.untilRetry()))
    }
  }
}

interface Batch {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** How much of it is written. */
  offset: number
  /** 1 where a newline goes before the first line. */
  readonly firstLine: number
  /** How many dropped lines its notice reports; 0 without a notice. */
  readonly tells: number
}

/** How many lines of a batch are not written, or not wholly. */
const linesAfter = ({ bytes, offset, firstLine }: Batch): number => {
  let lines = 0
  for (let i = Math.max(offset, firstLine); i < bytes.length; i++) if (bytes[i] === newline) lines++
  return lines
}
