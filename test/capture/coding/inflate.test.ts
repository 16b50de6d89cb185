import { expect, test } from "bun:test"
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib"

import { inflate, inflatePiece } from "../../../src/capture/coding/inflate.ts"
import type { ContentCoding } from "../../../src/capture/record.ts"
import { ascii, join } from "../../support/bytes.ts"
import { makeRandom } from "../../support/random.ts"

const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }

const coders: ReadonlyArray<readonly [name: string, coding: ContentCoding, code: (bytes: Uint8Array) => Uint8Array]> = [
  ["gzip", "gzip", (bytes) => gzipSync(bytes)],
  ["br", "br", (bytes) => brotliCompressSync(bytes, quick)],
  ["zstd", "zstd", (bytes) => zstdCompressSync(bytes)],
  ["deflate", "deflate", (bytes) => deflateSync(bytes)],
  ["deflate without its wrapper", "deflate", (bytes) => deflateRawSync(bytes)],
]

const random = makeRandom(7)
const content = ascii(Array.from({ length: 20_000 }, () => `line ${random.below(1000)}\n`).join(""))

test.each(coders)("%s: the content comes back whole, up to a limit of exactly its size", async (_, coding, code) => {
  const coded = code(content)
  for (const maxBytes of [content.length, content.length + 1, 1e9]) {
    const inflated = await inflate(coding, coded, maxBytes)
    expect(inflated?.ended).toBe(true)
    expect(Buffer.compare(inflated!.bytes, content)).toBe(0)
  }
  expect(await inflate(coding, code(ascii("")), 10)).toEqual({ bytes: new Uint8Array(0), ended: true })
})

test.each(coders)("%s: inflating stops at the limit, whatever would come", async (_, coding, code) => {
  for (const maxBytes of [1, inflatePiece, 100_000]) {
    const inflated = await inflate(coding, code(content.subarray(0, 100_001)), maxBytes)
    expect(inflated?.ended).toBe(false)
    expect(Buffer.compare(inflated!.bytes, content.subarray(0, maxBytes))).toBe(0)
  }
})

test.each(coders)("%s: 64 MiB of nothing cost no more than the limit", async (_, coding, code) => {
  const bomb = code(new Uint8Array(64 * 1024 * 1024))
  const before = process.memoryUsage.rss()
  const inflated = await inflate(coding, bomb, 256 * 1024)
  expect(inflated?.bytes.length).toBe(256 * 1024)
  expect(inflated?.ended).toBe(false)
  expect(process.memoryUsage.rss() - before).toBeLessThan(32 * 1024 * 1024)
})

test.each(coders)("%s: what was cut gives its beginning, and has not ended", async (_, coding, code) => {
  const coded = code(content)
  for (const missing of [1, 20, coded.length / 2, coded.length - 12]) {
    const inflated = await inflate(coding, coded.subarray(0, coded.length - missing), 1e9)
    expect(inflated?.ended).toBe(false)
    expect(Buffer.compare(inflated!.bytes, content.subarray(0, inflated!.bytes.length))).toBe(0)
    if (missing === 20) expect(inflated!.bytes.length).toBeGreaterThan(1000)
  }
})

test.each(coders)("%s: bytes of another kind are not of this coding", async (_, coding) => {
  expect(await inflate(coding, ascii('{"hello": "world"}'), 1000)).toBeUndefined()
})

test("nothing at all has not ended", async () => {
  expect(await inflate("gzip", new Uint8Array(0), 10)).toEqual({ bytes: new Uint8Array(0), ended: false })
})

test("a gzip that is followed by what is none is broken", async () => {
  expect(await inflate("gzip", join(gzipSync(content), ascii("xyz")), 1e9)).toBeUndefined()
})
