/** Ring: records that are kept, the oldest of which make room. */
import { expect, test } from "bun:test"

import { entryOverhead, Ring } from "../../../src/capture/live/ring.ts"
import { Memory } from "../../../src/capture/recorder/memory.ts"
import { ascii } from "../../support/bytes.ts"

const ringOf = (max: number) => {
  const ring = new Ring()
  const memory: Memory = new Memory(
    () => max,
    () => ring.forgetOldest(memory),
  )
  return { ring, memory }
}

test("records are found by their ids, in their order", () => {
  const { ring, memory } = ringOf(10_000)
  for (const id of ["a", "b"]) expect(ring.add(id, ascii(`{"id":"${id}"}\n`), memory)).toBe(true)
  expect(ring.ids()).toEqual(["a", "b"])
  expect(Buffer.from(ring.get("b")!).toString()).toBe('{"id":"b"}\n')
  expect(ring.get("c")).toBeUndefined()
  expect(memory.used).toBe(2 * (11 + entryOverhead))
})

test("the oldest makes room, and no more than has to", () => {
  const { ring, memory } = ringOf(3 * (10 + entryOverhead))
  for (const id of ["a", "b", "c", "d"]) ring.add(id, new Uint8Array(10), memory)
  expect(ring.ids()).toEqual(["b", "c", "d"])
  expect(memory.used).toBe(3 * (10 + entryOverhead))
})

test("what is larger than all of the memory is not kept, and drives nothing out", () => {
  const { ring, memory } = ringOf(1000)
  ring.add("a", new Uint8Array(10), memory)
  expect(ring.add("b", new Uint8Array(1000), memory)).toBe(false)
  expect(ring.ids()).toEqual(["a"])
})

test("what is let go gives its memory back", () => {
  const { ring, memory } = ringOf(10_000)
  for (const id of ["a", "b"]) ring.add(id, new Uint8Array(10), memory)
  ring.clear(memory)
  expect({ count: ring.count, used: memory.used }).toEqual({ count: 0, used: 0 })
  expect(ring.forgetOldest(memory)).toBe(false)
})

test("many come and go in their order", () => {
  const { ring, memory } = ringOf(10 * (1 + entryOverhead))
  for (let i = 0; i < 1000; i++) {
    ring.add(`${i}`, Uint8Array.of(i & 0xff), memory)
    expect(ring.count).toBe(Math.min(i + 1, 10))
    expect(ring.ids()).toEqual(Array.from({ length: ring.count }, (_, at) => `${i + 1 - ring.count + at}`))
    expect(ring.ids().map((id) => ring.get(id)?.[0])).toEqual(ring.ids().map((id) => Number(id) & 0xff))
  }
})
