/**
 * Two kept reports side by side. They were not measured in the same rounds, so what the machine did between them is in
 * every ratio: the rows of floor and bare, which did not change, say how much that was.
 */
import { maxForeign } from "./foreign.ts"
import { foreignOf, series, type Outcome, type Row } from "./measure.ts"
import { heading, type Report } from "./report.ts"
import { independent, interval, quotient, spread, type Interval } from "./statistics.ts"
import { aligned, columnsOf, notes, ratio, type Column } from "./table.ts"

/** What one workload's numbers became. */
export interface Compared {
  readonly title: string
  /** The head, then a line for each participant and number. */
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
  readonly notes: ReadonlyArray<string>
}

/** Which of the two is better, as far as their intervals can tell. Less is better in everything but a rate. */
export const direction = (field: Column["field"], within: Interval | undefined): "better" | "worse" | "undecided" => {
  if (within === undefined || (within.low <= 1 && within.high >= 1)) return "undecided"
  return within.low > 1 === (field === "rate") ? "better" : "worse"
}

/** The workloads that both have, by the numbers that are compared in a run's own tables. */
export const compared = (before: Report, after: Report): ReadonlyArray<Compared> =>
  after.outcomes.flatMap((outcome): ReadonlyArray<Compared> => {
    const earlier = before.outcomes.find(({ workload }) => workload.name === outcome.workload.name)
    return earlier === undefined ? [] : [comparedOutcome(before, earlier, after, outcome)]
  })

const comparedOutcome = (before: Report, earlier: Outcome, after: Report, later: Outcome): Compared => {
  const { name, title } = later.workload
  const columns = columnsOf(later).filter((column) => column.compared !== undefined)
  const starts = (report: Report): number => (later.workload.measure === "rate" ? report.starts : 1)
  const lines = later.rows.flatMap((row) => {
    const other = earlier.rows.find(({ peer }) => peer === row.peer)
    if (other === undefined) return []
    return columns.map((column) => cells(column, other, starts(before), row, starts(after)))
  })
  return {
    title: `${name}: ${title}`,
    rows: [["", "", "before", "after", "after:before", ""], ...lines],
    notes: [
      ...sameRate(earlier, later),
      ...notes(earlier).map((each) => `before: ${each}`),
      ...notes(later).map((each) => `after: ${each}`),
    ],
  }
}

/** At another rate a latency is the answer to another question. */
const sameRate = ({ openRate: before }: Outcome, { openRate: after }: Outcome): ReadonlyArray<string> =>
  before === after
    ? []
    : [`the load was ${before ?? "as fast as it went"}, then ${after ?? "as fast as it went"}, a second`]

const cells = (
  { field, title, write }: Column,
  before: Row,
  startsBefore: number,
  after: Row,
  startsAfter: number,
): ReadonlyArray<string> => {
  const one = series(before, field)
  const two = series(after, field)
  const [from, to] = [spread(one).median, spread(two).median]
  if (Number.isNaN(from) || Number.isNaN(to)) return [after.peer, title, "-", "-", "", "not measured"]
  const within = quotient(interval(independent(two, startsAfter)), interval(independent(one, startsBefore)))
  const quiet = foreignOf([before]) <= maxForeign && foreignOf([after]) <= maxForeign
  return [
    after.peer,
    title,
    write(from),
    write(to),
    ratio({ median: to / from, least: within?.low ?? Number.NaN, most: within?.high ?? Number.NaN }),
    quiet ? direction(field, within) : "not judged",
  ]
}

/** What each of the two was, and where they were measured differently. */
export const comparisonHeading = (before: Report, after: Report): ReadonlyArray<string> => [
  ...heading(before).map((line, i) => (i === 0 ? `before  ${line}` : `        ${line}`)),
  ...heading(after).map((line, i) => (i === 0 ? `after   ${line}` : `        ${line}`)),
  ...differences(before, after).map((each) => `! ${each}`),
]

/** What may make two runs differ although the program did not. */
const differences = (before: Report, after: Report): ReadonlyArray<string> => {
  const said = <A extends string | number | boolean>(what: string, of: (report: Report) => A): ReadonlyArray<string> =>
    of(before) === of(after) ? [] : [`${what}: ${of(before)}, then ${of(after)}`]
  return [
    ...said("another processor", ({ machine }) => machine.processor),
    ...said("another number of cores", ({ machine }) => machine.cores),
    ...said("another kernel", ({ machine }) => machine.kernel),
    ...said("another Bun for the harness", ({ machine }) => machine.bun),
    ...said("a network namespace of its own", ({ machine }) => machine.namespace),
    ...said("another limit of descriptors", ({ machine }) => machine.descriptors),
    ...said("another harness", ({ harness }) => harness),
    ...said("another number of starts", ({ starts }) => starts),
    ...said("another number of rounds", ({ rounds }) => rounds),
    ...said("another length of rounds", ({ seconds }) => seconds),
  ]
}

/** Both, for a terminal. Throws where they have no workload in common. */
export const comparison = (before: Report, after: Report): string => {
  const all = compared(before, after)
  if (all.length === 0) throw new Error("the two reports have no workload in common")
  const tables = all.map(({ title, rows, notes: some }) =>
    [title, ...aligned(rows), ...some.map((each) => `  ! ${each}`)].join("\n"),
  )
  return [comparisonHeading(before, after).join("\n"), ...tables].join("\n\n")
}
