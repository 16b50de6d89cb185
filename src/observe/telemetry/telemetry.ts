/**
 * Telemetry: metrics, the log, the access log and a span for each request, sent to an OpenTelemetry collector as the
 * standard OTEL_* variables say, by effect's OTLP exporters. Loaded only where `wantsTelemetry` says so.
 *
 * Metrics are not counted twice: at each export the numbers are read from the same series as `/metrics`.
 */
import * as Cause from "effect/Cause"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as OtlpLogger from "effect/observability/OtlpLogger"
import type { LogsData } from "effect/observability/OtlpLogger"
import * as OtlpMetrics from "effect/observability/OtlpMetrics"
import * as OtlpSerialization from "effect/observability/OtlpSerialization"
import type { TraceData } from "effect/observability/OtlpTracer"
import * as References from "effect/References"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"

import type { Entry } from "../access/entry.ts"
import type { LogLevel } from "../../flow/levels.ts"
import type { LogFields, Log } from "../log/log.ts"
import type { Metrics } from "../metrics/metrics.ts"
import type { Recent } from "../access/recent.ts"
import { registryOf } from "../metrics/exposition.ts"
import { makeSampler } from "./sampler.ts"
import { encodeLogs, encodeTraces } from "./otlp-encoding.ts"
import { SpanExporter } from "./span-exporter.ts"
import type { SpanContext } from "./spans.ts"
import { makeTracing } from "./tracing.ts"
import { makeTelemetryClient, type TelemetryClientParts } from "./telemetry-client.ts"

/** Requests under way at once; while there are more, log records are lost. Each holds a thousand of them at most. */
export const maxRequests = 8

export interface TelemetryParts {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Pick<Log, "info" | "warn">
  readonly metrics: Pick<Metrics, "read" | "exported" | "spansDropped">
  readonly recent: Pick<Recent, "follow">
  readonly version: string
  /** Whether a program runs beside the proxy: then the name of the service is the program's. */
  readonly besideProgram: boolean
}

/** The second destination of the log's messages, and how many records were lost there. */
export interface Exported {
  readonly log: (level: LogLevel, message: string, fields: LogFields) => void
  readonly dropped: () => number
}

/** Milliseconds that sending what is left may take when the scope closes. */
export const maxEnd = 1000

/**
 * Exports until the scope closes, which sends what is left. A wrong variable is a warning, and nothing is exported; a
 * collector that does not take what it is sent is one too, once until it does.
 */
export const startTelemetry: (parts: TelemetryParts) => Effect.Effect<Exported, never, Scope.Scope> = Effect.fnUntraced(
  function* (parts: TelemetryParts) {
    const { log, recent } = parts
    const variables = withDefaults(parts.env, parts.besideProgram)
    const ending = yield* Deferred.make<void>()
    const counts = { underWay: 0, dropped: 0 }
    const scope = yield* Scope.make()
    yield* Effect.addFinalizer((exit) =>
      Effect.gen(function* () {
        yield* Deferred.succeed(ending, undefined)
        const closed = yield* Effect.forkDetach(Scope.close(scope, exit))
        const inTime = yield* Effect.timeoutOption(Effect.interruptible(Fiber.await(closed)), maxEnd)
        if (inTime._tag === "None") log.warn(`OpenTelemetry did not take what was left in ${maxEnd} ms: it is lost`)
      }),
    )
    for (const signal of signals) warnOfExporters(variables, signal, log)
    const exporters = exportersOf(parts, variables, ending, counts)
    const built = yield* Effect.exit(Layer.buildWithScope(exporters, scope).pipe(Effect.provide(silent)))
    if (built._tag === "Failure") {
      log.warn(`nothing is exported to OpenTelemetry: ${reasonOf(built.cause)}`)
      return { log: () => {}, dropped: () => 0 }
    }
    const run = Effect.runForkWith(Context.add(Context.merge(silent, built.value), References.MinimumLogLevel, "All"))
    const send = (level: LogLevel, message: string, fields: object, span?: SpanContext): void => {
      if (counts.underWay >= maxRequests) return void counts.dropped++
      const logged = Effect.annotateLogs(Effect.logWithLevel(severities[level])(message), known(fields))
      run(span === undefined ? logged : Effect.withParentSpan(logged, Tracer.externalSpan(span)))
    }
    const warn = (message: string): void => log.warn(message)
    const tracing = makeTracing(Context.get(built.value, SpanExporter).push, makeSampler(variables, warn))
    const leave = recent.follow((entry, _, record) =>
      send("info", titleOf(entry), entry, record === undefined ? undefined : tracing(entry, record)),
    )
    yield* Effect.addFinalizer(() => Effect.sync(leave))
    return { log: send, dropped: () => counts.dropped }
  },
)

