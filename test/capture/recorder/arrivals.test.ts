/** Arrivals: what came when, told apart as far as the limit goes. */
import { expect, test } from "bun:test"

import { Arrivals, arrivalsSince, lastArrival, maxArrivals } from "../../../src/capture/recorder/arrivals.ts"

test("pieces have their times, to the microsecond after the beginning", () => {
  const arrivals = new Arrivals()
  expect(lastArrival(arrivals.take())).toBeUndefined()
  arrivals.add(1000.5, 3)
  arrivals.add(1012.00049, 4)
  expect(arrivalsSince(arrivals.take(), 1000)).toEqual([
    [0.5, 3],
    [12, 4],
  ])
  expect(lastArrival(arrivals.take())).toBe(1012.00049)
})

test("what comes at the same moment is one piece", () => {
  const arrivals = new Arrivals()
  for (const length of [1, 2, 3]) arrivals.add(5, length)
  expect(arrivalsSince(arrivals.take(), 0)).toEqual([[5, 6]])
})

test("beyond the limit the last piece stands for the rest", () => {
  const arrivals = new Arrivals()
  for (let i = 0; i < maxArrivals + 5; i++) arrivals.add(i, 2)
  const pieces = arrivalsSince(arrivals.take(), 0)
  expect(pieces).toHaveLength(maxArrivals)
  expect(pieces.at(-1)).toEqual([maxArrivals - 1, 12])
})
