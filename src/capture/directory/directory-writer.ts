/**
 * Directory writer: appends records to the segments of a capture directory, closes and compresses them, and deletes the
 * oldest where room is needed. Waits for the disk, so it lives in a thread that may wait.
 *
 * Every record is written whole or not at all: what the disk took of one that did not fit is taken back.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs"
import { join } from "node:path"

import { partSuffix, type SegmentFile, segmentName, segmentOf, segmentsOf } from "./layout.ts"
import { fileOverhead, isDue, isRoomy, makeRoom, type Space } from "./plan.ts"
import { compressPiece, SegmentCompressor } from "./segment-compressor.ts"

/** Milliseconds after which the file system is asked again what is free, and the open segment whether it is still there. */
export const lookAfter = 1000

/** Files of a directory that are no segments: their bytes count, however few they are. */
const otherFiles = 4 * fileOverhead

export interface DirectoryWriterParts {
  /** Opened by `openDirectory`. */
  readonly path: string
  /** Bytes that the directory may hold. */
  readonly maxBytes: () => number
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  /** What is free where `path` is; undefined where that cannot be known. */
  readonly space?: (path: string) => Space | undefined
}

/** The segment that is appended to. */
interface OpenSegment {
  readonly number: number
  readonly file: number
  readonly since: number
  bytes: number
}

export class DirectoryWriter {
  private readonly parts: DirectoryWriterParts
  /** The oldest first. */
  private closed: Array<{ readonly number: number; bytes: number }> = []
  private closedBytes = 0
  /** The numbers of those that are to be compressed. */
  private readonly plain: Array<number> = []
  private open: OpenSegment | undefined = undefined
  private compressor: SegmentCompressor | undefined = undefined
  private space: Space | undefined = undefined
  private lookedAt = -Infinity
  private next = 1

  /** Throws where the directory cannot be read. What a killed process left there is tidied up. */
  constructor(parts: DirectoryWriterParts) {
    this.parts = parts
    this.takeOver()
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.closedBytes + (this.open?.bytes ?? 0) + (this.compressor?.written ?? 0)
  }

  /** Appends lines, each with its newline; tells of each whether it was written. */
  write(lines: ReadonlyArray<Uint8Array>): ReadonlyArray<boolean> {
    this.look()
    const written: Array<boolean> = []
    let run: Array<Uint8Array> = []
    let pending = 0
    const flush = (): void => {
      const isWritten = run.length > 0 && this.append(run, pending)
      for (const _ of run) written.push(isWritten)
      run = []
      pending = 0
    }
    for (const line of lines) {
      if (this.isDue(pending, line.length)) {
        flush()
        this.close()
      }
      if (this.hasRoom(pending + line.length)) {
        run.push(line)
        pending += line.length
      } else {
        flush()
        written.push(false)
      }
    }
    flush()
    return written
  }

  /** Whether there is something to compress. */
  get isBehind(): boolean {
    return this.plain.length > 0
  }

  /** Compresses a piece. Where that fails the segment stays as it is, and can be read all the same. */
  compress(): void {
    const segment = this.closed.find((each) => each.number === this.plain[0])
    if (segment === undefined) {
      // Somebody else has deleted it.
      this.plain.shift()
      return
    }
    // Until it is done the segment is there twice. Making room may have deleted it.
    const hasRoom = this.hasRoom(Math.min(compressPiece, segment.bytes))
    const { number } = segment
    if (this.plain[0] !== number) return
    if (!hasRoom) return this.abandonCompression()
    try {
      this.compressor ??= new SegmentCompressor(this.parts.path, number)
      if (!this.compressor.step()) return
      this.resize(number, this.compressor.written)
      this.compressor = undefined
      this.plain.shift()
    } catch {
      this.abandonCompression()
    }
  }

  /** Ends with the open segment, which the next writer of this directory compresses. */
  end(): void {
    if (this.compressor !== undefined) this.abandonCompression()
    this.close()
  }

  private isDue(pending: number, incoming: number): boolean {
    const { now, maxBytes } = this.parts
    const age = this.open === undefined ? 0 : now() - this.open.since
    return isDue((this.open?.bytes ?? 0) + pending, age, incoming, maxBytes())
  }

  /** Makes room, if need be by deleting; false where there is none. */
  private hasRoom(incoming: number): boolean {
    const maxBytes = this.parts.maxBytes()
    const held = this.bytes + this.closed.length * fileOverhead + otherFiles
    if (isRoomy(held, this.space, incoming, maxBytes)) return true
    // Others may have deleted some meanwhile.
    this.closed = this.closed.filter(({ number }) => this.sizeOf(number) !== undefined)
    this.sum()
    const others = otherFiles + (this.compressor?.written ?? 0)
    const state = { closed: this.closed, open: this.open?.bytes ?? 0, others, space: this.space }
    const { remove, fits } = makeRoom(state, incoming, maxBytes)
    for (const number of remove) this.remove(number)
    return fits
  }

