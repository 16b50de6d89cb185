import { afterEach, beforeEach, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { fileSource } from "../../../src/cli/records/file-source.ts"
import { recordsOf } from "../../../src/cli/records/source.ts"
import { charge, chat, makeExchange } from "../../support/capture-records.ts"
import { readAll } from "../../support/record-source.ts"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pillion-test-"))
})
afterEach(() => rmSync(folder, { recursive: true }))

const all = [charge, chat, makeExchange()]
const text = all.map((record) => `${JSON.stringify(record)}\n`).join("")

const streamOf = async function* (bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
const nothing = streamOf(new Uint8Array(), 1)

const read = (from: string, stdin: AsyncIterable<Uint8Array> = nothing) => readAll(recordsOf(fileSource(from, stdin)))

test("records are read from a file, compressed or not, with a last newline or without", async () => {
  const path = join(folder, "a.jsonl")
  const contents = [text, text.trimEnd(), `\n${text}\n`, Bun.zstdCompressSync(Buffer.from(text))]
  for (const content of contents) {
    writeFileSync(path, content)
    expect(await read(path)).toEqual({ records: all, notes: [] })
  }
  writeFileSync(path, "")
  expect(await read(path)).toEqual({ records: [], notes: [] })
})

test("records are read from standard input, in whatever pieces", async () => {
  const plain = Buffer.from(text)
  for (const bytes of [plain, Bun.zstdCompressSync(plain)]) {
    for (const size of [1, 3, 1000]) expect((await read("-", streamOf(bytes, size))).records).toEqual(all)
  }
  expect(await read("-")).toEqual({ records: [], notes: [] })
})

test("a capture's directory is read whole: closed segments, then the open one", async () => {
  const capture = join(folder, "captures")
  mkdirSync(capture)
  writeFileSync(join(capture, "000001.jsonl.zst"), Bun.zstdCompressSync(Buffer.from(`${JSON.stringify(charge)}\n`)))
  writeFileSync(join(capture, "000002.jsonl"), `${JSON.stringify(chat)}\n{"v":1,"id"`)
  expect(await read(capture)).toEqual({ records: [charge, chat], notes: [] })
  writeFileSync(join(capture, "000001.jsonl.zst"), "damaged")
  const { records, notes } = await read(capture)
  expect(records).toEqual([chat])
  expect(notes).toEqual([`1 segment of ${capture} cannot be read whole`])
})

test("what is not there, and what is none, is said", async () => {
  const none = join(folder, "no\x1bne")
  expect(read(none)).rejects.toThrow(`${folder}/no\\u001bne does not exist`)
  const archive = join(folder, "a.har")
  writeFileSync(archive, '{"log":{}}')
  expect(read(archive)).rejects.toThrow(`${archive} holds no records; line 1: v must be 1`)
  const damaged = join(folder, "a.zst")
  writeFileSync(damaged, Bun.zstdCompressSync(Buffer.from(text)).fill(0xff, 20, 60))
  expect(read(damaged)).rejects.toThrow(`${damaged} cannot be read`)
})
