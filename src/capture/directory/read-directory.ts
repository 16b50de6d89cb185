/**
 * Read directory: the records of a capture directory, line by line, the oldest first, whoever is writing there meanwhile.
 *
 * Reads files that have the names of segments, and nothing that a link leads to. What cannot be read is skipped and
 * counted: a line that was cut when its process was killed, and a segment that is damaged or not ours to read.
 */
import { constants } from "node:fs"
import { type FileHandle, open, readdir } from "node:fs/promises"
import { join } from "node:path"
import { pipeline, Readable } from "node:stream"
import { createZstdDecompress } from "node:zlib"

import { errorCode } from "../../flow/error-code.ts"
import { isProcessFolder, segmentName, type Segment, segmentsOf } from "./layout.ts"
import { Lines } from "./lines.ts"

/** Bytes that are read at once. */
const pieceSize = 256 * 1024

/** What was skipped so far. */
export interface Skipped {
  /** Lines without an end, or longer than `maxLine`. */
  lines: number
  /** Segments that could not be read, or not to their end. */
  segments: number
}

/** The records of a directory. To be read once. */
export interface DirectoryReading {
  /** Lines without their newlines, in the order in which they were written. Whether each is a record is not looked at. */
  readonly lines: AsyncIterable<string>
  /** Grows while lines are read. */
  readonly skipped: Readonly<Skipped>
}

/** A directory, or why it cannot be read, as words that follow its path. */
export type DirectoryResult =
  { readonly reading: DirectoryReading } | { readonly problem: string; readonly isAbsent: boolean }

/**
 * Opens a capture directory: its own segments, then those of each process that shares it, in a directory `HOST-PID` below
 * it. Segments that are deleted before their turn are not missed; lines that are written later than the call may be.
 */
export const readDirectory = async (path: string): Promise<DirectoryResult> => {
  try {
    const entries = await readdir(path, { withFileTypes: true })
    const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
    const folders = entries.filter((entry) => entry.isDirectory() && isProcessFolder(entry.name))
    const skipped: Skipped = { lines: 0, segments: 0 }
    const below = folders.map(({ name }) => join(path, name)).toSorted()
    return { reading: { lines: linesOf(path, segmentsOf(names), below, skipped), skipped } }
  } catch (error) {
    return problemOf(error)
  }
}

const problemOf = (error: unknown): DirectoryResult => {
  const code = errorCode(error)
  if (code === "ENOENT") return { problem: "does not exist", isAbsent: true }
  if (code === "ENOTDIR") return { problem: "is no directory", isAbsent: false }
  return { problem: `cannot be read (${code})`, isAbsent: false }
}

const linesOf = async function* (
  path: string,
  segments: ReadonlyArray<Segment>,
  below: ReadonlyArray<string>,
  skipped: Skipped,
): AsyncGenerator<string> {
  for (const segment of segments) yield* linesOfSegment(path, segment, skipped)
  for (const folder of below) yield* linesOfFolder(folder, skipped)
}

const linesOfFolder = async function* (path: string, skipped: Skipped): AsyncGenerator<string> {
  let names: ReadonlyArray<string>
  try {
    names = await readdir(path)
  } catch {
    skipped.segments++
    return
  }
  for (const segment of segmentsOf(names)) yield* linesOfSegment(path, segment, skipped)
}

const linesOfSegment = async function* (path: string, segment: Segment, skipped: Skipped): AsyncGenerator<string> {
  const lines = new Lines()
  try {
    const opened = await openSegment(path, segment)
    if (opened === undefined) return
    const { file, isClosed } = opened
    try {
      const pieces = isClosed ? inflated(piecesOf(file)) : piecesOf(file)
      for await (const piece of pieces) for (const line of lines.add(piece)) yield Buffer.from(line).toString("utf8")
    } finally {
      await file.close()
    }
  } catch {
    skipped.segments++
  }
  lines.end()
  skipped.lines += lines.broken
}

/** The file of a segment, which may have been closed since; undefined where it has been deleted. */
const openSegment = async (path: string, segment: Segment) => {
  for (const isClosed of segment.isClosed ? [true] : [false, true]) {
    try {
      const name = segmentName({ ...segment, isClosed })
      // Not waiting for a writer, should it be a pipe.
      const file = await open(join(path, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
      if ((await file.stat()).isFile()) return { file, isClosed }
      await file.close()
      throw new Error("not a file")
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error
    }
  }
  return undefined
}

const piecesOf = async function* (file: FileHandle): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { buffer, bytesRead } = await file.read(new Uint8Array(pieceSize), 0, pieceSize, null)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
  }
}

const inflated = (pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> => {
  const inflate = createZstdDecompress({ chunkSize: pieceSize })
  // Whoever reads hears of failures.
  pipeline(Readable.from(pieces, { objectMode: false }), inflate, () => {})
  return inflate
}
