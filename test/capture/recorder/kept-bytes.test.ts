/** KeptBytes: the beginning of what came, however it came, and what it costs. */
import { describe, expect, test } from "bun:test"

import { KeptBytes } from "../../../src/capture/recorder/kept-bytes.ts"
import { Memory } from "../../../src/capture/recorder/memory.ts"
import { ascii, cuts } from "../../support/bytes.ts"

const nothing = (): boolean => false
const memoryOf = (bytes: number): Memory => new Memory(() => bytes, nothing)
const textOf = (kept: KeptBytes): string => Buffer.from(kept.take()).toString("latin1")

describe("the first bytes are kept, whole, byte by byte and cut in two everywhere", () => {
  const text = "0123456789abcdefghijklmnopqrstuvwxyz"
  test.each([0, 1, 15, 16, 17, 35, 36, 37, 100])("up to %d", (max) => {
    for (const pieces of cuts(ascii(text))) {
      const kept = new KeptBytes(max, memoryOf(10_000))
      for (const piece of pieces) kept.append(piece, 0, piece.length)
      expect(kept.isFull).toBe(max <= text.length)
      expect(textOf(kept)).toBe(text.slice(0, max))
      expect(kept.lacksMemory).toBe(false)
    }
  })
})

test("only the span that is told of is copied", () => {
  const kept = new KeptBytes(10, memoryOf(100))
  const lent = Buffer.from("xxabcxx")
  kept.append(lent, 2, 5)
  lent.fill(0)
  expect(textOf(kept)).toBe("abc")
})

test("no more room is taken than the limit is", () => {
  const memory = memoryOf(10_000)
  const kept = new KeptBytes(1500, memory)
  kept.append(new Uint8Array(1000), 0, 1000)
  expect(memory.used).toBe(1000)
  kept.append(new Uint8Array(1000), 0, 1000)
  expect(memory.used).toBe(1500)
  expect(kept.held).toBe(1500)
})

test("where there is no memory the beginning stays, and nothing more is taken", () => {
  const memory = memoryOf(1024)
  const kept = new KeptBytes(5000, memory)
  kept.append(ascii("a".repeat(1000)), 0, 1000)
  kept.append(ascii("b".repeat(100)), 0, 100)
  kept.append(ascii("c"), 0, 1)
  expect({ full: kept.isFull, lacks: kept.lacksMemory }).toEqual({ full: true, lacks: true })
  expect(textOf(kept)).toBe("a".repeat(1000))
})

test("one piece takes what it needs, and a second one room for more", () => {
  const memory = memoryOf(10_000)
  const kept = new KeptBytes(5000, memory)
  kept.append(ascii("abc"), 0, 3)
  expect([memory.used, kept.view.length, kept.view.buffer.byteLength]).toEqual([3, 3, 3])
  kept.append(ascii("de"), 0, 2)
  expect([memory.used, textOf(kept)]).toEqual([1024, "abcde"])
})

test("what is forgotten gives its memory back", () => {
  const memory = memoryOf(2000)
  const kept = new KeptBytes(100, memory)
  kept.append(ascii("abc"), 0, 3)
  kept.clear()
  expect(memory.used).toBe(0)
  kept.append(ascii("de"), 0, 2)
  expect(textOf(kept)).toBe("de")
})
