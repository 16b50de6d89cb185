/**
 * Tap: prints what ends in the running proxy, connection by connection and request by request, as it happens.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { usageError } from "../../config/error.ts"
import type { Settings } from "../../config/settings.ts"
import { prettyLine } from "../../observe/access/access-formats.ts"
import type { Entry } from "../../observe/access/entry.ts"
import { parseFilter } from "../../observe/filter/entry-filter.ts"
import { isProblem } from "../../observe/filter/problem.ts"
import { wantsColor } from "../../observe/log/log.ts"
import { follow, whyRefused } from "../running/admin-client.ts"
import { ownTokenPlaces, readToken } from "../running/admin-token.ts"
import { failed, type Outcome } from "../command-line/outcome.ts"
import { runningPort } from "../running/ports.ts"
import { problemOfFilter, recordLine, recordText } from "./tap-bodies.ts"

export interface TapArgs {
  readonly filter: string
  /** Records with what was in them. */
  readonly bodies: boolean
  /** Lines as they come, instead of lines for a person. */
  readonly json: boolean
}

/** Where lines go. */
export interface Screen {
  /** Writes; what cannot be written yet is kept. */
  readonly print: (text: string) => unknown
  /** Ends when what was kept is written; undefined where nothing is. */
  readonly relief: () => Promise<unknown> | undefined
}

/** Prints until the proxy ends, which is a failure, or until it is interrupted. */
export const tap = (settings: Settings, args: TapArgs, { print, relief }: Screen): Effect.Effect<Outcome, unknown> => {
  const { filter, bodies, json } = args
  const problem = bodies ? problemOfFilter(filter) : problemOfEntryFilter(filter)
  if (problem !== undefined) return Effect.fail(usageError(`the filter ${JSON.stringify(filter)} ${problem}`))
  const port = runningPort(settings, "admin")
  if (Result.isFailure(port)) return Effect.succeed(failed(port.failure))
  const color = wantsColor(process.stdout.isTTY === true, process.env)
  const path = `/tap?filter=${encodeURIComponent(filter)}${bodies ? "&bodies=1" : ""}`
  const token = bodies ? readToken(port.success, ownTokenPlaces(process.env)) : undefined
  const show = bodies
    ? (line: string) => (json ? recordLine(line) : recordText(line, color))
    : (line: string) => (json ? `${line}\n` : pretty(line, color))
  return follow(port.success, path, (line) => void print(show(line)), token, relief).pipe(
    Effect.match({
      onSuccess: () => failed("the proxy has ended"),
      onFailure: (error) => failed(whyRefused(error, port.success)),
    }),
  )
}

const problemOfEntryFilter = (filter: string): string | undefined => {
  const parsed = parseFilter(filter)
  return isProblem(parsed) ? parsed.problem : undefined
}

/** A line of the stream for a person: an entry, or the news that lines were lost. */
export const pretty = (line: string, color: boolean): string => {
  const value: unknown = parse(line)
  if (typeof value !== "object" || value === null) return ""
  if ("dropped" in value) return `# ${String(value.dropped)} lines were lost here: this reader was too slow\n`
  return isEntry(value) ? prettyLine(value, color) : ""
}

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** Whether something has what every entry has; the rest of an entry may be absent. */
export const isEntry = (value: object): value is Entry =>
  "time" in value &&
  typeof value.time === "string" &&
  "client" in value &&
  typeof value.client === "string" &&
  "t_total" in value &&
  typeof value.t_total === "number" &&
  "protocol" in value &&
  typeof value.protocol === "string"
