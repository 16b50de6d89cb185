/** Memory: never more than the limit, and the oldest goes first. */
import { expect, test } from "bun:test"

import { Memory } from "../../../src/capture/recorder/memory.ts"

test("bytes are taken and given back", () => {
  const memory = new Memory(
    () => 100,
    () => false,
  )
  expect([memory.reserve(60), memory.reserve(41), memory.reserve(40), memory.reserve(1)]).toEqual([
    true,
    false,
    true,
    false,
  ])
  memory.release(60)
  expect(memory.used).toBe(40)
  expect(memory.reserve(60)).toBe(true)
})

test("what was kept longest makes room, and no more of it than has to", () => {
  const kept = [30, 30, 30]
  const memory: Memory = new Memory(
    () => 100,
    () => {
      const oldest = kept.shift()
      if (oldest !== undefined) memory.release(oldest)
      return oldest !== undefined
    },
  )
  memory.reserve(90)
  expect(memory.reserve(50)).toBe(true)
  expect(kept).toEqual([30])
  expect(memory.used).toBe(80)
})

test("for what could never fit nothing is let go", () => {
  const memory = new Memory(
    () => 100,
    () => {
      throw new Error("something was let go")
    },
  )
  expect(memory.reserve(101)).toBe(false)
})

test("a limit that shrinks holds from then on", () => {
  let max = 100
  const memory = new Memory(
    () => max,
    () => false,
  )
  memory.reserve(50)
  max = 40
  expect(memory.reserve(1)).toBe(false)
})