/** Log records: requests that are under way, and records that were lost. */
interface LogCounts {
  underWay: number
  dropped: number
}

/** An exporter for each signal, with an HTTP client of its own. */
const exportersOf = (
  { log, metrics, version }: TelemetryParts,
  variables: Record<string, string>,
  ending: Deferred.Deferred<void>,
  counts: LogCounts,
) => {
  const outcome = outcomes(log, metrics)
  const clientOf = (signal: Signal, parts: Pick<TelemetryClientParts, "underWay" | "over">) =>
    Layer.succeed(
      HttpClient.HttpClient,
      makeTelemetryClient({ ...parts, timeout: timeoutOf(variables, signal), ending }),
    )
  const records = batchesOf(outcome, (lost) => void (counts.dropped += lost))
  const spans = batchesOf(outcome, (lost) => metrics.spansDropped(lost))
  const forLogs = clientOf("LOGS", { underWay: (requests) => void (counts.underWay = requests), over: records.over })
  const forTraces = clientOf("TRACES", { underWay: () => {}, over: spans.over })
  const forMetrics = clientOf("METRICS", { underWay: () => {}, over: outcome })
  const dropped = (lost: number): void => metrics.spansDropped(lost)
  const resource = { serviceVersion: version }
  return Layer.mergeAll(
    OtlpMetrics.layerFromConfig({ resource }).pipe(Layer.provide(forMetrics)),
    OtlpLogger.layerFromConfig({ resource, ...onlyRecords }).pipe(Layer.provide(forLogs)),
    SpanExporter.layer({ version, dropped, batch: spans.sent }).pipe(Layer.provide(forTraces)),
  ).pipe(
    Layer.provide(serialization(variables, log, records.sent)),
    Layer.provide(Layer.succeed(Metric.MetricRegistry, registryOf(metrics))),
    Layer.provide(Layer.succeed(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: variables }))),
  )
}

const signals = ["METRICS", "LOGS", "TRACES"] as const
type Signal = (typeof signals)[number]

const warnOfExporters = (variables: Record<string, string>, signal: Signal, log: Pick<Log, "warn">): void => {
  const variable = `OTEL_${signal}_EXPORTER`
  for (const name of (variables[variable] ?? "").split(",")) {
    if (["", "otlp", "none"].includes(name.trim().toLowerCase())) continue
    log.warn(`${variable} names ${JSON.stringify(name.trim())}, which is not known: write otlp or none`)
  }
}

/** Milliseconds that an attempt may take, if no variable says how many: the standard's default. */
const defaultTimeout = 10_000

const timeoutOf = (variables: Record<string, string>, signal: Signal): number => {
  const own = Number(variables[`OTEL_EXPORTER_OTLP_${signal}_TIMEOUT`] ?? variables["OTEL_EXPORTER_OTLP_TIMEOUT"])
  return own > 0 ? own : defaultTimeout
}

type Outcome = TelemetryClientParts["over"]

/** How much is in the batches that are on their way, oldest first, so that it is known how much is lost with one. */
const batchesOf = (outcome: Outcome, lost: (count: number) => void) => {
  const batches: Array<number> = []
  const over: Outcome = (url, problem) => {
    const count = batches.shift() ?? 0
    if (problem !== undefined) lost(count)
    outcome(url, problem)
  }
  return { sent: (count: number): void => void batches.push(count), over }
}

const onlyRecords = { excludeLogSpans: true, mergeWithExisting: false } as const

/** No loggers: effect's own would print on the proxy's standard output, and wait for its reader. */
const silent = Context.make(Logger.CurrentLoggers, new Set())

const severities = { debug: "Debug", info: "Info", warn: "Warn", error: "Error" } as const

