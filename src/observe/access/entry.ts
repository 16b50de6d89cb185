/**
 * Entry: what is reported of a connection, or of one HTTP request, when it is over. The access log, the list of what ended
 * last and `pillion tap` all show entries; this is their one list of fields.
 *
 * No entry holds a query, a header field, credentials or a body: neither a flow nor an answer has them.
 */
import type { Reason } from "../../protocol/refusal.ts"
import { traceOf } from "../../protocol/trace-context.ts"

import type { RequestRecord } from "../../flow/request-record.ts"
import type { EndedBy, Flow, Phase, Protocol, Unfollowed } from "../../flow/flow.ts"
import { fieldName, type Line } from "../output/line.ts"
import { shorten, timestamp } from "../output/text.ts"
import { Beginnings } from "./beginnings.ts"

/** Fields as JSON shows them, in this order; times are milliseconds, to the microsecond. */
export interface Entry {
  /** The time of the end: RFC 3339 in UTC. */
  readonly time: string
  /** The connection's number, which its requests share. */
  readonly flow: number
  readonly direction: Flow["direction"]
  readonly protocol: Protocol
  readonly client: string
  /** The destination as the client named it, and the address that was connected to. */
  readonly target: string | undefined
  readonly address: string | undefined
  /** The server name of a TLS hello that passed in the clear. */
  readonly sni: string | undefined
  /** Bytes from the client to the target and back; of a request, those of its bodies. */
  readonly bytes_in: number
  readonly bytes_out: number
  /** From the accept until it was known what the client speaks; then until it was known where to. */
  readonly t_detect: number | undefined
  readonly t_handshake: number | undefined
  /** Looking up and connecting. */
  readonly t_dial: number | undefined
  /** From there until the target's first byte; of a request, the head of its answer. */
  readonly t_first_byte: number | undefined
  /** From the accept to the end; of a request, from its head. */
  readonly t_total: number
  /** Who ended the connection; absent for a request that was answered. */
  readonly end: EndedBy | undefined
  /** The phase in which the connection ended. */
  readonly phase: Phase
  /** The error code of a socket that did not close in order. */
  readonly code: string | undefined
  readonly refusal: Reason | undefined
  /** More exactly why it was refused, or why its HTTP was not read to the end. */
  readonly detail: string | undefined
  /** Only of a connection: why its HTTP was not read to the end, where it is read. */
  readonly unfollowed?: Unfollowed | undefined
  /** A health check, or a connection that closed in order without a byte; absent for everything else. */
  readonly probe?: true | undefined
  /** From here on only of requests: the number of each within its connection, from 1. */
  readonly n?: number | undefined
  readonly method?: string | undefined
  readonly authority?: string | undefined
  readonly path?: string | undefined
  readonly version?: RequestRecord["version"]
  readonly status?: number | undefined
  /** Why it was not answered, or not wholly. */
  readonly error?: string | undefined
  /** The trace that it belongs to, by its `traceparent`: 32 hexadecimal digits. */
  readonly trace?: string | undefined
}

const names = {
  time: fieldName("time"),
  flow: fieldName("flow"),
  direction: fieldName("direction"),
  protocol: fieldName("protocol"),
  client: fieldName("client"),
  target: fieldName("target"),
  address: fieldName("address"),
  sni: fieldName("sni"),
  bytes_in: fieldName("bytes_in"),
  bytes_out: fieldName("bytes_out"),
  t_detect: fieldName("t_detect"),
  t_handshake: fieldName("t_handshake"),
  t_dial: fieldName("t_dial"),
  t_first_byte: fieldName("t_first_byte"),
  t_total: fieldName("t_total"),
  end: fieldName("end"),
  phase: fieldName("phase"),
  code: fieldName("code"),
  refusal: fieldName("refusal"),
  detail: fieldName("detail"),
  unfollowed: fieldName("unfollowed"),
  probe: fieldName("probe"),
  n: fieldName("n"),
  method: fieldName("method"),
  authority: fieldName("authority"),
  path: fieldName("path"),
  version: fieldName("version"),
  status: fieldName("status"),
  error: fieldName("error"),
  trace: fieldName("trace"),
} satisfies { readonly [F in keyof Entry]-?: Uint8Array }

