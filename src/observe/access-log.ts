/**
 * Access log: one line a connection when it ends, or one line a request where the connection carries HTTP requests.
 *
 * No line holds a query, a header field, credentials or a body: neither a flow nor an answer has them. A line costs
 * half a microsecond; putting it together by hand instead of by JSON.stringify is no faster.
 */
import type { Answered } from "./answered.ts"
import type { Flow } from "./flow.ts"
import type { LineFormat } from "./log.ts"
import type { Output } from "./output.ts"
import { jsonLine, plainText, shorten, timestamp } from "./text.ts"

export interface AccessLog {
  /** A connection ended. Writes nothing where its requests have said everything. */
  readonly connection: (flow: Flow) => void
  /** A request was answered, or failed. */
  readonly exchange: (flow: Flow, answered: Answered) => void
}

export interface AccessLogParts {
  readonly output: Pick<Output, "write">
  readonly format: LineFormat
}

export const makeAccessLog = ({ output, format }: AccessLogParts): AccessLog => {
  const connectionLine = format === "json" ? connectionJson : connectionPretty
  const exchangeLine = format === "json" ? exchangeJson : exchangePretty
  // Ids of open connections with a request in the log; as many as there are connections at most.
  const told = new Set<number>()
  return {
    connection: (flow) => {
      if (!told.delete(flow.id) || hasMoreToTell(flow)) output.write(connectionLine(flow, Date.now()))
    },
    exchange: (flow, answered) => {
      told.add(flow.id)
      output.write(exchangeLine(flow, answered, Date.now()))
    },
  }
}

/** Whether a connection was more than its requests: a tunnel after them, a refusal, or an end that was not theirs. */
const hasMoreToTell = (flow: Flow): boolean =>
  flow.protocol !== "http" ||
  flow.bytesIn + flow.bytesOut > 0 ||
  flow.refusal !== undefined ||
  (flow.endedBy !== undefined && flow.endedBy !== "client")

/** `time` is when the line was written, at the end of what it tells. */
export const connectionJson = (flow: Flow, now: number): string =>
  jsonLine({
    ...about(flow, now),
    bytes_in: flow.bytesIn,
    bytes_out: flow.bytesOut,
    duration_ms: rounded(flow.elapsed()),
    end: flow.endedBy,
    phase: flow.phase,
    code: flow.code,
    refusal: flow.refusal?.reason,
    detail: short(flow.refusal?.detail),
  })

export const exchangeJson = (flow: Flow, answered: Answered, now: number): string =>
  jsonLine({
    ...about(flow, now),
    bytes_in: answered.bytesIn,
    bytes_out: answered.bytesOut,
    duration_ms: rounded(performance.now() - answered.started),
    refusal: answered.refusal?.reason,
    detail: short(answered.refusal?.detail),
    method: short(answered.method),
    authority: short(answered.authority),
    path: short(answered.path),
    status: answered.status === 0 ? undefined : answered.status,
    error: short(answered.error),
  })

/** What every line begins with. */
const about = (flow: Flow, now: number) => ({
  time: timestamp(now),
  flow: flow.id,
  direction: flow.direction,
  protocol: flow.protocol,
  client: flow.client,
  target: short(flow.target),
  address: flow.address,
})

const short = (text: string | undefined): string | undefined =>
  text === undefined || text === "" ? undefined : shorten(text)

/** To the microsecond. */
const rounded = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000

/** Characters of what was asked for, on a line for a person: the rest of the line must stay in sight. */
const longestAsked = 200

/** `12:34:56.789Z  out socks5   127.0.0.1:40000        example.com:443  in 1.2 kB, out 3.4 MB, 12 ms  ended by client` */
export const connectionPretty = (flow: Flow, now: number): string => {
  const cause = [flow.endedBy && `ended by ${flow.endedBy}`, flow.code, flow.refusal?.reason, flow.refusal?.detail]
  return prettyLine(flow, now, flow.target ?? "-", flow.bytesIn, flow.bytesOut, flow.elapsed(), cause)
}

/** The same with `GET example.com/path 200` as its target. */
export const exchangePretty = (flow: Flow, answered: Answered, now: number): string => {
  const { method, authority, path, status, bytesIn, bytesOut, started, refusal, error } = answered
  const asked = `${method} ${authority}${path} ${status || "-"}`
  const cause = [error === refusal?.reason ? undefined : error, refusal?.reason, refusal?.detail]
  return prettyLine(flow, now, asked, bytesIn, bytesOut, performance.now() - started, cause)
}

const prettyLine = (
  flow: Flow,
  now: number,
  asked: string,
  bytesIn: number,
  bytesOut: number,
  milliseconds: number,
  cause: ReadonlyArray<string | undefined>,
): string => {
  const direction = flow.direction === "inbound" ? "in " : "out"
  const from = `${timestamp(now).slice(11)}  ${direction} ${flow.protocol.padEnd(7)}  ${flow.client.padEnd(21)}`
  const amounts = `in ${amount(bytesIn)}, out ${amount(bytesOut)}, ${Math.round(milliseconds)} ms`
  const why = cause.filter((each) => each !== undefined && each !== "").join(", ")
  return `${plainText(`${from}  ${shorten(asked, longestAsked)}  ${amounts}${why === "" ? "" : `  ${why}`}`)}\n`
}

const amount = (bytes: number): string => {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`
  return `${(bytes / 1e9).toFixed(1)} GB`
}
