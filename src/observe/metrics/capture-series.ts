/**
 * Capture series: what a capture counted, put into the metrics when somebody reads them.
 */
import type { Series } from "./series.ts"
import type { captureFamilies } from "./metrics-table.ts"

/** Counts since the start, by the values of a label; and bytes that are held now. */
export interface CaptureCounts {
  readonly records: ReadonlyMap<string, number>
  readonly truncated: ReadonlyMap<string, number>
  /** By rule. */
  readonly redactions: ReadonlyMap<string, number>
  readonly dropped: Readonly<Record<string, number>>
  readonly leftOut: Readonly<Record<string, number>>
  readonly bytes: { readonly memory: number; readonly disk: number }
}

type CaptureSeries = { readonly [K in keyof typeof captureFamilies]: Series }

/** Sets every series of a capture. */
export const setCaptureSeries = (series: CaptureSeries, counts: CaptureCounts): void => {
  for (const [kind, count] of counts.records) series.captured.set(count, kind)
  for (const [part, count] of counts.truncated) series.captureTruncated.set(count, part)
  for (const [rule, count] of counts.redactions) series.captureRedactions.set(count, rule)
  for (const [reason, count] of Object.entries(counts.dropped)) series.captureDropped.set(count, reason)
  for (const [reason, count] of Object.entries(counts.leftOut)) series.captureLeftOut.set(count, reason)
  series.captureBytes.set(counts.bytes.memory, "memory")
  series.captureBytes.set(counts.bytes.disk, "disk")
}
