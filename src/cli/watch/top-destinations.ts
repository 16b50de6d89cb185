/**
 * Top destinations: the rows of the table, from the proxy's own numbers, or, where a filter leaves something out, from
 * what ended and what is open. Pure.
 */
import type { Open } from "../../admin/connections.ts"
import type { Entry } from "../../observe/access/entry.ts"
import type { ReportedDestination } from "../../observe/metrics/destination.ts"

import { isError, latenciesOf, percentile, type Scope, type TopModel, windowLength } from "./top-model.ts"

/** A row; of the last minute but for what is open, and, where there is no filter, the bytes. */
export interface Destination {
  /** Direction and name: what tells it from every other. */
  readonly key: string
  readonly direction: string
  readonly name: string
  /** Requests and connections that ended. */
  readonly flows: number
  /** Per second. */
  readonly rate: number
  /** The share that did not fail. */
  readonly success: number | undefined
  readonly open: number
  readonly in: number
  readonly out: number
  /** Milliseconds until the first byte. */
  readonly p50: number | undefined
  readonly p95: number | undefined
  readonly p99: number | undefined
  readonly errors: number
}

export const sortKeys = ["rate", "errors", "success", "p50", "p95", "p99", "in", "out", "open", "name"] as const
export type SortKey = (typeof sortKeys)[number]

/** Every destination that has something to show, sorted: the largest first, of names and shares the smallest. */
export const destinationsOf = (model: TopModel, scope: Scope, sort: SortKey): ReadonlyArray<Destination> => {
  const rows = scope.filterText === "" ? model.look.destinations.map(reportedRow) : filteredRows(model, scope)
  const order = (a: Destination, b: Destination): number => {
    if (sort === "name") return 0
    // The least success is what somebody looks for.
    if (sort === "success") return (a.success ?? 2) - (b.success ?? 2)
    return (b[sort] ?? -1) - (a[sort] ?? -1)
  }
  return rows.toSorted((a, b) => order(a, b) || a.name.localeCompare(b.name) || a.key.localeCompare(b.key))
}

export const keyOf = (direction: string, name: string): string => `${direction} ${name}`

/** The destination of an entry or of what is open, by key. */
export const keyOfEntry = ({
  direction,
  target,
  authority,
}: Pick<Entry, "direction" | "target" | "authority">): string => keyOf(direction, target ?? authority ?? "-")

/** Whether an entry counts for a destination: `other` has all that the proxy has no name for. */
export const belongsTo = (key: string, reported: ReadonlyArray<ReportedDestination>): ((entry: Entry) => boolean) => {
  const named = new Set(reported.map(({ direction, name }) => keyOf(direction, name)))
  return (entry) => {
    const own = keyOfEntry(entry)
    return own === key || (key === keyOf(entry.direction, "other") && !named.has(own))
  }
}

const reportedRow = (each: ReportedDestination): Destination => ({
  key: keyOf(each.direction, each.name),
  direction: each.direction,
  name: each.name,
  flows: each.ended_60s,
  rate: each.rate_10s,
  success: each.success ?? undefined,
  open: each.open,
  in: each.bytes_in,
  out: each.bytes_out,
  p50: each.p50 ?? undefined,
  p95: each.p95 ?? undefined,
  p99: each.p99 ?? undefined,
  errors: each.failed_60s,
})

const filteredRows = (model: TopModel, { ended, open }: Scope): ReadonlyArray<Destination> => {
  const owns = ownsBytes(ended, open)
  const groups = new Map<string, { direction: string; name: string; ended: Array<Entry>; open: Array<Open> }>()
  const group = (key: string, direction: string) => {
    const found = groups.get(key) ?? { direction, name: key.slice(direction.length + 1), ended: [], open: [] }
    groups.set(key, found)
    return found
  }
  for (const entry of ended) group(keyOfEntry(entry), entry.direction).ended.push(entry)
  for (const each of open) group(keyOfEntry(each), each.direction).open.push(each)
  return [...groups].map(([key, each]): Destination => {
    const latencies = latenciesOf(each.ended)
    const errors = each.ended.filter(isError).length
    const counted = [...each.ended.filter(owns), ...each.open]
    return {
      key,
      direction: each.direction,
      name: each.name,
      flows: each.ended.length,
      rate: each.ended.filter(({ time }) => isLately(time, model.look.now)).length / (latelyLength / 1000),
      success: each.ended.length === 0 ? undefined : 1 - errors / each.ended.length,
      open: each.open.length,
      in: total(counted, "bytes_in"),
      out: total(counted, "bytes_out"),
      p50: percentile(latencies, 0.5),
      p95: percentile(latencies, 0.95),
      p99: percentile(latencies, 0.99),
      errors,
    }
  })
}

/**
 * Tells entries whose bytes count from requests whose connection, in `ended` or `open`, counts them: one that is open, and
 * one that ended with bytes of its own.
 */
export const ownsBytes = (
  ended: ReadonlyArray<Entry>,
  open: ReadonlyArray<Open>,
): ((entry: Pick<Entry, "flow" | "method">) => boolean) => {
  const flows = new Set(open.map(({ flow }) => flow))
  for (const { method, flow, bytes_in, bytes_out } of ended) {
    if (method === undefined && bytes_in + bytes_out > 0) flows.add(flow)
  }
  return ({ flow, method }) => method === undefined || !flows.has(flow)
}

/** Milliseconds that rates of a filter are made of. */
export const latelyLength = windowLength / 6

export const isLately = (time: string, now: number): boolean => Date.parse(time) > now - latelyLength

const total = (flows: ReadonlyArray<Entry | Open>, key: "bytes_in" | "bytes_out"): number =>
  flows.reduce((sum, flow) => sum + flow[key], 0)
