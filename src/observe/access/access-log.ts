/**
 * Access log: one line a connection when it ends, or one line a request where the connection carries HTTP requests, be
 * it that they are forwarded one by one or that their bytes are read as they pass.
 *
 * A filter says what of that is written. Everything is also kept for a while as JSON (`Recent`), whatever the filter and
 * the format of the log are, and where there is no log at all.
 */
import type { AccessFormat } from "../../flow/levels.ts"
import { accessFormat } from "./access-formats.ts"
import type { RequestRecord } from "../../flow/request-record.ts"
import { entryOf, writeConnection, writeRequest } from "./entry.ts"
import type { Flow } from "../../flow/flow.ts"
import { Line } from "../output/line.ts"
import { compileFilter } from "../filter/entry-filter.ts"
import type { Expression } from "../filter/expression.ts"
import type { Output } from "../output/output.ts"
import type { Recent } from "./recent.ts"

export interface AccessLog {
  /** Logs a connection that ended after `elapsed` milliseconds; nothing where its requests have said everything. */
  readonly connection: (flow: Flow, elapsed: number) => void
  /** Logs a request that was answered, or failed. */
  readonly exchange: (flow: Flow, answered: RequestRecord) => void
}

export interface AccessLogParts {
  /** Undefined where no log is wanted. */
  readonly output: Pick<Output, "write" | "writeBytes"> | undefined
  readonly format: AccessFormat
  /** What is written, by the settings in force. */
  readonly filter: () => Expression
  /** Colours the lines; only for `pretty`. */
  readonly color?: boolean
  readonly recent: Pick<Recent, "add">
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

export const makeAccessLog = ({
  output,
  format,
  filter,
  color = false,
  recent,
  now = Date.now,
}: AccessLogParts): AccessLog => {
  const lineOf = format === "json" ? undefined : accessFormat(format, color)
  const line = new Line()
  let compiled = compileFilter(filter())
  /** A filter that asks for probes only, as the default, is answered without making an entry of the line. */
  const wants = (probe: boolean): boolean => {
    const wanted = filter()
    if (wanted !== compiled.expression) compiled = compileFilter(wanted)
    const { byProbe, matches } = compiled
    if (byProbe === undefined) return matches(entryOf(line))
    return probe ? byProbe.probes : byProbe.others
  }
  const write = (probe: boolean, record?: RequestRecord): void => {
    if (output !== undefined && wants(probe)) {
      if (lineOf === undefined) output.writeBytes(line.bytes, line.length)
      else output.write(lineOf(entryOf(line)))
    }
    recent.add(line, record)
  }
  return {
    connection: (flow, elapsed) => {
      if (flow.logged !== "nothing" && !hasMoreToLog(flow)) return
      writeConnection(line, flow, now(), elapsed)
      write(flow.isProbe)
    },
    exchange: (flow, answered) => {
      flow.logged = "requests"
      writeRequest(line, flow, answered, now())
      write(answered.isProbe, answered)
    },
  }
}

/** Whether a connection was more than its requests: a tunnel around or after them, a refusal, an end that was not theirs. */
const hasMoreToLog = (flow: Flow): boolean => {
  const { endedBy, refusal, logged } = flow
  if (refusal !== undefined) return true
  if (logged === "everything") return false
  return flow.protocol !== "http" || flow.bytesIn + flow.bytesOut > 0 || (endedBy !== undefined && endedBy !== "client")
}
