/**
 * Tables: the two lists of the page: what each shows of a row from left to right, and how it is sorted.
 */
import { type DestinationKey, type DestinationRow, sortDestinations } from "./model/destinations.ts"
import { bytes, clock, count, duration, percent, whole } from "./model/format.ts"
import { type Key, type Row, sort } from "./model/rows.ts"
import type { TableColumn, TableKind } from "./parts/table.tsx"

const way = (direction: string): string => (direction === "inbound" ? "in" : "out")
const optional = (value: number | undefined, format: (value: number) => string): string =>
  value === undefined ? "–" : format(value)

const rowColumns: ReadonlyArray<TableColumn<Row, Key>> = [
  { key: "when", title: "When", meaning: "when it began, or ended", show: ({ when }) => clock(when), numeric: true },
  { key: "direction", title: "Way", meaning: "in: to the workload; out: from it", show: (row) => way(row.direction) },
  { key: "protocol", title: "Protocol", meaning: "what the client speaks", show: ({ protocol }) => protocol },
  {
    key: "state",
    title: "State",
    meaning: "the phase, the status, or who ended it and why",
    show: ({ state }) => state,
    whole: true,
  },
  {
    key: "client",
    title: "Client",
    meaning: "who connected",
    show: ({ client }) => client,
    hover: ({ client }) => client,
  },
  {
    key: "target",
    title: "Target",
    meaning: "where it wants to go",
    show: ({ target }) => target || "–",
    hover: ({ target }) => target,
  },
  {
    key: "bytesIn",
    title: "Sent",
    meaning: "bytes from the client",
    show: ({ bytesIn }) => bytes(bytesIn),
    numeric: true,
  },
  {
    key: "bytesOut",
    title: "Received",
    meaning: "bytes to the client",
    show: ({ bytesOut }) => bytes(bytesOut),
    numeric: true,
  },
  {
    key: "lasted",
    title: "Time",
    meaning: "age, or how long it took",
    show: ({ lasted }) => duration(lasted),
    numeric: true,
  },
]

const destinationColumns: ReadonlyArray<TableColumn<DestinationRow, DestinationKey>> = [
  { key: "direction", title: "Way", meaning: "in: to the workload; out: from it", show: (row) => way(row.direction) },
  {
    key: "name",
    title: "Destination",
    meaning: "where clients want to go",
    show: ({ name }) => name,
    hover: ({ name }) => name,
  },
  {
    key: "rate",
    title: "Rate",
    meaning: "requests and connections that ended per second, in the last 10 s",
    show: ({ rate }) => `${count(rate)}/s`,
    numeric: true,
  },
  {
    key: "success",
    title: "OK",
    meaning: "the share that did not fail, in the last minute",
    show: ({ success }) => optional(success, percent),
    numeric: true,
  },
  {
    key: "p50",
    title: "p50",
    meaning: "half of the first bytes came within this time, with connecting, in the last minute",
    show: ({ p50 }) => optional(p50, duration),
    numeric: true,
  },
  {
    key: "p95",
    title: "p95",
    meaning: "95 of 100 first bytes came within this time",
    show: ({ p95 }) => optional(p95, duration),
    numeric: true,
  },
  {
    key: "p99",
    title: "p99",
    meaning: "99 of 100 first bytes came within this time",
    show: ({ p99 }) => optional(p99, duration),
    numeric: true,
  },
  {
    key: "bytesIn",
    title: "Sent",
    meaning: "bytes from clients, since the proxy's start",
    show: ({ bytesIn }) => bytes(bytesIn),
    numeric: true,
  },
  {
    key: "bytesOut",
    title: "Received",
    meaning: "bytes to clients, since the proxy's start",
    show: ({ bytesOut }) => bytes(bytesOut),
    numeric: true,
  },
  {
    key: "failed",
    title: "Errors",
    meaning: "what failed in the last minute; hovering shows the reasons since the proxy's start",
    show: ({ failed }) => whole(failed),
    hover: ({ reasons }) => reasons.map(([reason, times]) => `${reason} ${whole(times)}`).join(", "),
    numeric: true,
  },
]

/** Connections and requests, the newest first. */
export const rowTable: TableKind<Row, Key> = {
  label: "Connections and requests",
  columns: rowColumns,
  sort,
  first: { by: "when", descending: true },
}

/** Destinations, the busiest first. */
export const destinationTable: TableKind<DestinationRow, DestinationKey> = {
  label: "Destinations",
  columns: destinationColumns,
  sort: sortDestinations,
  first: { by: "rate", descending: true },
}
