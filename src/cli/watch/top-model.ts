/**
 * Top model: what `pillion top` knows, made of one look at the running proxy after another. Pure: it asks nobody and
 * draws nothing, and is bounded whatever the proxy carries.
 */
import type { Open } from "../../admin/connections.ts"
import type { Entry } from "../../observe/access/entry.ts"
import type { Filter, FilterableEntry } from "../../observe/filter/entry-filter.ts"
import type { ReportedDestination } from "../../observe/metrics/destination.ts"

/** Milliseconds that ended connections and requests count for. */
export const windowLength = 60_000
/** Entries of that time that are kept: the newest. */
const maxEntries = 5000
/** Looks that rates are made of, and points of a sparkline. */
const looksPerRate = 4
export const points = 24

/** One look: everything as it was at `now`, milliseconds since the epoch. */
export interface Look {
  readonly now: number
  readonly version: string
  readonly state: string
  /** Samples of `/metrics` by name and labels. */
  readonly metrics: ReadonlyMap<string, number>
  readonly total: number
  readonly open: ReadonlyArray<Open>
  /** Numbers by destination, with the routes of the one that is open. */
  readonly destinations: ReadonlyArray<ReportedDestination>
  /** Entries that ended since the last look, as far as they are still known, and how many are not. */
  readonly ended: ReadonlyArray<Entry>
  readonly missed: number
}

export interface Totals {
  readonly connections: number
  readonly requests: number
  readonly bytesIn: number
  readonly bytesOut: number
}

export interface TopModel {
  readonly look: Look
  readonly entries: ReadonlyArray<Entry>
  /** The newest, the last of them last. */
  readonly last: ReadonlyArray<Entry>
  /** Entries of the window that nobody saw. */
  readonly missed: number
  readonly looks: ReadonlyArray<{ readonly now: number; readonly totals: Totals }>
  /** A second each, the newest last. */
  readonly flowRates: ReadonlyArray<number>
}

/** Entries that lists show, however long ago they ended. */
const maxLast = 1000

/** The model after one more look. */
export const advance = (before: TopModel | undefined, look: Look): TopModel => {
  const since = look.now - windowLength
  const entries = [...(before?.entries ?? []), ...look.ended].filter(({ time }) => Date.parse(time) >= since)
  const looks = [...(before?.looks ?? []), { now: look.now, totals: totalsOf(look.metrics) }].slice(-looksPerRate)
  const [rate] = rates({ looks }).slice(0, 1)
  return {
    look,
    entries: entries.slice(-maxEntries),
    last: [...(before?.last ?? []), ...look.ended].slice(-maxLast),
    missed: (before?.missed ?? 0) + look.missed,
    looks,
    flowRates: [...(before?.flowRates ?? []), rate ?? 0].slice(-points),
  }
}

/** Per second: connections and requests together, connections, requests, bytes to the targets, bytes to the clients. */
export const rates = ({ looks }: Pick<TopModel, "looks">): readonly [number, number, number, number, number] => {
  const first = looks[0]
  const last = looks.at(-1)
  if (first === undefined || last === undefined || last.now <= first.now) return [0, 0, 0, 0, 0]
  const seconds = (last.now - first.now) / 1000
  // A proxy that was started anew counts from 0 again.
  const rate = (key: keyof Totals): number => Math.max(0, last.totals[key] - first.totals[key]) / seconds
  const [connections, requests] = [rate("connections"), rate("requests")]
  return [connections + requests, connections, requests, rate("bytesIn"), rate("bytesOut")]
}

export const totalsOf = (metrics: Look["metrics"]): Totals => ({
  connections: sum(metrics, "pillion_connections_total"),
  requests: sum(metrics, "pillion_http_requests_total"),
  bytesIn: sum(metrics, "pillion_bytes_total", 'flow="to_target"'),
  bytesOut: sum(metrics, "pillion_bytes_total", 'flow="to_client"'),
})

/** Every series of a metric that has `label`, added up. */
export const sum = (metrics: Look["metrics"], name: string, label = ""): number => {
  let total = 0
  for (const [series, value] of metrics) {
    if (series.startsWith(name) && /^(\{|$)/.test(series.slice(name.length)) && series.includes(label)) total += value
  }
  return total
}

/** Refusals since the proxy's start by reason, the most frequent first. */
export const refusalsOf = (metrics: Look["metrics"]): ReadonlyArray<readonly [reason: string, count: number]> => {
  const counts = new Map<string, number>()
  for (const [series, value] of metrics) {
    const reason = /^pillion_refusals_total\{.*reason="([^"]*)"/.exec(series)?.[1]
    if (reason !== undefined && value > 0) counts.set(reason, (counts.get(reason) ?? 0) + value)
  }
  return [...counts].toSorted(([, a], [, b]) => b - a)
}

/** Milliseconds from the client's wish until the target's first byte; undefined where there was none. */
export const latencyOf = ({ t_dial, t_first_byte }: Entry): number | undefined =>
  t_first_byte === undefined ? undefined : (t_dial ?? 0) + t_first_byte

/** The value that a share of all values does not exceed; `sorted` ascends. */
export const percentile = (sorted: ReadonlyArray<number>, share: number): number | undefined =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]

export const latenciesOf = (entries: ReadonlyArray<Entry>): ReadonlyArray<number> =>
  entries.flatMap((entry) => latencyOf(entry) ?? []).toSorted((a, b) => a - b)

export const isError = ({ refusal, status, code, error, end }: Entry): boolean =>
  refusal !== undefined ||
  code !== undefined ||
  error !== undefined ||
  end === "timeout" ||
  end === "limit" ||
  (status ?? 0) >= 500

/** What a filter lets through: everything, where there is none. */
export interface Scope {
  readonly filterText: string
  readonly ended: ReadonlyArray<Entry>
  readonly open: ReadonlyArray<Open>
}

export const scopeOf = (
  { entries, look }: TopModel,
  { filter, filterText }: { readonly filter: Filter; readonly filterText: string },
): Scope => {
  if (filterText === "") return { filterText, ended: entries, open: look.open }
  return { filterText, ended: entries.filter(filter), open: look.open.filter((open) => filter(filterableOpen(open))) }
}

/** An open connection as far as a filter can ask about it. */
const filterableOpen = (open: Open): FilterableEntry => ({ ...open, t_total: open.age })