const titleOf = ({ method, authority, path, status, protocol, target }: Entry): string =>
  method === undefined ? `${protocol} ${target ?? "-"}` : `${method} ${authority ?? "-"}${path ?? ""} ${status ?? "-"}`

const known = (fields: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

const reasonOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return error instanceof Error ? error.message.split("\n")[0]! : String(error)
}

/**
 * What the standard says holds where nothing is said, and effect takes otherwise: an endpoint that is named is used
 * for every signal, metrics go once a minute, and the service has a name.
 */
const withDefaults = (env: TelemetryParts["env"], besideProgram: boolean): Record<string, string> => {
  const given = Object.entries(env).flatMap(([name, value]) =>
    name.startsWith("OTEL_") && value !== undefined && value.trim() !== "" ? [[name, value] as const] : [],
  )
  const name = env["OTEL_SERVICE_NAME"]?.trim() || serviceName(env["OTEL_RESOURCE_ATTRIBUTES"])
  return {
    OTEL_METRICS_EXPORTER: "otlp",
    OTEL_LOGS_EXPORTER: "otlp",
    OTEL_TRACES_EXPORTER: "otlp",
    OTEL_METRIC_EXPORT_INTERVAL: "60000",
    ...Object.fromEntries(given),
    OTEL_SERVICE_NAME: name === undefined ? "pillion" : besideProgram ? `${name}-pillion` : name,
  }
}

/** `service.name` of OTEL_RESOURCE_ATTRIBUTES, whose values are percent-encoded. */
const serviceName = (attributes = ""): string | undefined => {
  const value = /(?:^|,)\s*service\.name\s*=\s*([^,]*[^,\s])/.exec(attributes)?.[1]
  try {
    return value === undefined ? undefined : decodeURIComponent(value)
  } catch {
    return value
  }
}

/** Counts what becomes of batches, and logs when a collector begins to refuse them, and when it takes them again. */
const outcomes = (log: TelemetryParts["log"], metrics: TelemetryParts["metrics"]): Outcome => {
  const failing = new Set<string>()
  return ({ origin, pathname }: URL, problem: string | undefined): void => {
    metrics.exported(problem === undefined ? "success" : "failure")
    const collector = origin + pathname
    if (problem === undefined) {
      if (failing.delete(collector)) log.info("OpenTelemetry takes what it is sent again", { collector })
    } else if (!failing.has(collector)) {
      failing.add(collector)
      log.warn("OpenTelemetry does not take what it is sent, which is lost", { collector, error: problem })
    }
  }
}

/** The standard's default is protobuf; gRPC needs HTTP/2, which this exporter does not speak. */
const serialization = (
  { OTEL_EXPORTER_OTLP_PROTOCOL: protocol = "http/protobuf" }: Record<string, string>,
  log: Pick<Log, "warn">,
  batch: (records: number) => void,
) => {
  const counting = Effect.map(OtlpSerialization.OtlpSerialization, (base) => ({
    ...base,
    logs: (data: Parameters<typeof base.logs>[0]) => {
      batch(data.resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords)).length)
      return base.logs(data)
    },
  }))
  const counted = Layer.effect(OtlpSerialization.OtlpSerialization, counting)
  const ofProtobuf = Layer.provide(
    Layer.effect(OtlpSerialization.OtlpSerialization, byOurEncoder),
    OtlpSerialization.layerProtobuf,
  )
  if (protocol === "http/json") return Layer.provide(counted, OtlpSerialization.layerJson)
  if (protocol !== "http/protobuf") {
    log.warn(
      `OTEL_EXPORTER_OTLP_PROTOCOL ${JSON.stringify(protocol)} is taken as http/protobuf; http/json is known too`,
    )
  }
  return Layer.provide(counted, ofProtobuf)
}

/** Log records and spans are too many for effect's encoder; metrics go once a minute. */
const byOurEncoder = Effect.map(OtlpSerialization.OtlpSerialization, (base) => ({
  ...base,
  logs: (data: LogsData) => HttpBody.uint8Array(encodeLogs(data), "application/x-protobuf"),
  traces: (data: TraceData) => HttpBody.uint8Array(encodeTraces(data), "application/x-protobuf"),
}))
