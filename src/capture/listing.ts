/**
 * Listing: records as rows, one a line, for a terminal; also as a tree in which outbound records stand below
 * the inbound one that caused them.
 */
import { minIdEnd, shortIds } from "./ids.ts"
import { isHttp, type CaptureRecord } from "./record.ts"
import { cut, sizeText, timeText, visibleLine } from "./text.ts"
import { authorityOf, pathOf } from "./url.ts"

/** What a row says of a record. */
export interface ListRow {
  readonly id: string
  readonly kind: CaptureRecord["kind"]
  readonly started: string
  readonly direction: CaptureRecord["direction"]
  /** HTTP's method, or the protocol. */
  readonly method: string
  /** Authority and path without the query; of other kinds, what there is to name. */
  readonly what: string
  /** The status, the number of rows, or why there is none. */
  readonly status?: string | undefined
  readonly t_total?: number | undefined
  /** Bytes of content to the target and back. */
  readonly size_in?: number | undefined
  readonly size_out?: number | undefined
  readonly cause?: string | undefined
  /** Whether the record ended badly, or its answer is one of the server's errors. */
  readonly failed: boolean
  /** Whether something of the record is not here whole. */
  readonly truncated: boolean
}

/** A record as a row. */
export const listRow = (record: CaptureRecord): ListRow => {
  const { id, kind, started, direction, t_total } = record
  const ending = record.refusal ?? record.code ?? record.end ?? (record.error === undefined ? undefined : "error")
  return {
    id,
    kind,
    started,
    direction,
    ...namesOf(record),
    status: statusOf(record) ?? ending,
    t_total,
    ...sizesOf(record),
    cause: record.cause?.id,
    failed: ending !== undefined || record.error !== undefined || Number(statusOf(record) ?? 0) >= 500,
    truncated: (record.truncated?.length ?? 0) > 0,
  }
}

const namesOf = (record: CaptureRecord): Pick<ListRow, "method" | "what"> => {
  if (isHttp(record)) {
    const { method, target } = record.request.line
    return { method: record.kind === "socket" ? "WS" : method, what: authorityOf(record) + pathOf(target) }
  }
  const target = record.target ?? record.address ?? ""
  if (record.kind === "query")
    return { method: record.system, what: record.statement?.replaceAll(/\s+/g, " ") ?? target }
  if (record.kind === "call") return { method: "gRPC", what: (record.authority ?? target) + record.rpc }
  if (record.kind === "tunnel") return { method: "TLS", what: record.sni ?? target }
  return { method: record.guess ?? "TCP", what: target }
}

const statusOf = (record: CaptureRecord): string | undefined => {
  if (isHttp(record)) return record.response?.line.status.toString()
  if (record.kind === "call") return record.status?.name ?? record.status?.code.toString()
  if (record.kind !== "query" || record.rows === undefined) return undefined
  return record.rows === 1 ? "1 row" : `${record.rows} rows`
}

const sizesOf = (record: CaptureRecord): Pick<ListRow, "size_in" | "size_out"> =>
  record.kind === "exchange"
    ? { size_in: record.request.body?.size, size_out: record.response?.body?.size }
    : { size_in: record.bytes_in, size_out: record.bytes_out }

/** A row, and how far below its causes it stands. */
export interface TreeRow extends ListRow {
  readonly depth: number
}

/**
 * Every row once: those without a cause here in the order of their start, each followed by those that it caused. What
 * is its own cause, by way of others, can only be made up: it stands without one.
 */
