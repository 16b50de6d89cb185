/**
 * Columns: what the tables of the page show of a row, from left to right.
 */
import type { DestinationKey, DestinationRow } from "./destinations.ts"
import { bytes, clock, count, duration, percent, whole } from "./format.ts"
import type { Key, Row } from "./rows.ts"
import type { TableColumn } from "./table.tsx"

const way = (direction: string): string => (direction === "inbound" ? "in" : "out")
const optional = (value: number | undefined, format: (value: number) => string): string =>
  value === undefined ? "–" : format(value)

/** Of connections and requests. */
export const rowColumns: ReadonlyArray<TableColumn<Row, Key>> = [
  { key: "when", title: "When", meaning: "when it began, or ended", show: ({ when }) => clock(when), numeric: true },
  { key: "direction", title: "Way", meaning: "in: to the workload; out: from it", show: (row) => way(row.direction) },
  { key: "protocol", title: "Protocol", meaning: "what the client speaks", show: ({ protocol }) => protocol },
  {
    key: "state",
    title: "State",
    meaning: "the phase, the status, or who ended it and why",
    show: ({ state }) => state,
    hover: ({ state }) => state,
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

/** Of destinations. */
export const destinationColumns: ReadonlyArray<TableColumn<DestinationRow, DestinationKey>> = [
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
