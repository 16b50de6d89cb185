/**
 * OTLP encoding: log records and spans as OTLP's protobuf messages, by the field numbers of opentelemetry-proto 1. Of
 * what the types allow only what is made here is known; anything else is a defect.
 */
import type { LogsData } from "effect/observability/OtlpLogger"
import type { AnyValue, KeyValue, Resource } from "effect/observability/OtlpResource"
import type { TraceData } from "effect/observability/OtlpTracer"

import { ProtobufWriter } from "./protobuf-writer.ts"

/** Bytes that there is room for at first; it doubles. */
const firstRoom = 64 * 1024

/** TracesData of trace.proto. */
export const encodeTraces = ({ resourceSpans }: TraceData): Uint8Array => {
  const out = new ProtobufWriter(firstRoom)
  backwards(resourceSpans, ({ resource, scopeSpans }) => {
    const end = out.written
    backwards(scopeSpans, ({ scope, spans }) => writeScoped(out, scope, spans, writeSpan))
    writeResource(out, resource)
    out.close(1, end)
  })
  return out.finish()
}

/** LogsData of logs.proto. */
export const encodeLogs = ({ resourceLogs }: LogsData): Uint8Array => {
  const out = new ProtobufWriter(firstRoom)
  backwards(resourceLogs, ({ resource, scopeLogs }) => {
    const end = out.written
    backwards(scopeLogs, ({ scope, logRecords = [] }) => writeScoped(out, scope, logRecords, writeLogRecord))
    if (resource !== undefined) writeResource(out, resource)
    out.close(1, end)
  })
  return out.finish()
}

type Span = TraceData["resourceSpans"][number]["scopeSpans"][number]["spans"][number] & { readonly flags?: number }
type LogRecord = NonNullable<LogsData["resourceLogs"][number]["scopeLogs"][number]["logRecords"]>[number]

interface Scope {
  readonly name: string
  readonly version?: string
}

/** ScopeSpans or ScopeLogs, which have the same fields. */
const writeScoped = <A>(
  out: ProtobufWriter,
  scope: Scope | undefined,
  all: ReadonlyArray<A>,
  write: (out: ProtobufWriter, each: A) => void,
): void => {
  const end = out.written
  backwards(all, (each) => {
    const eachEnd = out.written
    write(out, each)
    out.close(2, eachEnd)
  })
  const scopeEnd = out.written
  if (scope?.version !== undefined) out.text(2, scope.version)
  if (scope !== undefined) out.text(1, scope.name)
  out.close(1, scopeEnd)
  out.close(2, end)
}

const writeResource = (out: ProtobufWriter, { attributes }: Resource): void => {
  const end = out.written
  writeAttributes(out, 1, attributes)
  out.close(1, end)
}

const writeSpan = (out: ProtobufWriter, span: Span): void => {
  if (span.events.length + span.links.length > 0) throw new TypeError("no way to encode events and links")
  if (span.flags !== undefined) out.fixed32(16, span.flags)
  const status = out.written
  out.number(3, span.status.code)
  if (span.status.message !== undefined) out.text(2, span.status.message)
  out.close(15, status)
  writeAttributes(out, 9, span.attributes)
  out.fixed64(8, BigInt(span.endTimeUnixNano))
  out.fixed64(7, BigInt(span.startTimeUnixNano))
  out.number(6, span.kind)
  out.text(5, span.name)
  if (span.parentSpanId !== undefined) out.hex(4, span.parentSpanId)
  out.hex(2, span.spanId)
  out.hex(1, span.traceId)
}

const writeLogRecord = (out: ProtobufWriter, record: LogRecord): void => {
  const { severityNumber, severityText, body, traceId, spanId } = record
  out.fixed64(11, nanoseconds(record.observedTimeUnixNano))
  if (spanId !== undefined) out.hex(10, digits(spanId))
  if (traceId !== undefined) out.hex(9, digits(traceId))
  writeAttributes(out, 6, record.attributes)
  if (body !== undefined) {
    const end = out.written
    writeValue(out, body)
    out.close(5, end)
  }
  if (severityText !== undefined) out.text(3, severityText)
  if (severityNumber !== undefined) out.number(2, severityNumber)
  out.fixed64(1, nanoseconds(record.timeUnixNano))
}

const nanoseconds = (value: LogRecord["timeUnixNano"]): bigint => {
  if (typeof value === "object") throw new TypeError("no way to encode a time in two parts")
  return BigInt(value)
}

const digits = (id: string | Uint8Array): string => {
  if (typeof id !== "string") throw new TypeError("no way to encode an id of bytes")
  return id
}

/** KeyValue, for each. */
const writeAttributes = (out: ProtobufWriter, field: number, attributes: ReadonlyArray<KeyValue>): void =>
  backwards(attributes, ({ key, value }) => {
    const end = out.written
    writeValue(out, value)
    out.close(2, end)
    out.text(1, key)
    out.close(field, end)
  })

/** AnyValue. */
const writeValue = (out: ProtobufWriter, { stringValue, boolValue, intValue, doubleValue }: AnyValue): void => {
  if (typeof stringValue === "string") return out.text(1, stringValue)
  if (typeof boolValue === "boolean") return out.number(2, boolValue ? 1 : 0)
  if (typeof intValue === "number" && intValue >= 0) return out.number(3, intValue)
  if (intValue !== undefined && intValue !== null) return out.bigNumber(3, BigInt(intValue))
  if (typeof doubleValue === "number") return out.double(4, doubleValue)
  throw new TypeError("no way to encode a value that is neither text, number nor truth")
}

const backwards = <A>(all: ReadonlyArray<A>, write: (each: A) => void): void => {
  for (let i = all.length - 1; i >= 0; i--) write(all[i]!)
}
