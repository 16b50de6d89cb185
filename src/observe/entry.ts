/**
 * Entry: what is told of a connection, or of one HTTP request, when it is over. The access log, the list of what ended
 * last and `pillion tap` all show entries; this is their one list of fields.
 *
 * No entry holds a query, a header field, credentials or a body: neither a flow nor an answer has them.
 */
import type { Reason } from "../protocol/refusal.ts"

import type { Answered } from "./answered.ts"
import type { EndedBy, Flow, Phase, Protocol } from "./flow.ts"
import { fieldName, type Line } from "./line.ts"
import { shorten, timestamp } from "./text.ts"

/** Fields as JSON shows them, in this order; times are milliseconds, to the microsecond. */
export interface Entry {
  /** When it was over: RFC 3339 in UTC. */
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
  /** Who ended it; absent for a request that was answered. */
  readonly end: EndedBy | undefined
  /** Where it stood when it ended. */
  readonly phase: Phase
  /** The error code of a socket that did not close in order. */
  readonly code: string | undefined
  readonly refusal: Reason | undefined
  readonly detail: string | undefined
  /** From here on only of requests. */
  readonly method?: string | undefined
  readonly authority?: string | undefined
  readonly path?: string | undefined
  readonly version?: Answered["version"]
  readonly status?: number | undefined
  /** Why it was not answered, or not wholly. */
  readonly error?: string | undefined
}

/** `now` is when the connection was over, in milliseconds since the epoch; it had lasted for `elapsed` then. */
export const connectionEntry = (flow: Flow, now: number, elapsed = flow.elapsed()): Entry => {
  const { detectedAt, handshakeAt, dialledAt, firstByteAt } = flow
  return {
    time: timestamp(now),
    flow: flow.id,
    direction: flow.direction,
    protocol: flow.protocol,
    client: flow.client,
    target: short(flow.target),
    address: flow.address,
    sni: flow.sni,
    bytes_in: flow.bytesIn,
    bytes_out: flow.bytesOut,
    t_detect: rounded(detectedAt),
    t_handshake: between(detectedAt ?? 0, handshakeAt),
    t_dial: handshakeAt === undefined ? undefined : between(handshakeAt, dialledAt),
    t_first_byte: dialledAt === undefined ? undefined : between(dialledAt, firstByteAt),
    t_total: micro(elapsed),
    end: flow.endedBy,
    phase: flow.phase,
    code: flow.code,
    refusal: flow.refusal?.reason,
    detail: short(flow.refusal?.detail),
  }
}

export const requestEntry = (flow: Flow, answered: Answered, now: number): Entry => ({
  time: timestamp(now),
  flow: flow.id,
  direction: flow.direction,
  protocol: flow.protocol,
  client: flow.client,
  target: short(answered.target ?? flow.target),
  // A connection that was at hand: which address it goes to was told when it was made.
  address: answered.target === flow.target ? flow.address : undefined,
  sni: undefined,
  bytes_in: answered.bytesIn,
  bytes_out: answered.bytesOut,
  t_detect: undefined,
  t_handshake: undefined,
  t_dial: rounded(answered.dialled),
  t_first_byte: rounded(answered.firstByte),
  t_total: micro(answered.elapsed),
  end: answered.endedBy,
  phase: answered.phase,
  code: undefined,
  refusal: answered.refusal?.reason,
  detail: short(answered.refusal?.detail),
  method: short(answered.method),
  authority: short(answered.authority),
  path: short(answered.path),
  version: answered.version,
  status: answered.status === 0 ? undefined : answered.status,
  error: short(answered.error),
})

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
  method: fieldName("method"),
  authority: fieldName("authority"),
  path: fieldName("path"),
  version: fieldName("version"),
  status: fieldName("status"),
  error: fieldName("error"),
} satisfies { readonly [F in keyof Entry]-?: Uint8Array }

/** The entry as a line of JSON: what JSON.stringify would make of it, field by field because that is faster. */
export const writeEntry = (entry: Entry, line: Line): void => {
  line.begin()
  line.text(names.time, entry.time)
  line.number(names.flow, entry.flow)
  line.text(names.direction, entry.direction)
  line.text(names.protocol, entry.protocol)
  line.text(names.client, entry.client)
  line.text(names.target, entry.target)
  line.text(names.address, entry.address)
  line.text(names.sni, entry.sni)
  line.number(names.bytes_in, entry.bytes_in)
  line.number(names.bytes_out, entry.bytes_out)
  line.number(names.t_detect, entry.t_detect)
  line.number(names.t_handshake, entry.t_handshake)
  line.number(names.t_dial, entry.t_dial)
  line.number(names.t_first_byte, entry.t_first_byte)
  line.number(names.t_total, entry.t_total)
  line.text(names.end, entry.end)
  line.text(names.phase, entry.phase)
  line.text(names.code, entry.code)
  line.text(names.refusal, entry.refusal)
  line.text(names.detail, entry.detail)
  line.text(names.method, entry.method)
  line.text(names.authority, entry.authority)
  line.text(names.path, entry.path)
  line.text(names.version, entry.version)
  line.number(names.status, entry.status)
  line.text(names.error, entry.error)
  line.end()
}

/** When it began, in milliseconds since the epoch. */
export const startOf = ({ time, t_total }: Entry): number => Date.parse(time) - Math.round(t_total)

const short = (text: string | undefined): string | undefined =>
  text === undefined || text === "" ? undefined : shorten(text)

const micro = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000

const rounded = (milliseconds: number | undefined): number | undefined =>
  milliseconds === undefined ? undefined : micro(milliseconds)

const between = (from: number, to: number | undefined): number | undefined =>
  to === undefined ? undefined : micro(to - from)
