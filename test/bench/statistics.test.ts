import { expect, test } from "bun:test"

import { independent, interval, quotient, ratios, spread } from "../../bench/statistics.ts"
import { makeRandom } from "../support/random.ts"

test("a median is the middle value, or halfway between the two in the middle, and what is missing is left out", () => {
  expect(spread([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 })
  expect(spread([4, 1, 2, 3])).toEqual({ median: 2.5, least: 1, most: 4 })
  expect(spread([Number.NaN, 5])).toEqual({ median: 5, least: 5, most: 5 })
  expect(spread([])).toEqual({ median: Number.NaN, least: Number.NaN, most: Number.NaN })
})

test("a ratio stays in its round, and is missing where either value is, or where theirs is 0", () => {
  expect(ratios([2, 3, Number.NaN, 5, 6], [4, 0, 1, Number.NaN])).toEqual([
    0.5,
    Number.NaN,
    Number.NaN,
    Number.NaN,
    Number.NaN,
  ])
})

test("of several starts each is one value, its median; of one start every round is", () => {
  expect(independent([1, 2, 3, 10, 30, 20], 2)).toEqual([2, 20])
  expect(independent([1, Number.NaN, 3, Number.NaN, Number.NaN, Number.NaN], 2)).toEqual([2, Number.NaN])
  expect(independent([1, 2, 3], 1)).toEqual([1, 2, 3])
})

test("fewer than two values have no interval", () => {
  expect(interval([])).toBeUndefined()
  expect(interval([1])).toBeUndefined()
  expect(interval([1, Number.NaN])).toBeUndefined()
})

test("two to five values have Student's interval, of their logarithms where that has a meaning", () => {
  // mean 0, standard error 1/sqrt(3), t 4.303
  expect(interval([-1, 0, 1])!.low).toBeCloseTo(-4.303 / Math.sqrt(3), 10)
  expect(interval([-1, 0, 1])!.high).toBeCloseTo(4.303 / Math.sqrt(3), 10)
  const { low, high } = interval([0.1, 1, 10])!
  expect(Math.log10(low)).toBeCloseTo(-4.303 / Math.sqrt(3), 10)
  expect(Math.log10(high)).toBeCloseTo(4.303 / Math.sqrt(3), 10)
  expect(interval([1, 1])).toEqual({ low: 1, high: 1 })
})

// The table that statistics books give for the median: the rank of the lower end, counted from 1.
test.each([
  [6, 1],
  [8, 1],
  [9, 2],
  [11, 2],
  [12, 3],
  [20, 6],
  [25, 8],
  [50, 18],
  [100, 40],
])("of %i values the interval goes from the one of rank %i to its counterpart", (count, rank) => {
  const values = Array.from({ length: count }, (_, i) => i + 1)
  expect(interval(values.toReversed())).toEqual({ low: rank, high: count + 1 - rank })
})

test.each([2, 3, 4, 5, 6, 7, 15])("the interval of %i values holds the true median in 95 of 100 tries", (count) => {
  const random = makeRandom(count)
  // A ratio as rounds have it: the logarithm is a sum of twelve, bell-shaped round 0.
  const bell = (): number => Array.from({ length: 12 }, () => random.below(1000) / 999 - 0.5).reduce((a, b) => a + b)
  const value = (): number => Math.exp(bell() / 20)
  let held = 0
  for (let i = 0; i < 4000; i++) {
    const { low, high } = interval(Array.from({ length: count }, value))!
    if (low <= 1 && high >= 1) held++
  }
  expect(held / 4000).toBeGreaterThan(0.935)
})

test("one disturbed round of many moves neither end", () => {
  expect(interval([1, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06, 1.07, 50])!.high).toBe(1.07)
})

test("the interval of a quotient goes from the worst case to the best, and is unknown where it could be anything", () => {
  expect(quotient({ low: 8, high: 12 }, { low: 4, high: 5 })).toEqual({ low: 1.6, high: 3 })
  expect(quotient({ low: 8, high: 12 }, { low: 0, high: 5 })).toBeUndefined()
  expect(quotient(undefined, { low: 1, high: 2 })).toBeUndefined()
  expect(quotient({ low: 1, high: 2 }, undefined)).toBeUndefined()
})
