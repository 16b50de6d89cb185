/**
 * Top filtered: the totals of what a filter lets through. The proxy's metrics know no filter, so they are made of what
 * ended in the window and of what is open.
 */
import type { Filter } from "../../observe/filter/entry-filter.ts"

import { filterableOpen, latenciesOf, type TopModel, windowLength } from "./top-model.ts"

export interface FilteredTotals {
  /** Per second of the window. */
  readonly connections: number
  readonly requests: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly open: number
  /** What ended, and how long each took to its first byte, ascending. */
  readonly ended: number
  readonly latencies: ReadonlyArray<number>
  /** By reason, the most frequent first. */
  readonly refusals: ReadonlyArray<readonly [reason: string, count: number]>
}

const perSecond = (count: number): number => count / (windowLength / 1000)

/** Pure. A connection counts once, with its requests or without. */
export const filteredTotals = ({ entries, look }: TopModel, filter: Filter): FilteredTotals => {
  const ended = entries.filter(filter)
  const refusals = new Map<string, number>()
  for (const { refusal } of ended) {
    if (refusal !== undefined) refusals.set(refusal, (refusals.get(refusal) ?? 0) + 1)
  }
  return {
    connections: perSecond(new Set(ended.map(({ flow }) => flow)).size),
    requests: perSecond(ended.filter(({ method }) => method !== undefined).length),
    bytesIn: perSecond(ended.reduce((sum, entry) => sum + entry.bytes_in, 0)),
    bytesOut: perSecond(ended.reduce((sum, entry) => sum + entry.bytes_out, 0)),
    open: look.open.filter((open) => filter(filterableOpen(open))).length,
    ended: ended.length,
    latencies: latenciesOf(ended),
    refusals: [...refusals].toSorted(([, a], [, b]) => b - a),
  }
}
