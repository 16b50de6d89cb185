/** What a capture counted, as `/metrics` shows it. */
import { expect, test } from "bun:test"

import type { CaptureCounts } from "../../../src/observe/metrics/capture-series.ts"
import { renderPrometheus } from "../../../src/observe/metrics/exposition.ts"
import { Metrics } from "../../../src/observe/metrics/metrics.ts"
import { parseMetrics } from "../../support/metrics.ts"

const read = (counts: CaptureCounts | undefined): ReadonlyMap<string, number> => {
  const metrics = new Metrics({
    build: { version: "1.2.3", revision: "abc", bun: "1.4.5" },
    draining: () => false,
    dropped: () => ({ stdout: 0, stderr: 0, tap: 0, otlp: 0 }),
    limit: () => 1000,
    maxDestinations: () => 50,
    idleOrigins: () => 0,
    open: () => [],
    capture: () => counts,
  })
  const all = parseMetrics(renderPrometheus(metrics)).samples
  return new Map([...all].filter(([series, value]) => series.startsWith("pillion_capture_") && value > 0))
}

test("counts and bytes stand by kind, reason, part, rule and place", () => {
  const counts: CaptureCounts = {
    records: new Map([
      ["exchange", 7],
      ["stream", 2],
    ]),
    truncated: new Map([["response.body", 3]]),
    redactions: new Map([
      ["name", 5],
      ["jwt", 1],
    ]),
    dropped: { memory: 4, queue: 0, disk: 0, redaction: 0, error: 1 },
    leftOut: { filter: 6, sample: 8 },
    bytes: { memory: 1024, disk: 2048 },
  }
  expect(Object.fromEntries(read(counts))).toEqual({
    'pillion_capture_records_total{kind="exchange"}': 7,
    'pillion_capture_records_total{kind="stream"}': 2,
    'pillion_capture_dropped_total{reason="memory"}': 4,
    'pillion_capture_dropped_total{reason="error"}': 1,
    'pillion_capture_left_out_total{reason="filter"}': 6,
    'pillion_capture_left_out_total{reason="sample"}': 8,
    'pillion_capture_truncated_total{part="response.body"}': 3,
    'pillion_capture_bytes{where="memory"}': 1024,
    'pillion_capture_bytes{where="disk"}': 2048,
    'pillion_capture_redactions_total{rule="name"}': 5,
    'pillion_capture_redactions_total{rule="jwt"}': 1,
  })
})

test("before there is a capture all are zero", () => {
  expect([...read(undefined)]).toEqual([])
})
