/** Counters: how many records a capture made, what of them was cut or replaced, and how many it did not make. */
import type { CaptureRecord, RecordKind, RecordPart } from "../record.ts"

export class CaptureCounters {
  readonly records = new Map<RecordKind, number>()
  readonly truncated = new Map<RecordPart, number>()
  /** Places whose value was replaced, by rule. */
  readonly redactions = new Map<string, number>()
  /** Records that were not made: there was no memory for them, or something failed. */
  readonly dropped = { memory: 0, error: 0 }
  /** Records that were not wanted. */
  leftOut = 0

  /** Counts a record that was made. */
  count({ kind, truncated = [], redacted = [] }: CaptureRecord): void {
    add(this.records, kind)
    for (const part of truncated) add(this.truncated, part)
    for (const { rule } of redacted) add(this.redactions, rule)
  }
}

const add = <K>(counts: Map<K, number>, key: K): void => void counts.set(key, (counts.get(key) ?? 0) + 1)
