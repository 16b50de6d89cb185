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
import { follow } from "../running/admin-client.ts"
import { failed, type Outcome } from "../command-line/outcome.ts"
import { runningPort } from "../running/ports.ts"

export interface TapArgs {
  readonly filter: string
  /** Lines as they come, instead of lines for a person. */
  readonly json: boolean
}

/** Writes lines; false when nobody reads them any more. */
export type Print = (text: string) => boolean

/** Prints until the proxy ends, which is a failure, or until it is interrupted. */
export const tap = (settings: Settings, { filter, json }: TapArgs, print: Print): Effect.Effect<Outcome, unknown> => {
  const parsed = parseFilter(filter)
  if (isProblem(parsed)) return Effect.fail(usageError(`the filter ${JSON.stringify(filter)} ${parsed.problem}`))
  const port = runningPort(settings, "admin")
  if (Result.isFailure(port)) return Effect.succeed(failed(port.failure))
  const color = wantsColor(process.stdout.isTTY === true, process.env)
  const path = `/tap?filter=${encodeURIComponent(filter)}`
  return follow(port.success, path, (line) => print(json ? `${line}\n` : pretty(line, color))).pipe(
    Effect.match({
      onSuccess: () => failed("the proxy has ended"),
      onFailure: ({ message }) => failed(message),
    }),
  )
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
