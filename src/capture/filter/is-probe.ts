/**
 * Is probe: whether a record is of what watches a program and not of what uses it: health checks by their User-Agent,
 * scrapes of metrics, and exports of telemetry.
 */
import { fromLatin1 } from "../../protocol/bytes.ts"
import { isHealthCheck } from "../../protocol/http/survey.ts"
import { type CaptureRecord, isHttp } from "../record.ts"
import { pathOf, valueOf } from "../url.ts"

/** Where OTLP over HTTP goes, at the end of any path before it (OTLP 1.x, section on requests over HTTP). */
const telemetry = /\/v1\/(?:traces|metrics|logs|profiles)$/

/** A service may have a path of its own that ends as those of telemetry do: its type has to be one of telemetry's too. */
const telemetryTypes = /^application\/(?:x-protobuf|json)\b/i

export const isProbe = (record: CaptureRecord): boolean => {
  if (!isHttp(record)) return false
  const { line, headers } = record.request
  const agent = fromLatin1(valueOf(headers, "user-agent") ?? "")
  if (isHealthCheck(agent, 0, agent.length)) return true
  const path = pathOf(line.target)
  if (line.method === "GET") return path === "/metrics"
  return line.method === "POST" && telemetry.test(path) && telemetryTypes.test(valueOf(headers, "content-type") ?? "")
}
