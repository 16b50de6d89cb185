/** Read directory: all lines in order, from nowhere else, while others write, close and delete. */
import { afterEach, beforeEach, expect, test } from "bun:test"
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { readDirectory, type DirectoryReading } from "../../../src/capture/directory/read-directory.ts"

let folder = ""
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "pillion-read-"))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const put = (name: string, text: string): void => writeFileSync(join(folder, name), text)
const putClosed = (name: string, text: string): void => writeFileSync(join(folder, name), Bun.zstdCompressSync(text))

const opened = async (): Promise<DirectoryReading> => {
  const result = await readDirectory(folder)
  if ("problem" in result) throw new Error(result.problem)
  return result.reading
}

const readAll = async (): Promise<ReadonlyArray<string>> => Array.fromAsync((await opened()).lines)

test("closed segments and the open one, in the order of their numbers", async () => {
  put("000010.jsonl", "e\n")
  putClosed("000009.jsonl.zst", "c\nd\n")
  putClosed("000002.jsonl.zst", "a\nbü\n")
  put("capture.json", "{}\n")
  put("000011.jsonl.zst.part", "half")
  expect(await readAll()).toEqual(["a", "bü", "c", "d", "e"])
})

test("a line that was cut is skipped and counted, in an open segment and in a closed one", async () => {
  putClosed("000001.jsonl.zst", 'a\n{"cut')
  put("000002.jsonl", 'b\n{"cu')
  const { lines, skipped } = await opened()
  expect(await Array.fromAsync(lines)).toEqual(["a", "b"])
  expect(skipped).toEqual({ lines: 2, segments: 0 })
})

test("a line longer than a piece is read whole", async () => {
  const long = "x".repeat(3_000_000)
  put("000001.jsonl", `${long}\nb\n`)
  putClosed("000002.jsonl.zst", `a\n${long}\n`)
  expect((await readAll()).map(({ length }) => length)).toEqual([3_000_000, 1, 1, 3_000_000])
})

test("what is damaged is read as far as it goes, and counted; the next segment is read", async () => {
  put("000001.jsonl.zst", "no zstd at all")
  put("000002.jsonl", "b\n")
  const { lines, skipped } = await opened()
  expect(await Array.fromAsync(lines)).toEqual(["b"])
  expect(skipped).toEqual({ lines: 0, segments: 1 })
})

test("a segment that was closed since is read compressed, and one that was deleted is not missed", async () => {
  put("000001.jsonl", "a\n")
  put("000002.jsonl", "b\n")
  put("000003.jsonl", "c\n")
  const { lines, skipped } = await opened()
  putClosed("000001.jsonl.zst", "a\n")
  unlinkSync(join(folder, "000001.jsonl"))
  unlinkSync(join(folder, "000002.jsonl"))
  expect(await Array.fromAsync(lines)).toEqual(["a", "c"])
  expect(skipped).toEqual({ lines: 0, segments: 0 })
})

test("of a segment that is there twice the compressed file is read, once", async () => {
  put("000001.jsonl", "a\n")
  putClosed("000001.jsonl.zst", "a\n")
  expect(await readAll()).toEqual(["a"])
})

test("no link is followed: neither of a segment nor of the directory of a process", async () => {
  const outside = mkdtempSync(join(tmpdir(), "pillion-outside-"))
  try {
    writeFileSync(join(outside, "000001.jsonl"), "outside\n")
    symlinkSync(join(outside, "000001.jsonl"), join(folder, "000001.jsonl"))
    symlinkSync(outside, join(folder, "host-1"))
    put("000002.jsonl", "inside\n")
    const { lines, skipped } = await opened()
    expect(await Array.fromAsync(lines)).toEqual(["inside"])
    expect(skipped).toEqual({ lines: 0, segments: 1 })
  } finally {
    rmSync(outside, { recursive: true })
  }
})

test("a directory where a segment should be is counted, and so is a pipe, which is not waited for", async () => {
  mkdirSync(join(folder, "000001.jsonl.zst"))
  Bun.spawnSync(["mkfifo", join(folder, "000002.jsonl")])
  put("000003.jsonl", "c\n")
  const { lines, skipped } = await opened()
  expect(await Array.fromAsync(lines)).toEqual(["c"])
  expect(skipped).toEqual({ lines: 0, segments: 1 })
})

test("processes that share a directory come after its own segments", async () => {
  put("000001.jsonl", "own\n")
  for (const name of ["web-20", "web-100", "notes"]) mkdirSync(join(folder, name))
  put("web-20/000001.jsonl", "20\n")
  put("web-100/000001.jsonl", "100\n")
  put("notes/000001.jsonl", "none\n")
  expect(await readAll()).toEqual(["own", "100", "20"])
})

test("a directory that is not there, or is none, has words for it", async () => {
  expect(await readDirectory(join(folder, "absent"))).toEqual({ problem: "does not exist", isAbsent: true })
  put("file", "")
  expect(await readDirectory(join(folder, "file"))).toEqual({ problem: "is no directory", isAbsent: false })
  expect(await readAll()).toEqual([])
})

test("who stops reading leaves no file open", async () => {
  put("000001.jsonl", "a\nb\n")
  const { lines } = await opened()
  for await (const line of lines) {
    expect(line).toBe("a")
    break
  }
  renameSync(join(folder, "000001.jsonl"), join(folder, "000002.jsonl"))
  const open = readdirSync("/proc/self/fd").map(pathOf)
  expect(open.filter((path) => path.startsWith(folder))).toEqual([])
})

const pathOf = (descriptor: string): string => {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`)
  } catch {
    // That of the list itself.
    return ""
  }
}
