/** The last minute: counted by seconds that are passed in, so nothing waits. */
import { expect, test } from "bun:test"

import { Window, windowSeconds } from "../../../src/observe/metrics/window.ts"

test("a rate is that of the whole seconds before", () => {
  const window = new Window()
  for (let i = 0; i < 20; i++) window.count(100, false, undefined)
  expect(window.rate(100, 10)).toBe(0)
  expect([window.rate(101, 10), window.rate(110, 10), window.rate(111, 10)]).toEqual([2, 2, 0])
  expect([window.rate(111, 60), window.rate(160, 60), window.rate(161, 60)]).toEqual([20 / 60, 20 / 60, 0])
})

test("what ended and what failed is that of the last minute, with the second that is under way", () => {
  const window = new Window()
  const counts = (second: number): ReadonlyArray<number> => [window.ended(second), window.failures(second)]
  expect(counts(7)).toEqual([0, 0])
  for (let i = 0; i < 3; i++) window.count(7, false, 1)
  window.count(8, true, 1)
  expect(counts(8)).toEqual([4, 1])
  expect(counts(7 + windowSeconds)).toEqual([4, 1])
  expect(counts(8 + windowSeconds)).toEqual([1, 1])
  expect(counts(9 + windowSeconds)).toEqual([0, 0])
})

test("latencies of more than a minute ago are forgotten, those within it are not", () => {
  const window = new Window()
  window.count(25, false, 1000)
  window.count(79, false, 1)
  expect(window.latency(79, 1)).toBeGreaterThan(800)
  expect(window.latency(100, 1)).toBeLessThan(2)
  expect(window.latency(200, 1)).toBeUndefined()
})

test("old seconds never come back, however long nothing was counted", () => {
  for (const pause of [59, 60, 61, 63, 64, 65, 128, 1000, 1_000_000]) {
    const window = new Window()
    window.count(10, true, 5)
    window.count(10 + pause, false, undefined)
    expect([pause, window.ended(10 + pause), window.failures(10 + pause)]).toEqual(
      pause <= 60 ? [pause, 2, 1] : [pause, 1, 0],
    )
    expect([pause, window.rate(11 + pause, 60)]).toEqual([pause, (pause < 60 ? 2 : 1) / 60])
  }
})
