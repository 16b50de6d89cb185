/** Recording: a proxy that records everything that passes, and what it says of that. */
import { expect } from "bun:test"

import { parseMetrics } from "./metrics.ts"
import type { Pillion } from "./pillion.ts"

/** Flags of a proxy that records all of everything. */
export const recording: ReadonlyArray<string> = ["--capture=memory", "--capture-filter=", "--capture-body=16MiB"]

const records = "pillion_capture_records_total{"

/** That at least so many exchanges and connections became records, and that nothing failed on the way. */
export const expectRecords = async ({ ports }: Pillion, least: number): Promise<void> => {
  const answer = await fetch(`http://127.0.0.1:${ports.health}/metrics`, { proxy: "" })
  const { samples } = parseMetrics(await answer.text())
  const counts = [...samples].flatMap(([series, count]) => (series.startsWith(records) ? [count] : []))
  expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(least)
  expect(samples.get('pillion_capture_dropped_total{reason="error"}')).toBe(0)
  expect(samples.get('pillion_capture_dropped_total{reason="redaction"}')).toBe(0)
}
