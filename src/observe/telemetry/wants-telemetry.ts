/**
 * Wants telemetry: whether the environment asks for an export to OpenTelemetry. Apart from the exporter itself, which
 * is large, so that a program that is not asked does not load it.
 */

const endpoints = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
  "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
] as const

/** An endpoint must be named: the standard's default, localhost:4318, would be looked for in every pod. */
export const wantsTelemetry = (env: Readonly<Record<string, string | undefined>>): boolean =>
  env["OTEL_SDK_DISABLED"]?.trim().toLowerCase() !== "true" && endpoints.some((name) => (env[name] ?? "").trim() !== "")
