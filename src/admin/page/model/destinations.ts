/**
 * Destinations: what the proxy counts by destination, as rows of a table.
 */
import type { FilterableEntry } from "../../../observe/filter/entry-filter.ts"

import { filterable } from "./filters.ts"
import { type Order, type Row, sortBy, type Told } from "./rows.ts"

/** A count by its name: a reason, or a status code. */
export type Count = readonly [name: string, count: number]

export interface Route {
  readonly method: string
  readonly route: string
  readonly rate: number
  readonly success: number | undefined
  readonly p50: number | undefined
  readonly p99: number | undefined
  readonly failed: number
}

export interface DestinationRow {
  /** Direction and name, which tell it from every other. */
  readonly key: string
  readonly direction: string
  readonly name: string
  /** Per second, in the last ten seconds. */
  readonly rate: number
  /** Of the last minute, as all that follows to `failed`: from 0 to 1, undefined where nothing ended. */
  readonly success: number | undefined
  /** Milliseconds until the first byte. */
  readonly p50: number | undefined
  readonly p95: number | undefined
  readonly p99: number | undefined
  readonly failed: number
  readonly open: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** Since the proxy's start, the most frequent first. */
  readonly reasons: ReadonlyArray<Count>
  readonly statuses: ReadonlyArray<Count>
  /** The last error in words; empty where there was none. */
  readonly lastError: string
  readonly routes: ReadonlyArray<Route>
  readonly tone: "good" | "bad" | "calm"
  /** What a filter can ask about: direction and name. */
  readonly facts: FilterableEntry
}

export const destinationRow = (told: Told): DestinationRow => {
  const [direction, name] = [text(told, "direction"), text(told, "name")]
  const failed = number(told, "failed_60s") ?? 0
  const reasons = countsOf(told["errors"])
  const ended = number(told, "ended_60s") ?? 0
  return {
    key: destinationKey(direction, name),
    direction,
    name,
    rate: number(told, "rate_10s") ?? 0,
    success: number(told, "success"),
    p50: number(told, "p50"),
    p95: number(told, "p95"),
    p99: number(told, "p99"),
    failed,
    open: number(told, "open") ?? 0,
    bytesIn: number(told, "bytes_in") ?? 0,
    bytesOut: number(told, "bytes_out") ?? 0,
    reasons,
    statuses: countsOf(told["status"]).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    lastError: lastErrorOf(told["last_error"]),
    routes: Array.isArray(told["routes"]) ? told["routes"].map((each) => routeOf(object(each))) : [],
    tone: failed > 0 ? "bad" : ended > 0 ? "good" : "calm",
    facts: filterable({ direction, target: name }, 0),
  }
}

/** The name in a key. */
export const nameOfDestination = (key: string): string => key.slice(key.indexOf(" ") + 1)

const destinationKey = (direction: string, name: string): string => `${direction} ${name}`

/** The destination of a row of the other lists, by key. */
export const destinationOfRow = ({ direction, told }: Row): string =>
  destinationKey(direction, text(told, "target") || text(told, "authority"))

/** Whether a row counts for a destination: `other` has all that the proxy has no name for. */
export const belongsTo = (key: string, rows: ReadonlyArray<DestinationRow>): ((row: Row) => boolean) => {
  const named = new Set(rows.map((row) => row.key))
  return (row) => {
    const own = destinationOfRow(row)
    return own === key || (key === destinationKey(row.direction, "other") && !named.has(own))
  }
}

const routeOf = (told: Told): Route => ({
  method: text(told, "method"),
  route: text(told, "route"),
  rate: number(told, "rate_10s") ?? 0,
  success: number(told, "success"),
  p50: number(told, "p50"),
  p99: number(told, "p99"),
  failed: number(told, "failed_60s") ?? 0,
})

const countsOf = (value: unknown): ReadonlyArray<Count> =>
  Object.entries(object(value))
    .flatMap(([name, count]): ReadonlyArray<Count> => (typeof count === "number" ? [[name, count]] : []))
    .toSorted(([, a], [, b]) => b - a)

const lastErrorOf = (value: unknown): string => {
  const told = object(value)
  const words = [text(told, "reason"), text(told, "detail")].filter((each) => each !== "").join(": ")
  return words === "" ? "" : `${text(told, "time").slice(11, 19)} UTC ${words}`
}

const object = (value: unknown): Told => (typeof value === "object" && value !== null ? (value as Told) : {})

const text = (told: Told, field: string): string => {
  const value = told[field]
  return typeof value === "string" ? value : ""
}

const number = (told: Told, field: string): number | undefined => {
  const value = told[field]
  return typeof value === "number" ? value : undefined
}

/** Columns that destinations can be sorted by. */
export type DestinationKey =
  "direction" | "name" | "rate" | "success" | "p50" | "p95" | "p99" | "bytesIn" | "bytesOut" | "failed"

export const sortDestinations = (
  rows: ReadonlyArray<DestinationRow>,
  { by, descending }: Order<DestinationKey>,
): ReadonlyArray<DestinationRow> =>
  sortBy(
    rows,
    (row) => row[by],
    descending,
    (a, b) => (a.name < b.name ? -1 : 1),
  )