/** Shared by all lines: what they have in common does not depend on who writes them. */
const beginnings = new Beginnings()

/**
 * A connection that is over, as a line of JSON. `now` is when it was, in milliseconds since the epoch; it had lasted for
 * `elapsed` milliseconds then. Written field by field: to make an object of them first costs as much again.
 */
export const writeConnection = (line: Line, flow: Flow, now: number, elapsed: number): void => {
  const { detectedAt, handshakeAt, dialledAt, firstByteAt, refusal, unfollowed } = flow
  line.beginWith(names.time, timestamp(now))
  writeBeginning(line, flow, flow.target, flow.address)
  line.text(names.sni, flow.sni)
  line.count(names.bytes_in, flow.bytesIn)
  line.count(names.bytes_out, flow.bytesOut)
  line.milliseconds(names.t_detect, detectedAt)
  if (handshakeAt !== undefined) line.milliseconds(names.t_handshake, handshakeAt - (detectedAt ?? 0))
  if (handshakeAt !== undefined && dialledAt !== undefined) line.milliseconds(names.t_dial, dialledAt - handshakeAt)
  if (dialledAt !== undefined && firstByteAt !== undefined) {
    line.milliseconds(names.t_first_byte, firstByteAt - dialledAt)
  }
  line.milliseconds(names.t_total, elapsed)
  line.text(names.end, flow.endedBy)
  line.text(names.phase, flow.phase)
  line.text(names.code, flow.code)
  line.text(names.refusal, refusal?.reason)
  line.text(names.detail, short(refusal === undefined ? unfollowed?.detail : refusal.detail))
  line.text(names.unfollowed, unfollowed?.reason)
  if (flow.isProbe) line.yes(names.probe)
  line.end()
}

/** Writes the line of one request of a connection. */
export const writeRequest = (line: Line, flow: Flow, answered: RequestRecord, now: number): void => {
  const { target, refusal } = answered
  line.beginWith(names.time, timestamp(now))
  // A connection that was at hand: its address was reported when it was made.
  const address = target === flow.target ? flow.address : undefined
  beginnings.append(line, flow, target ?? flow.target, address, writeBeginning)
  line.count(names.bytes_in, answered.bytesIn)
  line.count(names.bytes_out, answered.bytesOut)
  line.milliseconds(names.t_dial, answered.dialled)
  line.milliseconds(names.t_first_byte, answered.firstByte)
  line.milliseconds(names.t_total, answered.elapsed)
  line.text(names.end, answered.endedBy)
  line.text(names.phase, answered.phase)
  line.text(names.refusal, refusal?.reason)
  line.text(names.detail, short(refusal?.detail))
  if (answered.isProbe) line.yes(names.probe)
  if (answered.n !== undefined) line.count(names.n, answered.n)
  line.text(names.method, short(answered.method))
  line.text(names.authority, short(answered.authority))
  line.text(names.path, short(answered.path))
  line.text(names.version, answered.version)
  if (answered.status !== 0) line.count(names.status, answered.status)
  line.text(names.error, short(answered.error))
  if (answered.traceparent !== undefined) line.text(names.trace, traceOf(answered.traceparent))
  line.end()
}

const writeBeginning = (line: Line, flow: Flow, target: string | undefined, address: string | undefined): void => {
  line.count(names.flow, flow.id)
  line.text(names.direction, flow.direction)
  line.text(names.protocol, flow.protocol)
  line.peer(names.client, flow.clientHost, flow.clientPort)
  line.text(names.target, short(target))
  line.text(names.address, address)
}

/** The entry that a line was made from, for formats that show it otherwise. */
export const entryOf = (line: Pick<Line, "toString">): Entry => JSON.parse(line.toString())

/** When an entry's connection or request began, in milliseconds since the epoch. */
export const startOf = ({ time, t_total }: Entry): number => Date.parse(time) - Math.round(t_total)

const short = (text: string | undefined): string | undefined =>
  text === undefined || text === "" ? undefined : shorten(text)
