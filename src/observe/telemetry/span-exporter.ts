/**
 * Span exporter: sends spans to a collector in batches, by effect's exporter, as the OTEL_* variables of traces say. The
 * spans are ours and not those of effect's tracer: that knows only what happens inside of an effect.
 */
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as OtlpExporter from "effect/observability/OtlpExporter"
import * as OtlpResource from "effect/observability/OtlpResource"
import { OtlpSerialization } from "effect/observability/OtlpSerialization"
import * as Schema from "effect/Schema"

import type { Span } from "./spans.ts"

/** Spans that wait or are on their way, if OTEL_BSP_MAX_QUEUE_SIZE says nothing: the standard's default, as the next. */
const defaultQueue = 2048
const defaultBatch = 512
/** Milliseconds between two exports. */
const defaultDelay = 5000

export interface SpanExporterParts {
  readonly version: string
  /** Hears of spans that found the queue full. */
  readonly dropped: (spans: number) => void
  /** Hears of each batch when it is sent, before the HTTP client does. */
  readonly batch: (spans: number) => void
}

/** Where spans go. */
export class SpanExporter extends Context.Service<
  SpanExporter,
  {
    /** Takes a span, or drops it where as many as the queue holds are not delivered yet. Undefined: none is wanted. */
    readonly push: ((span: Span) => void) | undefined
  }
>()("pillion/observe/telemetry/SpanExporter") {
  /** Needs the HTTP client and the serialization. Defects are variables that make no sense. */
  static readonly layer = (parts: SpanExporterParts) =>
    Layer.effect(SpanExporter, make(parts)).pipe(Layer.provide(OtlpExporter.layerFlusher))
}

const make = Effect.fnUntraced(function* ({ version, dropped, batch }: SpanExporterParts) {
  const { url, exporters } = yield* settings
  if (url === undefined || !exporters.includes("otlp")) return { push: undefined }
  const { headers, compression, delay, maxBatchSize, maxQueue } = yield* details
  const resource = yield* OtlpResource.fromConfig({ serviceVersion: version })
  const serialization = yield* OtlpSerialization
  const scope = { name: "pillion", version }
  let queued = 0
  const exporter = yield* OtlpExporter.make({
    label: "PillionSpans",
    url: url.href,
    headers,
    compression,
    exportInterval: delay,
    maxBatchSize: Math.min(maxBatchSize, maxQueue),
    // What ends later is cut short by whoever closes the scope.
    shutdownTimeout: "1 minute",
    body: (spans: Array<Span>) => {
      batch(spans.length)
      const body = serialization.traces({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] })
      return [body, Effect.sync(() => void (queued -= spans.length))]
    },
  })
  return {
    push: (span: Span): void => {
      if (queued >= maxQueue) return dropped(1)
      queued++
      exporter.push(span)
    },
  }
}, Effect.orDie)

const ofTraces = (base: URL): URL => new URL(`${base.href.replace(/\/$/, "")}/v1/traces`)

/** The signal's own endpoint as it is, or the one of all signals with the signal's path behind it. */
const settings = Effect.all({
  url: Config.URL("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").pipe(
    Config.orElse(() => Config.URL("OTEL_EXPORTER_OTLP_ENDPOINT").pipe(Config.map(ofTraces))),
    Config.withDefault(undefined),
  ),
  exporters: Config.String("OTEL_TRACES_EXPORTER").pipe(
    Config.map((names) => names.split(",").map((name) => name.trim().toLowerCase())),
  ),
})

const headersOf = (variable: string) => Config.Record(Schema.String, Schema.StringFromUriComponent, variable)
const compressionOf = (variable: string) => Config.Literals(["gzip", "none"], variable)

const details = Effect.all({
  headers: headersOf("OTEL_EXPORTER_OTLP_TRACES_HEADERS").pipe(
    Config.orElse(() => headersOf("OTEL_EXPORTER_OTLP_HEADERS")),
    Config.withDefault(undefined),
  ),
  compression: compressionOf("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION").pipe(
    Config.orElse(() => compressionOf("OTEL_EXPORTER_OTLP_COMPRESSION")),
    Config.withDefault("none" as const),
  ),
  delay: Config.Int("OTEL_BSP_SCHEDULE_DELAY").pipe(Config.withDefault(defaultDelay)),
  maxBatchSize: Config.Int("OTEL_BSP_MAX_EXPORT_BATCH_SIZE").pipe(Config.withDefault(defaultBatch)),
  maxQueue: Config.Int("OTEL_BSP_MAX_QUEUE_SIZE").pipe(Config.withDefault(defaultQueue)),
})
