/**
 * HeadReader: the heads of one direction of a connection, one after another, however their bytes arrive.
 *
 * A head that lies whole in the bytes that are lent is read where it lies; only one that is cut is copied. The verdict is
 * the same for every cut: a first line is judged as soon as it is there, the rest when the head is whole.
 */
import { CR, LF } from "../../ascii.ts"
import type { MessageRecording } from "../../recording.ts"
import { incomplete } from "../scan.ts"

import { HeadGatherer } from "./head-gatherer.ts"
import { LenientHead } from "./lenient-head.ts"
import { overLimit, type Unreadable } from "./unreadable.ts"

/** What the first lines of one direction are. */
export interface StartLine {
  /** Parses `bytes[start, end)`, and returns what is wrong, or undefined. */
  readonly parse: (bytes: Uint8Array, start: number, end: number) => Unreadable | undefined
  /** What is wrong with `bytes[0, length)`, the beginning of a line, whatever comes behind it; or undefined. */
  readonly judgeBeginning: (bytes: Uint8Array, length: number) => Unreadable | undefined
}

export interface HeadLimits {
  readonly maxHeadBytes: number
  readonly maxHeadFields: number
}

/** Shared by all readers: a head is taken over before another one is read. */
export const lenientHead = new LenientHead()

export class HeadReader {
  /** The head is whole, and not a problem: its spans, in `lenientHead` and in the start line, are those of `bytes`. */
  isWhole = false
  bytes: Uint8Array
  /** Where a whole head lies in `bytes`, its blank line included. */
  start = 0
  end = 0
  /** Why no head can be read here, and none behind it. */
  problem: Unreadable | undefined = undefined

  private readonly line: StartLine
  private readonly limits: HeadLimits
  private readonly gatherer = new HeadGatherer()

  constructor(line: StartLine, limits: HeadLimits) {
    this.line = line
    this.limits = limits
    this.bytes = this.gatherer.kept.bytes
  }

  /** Bytes of a head that is not whole, empty lines before it not counted. */
  get partial(): number {
    const { bytes, length } = this.gatherer.kept
    return length === 1 && bytes[0] === CR ? 0 : length
  }

  /** Parses the first line of the head that is not whole; false while that line is not there. */
  parsePartial(): boolean {
    const { kept, lineFeed } = this.gatherer
    if (lineFeed === -1) return false
    this.bytes = kept.bytes
    return this.parseLine(kept.bytes, 0, lineFeed)
  }

  /** Tells of what is here of a head that is not whole. */
  tellPartial(recording: MessageRecording | undefined, now: number): void {
    const { bytes, length } = this.gatherer.kept
    recording?.head(bytes, 0, length, now)
  }

  /** Reads a head, or a part of one, from `input[start...]`; returns the offset behind what it took. */
  read(input: Uint8Array, start: number): number {
    this.isWhole = false
    if (this.gatherer.kept.length > 0) return this.gather(input, start)
    const at = afterEmptyLines(input, start)
    if (at === input.length) return at
    const end = this.scan(input, at)
    if (this.problem !== undefined || this.isWhole) return end
    return this.gather(input, at)
  }

  /** Reads the head that begins at `bytes[start]`, as far as it is there. */
  private scan(bytes: Uint8Array, start: number): number {
    const { maxHeadBytes, maxHeadFields } = this.limits
    const end = lenientHead.read(bytes, start, Math.min(bytes.length, start + maxHeadBytes), maxHeadFields)
    if (lenientHead.lineFeed !== incomplete && !this.parseLine(bytes, start, lenientHead.lineFeed)) return end
    if (end === incomplete) return end
    this.problem = lenientHead.problem
    this.isWhole = this.problem === undefined
    this.bytes = bytes
    this.start = start
    this.end = end
    return end
  }

  private gather(input: Uint8Array, start: number): number {
    const { gatherer } = this
    const { maxHeadBytes } = this.limits
    const hadLine = gatherer.lineFeed !== -1
    const next = gatherer.gather(input, start, maxHeadBytes)
    const { kept, lineFeed } = gatherer
    if (lineFeed === -1)
      this.problem = this.partial === 0 ? undefined : this.line.judgeBeginning(kept.bytes, kept.length)
    else if (!hadLine) this.parseLine(kept.bytes, 0, lineFeed)
    if (kept.length > maxHeadBytes) this.problem ??= overLimit(`a head over ${maxHeadBytes} bytes`)
    if (this.problem === undefined && gatherer.isWhole) this.scan(gatherer.take(), 0)
    return next
  }

  private parseLine(bytes: Uint8Array, start: number, lineFeed: number): boolean {
    const end = lineFeed > start && bytes[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed
    this.problem = this.line.parse(bytes, start, end)
    return this.problem === undefined
  }
}

/** The offset behind the empty lines at `start`: before a request they are forgiven (RFC 9112 section 2.2). */
const afterEmptyLines = (bytes: Uint8Array, start: number): number => {
  let at = start
  while (at < bytes.length) {
    if (bytes[at] === LF) at++
    else if (bytes[at] === CR && bytes[at + 1] === LF) at += 2
    else break
  }
  return at
}
