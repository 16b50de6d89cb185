/** Arrivals: what came when, told apart as far as the limit goes. */
import { expect, test } from "bun:test"

import { Arrivals, maxArrivals } from "../../../src/capture/recorder/arrivals.ts"

test("pieces have their times, to the microsecond after the beginning", () => {
  const arrivals = new Arrivals()
  expect(arrivals.last).toBeUndefined()
  arrivals.add(1000.5, 3)
  arrivals.add(1012.00049, 4)
  expect(arrivals.since(1000)).toEqual([
    [0.5, 3],
    [12, 4],
  ])
  expect(arrivals.last).toBe(1012.00049)
})

test("what comes at the same moment is one piece", () => {
  const arrivals = new Arrivals()
  for (const length of [1, 2, 3]) arrivals.add(5, length)
  expect(arrivals.since(0)).toEqual([[5, 6]])
})

test("beyond the limit the last piece stands for the rest", () => {
  const arrivals = new Arrivals()
  for (let i = 0; i < maxArrivals + 5; i++) arrivals.add(i, 2)
  const pieces = arrivals.since(0)
  expect(pieces).toHaveLength(maxArrivals)
  expect(pieces.at(-1)).toEqual([maxArrivals - 1, 12])
})
