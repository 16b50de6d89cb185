/** OTLP: a collector that keeps what it is sent, and what stands in that. */
import { join } from "node:path"
import { root } from "../../scripts/steps.ts"
import { Condition } from "./within.ts"

/** What `bun run collector` builds. */
export const otelCollector = join(root, "dist/otel-collector")

export interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly doubleValue?: number; readonly intValue?: string | number }
}

/** As much of OTLP's JSON as the tests look at. */
interface Body {
  readonly resourceLogs?: ReadonlyArray<{
    readonly scopeLogs: ReadonlyArray<{
      readonly logRecords: ReadonlyArray<{
        readonly body: { readonly stringValue: string }
        readonly attributes: ReadonlyArray<Attribute>
        readonly traceId?: string
        readonly spanId?: string
      }>
    }>
  }>
  readonly resourceSpans?: ReadonlyArray<{
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<Span> }>
  }>
  readonly resourceMetrics?: ReadonlyArray<{
    readonly resource: { readonly attributes: ReadonlyArray<Attribute> }
    readonly scopeMetrics: ReadonlyArray<{
      readonly metrics: ReadonlyArray<
        { readonly name: string } & { readonly [K in "sum" | "gauge" | "histogram"]?: Points }
      >
    }>
  }>
}

interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly kind: number
  readonly attributes: ReadonlyArray<Attribute>
}

interface Points {
  readonly dataPoints: ReadonlyArray<object>
}

export interface Export {
  readonly path: string
  readonly type: string | null
  readonly key: string | null
  /** Empty where it is not JSON. */
  readonly body: Body
}

/** A collector that takes everything. */
export const otlpCollector = () => {
  const exports: Array<Export> = []
  const condition = new Condition()
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const bytes = await request.bytes()
      const type = request.headers.get("Content-Type")
      const body: Body = type === "application/json" ? JSON.parse(new TextDecoder().decode(bytes)) : {}
      exports.push({ path: new URL(request.url).pathname, type, key: request.headers.get("x-key"), body })
      condition.changed()
      return Response.json({})
    },
  })
  return {
    exports,
    endpoint: `http://127.0.0.1:${server.port}`,
    until: (fits: (each: Export) => boolean, what: string): Promise<Export> =>
      condition.until(() => exports.find(fits), what),
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

/** Attributes as an object. */
export const fieldsOf = (attributes: ReadonlyArray<Attribute>): Record<string, unknown> =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.doubleValue ?? Number(value.intValue)]),
  )

interface LogRecord {
  readonly text: string
  readonly fields: Record<string, unknown>
  readonly traceId: string | undefined
  readonly spanId: string | undefined
}

/** Every log record of an export: its text, and its attributes as an object. */
export const recordsOf = ({ body }: Export): ReadonlyArray<LogRecord> =>
  (body.resourceLogs?.[0]?.scopeLogs[0]?.logRecords ?? []).map((record) => ({
    text: record.body.stringValue,
    fields: fieldsOf(record.attributes),
    traceId: record.traceId,
    spanId: record.spanId,
  }))

/** Every span of an export, and its attributes as an object. */
export const spansOf = ({ body }: Export) =>
  (body.resourceSpans?.[0]?.scopeSpans[0]?.spans ?? []).map(({ traceId, spanId, parentSpanId, kind, attributes }) => ({
    traceId,
    spanId,
    parentSpanId,
    kind,
    fields: fieldsOf(attributes),
  }))
