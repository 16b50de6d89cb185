import { expect, test } from "bun:test"

import { concat, concatAll, empty, fromLatin1, toLatin1 } from "../../src/protocol/bytes.ts"

test("every byte survives the way to text and back", () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i)
  expect(toLatin1(all)).toHaveLength(256)
  expect(fromLatin1(toLatin1(all))).toEqual(all)
})

test("text may be taken from the middle of the bytes", () => {
  const bytes = fromLatin1("example.com")
  expect(toLatin1(bytes, 8)).toBe("com")
  expect(toLatin1(bytes, 0, 7)).toBe("example")
  expect(toLatin1(bytes, 3, 3)).toBe("")
})

test("bytes are not read as UTF-8", () => {
  expect(toLatin1(Uint8Array.of(0xc3, 0xbc))).toBe("\u00c3\u00bc")
})

test("two arrays are joined in a new one", () => {
  const first = Uint8Array.of(1, 2)
  const second = Uint8Array.of(3)
  const joined = concat(first, second)
  expect(joined).toEqual(Uint8Array.of(1, 2, 3))
  joined.fill(0)
  expect([first, second]).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3)])
})

test("joining with nothing copies nothing", () => {
  const bytes = Uint8Array.of(1)
  expect(concat(bytes, empty)).toBe(bytes)
  expect(concat(empty, bytes)).toBe(bytes)
})

test("any number of pieces is joined, in memory that none of them has", () => {
  const pieces = [Uint8Array.of(1, 2), empty, Uint8Array.of(3)]
  expect(concatAll(pieces)).toEqual(Uint8Array.of(1, 2, 3))
  const only = Uint8Array.of(4, 5)
  const copy = concatAll([only])
  expect(copy.buffer).not.toBe(only.buffer)
  expect(copy).toEqual(only)
  expect(concatAll([])).toEqual(empty)
})
