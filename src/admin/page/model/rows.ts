/**
 * Rows: what the admin listener reports of connections and requests, as the table shows it, and in its order.
 */

import type { FilterableEntry } from "../../../observe/filter/entry-filter.ts"

import { filterable } from "./filters.ts"

/** One object of JSON, its fields not trusted to be there. */
export type Told = Readonly<Record<string, unknown>>

export interface Row {
  /** Stays the same while the page is open. */
  readonly key: string
  readonly flow: number
  /** Of a request its number within the connection; undefined of a connection. */
  readonly n: number | undefined
  readonly direction: string
  readonly protocol: string
  /** The phase of what is open; of what has ended its status, or who ended it. */
  readonly state: string
  /** `calm` is open; of what has ended `warn` was answered with the client's fault, `bad` failed. */
  readonly tone: "calm" | "good" | "warn" | "bad"
  readonly client: string
  /** The destination; of a request with its method and path. */
  readonly target: string
  readonly bytesIn: number
  readonly bytesOut: number
  /** Milliseconds: its age while it is open, else how long it took. */
  readonly lasted: number
  /** The time of the beginning, or of the end, in milliseconds since the epoch. */
  readonly when: number
  /** Counts up with time, where two rows have the same millisecond. */
  readonly turn: number
  /** Everything that a filter can ask about. */
  readonly facts: FilterableEntry
  /** Whether it is a connection that is open still. */
  readonly isOpen: boolean
  readonly told: Told
}

/** A connection that is open. */
export const openRow = (told: Told): Row =>
  row(told, {
    key: `o${number(told, "flow")}`,
    isOpen: true,
    turn: number(told, "flow"),
    state: text(told, "phase"),
    tone: "calm",
    lasted: number(told, "age"),
    when: Date.parse(text(told, "started")),
  })

/** A connection or request that is over, the `index`th of all. */
export const endedRow = (told: Told, index: number): Row =>
  row(told, {
    key: `e${index}`,
    isOpen: false,
    turn: index,
    ...outcome(told),
    lasted: number(told, "t_total"),
    when: Date.parse(text(told, "time")),
  })

const row = (told: Told, own: Pick<Row, "key" | "isOpen" | "turn" | "state" | "tone" | "lasted" | "when">): Row => {
  const method = text(told, "method")
  const target = method === "" ? text(told, "target") : `${method} ${text(told, "authority")}${text(told, "path")}`
  const [direction, protocol, client] = [text(told, "direction"), text(told, "protocol"), text(told, "client")]
  const flow = number(told, "flow")
  return {
    ...own,
    flow,
    n: typeof told["n"] === "number" ? told["n"] : undefined,
    direction,
    protocol,
    client,
    target,
    bytesIn: number(told, "bytes_in"),
    bytesOut: number(told, "bytes_out"),
    facts: filterable(told, own.lasted),
    told,
  }
}

const outcome = (told: Told): Pick<Row, "state" | "tone"> => {
  const reason = text(told, "refusal") || text(told, "error")
  const status = number(told, "status")
  if (status > 0 && reason === "") return { state: String(status), tone: toneOf(status) }
  if (reason !== "") return { state: reason, tone: "bad" }
  const by = text(told, "end")
  if (by === "") return { state: "done", tone: "good" }
  const cut = text(told, "code") !== "" || by === "timeout" || by === "limit"
  return { state: `by ${by}`, tone: cut ? "bad" : "good" }
}

/** How an answer with this status came out. */
export const toneOf = (status: number): Row["tone"] => {
  if (status >= 500) return "bad"
  return status >= 400 ? "warn" : "good"
}

const text = (told: Told, field: string): string => {
  const value = told[field]
  return typeof value === "string" ? value : ""
}

const number = (told: Told, field: string): number => {
  const value = told[field]
  return typeof value === "number" ? value : 0
}

/** Keys that the table can be sorted by. */
export type Key = "when" | "direction" | "protocol" | "state" | "client" | "target" | "bytesIn" | "bytesOut" | "lasted"

/** How a table is sorted, by any of its columns. */
export interface Order<K extends string = string> {
  readonly by: K
  readonly descending: boolean
}

/** Rows by one of their values, of equal ones as `tie` says. What is not known comes last, whichever way. */
export const sortBy = <R>(
  rows: ReadonlyArray<R>,
  valueOf: (row: R) => string | number | undefined,
  descending: boolean,
  tie: (a: R, b: R) => number,
): ReadonlyArray<R> => {
  const sign = descending ? -1 : 1
  return rows.toSorted((a, b) => {
    const [first, second] = [valueOf(a), valueOf(b)]
    if (first === undefined || second === undefined) {
      return Number(first === undefined) - Number(second === undefined) || tie(a, b)
    }
    return sign * compare(first, second) || tie(a, b)
  })
}

const compare = (a: string | number, b: string | number): number => {
  if (typeof a === "number" && typeof b === "number") return a - b
  return a === b ? 0 : String(a) < String(b) ? -1 : 1
}

/** Orders rows; of equal ones the later comes first. */
export const sort = (rows: ReadonlyArray<Row>, { by, descending }: Order<Key>): ReadonlyArray<Row> =>
  sortBy(
    rows,
    (row) => row[by],
    descending,
    (a, b) => b.when - a.when || b.turn - a.turn,
  )
