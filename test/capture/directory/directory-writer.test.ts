/** Directory writer: every record whole, segments in turn, the oldest deleted, and nothing that the disk took by half. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import {
  DirectoryWriter,
  type DirectoryWriterParts,
  lookAfter,
} from "../../../src/capture/directory/directory-writer.ts"
import { maxSegmentAge, type Space } from "../../../src/capture/directory/plan.ts"
import { readDirectory } from "../../../src/capture/directory/read-directory.ts"
import { compressPiece } from "../../../src/capture/directory/segment-compressor.ts"
import { ascii } from "../../support/bytes.ts"
import { makeRandom } from "../../support/random.ts"

const mebibyte = 1024 * 1024

let folder = ""
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "pillion-write-"))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A clock and a disk that a test sets. */
const world = { now: 0, space: undefined as Space | undefined }
beforeEach(() => void Object.assign(world, { now: 0, space: undefined }))

const writerOf = (maxBytes = 64 * mebibyte, parts: Partial<DirectoryWriterParts> = {}): DirectoryWriter =>
  new DirectoryWriter({
    path: folder,
    maxBytes: () => maxBytes,
    now: () => world.now,
    space: () => world.space,
    ...parts,
  })

const line = (text: string): Uint8Array => ascii(`${text}\n`)
/** A line of `length` bytes that begins with a name. */
const long = (name: string, length: number): Uint8Array => line(name.padEnd(length - 1, "."))

const names = (): ReadonlyArray<string> => readdirSync(folder).toSorted()
const compressAll = (writer: DirectoryWriter): void => {
  for (let steps = 0; writer.isBehind; steps++) {
    if (steps > 1000) throw new Error("it never ends")
    writer.compress()
  }
}

/** The names at the beginning of all lines that a reader finds, and what it skipped. */
const read = async () => {
  const result = await readDirectory(folder)
  if ("problem" in result) throw new Error(result.problem)
  const found: Array<string> = []
  for await (const each of result.reading.lines) found.push(each.replace(/\.*$/, ""))
  return { found, ...result.reading.skipped }
}
const whole = (...found: ReadonlyArray<string>) => ({ found: [...found], lines: 0, segments: 0 })

test("lines are in the open segment as soon as they are written, for this user alone", async () => {
  const writer = writerOf()
  expect(names()).toEqual([])
  expect(writer.write([line("a"), line("b")])).toEqual([true, true])
  expect(writer.write([line("c")])).toEqual([true])
  expect(names()).toEqual(["000001.jsonl"])
  expect(statSync(join(folder, "000001.jsonl")).mode & 0o777).toBe(0o600)
  expect(readFileSync(join(folder, "000001.jsonl"), "utf8")).toBe("a\nb\nc\n")
  expect(writer.bytes).toBe(6)
  writer.end()
  expect(await read()).toEqual(whole("a", "b", "c"))
})

test("a segment is closed when it is full, compressed in pieces, and read the same at every step", async () => {
  const writer = writerOf(40 * mebibyte)
  const wanted = ["a", "b", "c", "d", "e"]
  expect(writer.write(wanted.map((name) => long(name, 3 * mebibyte)))).toEqual(wanted.map(() => true))
  expect(names()).toEqual(["000001.jsonl", "000002.jsonl"])
  for (let steps = 0; writer.isBehind; steps++) {
    expect(await read()).toEqual(whole(...wanted))
    expect(steps).toBeLessThanOrEqual((10 * mebibyte) / compressPiece + 1)
    writer.compress()
  }
  expect(names()).toEqual(["000001.jsonl.zst", "000002.jsonl"])
  expect(statSync(join(folder, "000001.jsonl.zst")).mode & 0o777).toBe(0o600)
  expect(await read()).toEqual(whole(...wanted))
  expect(writer.bytes).toBe(names().reduce((sum, name) => sum + statSync(join(folder, name)).size, 0))
  writer.end()
})

test("what is compressed is read by zstd(1)'s format: one content of several frames", () => {
  const writer = writerOf(20 * mebibyte)
  const random = makeRandom(1)
  const lines = Array.from({ length: 5 }, () => line(Buffer.from(random.bytes(mebibyte)).toString("base64")))
  writer.write(lines)
  compressAll(writer)
  const closed = readFileSync(join(folder, "000001.jsonl.zst"))
  expect(Buffer.from(Bun.zstdDecompressSync(closed)).equals(Buffer.concat(lines.slice(0, 3)))).toBe(true)
  writer.end()
})

test("a segment is closed ten minutes after its first record", () => {
  const writer = writerOf()
  writer.write([line("a")])
  world.now = maxSegmentAge - 1
  writer.write([line("b")])
  expect(names()).toEqual(["000001.jsonl"])
  world.now = maxSegmentAge
  writer.write([line("c")])
  expect(names()).toEqual(["000001.jsonl", "000002.jsonl"])
  writer.end()
})

