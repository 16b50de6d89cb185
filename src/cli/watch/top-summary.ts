/**
 * Top summary: the totals above the list. They follow the filter: with one they are those of what it lets through. Pure.
 */
import { amount } from "../../observe/access/access-formats.ts"
import type { Entry } from "../../observe/access/entry.ts"

import { isLately, latelyLength, ownsBytes } from "./top-destinations.ts"
import {
  bold,
  cyan,
  dim,
  flow,
  green,
  label,
  perSecond,
  type Pieces,
  red,
  sparkline,
  time,
  whole,
  widthOf,
} from "./top-layout.ts"
import { latenciesOf, percentile, rates, refusalsOf, type Scope, type TopModel, totalsOf } from "./top-model.ts"

export interface Totals {
  readonly open: number
  /** Per second. */
  readonly connections: number
  readonly requests: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** All of them, as far back as `since` says. */
  readonly allConnections: number
  readonly allRequests: number
  readonly allBytesIn: number
  readonly allBytesOut: number
  readonly since: "so far" | "in 60 s"
  readonly refusals: ReadonlyArray<readonly [reason: string, count: number]>
  readonly latencies: ReadonlyArray<number>
  /** How many ended that the latencies are of. */
  readonly ended: number
}

export const totalsFor = (model: TopModel, scope: Scope): Totals => {
  const latencies = latenciesOf(scope.ended)
  if (scope.filterText !== "") return { ...filtered(model, scope), latencies, ended: scope.ended.length }
  const all = totalsOf(model.look.metrics)
  const [, connections, requests, bytesIn, bytesOut] = rates(model)
  return {
    open: model.look.total,
    connections,
    requests,
    bytesIn,
    bytesOut,
    allConnections: all.connections,
    allRequests: all.requests,
    allBytesIn: all.bytesIn,
    allBytesOut: all.bytesOut,
    since: "so far",
    refusals: refusalsOf(model.look.metrics),
    latencies,
    ended: scope.ended.length,
  }
}

/** A connection whose requests say everything is not counted: it has no line. What is open has its bytes in its requests. */
const filtered = ({ look }: TopModel, { ended, open }: Scope): Omit<Totals, "latencies" | "ended"> => {
  const lately = ended.filter(({ time }) => isLately(time, look.now))
  const counted = ended.filter(ownsBytes(ended, []))
  const lateCounted = counted.filter(({ time }) => isLately(time, look.now))
  const refusals = new Map<string, number>()
  for (const { refusal } of ended) if (refusal !== undefined) refusals.set(refusal, (refusals.get(refusal) ?? 0) + 1)
  const requests = ended.filter(isRequest).length
  const lateRequests = lately.filter(isRequest).length
  return {
    open: open.length,
    connections: rate(lately.length - lateRequests),
    requests: rate(lateRequests),
    bytesIn: rate(sumOf(lateCounted, "bytes_in")),
    bytesOut: rate(sumOf(lateCounted, "bytes_out")),
    allConnections: ended.length - requests,
    allRequests: requests,
    allBytesIn: sumOf(counted, "bytes_in"),
    allBytesOut: sumOf(counted, "bytes_out"),
    since: "in 60 s",
    refusals: [...refusals].toSorted(([, a], [, b]) => b - a),
  }
}

/** Per second, of a count of the last seconds. */
const rate = (count: number): number => count / (latelyLength / 1000)

const isRequest = ({ method }: Entry): boolean => method !== undefined

const sumOf = (entries: ReadonlyArray<Entry>, key: "bytes_in" | "bytes_out"): number =>
  entries.reduce((sum, entry) => sum + entry[key], 0)

/** The totals in lines that are no wider than `width`. */
export const summary = (model: TopModel, scope: Scope, width: number): ReadonlyArray<Pieces> => {
  const totals = totalsFor(model, scope)
  const { since } = totals
  const shown = (share: number): string => time(percentile(totals.latencies, share)).padStart(8)
  const unseen = model.missed > 0 ? `, ${whole(model.missed)} unseen` : ""
  const connections: ReadonlyArray<Pieces> = [
    [[`${perSecond(totals.connections).padStart(9)}/s`, bold]],
    [`${whole(totals.open).padStart(9)} open`],
    [`${whole(totals.allConnections).padStart(13)} ${since}  `],
  ]
  return [
    ...flow(label("connections"), [...connections, ...graph(model, scope, connections, width)], width),
    ...flow(
      label("requests"),
      [
        [[`${perSecond(totals.requests).padStart(9)}/s`, bold]],
        [`${"".padStart(14)}${whole(totals.allRequests).padStart(13)} ${since}`],
      ],
      width,
    ),
    ...flow(
      label("bytes"),
      [
        [["in ", dim], [`${amount(totals.bytesIn)}/s`.padStart(12), bold], "   "],
        [["out ", dim], [`${amount(totals.bytesOut)}/s`.padStart(12), bold], "   "],
        [[`${since} `, dim], `${amount(totals.allBytesIn)} in, ${amount(totals.allBytesOut)} out`],
      ],
      width,
    ),
    ...flow(
      label("first byte"),
      [
        [["p50 ", dim], [shown(0.5), bold], "   "],
        [["p90 ", dim], [shown(0.9), bold], "   "],
        [["p99 ", dim], [shown(0.99), bold], "  "],
        [[`of ${whole(totals.ended)} in 60 s${unseen}`, dim]],
      ],
      width,
    ),
    ...flow(
      label("refused"),
      totals.refusals.length === 0
        ? [[["none", green]]]
        : totals.refusals.map(([reason, count]): Pieces => [`${reason} `, [whole(count), red], "   "]),
      width,
    ),
  ]
}

/** The last seconds as a sparkline, as many as there is room for; none of what a filter lets through, or of a few. */
const graph = (
  model: TopModel,
  { filterText }: Scope,
  before: ReadonlyArray<Pieces>,
  width: number,
): ReadonlyArray<Pieces> => {
  const room = width - widthOf([label("")]) - before.reduce((sum, group) => sum + widthOf(group), 0)
  if (filterText !== "" || room < minGraph) return []
  return [[[sparkline(model.flowRates.slice(-room)), cyan]]]
}

const minGraph = 8
