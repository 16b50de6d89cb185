/**
 * Top screen: the model of `pillion top` as lines of text, exactly as wide and as high as the terminal. Pure.
 */
import { amount } from "../../observe/access/access-formats.ts"
import type { Filter } from "../../observe/filter/entry-filter.ts"
import { plainText } from "../../observe/output/text.ts"

import { filteredTotals } from "./top-filtered.ts"
import {
  type Destination,
  destinationsOf,
  latenciesOf,
  type TopModel,
  percentile,
  rates,
  refusalsOf,
  type SortKey,
  sum,
  totalsOf,
} from "./top-model.ts"

/** The choices of the person at the keyboard. */
export interface View {
  readonly columns: number
  readonly rows: number
  readonly color: boolean
  readonly sort: SortKey
  readonly filter: Filter
  readonly filterText: string
  /** The filter that is being typed; undefined while none is. */
  readonly typing: string | undefined
  /** The last problem: a filter that is none, a proxy that does not answer. */
  readonly problem: string | undefined
  readonly paused: boolean
}

/** Text and the ANSI codes to show it in. */
type Piece = string | readonly [text: string, style: string]

const bold = "1"
const dim = "2"
const inverse = "7"
const red = "31"
const green = "32"
const yellow = "33"
const cyan = "36"

/** One text for each row of the terminal. */
export const screen = (model: TopModel, view: View): ReadonlyArray<string> => {
  const top = [title(model, view), [], ...(view.filterText === "" ? summary(model) : filteredSummary(model, view)), []]
  const room = Math.max(0, view.rows - top.length - 2)
  const destinations = destinationsOf(model, view.filter, view.sort)
  const header: ReadonlyArray<Piece> = [headings(view, destinations.length)]
  const table = destinations.slice(0, room).map((each) => destinationLine(each, view.columns))
  const body = [...top, header, ...table].slice(0, Math.max(0, view.rows - 1))
  const blank = Array.from({ length: Math.max(0, view.rows - 1 - body.length) }, () => [])
  return [...body, ...blank, footer(view)].map((pieces) => draw(pieces, view))
}

const title = ({ look }: TopModel, view: View): ReadonlyArray<Piece> => {
  const state: Piece = [look.state, look.state === "ready" ? green : yellow]
  const started = sum(look.metrics, "process_start_time_seconds") * 1000
  const left = ` pillion ${look.version}   `
  const up = `   up ${age(look.now - started)}`
  const clock = `${new Date(look.now).toISOString().slice(11, 19)}Z `
  const pause = view.paused ? "  PAUSED" : ""
  const gap = view.columns - left.length - look.state.length - up.length - pause.length - clock.length
  return [[left, bold], state, up, [pause, yellow], " ".repeat(Math.max(1, gap)), [clock, dim]]
}

const summary = (model: TopModel): ReadonlyArray<ReadonlyArray<Piece>> => {
  const { look, entries, missed } = model
  const totals = totalsOf(look.metrics)
  const [, connections, requests, bytesIn, bytesOut] = rates(model)
  const latencies = latenciesOf(entries)
  const shown = (share: number): string => time(percentile(latencies, share)).padStart(8)
  const seen = `  of ${whole(entries.length)} in 60 s${missed > 0 ? `, ${whole(missed)} unseen` : ""}`
  return [
    [
      label("connections"),
      [`${perSecond(connections).padStart(9)}/s`, bold],
      `${whole(look.total).padStart(9)} open${whole(totals.connections).padStart(13)} so far  `,
      [sparkline(model.flowRates), cyan],
    ],
    [
      label("requests"),
      [`${perSecond(requests).padStart(9)}/s`, bold],
      `${"".padStart(14)}${whole(totals.requests).padStart(13)} so far`,
    ],
    [
      label("bytes"),
      ["in ", dim],
      [`${amount(bytesIn)}/s`.padStart(12), bold],
      ["   out ", dim],
      [`${amount(bytesOut)}/s`.padStart(12), bold],
      ["   so far ", dim],
      `${amount(totals.bytesIn)} in, ${amount(totals.bytesOut)} out`,
    ],
    [
      label("first byte"),
      ["p50 ", dim],
      [shown(0.5), bold],
      ["   p90 ", dim],
      [shown(0.9), bold],
      ["   p99 ", dim],
      [shown(0.99), bold],
      [seen, dim],
    ],
    [label("refused"), ...refused(refusalsOf(look.metrics))],
  ]
}

/** The same lines of what the filter lets through, in the time that is remembered. */
const filteredSummary = (model: TopModel, { filter }: View): ReadonlyArray<ReadonlyArray<Piece>> => {
  const { connections, requests, bytesIn, bytesOut, open, ended, latencies, refusals } = filteredTotals(model, filter)
  const shown = (share: number): string => time(percentile(latencies, share)).padStart(8)
  const unseen = model.missed > 0 ? `, ${whole(model.missed)} unseen` : ""
  return [
    [
      label("connections"),
      [`${perSecond(connections).padStart(9)}/s`, bold],
      `${whole(open).padStart(9)} open`,
      ["   only what the filter lets through", dim],
    ],
    [label("requests"), [`${perSecond(requests).padStart(9)}/s`, bold]],
    [
      label("bytes"),
      ["in ", dim],
      [`${amount(bytesIn)}/s`.padStart(12), bold],
      ["   out ", dim],
      [`${amount(bytesOut)}/s`.padStart(12), bold],
    ],
    [
      label("first byte"),
      ["p50 ", dim],
      [shown(0.5), bold],
      ["   p90 ", dim],
      [shown(0.9), bold],
      ["   p99 ", dim],
      [shown(0.99), bold],
      [`  of ${whole(ended)} in 60 s${unseen}`, dim],
    ],
    [label("refused"), ...refused(refusals)],
  ]
}

