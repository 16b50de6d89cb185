/** Counters: how many records a capture made, what of them was cut or replaced, and how many it did not make. */
import type { CaptureRecord, RecordKind, RecordPart } from "../record.ts"

/**
 * There was no memory for it, too many waited already, there was no room in the directory, what is secret could not be
 * replaced, or something else failed.
 */
export const dropReasons = ["memory", "queue", "disk", "redaction", "error"] as const
export type DropReason = (typeof dropReasons)[number]

/** The filter did not let it through, or nobody asked for it any more; or it was not drawn. */
export const leaveReasons = ["filter", "sample"] as const
export type LeaveReason = (typeof leaveReasons)[number]

export class CaptureCounters {
  readonly records = new Map<RecordKind, number>()
  readonly truncated = new Map<RecordPart, number>()
  /** Places whose value was replaced, by rule. */
  readonly redactions = new Map<string, number>()
  /** Records that were not made, or not kept, by the reason. */
  readonly dropped: { [R in DropReason]: number } = { memory: 0, queue: 0, disk: 0, redaction: 0, error: 0 }
  /** Records that were not wanted. */
  readonly leftOut: { [R in LeaveReason]: number } = { filter: 0, sample: 0 }

  /** Counts a record that was made. */
  count({ kind, truncated = [], redacted = [] }: CaptureRecord): void {
    add(this.records, kind)
    for (const part of truncated) add(this.truncated, part)
    for (const { rule } of redacted) add(this.redactions, rule)
  }
}

const add = <K>(counts: Map<K, number>, key: K): void => void counts.set(key, (counts.get(key) ?? 0) + 1)
