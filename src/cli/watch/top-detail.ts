/**
 * Top detail: one destination that was opened, its numbers, reasons, status codes, routes and last requests; and the list
 * of what ended last. Long texts go on in the next line. Pure.
 */
import type { Entry } from "../../observe/access/entry.ts"
import type { ReportedDestination, ReportedRoute } from "../../observe/metrics/destination.ts"
import { plainText } from "../../observe/output/text.ts"

import { belongsTo, keyOf } from "./top-destinations.ts"
import {
  bold,
  dim,
  flow,
  folded,
  green,
  inverse,
  label,
  percent,
  perSecond,
  type Pieces,
  red,
  size,
  time,
  whole,
  yellow,
} from "./top-layout.ts"
import { isError, type TopModel } from "./top-model.ts"
import type { View } from "./top-view.ts"

/** Everything of the destination that is open, in lines; more of them than the screen may have. */
export const detail = (model: TopModel, view: View): ReadonlyArray<Pieces> => {
  const { columns: width, opened = "" } = view
  const reported = model.look.destinations.find(({ direction, name }) => keyOf(direction, name) === opened)
  const name = opened.slice(opened.indexOf(" ") + 1)
  const title = folded(
    [" "],
    `${plainText(name)}  ${opened.startsWith("inbound") ? "inbound" : "outbound"}`,
    bold,
    width,
  )
  // Beyond metrics-destinations the proxy has no numbers of its own for it.
  const numbers = reported === undefined ? [] : [...numbersOf(reported, width), [], ...routesOf(reported, width)]
  const belongs = belongsTo(opened, model.look.destinations)
  const last = model.last.filter((entry) => belongs(entry) && view.filter(entry))
  return [...title, ...numbers, [], ...requests(last, width, "LAST REQUESTS AND CONNECTIONS")]
}

/** What ended last, as far as the filter lets it through. */
export const lastRequests = (model: TopModel, view: View): ReadonlyArray<Pieces> =>
  requests(model.last.filter(view.filter), view.columns, "LAST REQUESTS AND CONNECTIONS", true)

const number = (name: string, value: string): Pieces => [[`${name} `, dim], [value, bold], "   "]

const numbersOf = (each: ReportedDestination, width: number): ReadonlyArray<Pieces> => {
  const reasons = Object.entries(each.errors).toSorted(([, a], [, b]) => b - a)
  const codes = Object.entries(each.status)
  const { last_error: last } = each
  return [
    ...flow(
      label("last minute"),
      [
        number("rate", `${perSecond(each.rate_10s)}/s`),
        number("ok", percent(each.success ?? undefined)),
        number("errors", whole(each.failed_60s)),
        number("p50", time(each.p50 ?? undefined)),
        number("p95", time(each.p95 ?? undefined)),
        number("p99", time(each.p99 ?? undefined)),
      ],
      width,
    ),
    ...flow(
      label("so far"),
      [
        number("requests", whole(each.requests)),
        number("tunnels", whole(each.tunnels)),
        number("connections", whole(each.connections)),
        number("open", whole(each.open)),
        number("in", size(each.bytes_in)),
        number("out", size(each.bytes_out)),
      ],
      width,
    ),
    ...flow(
      label("status"),
      codes.length === 0
        ? [[["none", dim]]]
        : codes.map(([code, count]): Pieces => [[code, statusStyle(code)], ` ${whole(count)}   `]),
      width,
    ),
    ...flow(
      label("reasons"),
      reasons.length === 0
        ? [[["none", green]]]
        : reasons.map(([reason, count]): Pieces => [`${plainText(reason)} `, [whole(count), red], "   "]),
      width,
    ),
    ...(last === null
      ? []
      : folded(
          [label("last error")],
          [`${clock(last.time)} ${last.reason}`, last.detail ?? ""]
            .filter((text) => text !== "")
            .map((part) => plainText(part))
            .join(": "),
          red,
          width,
        )),
  ]
}

const routeHeading = "  METHOD       RATE     OK     P50     P95     P99   ERR  ROUTE"

const routesOf = ({ routes }: ReportedDestination, width: number): ReadonlyArray<Pieces> => {
  if (routes.length === 0) return []
  const sorted = routes.toSorted((a, b) => b.rate_60s - a.rate_60s || b.requests - a.requests)
  return [heading(routeHeading, width), ...sorted.flatMap((route) => routeLines(route, width))]
}

const routeLines = (each: ReportedRoute, width: number): ReadonlyArray<Pieces> => {
  const cells = [`${perSecond(each.rate_10s)}/s`, percent(each.success ?? undefined)]
  const times = [each.p50, each.p95, each.p99].map((value) => time(value ?? undefined).padStart(8)).join("")
  const errors = whole(each.failed_60s).padStart(6)
  const before: Pieces = [
    `  ${each.method.padEnd(7)}${(cells[0] ?? "").padStart(10)}${(cells[1] ?? "").padStart(7)}${times}`,
    [errors, each.failed_60s > 0 ? red : dim],
    "  ",
  ]
  return narrow(before, plainText(each.route), "", width)
}

const requestHeading = "  TIME      WAY       MS      IN      OUT  STATUS AND REQUEST"

const requests = (
  entries: ReadonlyArray<Entry>,
  width: number,
  title: string,
  withTarget = false,
): ReadonlyArray<Pieces> => [
  heading(` ${title} (${whole(entries.length)})`, width),
  [[requestHeading, dim]],
  ...entries.toReversed().flatMap((entry) => requestLines(entry, width, withTarget)),
]

const requestLines = (entry: Entry, width: number, withTarget: boolean): ReadonlyArray<Pieces> => {
  const way = entry.direction === "inbound" ? "in" : "out"
  const numbers = `${time(entry.t_total).padStart(9)}${size(entry.bytes_in).padStart(8)}${size(entry.bytes_out).padStart(9)}`
  const before: Pieces = [`  ${clock(entry.time)}  ${way.padEnd(3)}${numbers}  `]
  const name = (entry.authority ?? entry.target ?? "-") + (entry.path ?? "")
  const what = entry.method === undefined ? entry.protocol : entry.method
  const where = withTarget || entry.method === undefined ? name : (entry.path ?? "")
  const reason = entry.refusal ?? entry.error ?? entry.code ?? ""
  const status = entry.status === undefined ? (isError(entry) ? "" : (entry.end ?? "done")) : String(entry.status)
  const trace = entry.trace === undefined ? "" : `trace ${entry.trace}`
  const words = [status, reason, entry.detail ?? "", what, where, trace]
    .filter((text) => text !== "")
    .map((part) => plainText(part))
  const style = isError(entry) ? red : statusStyle(status)
  return narrow(before, words.join(" "), style, width)
}

/** Folds behind the cells, or below them where there would be no room. */
const narrow = (before: Pieces, text: string, style: string, width: number): ReadonlyArray<Pieces> => {
  const beside = folded(before, text, style, width)
  return beside.length <= 4 ? beside : [before, ...folded(["    "], text, style, width)]
}

const heading = (text: string, width: number): Pieces => [[text.padEnd(width), inverse]]

const statusStyle = (status: string): string => {
  if (/^5\d\d$|^none$/.test(status)) return red
  return /^4\d\d$/.test(status) ? yellow : ""
}

/** The time of day in UTC, as the clock of the first line. */
const clock = (time: string): string => time.slice(11, 19)
