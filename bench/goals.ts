/** What is to be reached, and whether it was: the table that the report ends with. */
import { median, series, type Outcome, type Sample } from "./measure.ts"
import { ratios } from "./statistics.ts"

interface Goal {
  readonly workload: string
  /** Compared with this peer; absent when the value itself is the goal. */
  readonly peer?: string
  readonly field: keyof Sample
  /** Exactly one of the two: the least or the most that it may be. */
  readonly least?: number
  readonly most?: number
  /** What one unit of the field is worth in the goal's own unit. */
  readonly scale?: number
  readonly unit?: string
}

export interface Verdict {
  readonly text: string
  readonly wanted: string
  /** The measured value, in the goal's unit; NaN when it was not measured. */
  readonly value: number
  readonly met: boolean
}

/** A throughput of at least `times` the peer's, and the processor time of an operation accordingly. */
const faster = (workload: string, times: number, ...peers: ReadonlyArray<string>): ReadonlyArray<Goal> =>
  peers.flatMap((peer): ReadonlyArray<Goal> => [
    { workload, peer, field: "rate", least: times },
    { workload, peer, field: "cpu", most: 1 / times },
  ])

const mebibyte = { scale: 2 ** -20, unit: "MB" } as const

export const goals: ReadonlyArray<Goal> = [
  ...faster("tcp-requests", 0.97, "haproxy", "nginx"),
  ...faster("tcp-connections", 0.95, "haproxy"),
  ...["bulk-down", "bulk-up", "bulk-both"].flatMap((name) => faster(name, 1.5, "haproxy")),
  ...["bulk-down", "bulk-up", "bulk-both"].flatMap((name) => faster(name, 0.9, "floor")),
  ...faster("socks5-connections", 1.5, "microsocks"),
  ...faster("socks5-connections", 3.5, "dante"),
  ...faster("connect-connections", 1.25, "tinyproxy"),
  ...faster("connect-connections", 1.9, "squid"),
  ...faster("http-requests", 1, "haproxy"),
  ...faster("http-requests", 3.5, "squid"),
  ...faster("http-connections", 0.9, "haproxy"),
  ...faster("http-connections", 2, "squid"),
  { workload: "tcp-latency", peer: "floor", field: "p50", most: 1.1 },
  { workload: "tcp-latency", peer: "floor", field: "p99", most: 1.1 },
  { workload: "idle", field: "perConnection", most: 3 * 1024, unit: "bytes" },
  { workload: "idle", peer: "haproxy", field: "perConnection", most: 1 },
  { workload: "memory", field: "atStart", most: 45, ...mebibyte },
  { workload: "memory", field: "after", most: 70, ...mebibyte },
  { workload: "start", field: "accepting", most: 60, unit: "ms" },
]

/** The goals whose workloads were measured, judged by medians. */
export const judge = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<Verdict> =>
  goals.flatMap((goal) => {
    const outcome = outcomes.find(({ workload }) => workload.name === goal.workload)
    return outcome === undefined ? [] : [verdict(goal, outcome)]
  })

const verdict = (goal: Goal, { rows }: Outcome): Verdict => {
  const ours = rows.find(({ peer }) => peer === "pillion")
  const theirs = rows.find(({ peer }) => peer === goal.peer)
  let value = Number.NaN
  if (ours !== undefined && goal.peer === undefined) value = median(ours, goal.field) * (goal.scale ?? 1)
  else if (ours !== undefined && theirs !== undefined) {
    value = ratios(series(ours, goal.field), series(theirs, goal.field)).median
  }
  const limit = goal.least ?? goal.most ?? Number.NaN
  const unit = goal.peer === undefined ? ` ${goal.unit ?? ""}` : ` x ${goal.peer}`
  return {
    text: `${goal.workload} ${goal.field}`,
    wanted: `${goal.least === undefined ? "at most" : "at least"} ${Number(limit.toFixed(3))}${unit}`,
    value,
    met: goal.least === undefined ? value <= limit : value >= limit,
  }
}

/** The verdicts as lines for a terminal. */
export const verdictLines = (verdicts: ReadonlyArray<Verdict>): ReadonlyArray<string> =>
  verdicts.map(({ text, wanted, value, met }) => {
    const shown = Number.isNaN(value) ? "not measured" : value >= 100 ? value.toFixed(0) : value.toFixed(2)
    const mark = met ? "met   " : Number.isNaN(value) ? "-     " : "MISSED"
    return `  ${mark}  ${text.padEnd(28)} ${shown.padStart(12)}   ${wanted}`
  })
