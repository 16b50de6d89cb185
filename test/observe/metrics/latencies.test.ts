/** Percentiles from buckets: near the value that they stand for, whatever it is. */
import { expect, test } from "bun:test"

import { latencyAt, latencyBucket, latencyBuckets } from "../../../src/observe/metrics/latencies.ts"

const countsOf = (values: ReadonlyArray<number>): ((bucket: number) => number) => {
  const counts = new Uint32Array(latencyBuckets)
  for (const value of values) counts[latencyBucket(value)]!++
  return (bucket) => counts[bucket]!
}

test("a percentile of one value, repeated, is within a tenth of it", () => {
  for (const value of [0.2, 0.5, 1, 3, 7, 12, 49, 100, 480, 999, 2500, 30_000, 90_000]) {
    const found = latencyAt(0.5, countsOf(Array.from({ length: 99 }, () => value))) ?? 0
    expect([value, Math.abs(found - value) / value < 0.1]).toEqual([value, true])
  }
})

test("percentiles of a hundred values are near those that were there", () => {
  const counts = countsOf(Array.from({ length: 100 }, (_, i) => i + 1))
  for (const share of [0.5, 0.95, 0.99]) {
    expect(Math.abs((latencyAt(share, counts) ?? 0) - 100 * share)).toBeLessThan(10 * share)
  }
})

test("the slowest of a hundred is beyond p99 and not beyond p100", () => {
  const counts = countsOf([...Array.from({ length: 99 }, () => 1), 5000])
  expect(latencyAt(0.99, counts)).toBeLessThan(1.2)
  expect(latencyAt(1, counts)).toBeGreaterThan(4000)
})

test("nothing has no percentile, and values out of range have the ends", () => {
  expect(latencyAt(0.5, countsOf([]))).toBeUndefined()
  expect([0, -1, Number.NaN, 0.1].map(latencyBucket)).toEqual([0, 0, 0, 0])
  expect([1e9, Number.POSITIVE_INFINITY].map(latencyBucket)).toEqual([latencyBuckets - 1, latencyBuckets - 1])
  expect(latencyAt(0.5, countsOf([0]))).toBe(0.1)
})

test("every bucket is a quarter of a doubling wide, the next one up to its bound", () => {
  for (let bucket = 1; bucket < latencyBuckets - 1; bucket++) {
    const [from, to] = [0.1 * 2 ** ((bucket - 1) / 4), 0.1 * 2 ** (bucket / 4)]
    expect([from * (1 + 1e-9), (from + to) / 2, to * (1 - 1e-9)].map(latencyBucket)).toEqual([bucket, bucket, bucket])
  }
})
