/**
 * Spans: what OpenTelemetry is told of one HTTP request, from its entry, by the stable semantic conventions of HTTP. Pure.
 *
 * A span holds what the access log holds and no more: no query, no field, no body.
 */
import type { TraceData } from "effect/observability/OtlpTracer"
import { entriesToAttributes } from "effect/observability/OtlpResource"

import type { RequestRecord } from "../../flow/request-record.ts"
import { type Reason, refusals } from "../../protocol/refusal.ts"
import { parentOf } from "../../protocol/trace-context.ts"
import type { Entry } from "../access/entry.ts"

/** A span as effect's serialization takes it, which writes `flags` too. */
export type Span = TraceData["resourceSpans"][number]["scopeSpans"][number]["spans"][number] & {
  readonly flags: number
}

/** Where a request stands: in the trace that it came with, or in one of its own. In hexadecimal digits. */
export interface SpanContext {
  readonly traceId: string
  readonly spanId: string
  /** Whether its span is exported. */
  readonly sampled: boolean
}

/** When a request was told of: on the clock of its record, and on the wall, both in milliseconds. */
export interface Now {
  readonly monotonic: number
  readonly epoch: number
}

/** Values of the enumerations of OTLP's trace.proto. */
const kinds = { inbound: 2, outbound: 3 } as const
const unset = { code: 0 } as const
const isErrorStatus = 2
/** Flags: whether the parent was another process's is known, and it was. */
const knowsRemote = 0x1_00
const isRemote = 0x2_00

/** Methods that the conventions know; a client may invent others, of which a span's name must not be made. */
const methods: ReadonlySet<string> = new Set(
  ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"], //
)

/** Makes the span of a request that is over. `entry` is what was reported of it at `now`. */
export const spanOf = (entry: Entry, record: RequestRecord, context: SpanContext, now: Now): Span => {
  const { traceparent } = record
  const start = now.epoch - (now.monotonic - record.started)
  const method = methods.has(record.method) ? record.method : undefined
  const failure = failureOf(entry)
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    parentSpanId: traceparent === undefined ? undefined : parentOf(traceparent),
    name: method ?? "HTTP",
    kind: kinds[entry.direction],
    startTimeUnixNano: nanoseconds(start),
    endTimeUnixNano: nanoseconds(start + record.elapsed),
    attributes: entriesToAttributes(
      known({
        "http.request.method": method ?? "_OTHER",
        "http.request.method_original": method === undefined ? entry.method : undefined,
        "http.response.status_code": statusOf(entry),
        "network.protocol.version": entry.version,
        "error.type": failure?.type,
        ...(entry.direction === "inbound" ? ofServer(entry) : ofClient(entry)),
      }),
    ),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    status: failure === undefined ? unset : { code: isErrorStatus, ...messageOf(failure) },
    links: [],
    droppedLinksCount: 0,
    flags: 1 | knowsRemote | (traceparent === undefined ? 0 : isRemote),
  }
}

const ofServer = (entry: Entry): Record<string, unknown> => {
  const server = hostAndPort(entry.authority)
  const client = hostAndPort(entry.client)
  return {
    "url.scheme": "http",
    "url.path": entry.path,
    "server.address": server.host,
    "server.port": server.port,
    "client.address": client.host,
    "network.peer.address": client.host,
    "network.peer.port": client.port,
  }
}

const ofClient = (entry: Entry): Record<string, unknown> => {
  const server = hostAndPort(entry.authority)
  const peer = hostAndPort(entry.address)
  return {
    "url.full": urlOf(entry),
    "server.address": server.host,
    "server.port": server.port ?? defaultPort,
    "network.peer.address": peer.host,
    "network.peer.port": peer.port,
  }
}

const defaultPort = 80

/** Without its query, as everywhere. */
const urlOf = ({ authority = "", path = "" }: Entry): string =>
  `http://${authority.replace(/:80$/, "")}${path === "*" ? "" : path}`

/** What the client was answered: by the target, or by the proxy that refuses. */
const statusOf = ({ status, refusal, direction }: Entry): number | undefined =>
  // A client's span is of the exchange with the target, which has not answered then.
  status ?? (refusal === undefined || direction === "outbound" ? undefined : refusals[refusal].status)

interface Failure {
  /** One of few words. */
  readonly type: string
  readonly message: string | undefined
}

/** Undefined where all is well; for a server a fault of its client's is (4xx). */
const failureOf = (entry: Entry): Failure | undefined => {
  const { refusal, end, error, status = 0, direction } = entry
  if (refusal !== undefined) return refused(refusal, entry.detail)
  if (end !== undefined || error !== undefined) return { type: `cut-by-${end ?? "proxy"}`, message: error }
  return status >= (direction === "inbound" ? 500 : 400) ? { type: String(status), message: undefined } : undefined
}

const refused = (reason: Reason, detail: string | undefined): Failure => {
  const { text } = refusals[reason]
  return { type: reason, message: detail === undefined ? text : `${text}: ${detail}` }
}

const messageOf = ({ message }: Failure): { readonly message?: string } => (message === undefined ? {} : { message })

/** A host without its brackets, and its port where it has one. */
const hostAndPort = (text: string | undefined): { readonly host?: string; readonly port?: number } => {
  const found = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text ?? "")
  const host = found?.[1] ?? found?.[2]
  if (host === undefined || host === "" || host === "-") return {}
  return found?.[3] === undefined ? { host } : { host, port: Number(found[3]) }
}

const known = (attributes: Record<string, unknown>): ReadonlyArray<[string, unknown]> =>
  Object.entries(attributes).filter(([, value]) => value !== undefined)

/** Of milliseconds since the epoch, to the microsecond: more than that no clock here knows. */
const nanoseconds = (milliseconds: number): string => `${Math.round(milliseconds * 1000)}000`
