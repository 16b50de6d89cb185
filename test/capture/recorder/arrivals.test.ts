/** Arrivals: what came when, told apart as far as the limit goes. */
import { expect, test } from "bun:test"

import {
  Arrivals,
  arrivalsSince,
  lastArrival,
  maxArrivals,
  pieceBytes,
  piecesAtOnce,
} from "../../../src/capture/recorder/arrivals.ts"
import { Memory } from "../../../src/capture/recorder/memory.ts"

const memoryOf = (bytes: number): Memory =>
  new Memory(
    () => bytes,
    () => false,
  )

test("pieces have their times, to the microsecond after the beginning", () => {
  const arrivals = new Arrivals(memoryOf(1e6))
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
  const arrivals = new Arrivals(memoryOf(1e6))
  for (const length of [1, 2, 3]) arrivals.add(5, length)
  expect(arrivalsSince(arrivals.take(), 0)).toEqual([[5, 6]])
})

test("beyond the limit the last piece stands for the rest", () => {
  const arrivals = new Arrivals(memoryOf(1e6))
  for (let i = 0; i < maxArrivals + 5; i++) arrivals.add(i, 2)
  const pieces = arrivalsSince(arrivals.take(), 0)
  expect(pieces).toHaveLength(maxArrivals)
  expect(pieces.at(-1)).toEqual([maxArrivals - 1, 12])
})

test("all pieces but the first take memory, and where there is none the last one stands for the rest", () => {
  const memory = memoryOf(piecesAtOnce * pieceBytes)
  const arrivals = new Arrivals(memory)
  const add = (from: number, to: number): void => {
    for (let i = from; i < to; i++) arrivals.add(i, 2)
  }
  add(0, piecesAtOnce)
  expect([arrivals.held, memory.used]).toEqual([0, 0])
  add(piecesAtOnce, 2 * piecesAtOnce)
  expect([arrivals.held, memory.used]).toEqual([piecesAtOnce * pieceBytes, piecesAtOnce * pieceBytes])
  add(2 * piecesAtOnce, 2 * piecesAtOnce + 3)
  memory.release(memory.used)
  add(2 * piecesAtOnce + 3, 2 * piecesAtOnce + 5)
  const pieces = arrivalsSince(arrivals.take(), 0)
  expect(pieces).toHaveLength(2 * piecesAtOnce)
  expect(pieces.at(-1)).toEqual([2 * piecesAtOnce - 1, 12])
})
