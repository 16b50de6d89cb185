/**
 * What is to be reached, and whether it was: the table that the report ends with.
 *
 * A goal is met or missed only where the measurement can tell: on a machine that others used as well it is not judged,
 * and where the confidence interval holds the goal it is undecided.
 */
import { maxForeign } from "./foreign.ts"
import { foreignOf, series, type Outcome, type Row, type Sample } from "./measure.ts"
import { beforeName } from "./peers.ts"
import { independent, interval, ratios, spread, type Interval } from "./statistics.ts"
import { columnsOf } from "./table.ts"

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

export type Judgement = "met" | "missed" | "undecided" | "not judged" | "not measured"

export interface Verdict {
  readonly text: string
  readonly wanted: string
  /** The median in the goal's unit; absent where it was not measured. */
  readonly value?: number
  /** Where that median lies with a confidence of 95 %; absent where fewer than two values were taken. */
  readonly interval?: Interval
  /** The share of both cores that others had; absent where it was not seen. */
  readonly foreign?: number
  readonly judgement: Judgement
}

/** A throughput of at least `times` the peer's, and the processor time of an operation accordingly. */
const faster = (workload: string, times: number, ...peers: ReadonlyArray<string>): ReadonlyArray<Goal> =>
  peers.flatMap((peer): ReadonlyArray<Goal> => [
    { workload, peer, field: "rate", least: times },
    { workload, peer, field: "cpu", most: 1 / times },
  ])

const mebibyte = { scale: 2 ** -20, unit: "MB" } as const

const goals: ReadonlyArray<Goal> = [
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

/** The least that a change may leave of what was there before it. */
const kept = 0.98

/** That nothing became dearer than `kept` allows: whatever is compared in this workload's table. */
const keepsUp = (outcome: Outcome): ReadonlyArray<Goal> =>
  columnsOf(outcome).flatMap(({ field, compared }): ReadonlyArray<Goal> => {
    if (compared === undefined) return []
    const workload = outcome.workload.name
    const peer = beforeName
    return [field === "rate" ? { workload, peer, field, least: kept } : { workload, peer, field, most: 1 / kept }]
  })

export interface Circumstances {
  /** How often all participants of a rate were started anew. */
  readonly starts: number
  /** Peers wrote a log too: the goals against them are for peers that write none, and are left out. */
  readonly peerLogs: boolean
  /** Who was asked for, whether this machine has it or not; goals against others are left out. */
  readonly participants: ReadonlyArray<string>
}

/** The goals whose workloads were measured, and, where an earlier executable took part, what it demands. */
export const judge = (outcomes: ReadonlyArray<Outcome>, given: Circumstances): ReadonlyArray<Verdict> =>
  outcomes.flatMap((outcome) => {
    const asked = ({ workload, peer }: Goal): boolean =>
      workload === outcome.workload.name && (peer === undefined || given.participants.includes(peer))
    const fixed = given.peerLogs ? [] : goals.filter(asked)
    const earlier = outcome.rows.some(({ peer }) => peer === beforeName) ? keepsUp(outcome) : []
    return [...fixed, ...earlier].map((goal) => verdict(goal, outcome, given.starts))
  })

const verdict = (goal: Goal, { workload, rows }: Outcome, starts: number): Verdict => {
  const ours = rows.find(({ peer }) => peer === "pillion")
  const theirs = rows.find(({ peer }) => peer === goal.peer)
  const rounds = valuesOf(goal, ours, theirs)
  const value = spread(rounds).median
  const within = interval(workload.measure === "rate" ? independent(rounds, starts) : rounds)
  const foreign = foreignOf([ours, theirs].flatMap((each) => each ?? []))
  const limit = goal.least ?? goal.most ?? Number.NaN
  const unit = goal.peer === undefined ? ` ${goal.unit ?? ""}` : ` x ${goal.peer}`
  return {
    text: `${goal.workload} ${goal.field}`,
    wanted: `${goal.least === undefined ? "at most" : "at least"} ${Number(limit.toFixed(3))}${unit}`,
    ...(Number.isNaN(value) ? {} : { value }),
    ...(within === undefined ? {} : { interval: within }),
    ...(Number.isNaN(foreign) ? {} : { foreign }),
    judgement: Number.isNaN(value) ? "not measured" : decide(goal, within, foreign),
  }
}

/** What the goal speaks of, a round each: the value itself, or its ratio to the peer's. */
const valuesOf = (goal: Goal, ours: Row | undefined, theirs: Row | undefined): ReadonlyArray<number> => {
  if (ours === undefined) return []
  const values = series(ours, goal.field)
  if (goal.peer === undefined) return values.map((value) => value * (goal.scale ?? 1))
  return theirs === undefined ? [] : ratios(values, series(theirs, goal.field))
}

/**
 * Judges a value that was measured. `foreign` is the share of the cores that others had: more than `maxForeign`, or
 * NaN because nobody looked, and nothing is judged. Without an interval nothing is decided.
 */
export const decide = (
  { least, most }: Pick<Goal, "least" | "most">,
  within: Interval | undefined,
  foreign: number,
): Exclude<Judgement, "not measured"> => {
  if (!(foreign <= maxForeign)) return "not judged"
  if (within === undefined) return "undecided"
  const { low, high } = within
  if ((least === undefined || low >= least) && (most === undefined || high <= most)) return "met"
  if ((least !== undefined && high < least) || (most !== undefined && low > most)) return "missed"
  return "undecided"
}

const number = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2))

/** The verdicts as lines for a terminal. */
export const verdictLines = (verdicts: ReadonlyArray<Verdict>): ReadonlyArray<string> =>
  verdicts.map(({ text, wanted, value, interval: within, foreign, judgement }) => {
    const mark = judgement === "missed" ? "MISSED" : judgement
    const shown = value === undefined ? "" : number(value)
    const between = within === undefined ? "" : `(${number(within.low)}..${number(within.high)})`
    const why = judgement === "not judged" ? `; ${foreignWords(foreign)}` : ""
    return `  ${mark.padEnd(12)}  ${text.padEnd(28)} ${shown.padStart(8)} ${between.padEnd(16)}  ${wanted}${why}`
  })

const foreignWords = (foreign: number | undefined): string =>
  foreign === undefined ? "foreign load unknown" : `foreign load ${Math.round(foreign * 100)} %`
