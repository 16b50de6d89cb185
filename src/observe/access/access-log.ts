/**
 * Access log: one line a connection when it ends, or one line a request where the connection carries HTTP requests, be
 * it that they are forwarded one by one or that their bytes are read as they pass.
 *
 * What is written is also kept for a while as JSON (`Recent`), whatever the format of the log, and where there is no
 * log at all.
 */
import type { AccessFormat } from "../../flow/levels.ts"
import { accessFormat } from "./access-formats.ts"
import type { RequestRecord } from "../../flow/request-record.ts"
import { entryOf, writeConnection, writeRequest } from "./entry.ts"
import type { Flow } from "../../flow/flow.ts"
import { Line } from "../output/line.ts"
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
  /** Colours the lines; only for `pretty`. */
  readonly color?: boolean
  readonly recent: Pick<Recent, "add">
}

export const makeAccessLog = ({ output, format, color = false, recent }: AccessLogParts): AccessLog => {
  const lineOf = format === "json" ? undefined : accessFormat(format, color)
  const line = new Line()
  const write = (): void => {
    if (lineOf === undefined) output?.writeBytes(line.bytes, line.length)
    else output?.write(lineOf(entryOf(line)))
    recent.add(line)
  }
  return {
    connection: (flow, elapsed) => {
      if (flow.logged !== "nothing" && !hasMoreToLog(flow)) return
      writeConnection(line, flow, Date.now(), elapsed)
      write()
    },
    exchange: (flow, answered) => {
      flow.logged = "requests"
      writeRequest(line, flow, answered, Date.now())
      write()
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
