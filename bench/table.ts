/** The outcome as text: one table a workload, ours first, every ratio ours to theirs. */
import { notedForeign } from "./foreign.ts"
import { foreignOf, median, series, type Outcome, type Row, type Sample } from "./measure.ts"
import { ratios, spread, type Spread } from "./statistics.ts"

/** One column: where its number comes from, how it is written, whether it is compared. */
export interface Column {
  readonly title: string
  readonly field: keyof Sample
  readonly write: (value: number) => string
  readonly compared?: string
}

const count = (value: number): string => Math.round(value).toLocaleString("en-US")
const micros = (value: number): string => (value >= 100 ? count(value) : value.toFixed(1))
const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1)
const percent = (value: number): string => `${Math.round(value * 100)}%${value < 0.9 ? "~" : ""}`

const latency = (field: "p50" | "p99" | "p999", compared = false): Column => ({
  title: `${field} us`,
  field,
  write: micros,
  ...(compared ? { compared: field } : {}),
})

/** Which columns a workload has. */
export const columnsOf = ({ workload }: Outcome): ReadonlyArray<Column> => {
  const latencies = [
    latency("p50", workload.latency === true),
    latency("p99", workload.latency === true),
    latency("p999"),
  ]
  switch (workload.measure) {
    case "rate": {
      const rate = { title: `${workload.unit}/s`, field: "rate", write: count } as const
      return [
        workload.latency === true ? rate : { ...rate, compared: "rate" },
        { title: `CPU us/${workload.unit}`, field: "cpu", write: (v) => v.toFixed(2), compared: "CPU" },
        { title: "core", field: "share", write: percent },
        ...(workload.origin === "bulk" ? [] : latencies),
      ]
    }
    case "idle":
      return [{ title: "bytes/connection", field: "perConnection", write: count, compared: "memory" }]
    case "memory":
      return [
        { title: "start MB", field: "atStart", write: mebibytes },
        { title: "loaded MB", field: "loaded", write: mebibytes, compared: "loaded" },
        { title: "after MB", field: "after", write: mebibytes },
      ]
    case "start":
      return [
        { title: "accepting ms", field: "accepting", write: (v) => v.toFixed(1), compared: "accepting" },
        { title: "first byte ms", field: "firstByte", write: (v) => v.toFixed(1) },
        { title: "hyperfine ms", field: "hyperfine", write: (v) => v.toFixed(1) },
      ]
  }
}

/** `1.02 (0.98..1.05)`; the median alone where the others are not known, nothing where it is not. */
export const ratio = ({ median, least, most }: Spread): string => {
  if (Number.isNaN(median)) return ""
  const within = Number.isNaN(least) ? "" : ` (${least.toFixed(2)}..${most.toFixed(2)})`
  return `${median.toFixed(2)}${within}`
}

const cells = (columns: ReadonlyArray<Column>, of: Row, ours: Row | undefined): ReadonlyArray<string> => [
  of.peer,
  ...columns.map(({ field, write }) => {
    const value = median(of, field)
    return Number.isNaN(value) ? "-" : write(value)
  }),
  ...columns.flatMap(({ field, compared }) => {
    if (compared === undefined) return []
    return [ours === undefined || ours === of ? "" : ratio(spread(ratios(series(ours, field), series(of, field))))]
  }),
]

/** Heads and rows of one workload's table, before they are aligned. */
export const grid = (outcome: Outcome): ReadonlyArray<ReadonlyArray<string>> => {
  const columns = columnsOf(outcome)
  const compared = columns.flatMap(({ compared }) => (compared === undefined ? [] : [`ours:theirs ${compared}`]))
  const ours = outcome.rows.find(({ peer }) => peer === "pillion")
  return [
    ["", ...columns.map(({ title }) => title), ...compared],
    ...outcome.rows.map((each) => cells(columns, each, ours)),
  ]
}

/** What must be known beside the numbers of a workload: what went wrong, and whether the machine was its own. */
export const notes = (outcome: Outcome): ReadonlyArray<string> => {
  const problems = outcome.rows.flatMap(({ peer, problem }) => (problem === undefined ? [] : [`${peer}: ${problem}`]))
  const foreign = foreignOf(outcome.rows)
  return foreign > notedForeign
    ? [...problems, `other processes took ${Math.round(foreign * 100)} % of both cores`]
    : problems
}

/** Rows of cells as lines: the first column to the left, the others to the right. */
export const aligned = (rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((each) => each[i]?.length ?? 0)))
  const pad = (cell: string, i: number): string =>
    i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)
  return rows.map((each) => `  ${each.map(pad).join("  ").trimEnd()}`)
}

/** What a workload is called above its numbers, with the rate where all had the same. */
export const titleOf = ({ workload, openRate }: Outcome): string =>
  `${workload.name}: ${workload.title}${openRate === undefined ? "" : ` (${count(openRate)} a second)`}`

/** The table of one workload for a terminal. */
export const table = (outcome: Outcome): string =>
  [titleOf(outcome), ...aligned(grid(outcome)), ...notes(outcome).map((each) => `  ! ${each}`)].join("\n")
