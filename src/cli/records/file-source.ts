/**
 * File source: the lines of a capture's directory, of a file of records, and of standard input; compressed by zstd or not,
 * as the segments of a directory are.
 */
import { createReadStream } from "node:fs"
import { stat } from "node:fs/promises"
import { pipeline, Readable } from "node:stream"
import { createZstdDecompress } from "node:zlib"

import { errorCode } from "../../flow/error-code.ts"
import { Lines } from "../../capture/directory/lines.ts"
import { readDirectory } from "../../capture/directory/read-directory.ts"
import { visibleLine } from "../../capture/text.ts"
import { type LineSource, Unreadable } from "./source.ts"

/** The beginning of what zstd compressed (RFC 8878 section 3.1.1). */
const zstdMagic = [0x28, 0xb5, 0x2f, 0xfd]

/** The lines of what `--from` names. */
export const fileSource = (from: string, stdin: AsyncIterable<Uint8Array>): LineSource => {
  const notes: Array<string> = []
  const name = from === "-" ? "stdin" : visibleLine(from)
  return {
    name,
    notes: () => notes,
    lines: async function* () {
      if (from === "-") return yield* linesOf(stdin, name, notes)
      if (await isDirectory(from)) return yield* directoryLines(from, notes)
      yield* linesOf(createReadStream(from), name, notes)
    },
  }
}

/** The lines of a capture's directory. Throws Unreadable where it cannot be read. */
export const directoryLines = async function* (path: string, notes: Array<string>): AsyncGenerator<string> {
  const found = await readDirectory(path)
  const name = visibleLine(path)
  if ("problem" in found) throw new Unreadable({ message: `${name} ${found.problem}` })
  const { lines, skipped } = found.reading
  yield* lines
  if (skipped.segments > 0) notes.push(`${countText(skipped.segments, "segment")} of ${name} cannot be read whole`)
  // The last line of a process that was killed has no end: that is no news.
  if (skipped.lines > 1) notes.push(`${skipped.lines} lines of ${name} have no end, and are left out`)
}

const countText = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`

const isDirectory = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    const code = errorCode(error)
    const isAbsent = code === "ENOENT" || code === "ENOTDIR"
    throw new Unreadable({
      message: `${visibleLine(path)} ${isAbsent ? "does not exist" : `cannot be read (${code})`}`,
    })
  }
}

const linesOf = async function* (
  pieces: AsyncIterable<Uint8Array>,
  name: string,
  notes: Array<string>,
): AsyncGenerator<string> {
  const lines = new Lines()
  const decoder = new TextDecoder()
  for await (const piece of await inflated(pieces)) {
    for (const line of lines.add(piece)) if (line.length > 0) yield decoder.decode(line)
  }
  // Whoever writes a file by hand may end it without a newline.
  for (const line of lines.add(new Uint8Array([newline]))) if (line.length > 0) yield decoder.decode(line)
  if (lines.broken > 0) notes.push(`${countText(lines.broken, "line")} of ${name} too long, and left out`)
}

const newline = 0x0a

/** The pieces without their compression, where they have one. */
const inflated = async (pieces: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> => {
  const rest = pieces[Symbol.asyncIterator]()
  const head: Array<Uint8Array> = []
  let size = 0
  while (size < zstdMagic.length) {
    const { value, done } = await rest.next()
    if (done === true) break
    head.push(value)
    size += value.length
  }
  const start = Buffer.concat(head)
  const all = async function* (): AsyncGenerator<Uint8Array> {
    if (start.length > 0) yield start
    yield* { [Symbol.asyncIterator]: () => rest }
  }
  if (!zstdMagic.every((byte, i) => start[i] === byte)) return all()
  const inflate = createZstdDecompress()
  // Whoever reads hears of failures.
  pipeline(Readable.from(all(), { objectMode: false }), inflate, () => {})
  return inflate
}
