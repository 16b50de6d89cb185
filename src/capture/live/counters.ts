/** Counters: how many records a capture made, what of them was cut or replaced, and how many it did not make. */
import type { RecordKind, RecordPart } from "../record.ts"

/**
 * There was no memory for it, too many waited already, there was no room in the directory, what is secret could not be
 * replaced, or something else failed.
 */
export const dropReasons = ["memory", "queue", "disk", "redaction", "error"] as const
export type DropReason = (typeof dropReasons)[number]

/** The filter did not let it through, or nobody asked for it any more; or it was not drawn. */
export const leaveReasons = ["filter", "sample"] as const
export type LeaveReason = (typeof leaveReasons)[number]

/** Records that were cut, of which it is remembered which they are. */
export const maxNamedCuts = 20

/** What is counted of a record. */
export interface Countable {
  readonly id: string
  readonly kind: RecordKind
  readonly truncated: ReadonlyArray<RecordPart>
  /** How many places each rule replaced. */
  readonly redactions: Readonly<Record<string, number>>
}

export class CaptureCounters {
  readonly records = new Map<RecordKind, number>()
  readonly truncated = new Map<RecordPart, number>()
  /** Places whose value was replaced, by rule. */
  readonly redactions = new Map<string, number>()
  /** Records that were not made, or not kept, by the reason. */
  readonly dropped: { [R in DropReason]: number } = { memory: 0, queue: 0, disk: 0, redaction: 0, error: 0 }
  /** Records that were not wanted. */
  readonly leftOut: { [R in LeaveReason]: number } = { filter: 0, sample: 0 }

  /** Records that were cut, and the ids of the first of them. */
  readonly cut = { count: 0, ids: new Array<string>() }

  /** Counts a record that was made. */
  count({ id, kind, truncated, redactions }: Countable): void {
    add(this.records, kind)
    if (truncated.length > 0 && ++this.cut.count <= maxNamedCuts) this.cut.ids.push(id)
    for (const part of truncated) add(this.truncated, part)
    for (const [rule, count] of Object.entries(redactions)) add(this.redactions, rule, count)
  }
}

const add = <K>(counts: Map<K, number>, key: K, count = 1): void => void counts.set(key, (counts.get(key) ?? 0) + count)
