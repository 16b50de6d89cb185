/**
 * Listing: records as rows, one a line, for a terminal or as JSON; also as a tree in which outbound records stand below
 * the inbound one that caused them.
 */
import { minIdEnd, shortIds } from "./ids.ts"
import { isHttp, type CaptureRecord } from "./record.ts"
import { cut, fit, sizeText, timeText, visibleLine } from "./text.ts"
import { authorityOf, pathOf } from "./url.ts"

/** The fields of a row as JSON shows them. */
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
  /** It ended badly, or the answer is one of the server's errors. */
  readonly failed: boolean
  /** Something of it is not here whole. */
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
 * Every record once: those without a cause here in the order of their start, each followed by those that it caused. What
 * is its own cause, by way of others, can only be made up: it stands without one.
 */
export const treeRows = (records: ReadonlyArray<CaptureRecord>): ReadonlyArray<TreeRow> => {
  const sorted = records.map(listRow).toSorted((a, b) => compare(a.started, b.started))
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

/** The width that everything fits in; wider terminals show more of the request. */
export const minColumns = 80

/** Where the request would have less room, times are shown without their milliseconds. */
const comfortable = 40

/** The heading and a line for each row, within `columns`, which are at least 80. Rows with a depth are indented. */
export const listText = (rows: ReadonlyArray<ListRow & { readonly depth?: number }>, columns: number): string => {
  const ids = shortIds(rows.map(({ id }) => id))
  const table = [["status", "time", "in", "out"], ...rows.map(cellsOf)]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((cells) => cells[column]!.length)))
  const idWidth = Math.max(minIdEnd, ids[0]?.length ?? 0)
  // Beside the request: the id and the time of day with their margins, the cells with theirs, and the mark with its.
  const beside = (time: number): number =>
    idWidth + 2 + time + 2 + widths.reduce((sum, width) => sum + 2 + width, 0) + 2
  const wide = Math.max(columns, minColumns)
  const time = wide - beside(12) < comfortable ? 8 : 12
  const room = Math.max(0, wide - beside(time))
  const line = (id: string, started: string, request: string, cells: ReadonlyArray<string>, mark: string): string => {
    const right = cells.map((cell, i) => `  ${cell.padStart(widths[i]!)}`).join("")
    return `${id.padEnd(idWidth)}  ${started.padEnd(time)}  ${fit(request, room)}${right} ${mark}`.trimEnd()
  }
  const lines = rows.map((row, i) => {
    const request = `${prefixOf(row)}${visibleLine(row.method)} ${visibleLine(row.what)}`
    const mark = row.failed ? "!" : row.truncated ? "~" : ""
    return line(ids[i]!, timeOfDay(row.started).slice(0, time), request, table[i + 1]!, mark)
  })
  return [line("id", "started", "request", table[0]!, ""), ...lines, ""].join("\n")
}

/** Of an RFC 3339 time in UTC, to the millisecond. */
const timeOfDay = (started: string): string => started.slice(11, 23).replace("Z", "")

const prefixOf = ({ direction, depth = 0 }: ListRow & { readonly depth?: number }): string => {
  if (depth === 0) return direction === "inbound" ? "in   " : "out  "
  // Deeper than this nothing of the request would be left.
  return `${"   ".repeat(Math.min(depth, 5) - 1)} └▶  `
}

/** Characters of a status; a reason of a refusal may be longer. */
const maxStatus = 16

const cellsOf = ({ status, t_total, size_in, size_out }: ListRow): ReadonlyArray<string> => [
  cut(visibleLine(status ?? "–"), maxStatus),
  t_total === undefined ? "–" : timeText(t_total),
  size_in === undefined ? "–" : sizeText(size_in),
  size_out === undefined ? "–" : sizeText(size_out),
]

/** Rows as lines of JSON. */
export const listJson = (rows: ReadonlyArray<ListRow>): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("")
