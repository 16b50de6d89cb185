import { expect, test } from "bun:test"
import { constants, zstdCompressSync } from "node:zlib"

import { endsWithFrame } from "../../../src/capture/coding/zstd-frames.ts"
import { fromHex, join } from "../../support/bytes.ts"
import { makeRandom } from "../../support/random.ts"

const random = makeRandom(3)
const noise = random.bytes(300_000)
const checksum = { params: { [constants.ZSTD_c_checksumFlag]: 1 } }

const frames: ReadonlyArray<readonly [name: string, frame: Uint8Array]> = [
  ["nothing inside", zstdCompressSync(new Uint8Array(0))],
  ["one block", zstdCompressSync(new Uint8Array(10))],
  ["a row of one byte", zstdCompressSync(new Uint8Array(100_000))],
  ["blocks that are not compressed, with a checksum", zstdCompressSync(noise, checksum)],
  ["a skippable frame", fromHex("5a 2a 4d 18 03 00 00 00 01 02 03")],
  ["a window, a dictionary and no content size", fromHex("28 b5 2f fd 02 58 01 00 09 00 00 61")],
]

test.each(frames)("%s: ends with its last byte, and with none before", (_, frame) => {
  expect(endsWithFrame(frame)).toBe(true)
  const step = Math.ceil(frame.length / 500)
  for (let end = 0; end < frame.length; end += step)
    expect(`${end} ${endsWithFrame(frame.subarray(0, end))}`).toBe(`${end} false`)
  expect(endsWithFrame(frame.subarray(0, -1))).toBe(false)
})

test("frames one after another end with the last; what is no frame behind them is no end", () => {
  const [, first] = frames[1]!
  const [, skippable] = frames[4]!
  expect(endsWithFrame(join(first, skippable, first))).toBe(true)
  expect(endsWithFrame(join(first, skippable, fromHex("00")))).toBe(false)
  expect(endsWithFrame(fromHex("00 00 00 00 00"))).toBe(false)
  expect(endsWithFrame(new Uint8Array(0))).toBe(false)
})
