/**
 * Segment compressor: makes the compressed file of a closed segment, a piece at a time, so that whoever does it can do
 * other things in between. Each piece is a frame of its own (RFC 8878 section 3): readers take them for one content.
 *
 * The file has its name when all of it is on the disk, and only then does the other one go: a process that is killed leaves
 * one of the two whole.
 */
import { closeSync, constants, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs"
import { join } from "node:path"
import { zstdCompressSync } from "node:zlib"

import { partSuffix, segmentName } from "./layout.ts"

/** Bytes that are compressed at once: 5 to 10 ms. */
export const compressPiece = 1024 * 1024

export class SegmentCompressor {
  /** Bytes that were written. */
  written = 0
  readonly number: number
  private readonly plain: string
  private readonly closed: string
  private readonly part: string
  private readonly source: number
  private readonly target: number
  private readonly piece = new Uint8Array(compressPiece)

  /** Throws where a file cannot be opened. */
  constructor(folder: string, number: number) {
    this.number = number
    this.plain = join(folder, segmentName({ number, isClosed: false }))
    this.closed = join(folder, segmentName({ number, isClosed: true }))
    this.part = `${this.closed}${partSuffix}`
    this.source = openSync(this.plain, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      rmSync(this.part, { force: true })
      this.target = openSync(this.part, "wx", 0o600)
    } catch (error) {
      closeSync(this.source)
      throw error
    }
  }

  /** Compresses the next piece; true where it was the last one, and the segment is closed. Throws where that fails. */
  step(): boolean {
    const length = readSync(this.source, this.piece, 0, compressPiece, null)
    if (length === 0) {
      this.finish()
      return true
    }
    const frame = zstdCompressSync(this.piece.subarray(0, length))
    for (let at = 0; at < frame.length;) at += writeSync(this.target, frame, at)
    this.written += frame.length
    return false
  }

  /** Gives up: the segment stays as it was. */
  abandon(): void {
    closeSync(this.source)
    closeSync(this.target)
    rmSync(this.part, { force: true })
  }

  private finish(): void {
    fsyncSync(this.target)
    closeSync(this.source)
    closeSync(this.target)
    renameSync(this.part, this.closed)
    rmSync(this.plain, { force: true })
  }
}
