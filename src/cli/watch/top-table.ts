/**
 * Top table: destinations, a line each, in as many columns as there is room for. Pure.
 */
import { plainText } from "../../observe/output/text.ts"

import type { Destination, SortKey } from "./top-destinations.ts"
import {
  dim,
  folded,
  inverse,
  percent,
  perSecond,
  type Piece,
  type Pieces,
  red,
  size,
  time,
  whole,
} from "./top-layout.ts"
import type { View } from "./top-view.ts"

/** A column of the table: its sort key, its width, and what stands in it. */
interface Column {
  readonly key: SortKey | "direction"
  readonly heading: string
  readonly width: number
  readonly cell: (destination: Destination) => string
}

/** After the destination, which takes the rest of the width. */
const allColumns: ReadonlyArray<Column> = [
  { key: "direction", heading: "WAY", width: 5, cell: ({ direction }) => (direction === "inbound" ? "in" : "out") },
  { key: "rate", heading: "RATE", width: 9, cell: ({ rate }) => `${perSecond(rate)}/s` },
  { key: "success", heading: "OK", width: 7, cell: ({ success }) => percent(success) },
  { key: "p50", heading: "P50", width: 8, cell: ({ p50 }) => time(p50) },
  { key: "p95", heading: "P95", width: 8, cell: ({ p95 }) => time(p95) },
  { key: "p99", heading: "P99", width: 8, cell: ({ p99 }) => time(p99) },
  { key: "in", heading: "IN", width: 8, cell: (each) => size(each.in) },
  { key: "out", heading: "OUT", width: 8, cell: ({ out }) => size(out) },
  { key: "open", heading: "OPEN", width: 6, cell: ({ open }) => whole(open) },
  { key: "errors", heading: "ERR", width: 6, cell: ({ errors }) => whole(errors) },
]

/** Columns that long names are more important than, and then those that only a narrow terminal goes without: the first first. */
const besides: ReadonlyArray<Column["key"]> = ["direction", "open", "in", "out"]
const dispensable: ReadonlyArray<Column["key"]> = ["p95", "p50", "p99", "success", "rate"]
/** Characters of a name that stand in one line, if the first or if all of those are given up for it; the rest is below. */
const longestName = 32
const shortestName = 16
/** A blank on either side. */
const margins = 2

const widthOf = (columns: ReadonlyArray<Column>): number => columns.reduce((sum, { width }) => sum + width, margins)

const columnsFor = (width: number, longest: number): ReadonlyArray<Column> => {
  let columns = allColumns
  const giveUp = (keys: ReadonlyArray<Column["key"]>, name: number): void => {
    for (const key of keys) {
      if (widthOf(columns) + name <= width) return
      columns = columns.filter((each) => each.key !== key)
    }
  }
  giveUp(besides, Math.max(shortestName, Math.min(longest, longestName)))
  giveUp(dispensable, shortestName)
  return columns
}

export interface DestinationTable {
  readonly heading: Pieces
  /** A block of lines for each destination: more than one where its name is longer than a line. */
  readonly blocks: ReadonlyArray<ReadonlyArray<Pieces>>
}

export const destinationTable = (all: ReadonlyArray<Destination>, view: View): DestinationTable => {
  const { columns: width, sort } = view
  const names = all.map(({ name }) => plainText(name))
  const title = `${sort === "name" ? "↓" : ""}DESTINATION (${whole(all.length)})`
  const longest = Math.max(title.length, ...names.map(({ length }) => length))
  const columns = columnsFor(width, longest)
  const room = Math.max(1, width - widthOf(columns))
  const mark = (column: Column): string => (column.key === sort ? "↓" : "")
  const headings = columns.map((column) => (mark(column) + column.heading).padStart(column.width)).join("")
  return {
    heading: [[` ${title.slice(0, room).padEnd(room)}${headings} `, inverse]],
    blocks: all.map((destination, i) => {
      const lines = folded([" "], names[i] ?? "", "", room + 1)
      const [first = [], ...others] = lines
      const chosen = destination.key === view.chosen
      const cells = columns.map((column) => cellOf(column, destination))
      const padded: Pieces = [...first, " ".repeat(Math.max(0, room + 1 - lengthOf(first))), ...cells]
      return [chosen ? marked(padded, width) : padded, ...others.map((line) => (chosen ? marked(line, width) : line))]
    }),
  }
}

const cellOf = (column: Column, destination: Destination): Piece => {
  const text = column.cell(destination).padStart(column.width)
  if (column.key === "errors") return [text, destination.errors > 0 ? red : dim]
  return column.key === "success" && (destination.success ?? 1) < 1 ? [text, red] : text
}

const textOf = (piece: Piece): string => (typeof piece === "string" ? piece : piece[0])
const lengthOf = (pieces: Pieces): number => pieces.reduce((sum, piece) => sum + textOf(piece).length, 0)

/** The line that the cursor is on: inverse where there are colours, and with a mark where there are none. */
const marked = (pieces: Pieces, width: number): Pieces => [
  [`▸${pieces.map(textOf).join("").slice(1)}`.padEnd(width), inverse],
]
