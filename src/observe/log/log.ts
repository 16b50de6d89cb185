/**
 * Log: what the program says of itself, on standard error. One line an event, whatever the event holds.
 */
import { type LineFormat, type LogLevel, logLevels } from "../../flow/levels.ts"

import { priority } from "./journal.ts"
import type { Output } from "../output/output.ts"
import { jsonLine, plainText, quoted, shorten, timestamp } from "../output/text.ts"

/** Facts that belong to a message. Absent values are left out; `time`, `level` and `message` are taken. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

export interface Log {
  readonly debug: (message: string, fields?: LogFields) => void
  readonly info: (message: string, fields?: LogFields) => void
  readonly warn: (message: string, fields?: LogFields) => void
  readonly error: (message: string, fields?: LogFields) => void
}

export interface LogParts {
  readonly output: Pick<Output, "write">
  /** Asked at every message: the level can change while the program runs. */
  readonly level: () => LogLevel
  readonly format: LineFormat
  /** Colours the lines; only for `pretty`. */
  readonly color?: boolean
  /** True where the output leads to systemd's journal: each line then begins with its priority. */
  readonly journal?: boolean
  /** Called with every message that is written. */
  readonly also?: (level: LogLevel, message: string, fields: LogFields) => void
}

/** Characters of one message or field: a stack fits. */
const maxField = 8192

export const makeLog = ({ output, level, format, color = false, journal = false, also }: LogParts): Log => {
  const say = (at: LogLevel) => (message: string, fields?: LogFields) => {
    if (logLevels.indexOf(at) < logLevels.indexOf(level())) return
    const now = Date.now()
    const line = format === "json" ? logJson(now, at, message, fields) : logPretty(now, at, message, fields, color)
    output.write(journal ? priority[at] + line : line)
    also?.(at, message, fields ?? {})
  }
  return { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") }
}

/** One JSON object and its newline. */
export const logJson = (now: number, level: LogLevel, message: string, fields: LogFields = {}): string => {
  const line: Record<string, unknown> = { time: timestamp(now), level, message: shorten(message, maxField) }
  for (const [name, value] of Object.entries(fields)) {
    line[name] = typeof value === "string" ? shorten(value, maxField) : value
  }
  return jsonLine(line)
}

/** `12:34:56.789Z warn  message name=value`, in UTC. */
export const logPretty = (
  now: number,
  level: LogLevel,
  message: string,
  fields: LogFields = {},
  color = false,
): string => {
  const paint = (code: number, text: string): string => (color ? `\x1b[${code}m${text}\x1b[0m` : text)
  let line = `${paint(2, timestamp(now).slice(11))} ${paint(colors[level], level.padEnd(5))} `
  line += plainText(message, maxField)
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue
    const text = String(value)
    const shown = /^[^\s"=]+$/.test(text) ? plainText(text, maxField) : quoted(text, maxField)
    line += ` ${paint(2, `${plainText(name)}=`)}${shown}`
  }
  return `${line}\n`
}

/** ANSI: grey, green, yellow, red. */
const colors: { readonly [L in LogLevel]: number } = { debug: 90, info: 32, warn: 33, error: 31 }

/** Resolves `log-format` for an output. */
export const resolveFormat = (setting: "auto" | LineFormat, isTerminal: boolean): LineFormat => {
  if (setting !== "auto") return setting
  return isTerminal ? "pretty" : "json"
}

/** Colours are for terminals that did not decline them (no-color.org). */
export const wantsColor = (isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean =>
  isTerminal && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb"

/** The line that says that lines are missing from an output, for `Output`. */
export const droppedNotice =
  (format: LineFormat, journal = false) =>
  (lines: number): string => {
    const line = format === "json" ? logJson : logPretty
    return (
      (journal ? priority.warn : "") +
      line(Date.now(), "warn", "lines were dropped here: this output could not be written in time", { lines })
    )
  }
