/**
 * Metrics table: THE list of what is counted. `/metrics` and the documentation come from it; there is no second list.
 *
 * Names of hosts, paths and clients are never labels: the number of series is fixed when the program starts.
 */
import { refusals } from "../protocol/refusal.ts"

import type { EndedBy, Protocol } from "./flow.ts"
import type { Listener } from "./listen-failed.ts"
import type { Family, Label } from "./series.ts"

const label = (name: string, values: ReadonlyArray<string>): Label => ({ name, values })

const protocols = ["tcp", "http", "connect", "socks4", "socks4a", "socks5", "unknown"] satisfies ReadonlyArray<Protocol>
/** `done` is an HTTP connection that had answered everything. */
const ends = ["client", "target", "proxy", "timeout", "limit", "drain", "done"] satisfies ReadonlyArray<
  EndedBy | "done"
>
const listeners = ["inbound", "outbound", "health", "admin"] satisfies ReadonlyArray<Listener>
/** A client may invent methods; those count as OTHER. */
export const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "OTHER"]
/** `none` is a request that the target did not answer. */
export const statuses = ["1xx", "2xx", "3xx", "4xx", "5xx", "none"]
const direction = label("direction", ["inbound", "outbound"])

const family = (type: Family["type"], name: string, help: string, ...labels: ReadonlyArray<Label>): Family => ({
  name,
  type,
  help,
  labels,
})

/** Counters and gauges. */
export const families = {
  accepted: family("counter", "pillion_connections_total", "Client connections that were accepted", direction),
  active: family("gauge", "pillion_connections_active", "Client connections that are open", direction),
  closed: family(
    "counter",
    "pillion_connections_closed_total",
    "Client connections that ended, by who ended them",
    direction,
    label("protocol", protocols),
    label("end", ends),
  ),
  refused: family(
    "counter",
    "pillion_refusals_total",
    "Connections and requests that were refused",
    direction,
    label("reason", Object.keys(refusals)),
  ),
  overloaded: family(
    "counter",
    "pillion_overloaded_total",
    "Connections turned away because max-connections was reached; told says whether in the client's own protocol",
    direction,
    label("told", ["true", "false"]),
  ),
  bytes: family(
    "counter",
    "pillion_bytes_total",
    "Bytes that were carried, counted when a connection or request ends",
    direction,
    label("flow", ["to_target", "to_client"]),
  ),
  requests: family(
    "counter",
    "pillion_http_requests_total",
    "HTTP requests that were forwarded, by method and class of the status",
    direction,
    label("method", methods),
    label("status", statuses),
  ),
  reloads: family(
    "counter",
    "pillion_config_reloads_total",
    "Reloads of the configuration",
    label("result", ["success", "failure"]),
  ),
  dropped: family(
    "counter",
    "pillion_log_lines_dropped_total",
    "Log lines that could not be written in time",
    label("output", ["stdout", "stderr"]),
  ),
  defects: family("counter", "pillion_defects_total", "Errors that only the last resort caught; each is a bug"),
  listening: family(
    "gauge",
    "pillion_listener_up",
    "1 while a listener accepts connections",
    label("listener", listeners),
  ),
  draining: family("gauge", "pillion_draining", "1 from the signal to stop until the end"),
  startTime: family("gauge", "process_start_time_seconds", "When the process started, in seconds since the epoch"),
  processorTime: family("counter", "process_cpu_seconds_total", "Processor time of user and system"),
  residentMemory: family("gauge", "process_resident_memory_bytes", "Resident memory"),
  openFiles: family("gauge", "process_open_fds", "Open file descriptors"),
} satisfies Record<string, Family>

export const dialDuration = family(
  "histogram",
  "pillion_dial_duration_seconds",
  "Time to connect to a target, with its name and every attempt",
)

/** Seconds; the buckets that OpenTelemetry advises, so that dashboards fit. */
export const dialBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** One label a fact of the build; its value is always 1. */
export const buildInfo = (build: Build): Family =>
  family(
    "gauge",
    "pillion_build_info",
    "The version that runs; always 1",
    label("version", [build.version]),
    label("revision", [build.revision ?? ""]),
    label("bun", [build.bun]),
  )

export interface Build {
  readonly version: string
  readonly revision: string | null
  readonly bun: string
}

/** The table for the documentation. */
export const metricsMarkdown = (): string => {
  const rows = [buildInfo({ version: "", revision: "", bun: "" }), dialDuration, ...Object.values(families)].map(
    (each) => {
      const labels = each.labels.map(({ name, values }) =>
        values.some((value) => value !== "") ? describe(name, values) : `\`${name}\``,
      )
      return `| \`${each.name}\` | ${each.type} | ${labels.join("; ")} | ${each.help} |\n`
    },
  )
  return `| metric | type | labels | what |\n|---|---|---|---|\n${rows.join("")}`
}

/** The reasons for a refusal have a table of their own. */
const describe = (name: string, values: ReadonlyArray<string>): string =>
  name === "reason" ? `\`${name}\`: see refusals` : `\`${name}\`: ${values.join(", ")}`
