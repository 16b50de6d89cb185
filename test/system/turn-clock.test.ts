/** Turn clock: time stands still within a turn, and only there. */
import { afterAll, afterEach, expect, spyOn, test } from "bun:test"

import { beginTurn, endTurn, turnDate, turnTime } from "../../src/system/turn-clock.ts"

const clock = { now: 0 }
const spies = [
  spyOn(performance, "now").mockImplementation(() => clock.now),
  spyOn(Date, "now").mockImplementation(() => 1e12 + clock.now),
]

afterEach(() => endTurn())
afterAll(() => spies.forEach((spy) => spy.mockRestore()))

const at = (now: number): readonly [number, number] => {
  clock.now = now
  return [turnTime(), turnDate() - 1e12]
}

test("outside of a turn the time is that of the clocks", () => {
  expect([at(1), at(2)]).toEqual([
    [1, 1],
    [2, 2],
  ])
})

test("in a turn it is when it was first asked for, and in the next one it is later", () => {
  beginTurn()
  expect([at(3), at(4)]).toEqual([
    [3, 3],
    [3, 3],
  ])
  endTurn()
  expect(at(5)).toEqual([5, 5])
  beginTurn()
  expect([at(6), at(7)]).toEqual([
    [6, 6],
    [6, 6],
  ])
})

test("a clock that nobody asks is not read", () => {
  for (const spy of spies) spy.mockClear()
  beginTurn()
  endTurn()
  expect(spies.map((spy) => spy.mock.calls.length)).toEqual([0, 0])
})
