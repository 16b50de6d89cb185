/**
 * Access formats: an entry as one line, for people and for the log readers that they have. A line ends with its newline.
 */
import type { AccessFormat } from "../../flow/levels.ts"
import { refusals } from "../../protocol/refusal.ts"

import { type Entry, startOf } from "./entry.ts"
import { istioLine } from "./istio.ts"
import { jsonLine, plainText, quoted, shorten, timestamp } from "../output/text.ts"

/** The function that writes lines of one format; colours are only for `pretty`. */
export const accessFormat = (format: AccessFormat, color = false): ((entry: Entry) => string) => {
  switch (format) {
    case "json":
      return jsonLine
    case "istio-json":
      return istioLine
    case "clf":
      return clfLine
    case "logfmt":
      return logfmtLine
    case "pretty":
      return (entry) => prettyLine(entry, color)
  }
}

/** The line that says how many lines are missing, in an output of this format. */
export const accessNotice =
  (format: AccessFormat) =>
  (lines: number): string => {
    const what = "lines were dropped here: this output could not be written in time"
    const time = timestamp(Date.now())
    switch (format) {
      case "json":
      case "istio-json":
        return jsonLine({ time, level: "warn", message: what, lines })
      case "logfmt":
        return `time=${time} level=warn message="${what}" lines=${lines}\n`
      case "clf":
      case "pretty":
        return `# ${lines} ${what}\n`
    }
  }

/** `name=value` pairs of what is known; a value that is no plain word is quoted as JSON quotes it. */
export const logfmtLine = (entry: Entry): string => {
  let line = ""
  for (const [name, value] of Object.entries(entry)) {
    if (value === undefined) continue
    const text = String(value)
    line += `${line === "" ? "" : " "}${name}=${/^[\x21-\x7e]+$/.test(text) && !/["=\\]/.test(text) ? text : quoted(text)}`
  }
  return `${line}\n`
}

/**
 * The common log format of web servers: `host ident user [start] "request" status bytes`. A connection that carried no
 * requests stands there as one for its target; where nothing is known there is a dash.
 */
export const clfLine = (entry: Entry): string => {
  const { client, method, authority, path, protocol, target, version, bytes_out } = entry
  const host = client.slice(0, client.lastIndexOf(":")).replace(/^\[|\]$/g, "") || "-"
  const request =
    method === undefined
      ? `${protocol.toUpperCase()} ${target ?? "-"}`
      : `${method} ${authority === undefined || authority === "-" ? (path ?? "-") : `http://${authority}${path ?? ""}`}`
  const words = `${request}${version === undefined ? "" : ` HTTP/${version}`}`
  return `${host} - - [${clfDate(startOf(entry))}] ${quoted(words)} ${statusOf(entry) ?? "-"} ${bytes_out}\n`
}

/** The status that was answered, or what HTTP would have called it. */
const statusOf = ({ status, refusal, protocol, t_dial }: Entry): number | undefined => {
  if (status !== undefined) return status
  if (refusal !== undefined) return refusals[refusal].status
  return protocol === "connect" && t_dial !== undefined ? 200 : undefined
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/** `23/Nov/2026:12:34:56 +0000` */
const clfDate = (milliseconds: number): string => {
  const [, year, month, day, time] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(timestamp(milliseconds)) ?? []
  return `${day}/${months[Number(month) - 1]}/${year}:${time} +0000`
}

/** Characters of what was asked for, on a line for a person: the rest of the line must stay in sight. */
const maxAsked = 200

const red = 31
const yellow = 33
const dim = 2

/**
 * `12:34:56.789Z  out socks5   127.0.0.1:40000        example.com:443  in 1.2 kB, out 3.4 MB, 12 ms  ended by client`;
 * a request has `GET example.com/path 200` as its target.
 */
export const prettyLine = (entry: Entry, color = false): string => {
  const { time, direction, protocol, client, target, method, authority, path, status, end, code, refusal } = entry
  const paint = (how: number, text: string): string => (color ? `\x1b[${how}m${text}\x1b[0m` : text)
  const asked = method === undefined ? (target ?? "-") : `${method} ${authority}${path} ${status ?? "-"}`
  const from = `${direction === "inbound" ? "in " : "out"} ${protocol.padEnd(7)}  ${client.padEnd(21)}`
  const amounts = `in ${amount(entry.bytes_in)}, out ${amount(entry.bytes_out)}, ${Math.round(entry.t_total)} ms`
  const why = [
    method === undefined && end !== undefined ? `ended by ${end}` : undefined,
    code,
    entry.error === refusal ? undefined : entry.error,
    refusal,
    entry.unfollowed && `not read: ${entry.unfollowed}`,
    entry.detail,
  ]
  const cause = plainText(why.filter((each) => each !== undefined).join(", "))
  const bad = refusal !== undefined || (status ?? 0) >= 500
  const shown = plainText(shorten(asked, maxAsked))
  return (
    `${paint(dim, time.slice(11))}  ${plainText(from)}  ${bad ? paint(red, shown) : shown}  ${paint(dim, amounts)}` +
    `${cause === "" ? "" : `  ${bad || code !== undefined ? paint(yellow, cause) : cause}`}\n`
  )
}

/** `1.2 kB` */
export const amount = (bytes: number): string => {
  if (bytes < 1000) return `${Math.round(bytes)} B`
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`
  return `${(bytes / 1e9).toFixed(1)} GB`
}
