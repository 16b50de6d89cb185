/**
 * Telemetry: metrics, the log and the access log sent to an OpenTelemetry collector, as the standard OTEL_* variables
 * say, by effect's OTLP exporters. Loaded only where `wantsTelemetry` says so.
 *
 * Metrics are not counted twice: at each export the numbers are read from the same series as `/metrics`.
 */
import * as Cause from "effect/Cause"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as OtlpLogger from "effect/observability/OtlpLogger"
import * as OtlpMetrics from "effect/observability/OtlpMetrics"
import * as OtlpSerialization from "effect/observability/OtlpSerialization"
import * as References from "effect/References"
import type * as Scope from "effect/Scope"

import type { Entry } from "../access/entry.ts"
import type { LogLevel } from "../../flow/levels.ts"
import type { LogFields, Log } from "../log/log.ts"
import type { Metrics } from "../metrics/metrics.ts"
import type { Recent } from "../access/recent.ts"
import { registryOf } from "../metrics/exposition.ts"
import { makeTelemetryClient } from "./telemetry-client.ts"

/** Requests under way at once; while there are more, log records are lost. Each holds a thousand of them at most. */
export const maxRequests = 8

export interface TelemetryParts {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Pick<Log, "warn">
  readonly metrics: Pick<Metrics, "read">
  readonly recent: Pick<Recent, "follow">
  readonly version: string
}

/** The second destination of the log's messages, and how many records were lost there. */
export interface Exported {
  readonly log: (level: LogLevel, message: string, fields: LogFields) => void
  readonly dropped: () => number
}

/** Exports until the scope closes, which sends what is left. A wrong variable is a warning, and nothing is exported. */
export const startTelemetry: (parts: TelemetryParts) => Effect.Effect<Exported, never, Scope.Scope> = Effect.fnUntraced(
  function* ({ env, log, metrics, recent, version }: TelemetryParts) {
    let dropped = 0
    let underWay = 0
    const variables = withDefaults(env)
    const timeout = Number(variables["OTEL_EXPORTER_OTLP_TIMEOUT"])
    const client = makeTelemetryClient(timeout > 0 ? timeout : 10_000, (requests) => void (underWay = requests))
    const resource = { serviceVersion: version }
    const built = yield* Effect.exit(
      Layer.build(
        Layer.mergeAll(
          OtlpMetrics.layerFromConfig({ resource }),
          OtlpLogger.layerFromConfig({ resource, excludeLogSpans: true, mergeWithExisting: false }),
        ).pipe(
          Layer.provide(serialization(variables, log)),
          Layer.provide(Layer.succeed(HttpClient.HttpClient, client)),
          Layer.provide(Layer.succeed(Metric.MetricRegistry, registryOf(metrics))),
          Layer.provide(Layer.succeed(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: variables }))),
        ),
      ).pipe(Effect.provide(silent)),
    )
    if (built._tag === "Failure") {
      log.warn(`nothing is exported to OpenTelemetry: ${reasonOf(built.cause)}`)
      return { log: () => {}, dropped: () => 0 }
    }
    const run = Effect.runForkWith(Context.add(Context.merge(silent, built.value), References.MinimumLogLevel, "All"))
    const send = (level: LogLevel, message: string, fields: object): void => {
      if (underWay >= maxRequests) return void dropped++
      run(Effect.annotateLogs(Effect.logWithLevel(severities[level])(message), known(fields)))
    }
    const leave = recent.follow((entry) => send("info", titleOf(entry), entry))
    yield* Effect.addFinalizer(() => Effect.sync(leave))
    return { log: send, dropped: () => dropped }
  },
)

/** No loggers: effect's own would print on the proxy's standard output, and wait for whoever reads it. */
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
 * for both signals, metrics go once a minute, and the service has a name.
 */
const withDefaults = (env: TelemetryParts["env"]): Record<string, string> => {
  const given = Object.entries(env).flatMap(([name, value]) =>
    name.startsWith("OTEL_") && value !== undefined && value.trim() !== "" ? [[name, value] as const] : [],
  )
  const named = /(^|,)\s*service\.name\s*=/.test(env["OTEL_RESOURCE_ATTRIBUTES"] ?? "")
  return {
    OTEL_METRICS_EXPORTER: "otlp",
    OTEL_LOGS_EXPORTER: "otlp",
    OTEL_METRIC_EXPORT_INTERVAL: "60000",
    ...(named ? {} : { OTEL_SERVICE_NAME: "pillion" }),
    ...Object.fromEntries(given),
  }
}

/** The standard's default is protobuf; gRPC needs HTTP/2, which this exporter does not speak. */
const serialization = (
  { OTEL_EXPORTER_OTLP_PROTOCOL: protocol = "http/protobuf" }: Record<string, string>,
  log: Pick<Log, "warn">,
) => {
  if (protocol === "http/json") return OtlpSerialization.layerJson
  if (protocol !== "http/protobuf") {
    log.warn(
      `OTEL_EXPORTER_OTLP_PROTOCOL ${JSON.stringify(protocol)} is taken as http/protobuf; http/json is known too`,
    )
  }
  return OtlpSerialization.layerProtobuf
}