test("what a killed process left is tidied up, compressed, and gone on behind", async () => {
  writeFileSync(join(folder, "000003.jsonl"), 'c\n{"cut')
  writeFileSync(join(folder, "000002.jsonl.zst"), Bun.zstdCompressSync("b\n"))
  writeFileSync(join(folder, "000002.jsonl"), "b\n")
  writeFileSync(join(folder, "000003.jsonl.zst.part"), "half")
  writeFileSync(join(folder, "notes.part"), "not ours")
  const writer = writerOf()
  expect(names()).toEqual(["000002.jsonl.zst", "000003.jsonl", "notes.part"])
  writer.write([line("d")])
  compressAll(writer)
  expect(names()).toEqual(["000002.jsonl.zst", "000003.jsonl.zst", "000004.jsonl", "notes.part"])
  expect(await read()).toEqual({ found: ["b", "c", "d"], lines: 1, segments: 0 })
  writer.end()
})

describe("room is made", () => {
  test("by the oldest segments, and what is there never takes more than the budget", () => {
    const budget = 4 * mebibyte
    const writer = writerOf(budget)
    const random = makeRandom(7)
    for (let i = 0; i < 60; i++) {
      // Nothing that can be made smaller.
      const lines = Array.from({ length: 4 }, () => line(Buffer.from(random.bytes(50_000)).toString("base64")))
      expect(writer.write(lines)).toEqual([true, true, true, true])
      writer.compress()
      expect(names().reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)).toBeLessThanOrEqual(budget)
    }
    expect(existsSync(join(folder, "000001.jsonl.zst"))).toBe(false)
    expect(names().length).toBeGreaterThanOrEqual(3)
    writer.end()
  })

  test("not for a record that is larger than all of it; those around it are written", async () => {
    const writer = writerOf(mebibyte)
    expect(writer.write([line("a"), long("b", mebibyte), line("c")])).toEqual([true, false, true])
    writer.end()
    expect(await read()).toEqual(whole("a", "c"))
  })

  test("where others fill the disk; when they make room again it goes on", async () => {
    const writer = writerOf(4 * mebibyte)
    const size = 100 * mebibyte
    world.space = { size, free: size / 4 + 2 * mebibyte }
    writer.write([long("a", 700_000), long("b", 700_000)])
    expect(names()).toEqual(["000001.jsonl", "000002.jsonl"])
    world.space = { size, free: 0 }
    expect(writer.write([line("c")])).toEqual([true])
    world.now += lookAfter
    expect(writer.write([line("d")])).toEqual([false])
    expect(names()).toEqual(["000002.jsonl"])
    writer.compress()
    expect(names()).toEqual(["000002.jsonl"])
    world.space = { size, free: size / 2 }
    world.now += lookAfter
    expect(writer.write([line("e")])).toEqual([true])
    writer.end()
    expect(await read()).toEqual(whole("b", "c", "e"))
  })

  test("also while the segment that goes is being compressed", async () => {
    const writer = writerOf(16 * mebibyte)
    writer.write([long("a", 3 * mebibyte), long("b", 3 * mebibyte)])
    writer.compress()
    world.space = { size: 100 * mebibyte, free: 0 }
    world.now += lookAfter
    expect(writer.write([line("c")])).toEqual([false])
    expect(names()).toEqual(["000002.jsonl"])
    expect(writer.isBehind).toBe(false)
    writer.end()
  })
})

describe("somebody deletes", () => {
  test("the open segment: within a second there is a new one", async () => {
    const writer = writerOf()
    writer.write([line("a")])
    unlinkSync(join(folder, "000001.jsonl"))
    world.now += lookAfter
    expect(writer.write([line("b")])).toEqual([true])
    writer.end()
    expect(names()).toEqual(["000002.jsonl"])
  })

  test("closed ones: they count no more when room is needed", () => {
    const writer = writerOf(mebibyte)
    for (const name of ["a", "b", "c"]) writer.write([long(name, 250_000)])
    unlinkSync(join(folder, "000001.jsonl"))
    expect(writer.write([long("d", 250_000)])).toEqual([true])
    expect(writer.write([long("e", 250_000)])).toEqual([true])
    expect(names()).toEqual(["000002.jsonl", "000003.jsonl", "000004.jsonl", "000005.jsonl"])
    writer.end()
  })

  test("a closed one that is not compressed yet: it is forgotten, and the others are compressed", () => {
    const writer = writerOf(mebibyte)
    for (const name of ["a", "b", "c", "d"]) writer.write([long(name, 200_000)])
    expect(names()).toEqual(["000001.jsonl", "000002.jsonl", "000003.jsonl", "000004.jsonl"])
    unlinkSync(join(folder, "000001.jsonl"))
    writer.write([long("e", 250_000)])
    compressAll(writer)
    // The second one made room.
    expect(names()).toEqual(["000003.jsonl.zst", "000004.jsonl.zst", "000005.jsonl"])
    writer.end()
  })

  test("all of the directory: nothing is written, and nothing fails", () => {
    const writer = writerOf()
    rmSync(folder, { recursive: true })
    expect(writer.write([line("a")])).toEqual([false])
    writer.compress()
    writer.end()
  })
})
