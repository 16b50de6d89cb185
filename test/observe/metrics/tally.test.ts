/** The numbers of one destination or route, and their bounds. */
import { expect, test } from "bun:test"

import { maxReasons, other, Tally } from "../../../src/observe/metrics/tally.ts"

const failure = (reason: string) => ({ at: Date.UTC(2026, 0, 2, 3, 4, 5), reason, detail: undefined })

test("what has counted nothing has no shares and no percentiles", () => {
  expect(new Tally().numbers(5)).toEqual({
    requests: 0,
    bytes_in: 0,
    bytes_out: 0,
    rate_10s: 0,
    rate_60s: 0,
    ended_60s: 0,
    failed_60s: 0,
    success: null,
    p50: null,
    p95: null,
    p99: null,
    errors: {},
    last_error: null,
  })
})

test("requests, bytes, errors by reason and the last error are kept; rates and shares are of the last minute", () => {
  const tally = new Tally()
  for (let i = 0; i < 9; i++) tally.add(5, 10, 100, undefined, 4)
  tally.add(5, 1, 2, { ...failure("connection-refused"), detail: "it slept" }, undefined)
  expect(tally.numbers(6)).toMatchObject({
    requests: 10,
    bytes_in: 91,
    bytes_out: 902,
    rate_10s: 1,
    rate_60s: 10 / 60,
    ended_60s: 10,
    failed_60s: 1,
    success: 0.9,
    errors: { "connection-refused": 1 },
    last_error: { time: "2026-01-02T03:04:05.000Z", reason: "connection-refused", detail: "it slept" },
  })
  expect(tally.numbers(500)).toMatchObject({ requests: 10, rate_60s: 0, success: null, p50: null })
})

test("reasons are bounded: those that came first keep their counts", () => {
  const tally = new Tally()
  for (let i = 0; i < 100; i++) tally.add(1, 0, 0, failure(`reason ${i}`), undefined)
  tally.add(1, 0, 0, failure("reason 0"), undefined)
  const { errors } = tally.numbers(1)
  expect(Object.keys(errors).length).toBe(maxReasons + 1)
  expect([errors["reason 0"], errors[other]]).toEqual([2, 100 - maxReasons])
})