  private remove(number: number): void {
    if (this.compressor?.number === number) this.abandonCompression()
    const at = this.plain.indexOf(number)
    if (at >= 0) this.plain.splice(at, 1)
    for (const isClosed of [true, false]) rmSync(this.pathOf({ number, isClosed }), { force: true })
    const gone = this.closed.find((segment) => segment.number === number)
    if (gone !== undefined && this.space !== undefined) this.free(gone.bytes)
    this.closed = this.closed.filter((segment) => segment !== gone)
    this.sum()
  }

  private append(run: ReadonlyArray<Uint8Array>, length: number): boolean {
    try {
      this.open ??= this.begin()
    } catch {
      this.lookedAt = -Infinity
      return false
    }
    const { open } = this
    try {
      const bytes = run.length === 1 ? run[0]! : Buffer.concat(run)
      for (let at = 0; at < length;) at += writeSync(open.file, bytes, at)
    } catch {
      this.takeBack(open)
      return false
    }
    open.bytes += length
    this.free(-length)
    return true
  }

  private begin(): OpenSegment {
    const number = this.next++
    const path = this.pathOf({ number, isClosed: false })
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND | constants.O_NOFOLLOW
    return { number, file: openSync(path, flags, 0o600), since: this.parts.now(), bytes: 0 }
  }

  /** Of lines that the disk did not take whole nothing stays. */
  private takeBack(open: OpenSegment): void {
    this.lookedAt = -Infinity
    try {
      ftruncateSync(open.file, open.bytes)
    } catch {
      // Then they are a broken line, which nothing may follow.
      this.close()
    }
  }

  private close(): void {
    const { open } = this
    if (open === undefined) return
    this.open = undefined
    closeSync(open.file)
    this.closed.push({ number: open.number, bytes: open.bytes })
    this.plain.push(open.number)
    this.sum()
  }

  private abandonCompression(): void {
    this.compressor?.abandon()
    this.compressor = undefined
    this.plain.shift()
  }

  /** Asks the file system what is free, and whether the open segment is still there: who deletes it wants a new one. */
  private look(): void {
    const { now, path, space = spaceOf } = this.parts
    if (now() - this.lookedAt < lookAfter) return
    this.lookedAt = now()
    this.space = space(path)
    if (this.open === undefined || fstatSync(this.open.file).nlink > 0) return
    closeSync(this.open.file)
    this.open = undefined
  }

  /** Takes over the segments that are here. */
  private takeOver(): void {
    const { path } = this.parts
    const names = readdirSync(path)
    for (const name of names) if (isPart(name)) rmSync(join(path, name), { force: true })
    for (const segment of segmentsOf(names)) {
      if (segment.remnant !== undefined) rmSync(join(path, segment.remnant), { force: true })
      if (!segment.isClosed) this.plain.push(segment.number)
      this.closed.push({ number: segment.number, bytes: this.sizeOf(segment.number) ?? 0 })
      this.next = segment.number + 1
    }
    this.sum()
  }

  /** Undefined where neither of its files is here. */
  private sizeOf(number: number): number | undefined {
    for (const isClosed of [true, false]) {
      const found = lstatSync(this.pathOf({ number, isClosed }), { throwIfNoEntry: false })
      if (found !== undefined) return found.size
    }
    return undefined
  }

  private pathOf(segment: SegmentFile): string {
    return join(this.parts.path, segmentName(segment))
  }

  private resize(number: number, bytes: number): void {
    const segment = this.closed.find((each) => each.number === number)
    if (segment === undefined) return
    this.free(segment.bytes - bytes)
    segment.bytes = bytes
    this.sum()
  }

  private sum(): void {
    this.closedBytes = this.closed.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Until the file system is asked again. */
  private free(bytes: number): void {
    if (this.space !== undefined) this.space = { ...this.space, free: this.space.free + bytes }
  }
}

const isPart = (name: string): boolean =>
  name.endsWith(partSuffix) && segmentOf(name.slice(0, -partSuffix.length)) !== undefined

const spaceOf = (path: string): Space | undefined => {
  try {
    const { blocks, bavail, bsize } = statfsSync(path)
    return { size: blocks * bsize, free: bavail * bsize }
  } catch {
    return undefined
  }
}