export const treeRows = (listed: ReadonlyArray<ListRow>): ReadonlyArray<TreeRow> => {
  const sorted = listed.toSorted((a, b) => compare(a.started, b.started))
  const ids = new Set(sorted.map(({ id }) => id))
  const caused = new Map<string, Array<ListRow>>()
  for (const row of sorted) {
    if (row.cause === undefined || !ids.has(row.cause)) continue
    const children = caused.get(row.cause)
    if (children === undefined) caused.set(row.cause, [row])
    else children.push(row)
  }
  const placed = new Set<ListRow>()
  const rows: Array<TreeRow> = []
  const place = (root: ListRow): void => {
    const pending: Array<TreeRow> = [{ ...root, depth: 0 }]
    placed.add(root)
    for (let row = pending.pop(); row !== undefined; row = pending.pop()) {
      rows.push(row)
      for (const child of (caused.get(row.id) ?? []).toReversed()) {
        if (placed.has(child)) continue
        placed.add(child)
        pending.push({ ...child, depth: row.depth + 1 })
      }
    }
  }
  for (const row of sorted) if (row.cause === undefined || !ids.has(row.cause)) place(row)
  for (const row of sorted) if (!placed.has(row)) place(row)
  return rows
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** A narrower terminal is taken for one of this width. */
export const minColumns = 80

/** The columns of a list beside the id and the request. */
interface Layout {
  /** Characters of the time of day: with its milliseconds or without them. */
  readonly time: number
  /** Columns behind the request, of status, time, and the two sizes. */
  readonly cells: number
}

const wholeTimes: Layout = { time: 12, cells: 4 }
const shortTimes: Layout = { time: 8, cells: 4 }
const withoutSizes: Layout = { time: 8, cells: 2 }

/** A few that are long do not cost all others their sizes: so large a share of requests has to. */
const shareWithoutRoom = 0.1

/** The layout for so many requests, of which `fitting` says how many have room. */
const layoutFor = (count: number, fitting: (layout: Layout) => number): Layout => {
  const short = fitting(shortTimes)
  if (fitting(withoutSizes) - short > count * shareWithoutRoom) return withoutSizes
  return short > fitting(wholeTimes) ? shortTimes : wholeTimes
}

/**
 * The heading and a line for each row. Rows with a depth are indented. Nothing is cut: sizes and milliseconds give way to
 * requests where `columns` are few (at least 80 are taken), and a request that still has no room has a line of its own.
 * Whoever has no terminal gives Infinity.
 */
export const listText = (rows: ReadonlyArray<ListRow & { readonly depth?: number }>, columns: number): string => {
  const ids = shortIds(rows.map(({ id }) => id))
  const table = [["status", "time", "in", "out"], ...rows.map(cellsOf)]
  const requests = rows.map((row) => `${prefixOf(row)}${visibleLine(row.method)} ${visibleLine(row.what)}`)
  const widths = [0, 1, 2, 3].map((column) => longestOf(table.map((cells) => cells[column]!)))
  const idWidth = Math.max(minIdEnd, ids[0]?.length ?? 0)
  const day = new Set(rows.map(({ started }) => dayOf(started))).size > 1 ? dayLength + 1 : 0
  const wide = Math.max(columns, minColumns)
  const longest = Math.max("request".length, longestOf(requests))
  // Beside the request: the id and the time with their margins, the cells with theirs, and the mark with its.
  const roomOf = ({ time, cells }: Layout): number =>
    wide - (idWidth + 2 + day + time + 2 + widths.slice(0, cells).reduce((sum, width) => sum + 2 + width, 0) + 2)
  const layout = layoutFor(rows.length, (each) => requests.filter(({ length }) => length <= roomOf(each)).length)
  const room = Math.min(longest, roomOf(layout))
  const line = (id: string, started: string, request: string, cells: ReadonlyArray<string>, mark: string): string => {
    const right = cells.slice(0, layout.cells).map((cell, i) => `  ${cell.padStart(widths[i]!)}`)
    const left = `${id.padEnd(idWidth)}  ${started.padEnd(day + layout.time)}  `
    const fits = request.length <= room
    const between = fits ? " ".repeat(room - request.length) : `\n${" ".repeat(left.length + room)}`
    return `${left}${request}${between}${right.join("")} ${mark}`.trimEnd()
  }
  const lines = rows.map((row, i) => {
    const started = timeOf(row.started).slice(0, layout.time)
    const mark = row.failed ? "!" : row.truncated ? "~" : ""
    return line(ids[i]!, day === 0 ? started : `${dayOf(row.started)} ${started}`, requests[i]!, table[i + 1]!, mark)
  })
  return [line("id", "started", "request", table[0]!, ""), ...lines, ""].join("\n")
}

/** Not by arguments of Math.max, of which there may be fewer than rows. */
const longestOf = (texts: ReadonlyArray<string>): number =>
  texts.reduce((most, { length }) => Math.max(most, length), 0)

const dayLength = "2026-11-28".length

const dayOf = (started: string): string => started.slice(0, dayLength)

/** Of an RFC 3339 time in UTC, to the millisecond. */
const timeOf = (started: string): string => started.slice(11, 23).replace("Z", "")

const prefixOf = ({ direction, depth = 0 }: ListRow & { readonly depth?: number }): string => {
  if (depth === 0) return direction === "inbound" ? "in   " : "out  "
  // Deeper than this nothing of the request would be left.
  return `${"   ".repeat(Math.min(depth, 5) - 1)} └▶  `
}

/** Characters of a status: what a file holds may be longer than any reason that there is. */
const maxStatus = 32

const cellsOf = ({ status, t_total, size_in, size_out }: ListRow): ReadonlyArray<string> => [
  cut(visibleLine(status ?? "–"), maxStatus),
  t_total === undefined ? "–" : timeText(t_total),
  size_in === undefined ? "–" : sizeText(size_in),
  size_out === undefined ? "–" : sizeText(size_out),
]