const label = (text: string): Piece => [` ${text.padEnd(13)}`, dim]

const refused = (reasons: ReturnType<typeof refusalsOf>): ReadonlyArray<Piece> => {
  if (reasons.length === 0) return [["none", green]]
  return reasons.flatMap(([reason, count]): ReadonlyArray<Piece> => [`${reason} `, [whole(count), red], "   "])
}

/** A column of the table: its sort key, its width, and what stands in it. */
interface Column {
  readonly key: SortKey
  readonly heading: string
  readonly width: number
  readonly cell: (destination: Destination) => string
}

/** After the destination, which takes the rest of the width. */
const allColumns: ReadonlyArray<Column> = [
  { key: "flows", heading: "FLOWS", width: 8, cell: ({ flows }) => whole(flows) },
  { key: "open", heading: "OPEN", width: 6, cell: ({ open }) => whole(open) },
  { key: "in", heading: "IN", width: 10, cell: (each) => amount(each.in) },
  { key: "out", heading: "OUT", width: 10, cell: ({ out }) => amount(out) },
  { key: "p50", heading: "P50", width: 8, cell: ({ p50 }) => time(p50) },
  { key: "p99", heading: "P99", width: 8, cell: ({ p99 }) => time(p99) },
  { key: "errors", heading: "ERR", width: 6, cell: ({ errors }) => whole(errors) },
]

/** Columns that a narrow terminal goes without, the first first. */
const dispensable: ReadonlyArray<SortKey> = ["p50", "in", "out", "open", "p99", "errors", "flows"]
const shortestName = 16
/** A blank on either side. */
const margins = 2

const widthOf = (columns: ReadonlyArray<Column>): number => columns.reduce((sum, { width }) => sum + width, margins)

const columnsFor = (room: number): ReadonlyArray<Column> => {
  let columns = allColumns
  for (const key of dispensable) {
    if (widthOf(columns) + shortestName <= room) break
    columns = columns.filter((each) => each.key !== key)
  }
  return columns
}

const headings = ({ columns, sort }: View, destinations: number): Piece => {
  const shown = columnsFor(columns)
  const mark = (key: SortKey): string => (key === sort ? "↓" : "")
  const cells = shown.map(({ key, heading, width }) => (mark(key) + heading).padStart(width))
  return [
    ` ${`${mark("name")}DESTINATION (${whole(destinations)})`.padEnd(columns - widthOf(shown))}${cells.join("")} `,
    inverse,
  ]
}

const destinationLine = (destination: Destination, columns: number): ReadonlyArray<Piece> => {
  const shown = columnsFor(columns)
  const room = Math.max(0, columns - widthOf(shown))
  const name = plainText(destination.name)
  const cells = shown.map((column): Piece => {
    const text = column.cell(destination).padStart(column.width)
    return column.key === "errors" ? [text, destination.errors > 0 ? red : dim] : text
  })
  return [` ${name.length > room ? `${name.slice(0, Math.max(0, room - 1))}…` : name.padEnd(room)}`, ...cells]
}

const footer = (view: View): ReadonlyArray<Piece> => {
  if (view.typing !== undefined) {
    return [[" filter: ", bold], view.typing, ["▏", cyan], ["   Enter: apply   Esc: leave", dim]]
  }
  if (view.problem !== undefined) return [[` ${plainText(view.problem)}`, red]]
  const filter = view.filterText === "" ? "filter" : `filter: ${view.filterText}`
  return [
    ...key("q", "quit"),
    ...key("s", `sort: ${view.sort}`),
    ...key("p", view.paused ? "go on" : "pause"),
    // The last, for it may be longer than the line.
    ...key("/", filter),
  ]
}

const key = (name: string, what: string): ReadonlyArray<Piece> => [[` ${name} `, inverse], ` ${what}  `]

/** Cut to the width, or the terminal would put what is left on the next line. */
const draw = (pieces: ReadonlyArray<Piece>, { columns, color }: View): string => {
  let room = columns
  let line = ""
  for (const piece of pieces) {
    const [text, style] = typeof piece === "string" ? [piece, ""] : piece
    const shown = text.slice(0, room)
    room -= shown.length
    line += color && style !== "" && shown !== "" ? `\x1b[${style}m${shown}\x1b[0m` : shown
  }
  return line
}

const blocks = "▁▂▃▄▅▆▇█"

/** Heights relative to the highest; nothing at all is a line at the bottom. */
export const sparkline = (values: ReadonlyArray<number>): string => {
  const highest = Math.max(...values, 0)
  return values.map((value) => blocks[highest === 0 ? 0 : Math.round((value / highest) * (blocks.length - 1))]).join("")
}

/** `12,345` */
const whole = (value: number): string => String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ",")

const perSecond = (value: number): string => (value < 100 ? value.toFixed(1) : whole(value))

/** `0.4 ms`, `12 ms`, `1.2 s` */
const time = (milliseconds: number | undefined): string => {
  if (milliseconds === undefined) return "-"
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  return `${(milliseconds / 1000).toFixed(1)} s`
}

/** `3d 4h`, `2h 13m`, `5m 10s` */
const age = (milliseconds: number): string => {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600), Math.floor(seconds / 60)]
  if (days > 0) return `${days}d ${hours % 24}h`
  if (hours > 0) return `${hours}h ${minutes % 60}m`
  return minutes > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`
}
