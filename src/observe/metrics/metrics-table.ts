/**
 * Metrics table: THE list of what is counted. `/metrics`, OTLP and the documentation come from it; there is no second
 * list.
 *
 * Paths and clients are never labels, and names of hosts only in the families of destinations, as many as the options
 * say: the number of series is bounded when the program starts.
 */
import { dropReasons, leaveReasons } from "../../capture/live/counters.ts"
import { recordKinds, recordParts } from "../../capture/record.ts"
import { redactionRules } from "../../capture/redact/rules.ts"
import { protocolNames } from "../../protocol/handshake.ts"
import { refusals } from "../../protocol/refusal.ts"

import { type EndedBy, type Protocol, unfollowedReasons } from "../../flow/flow.ts"
import type { ListenerName } from "../../flow/listen-failed.ts"
import type { Family, Label } from "./series.ts"
import { acceptErrors, fallbackReasons, features } from "../../flow/shortfalls.ts"

const label = (name: string, values: ReadonlyArray<string>): Label => ({ name, values })

const protocols = protocolNames satisfies ReadonlyArray<Protocol>
/** `done` is an HTTP connection that had answered everything. */
const ends = ["client", "target", "proxy", "timeout", "limit", "drain", "done"] satisfies ReadonlyArray<
  EndedBy | "done"
>
const listeners = ["inbound", "outbound", "health", "admin"] satisfies ReadonlyArray<ListenerName>
const refusalReasons = Object.keys(refusals)
const socksVersions = ["socks4", "socks4a", "socks5"] satisfies ReadonlyArray<Protocol>
/** SOCKS4 CD 90 and 91; SOCKS5 REP 0 to 8, and 255 for no acceptable method. */
const socksCodes = ["90", "91", "0", "1", "2", "3", "4", "5", "6", "7", "8", "255"]
/** Outputs of lines; tap is every reader of `/tap` together. */
export const lineOutputs = ["stdout", "stderr", "tap", "otlp"] as const
export type LineOutput = (typeof lineOutputs)[number]
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

/** What a capture counts. */
export const captureFamilies = {
  captured: family(
    "counter",
    "pillion_capture_records_total",
    "Records that were made and kept, or shown to a reader",
    label("kind", recordKinds),
  ),
  captureDropped: family(
    "counter",
    "pillion_capture_dropped_total",
    "Records that were wanted and not made, or not kept; memory and disk: there was no room",
    label("reason", dropReasons),
  ),
  captureLeftOut: family(
    "counter",
    "pillion_capture_left_out_total",
    "Records that capture-filter did not let through, or capture-sample did not draw",
    label("reason", leaveReasons),
  ),
  captureTruncated: family(
    "counter",
    "pillion_capture_truncated_total",
    "Records of which a part was cut, for being longer than capture-body or for want of memory",
    label("part", recordParts),
  ),
  captureBytes: family(
    "gauge",
    "pillion_capture_bytes",
    "Bytes that records take, those under way included",
    label("where", ["memory", "disk"]),
  ),
  captureRedactions: family(
    "counter",
    "pillion_capture_redactions_total",
    "Values in records that were replaced, by rule; error is what could not be judged and was left out",
    label("rule", redactionRules),
  ),
} satisfies Record<string, Family>

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
  detected: family(
    "counter",
    "pillion_protocol_detected_total",
    "Connections of which it became known what the client speaks",
    direction,
    label("protocol", protocols),
  ),
  undetected: family(
    "counter",
    "pillion_protocol_detect_timeouts_total",
    "Connections whose client did not say in time what it speaks",
    direction,
  ),
  refused: family(
    "counter",
    "pillion_refusals_total",
    "Connections and requests that were refused",
    direction,
    label("reason", refusalReasons),
  ),
  overloaded: family(
    "counter",
    "pillion_overloaded_total",
    "Connections turned away because max-connections was reached; told says whether in the client's own protocol",
    direction,
    label("told", ["true", "false"]),
  ),
  socksReplies: family(
    "counter",
    "pillion_socks_replies_total",
    "SOCKS replies by the code that was sent; 90 and 0 grant a request",
    label("version", socksVersions),
    label("code", socksCodes),
  ),
  bytes: family(
    "counter",
    "pillion_bytes_total",
    "Bytes that were carried: of tunnels as they pass, of HTTP bodies when their request is over",
    direction,
    label("flow", ["to_target", "to_client"]),
  ),
  requests: family(
    "counter",
    "pillion_http_requests_total",
    "HTTP requests that were forwarded, or read as they passed, by method and class of the status",
    direction,
    label("method", methods),
    label("status", statuses),
  ),
  limit: family(
    "gauge",
    "pillion_connections_limit",
    "Client connections that may be open at once, in both directions together: max-connections",
  ),
  unfollowed: family(
    "counter",
    "pillion_http_unfollowed_total",
    "Connections whose HTTP is read as it passes, and was not read to the end",
    direction,
    label("reason", unfollowedReasons),
  ),
  probes: family(
    "counter",
    "pillion_probes_total",
    "Health checks, and connections that closed in order without a byte",
    direction,
  ),
  idleOrigins: family(
    "gauge",
    "pillion_http_origins_idle",
    "Connections to HTTP origins that wait for the next client's request",
  ),
  reloads: family(
    "counter",
    "pillion_config_reloads_total",
    "Reloads of the configuration",
    label("result", ["success", "failure"]),
  ),
  reloadedAt: family(
    "gauge",
    "pillion_config_last_reload_success_timestamp_seconds",
    "When the configuration was last read without an error, in seconds since the epoch; at first the start",
  ),
  dropped: family(
    "counter",
    "pillion_log_lines_dropped_total",
    "Lines that could not be written in time; tap is every reader of /tap together, otlp the export of logs",
    label("output", lineOutputs),
  ),
  exports: family(
    "counter",
    "pillion_otlp_exports_total",
    "Batches for an OpenTelemetry collector; a failure is one that it did not take, also when asked again",
    label("result", ["success", "failure"]),
  ),
  spansDropped: family(
    "counter",
    "pillion_otlp_spans_dropped_total",
    "Spans that no OpenTelemetry collector got: the queue was full, or the batch was not taken",
  ),
  defects: family("counter", "pillion_defects_total", "Errors that only the last resort caught; each is a bug"),
  fallbacks: family(
    "gauge",
    "pillion_fallback",
    "1 for an option that is set and not in use, because this machine does not permit it",
    label("option", features),
    label("reason", Object.keys(fallbackReasons)),
  ),
  acceptErrors: family(
    "counter",
    "pillion_accept_errors_total",
    "Times that nothing could be accepted on a listener, by the system's error; it rests before it tries again",
    label("code", acceptErrors),
  ),
  unwatched: family(
    "counter",
    "pillion_unwatched_sockets_total",
    "Sockets that epoll took no more; told says whether the client could be told, the others were reset",
    label("told", ["true", "false"]),
  ),
  listening: family(
    "gauge",
    "pillion_listener_up",
    "1 while a listener accepts connections",
    label("listener", listeners),
  ),
  ...captureFamilies,
  draining: family("gauge", "pillion_draining", "1 from the signal to stop until the end"),
  startTime: family("gauge", "process_start_time_seconds", "When the process started, in seconds since the epoch"),
  processorTime: family("counter", "process_cpu_seconds_total", "Processor time of user and system"),
  residentMemory: family("gauge", "process_resident_memory_bytes", "Resident memory"),
  openFiles: family("gauge", "process_open_fds", "Open file descriptors"),
  maxFiles: family("gauge", "process_max_fds", "File descriptors that may be open"),
} satisfies Record<string, Family>

/** Seconds; the buckets that OpenTelemetry advises, so that dashboards fit. */
export const shortBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
/** Seconds; a tunnel may last for days. */
export const longBounds = [0.01, 0.1, 1, 10, 60, 600, 3600, 86_400]

export interface HistogramFamily extends Family {
  /** Upper ends of the buckets, ascending; one more takes the rest. */
  readonly bounds: ReadonlyArray<number>
}

const histogram = (
  bounds: ReadonlyArray<number>,
  name: string,
  help: string,
  ...labels: ReadonlyArray<Label>
): HistogramFamily => ({ ...family("histogram", name, help, ...labels), bounds })

export const histograms = {
  dials: histogram(
    shortBounds,
    "pillion_dial_duration_seconds",
    "Time to connect to a target, with its name and every attempt",
    direction,
  ),
  connections: histogram(
    longBounds,
    "pillion_connection_duration_seconds",
    "Time from a connection's accept to its end",
    direction,
  ),
  requests: histogram(
    shortBounds,
    "pillion_http_request_duration_seconds",
    "Time from a request's head to the end of its answer",
    direction,
    label("status", statuses),
  ),
  lag: histogram(
    shortBounds,
    "pillion_event_loop_lag_seconds",
    "How late a timer was that runs every second: what every connection waits when the processor is busy",
  ),
} satisfies Record<string, HistogramFamily>

/** The names that there are; `other` is every destination beyond metrics-destinations. */
const destination = label("destination", [])

/** What is counted by destination. Its series are those that destination-series.ts finds; here is what they are called. */
export const destinationFamilies = {
  requests: family(
    "counter",
    "pillion_destination_requests_total",
    "HTTP requests by destination and class of the status; destination is host:port, or other beyond metrics-destinations of a direction",
    direction,
    destination,
    label("status", statuses),
  ),
  errors: family(
    "counter",
    "pillion_destination_errors_total",
    "Requests and connections that were refused, or cut before they were whole, by destination",
    direction,
    destination,
    label("kind", ["refusal", "cut"]),
  ),
  connections: family(
    "counter",
    "pillion_destination_connections_total",
    "Connections that were made to a destination",
    direction,
    destination,
  ),
  bytes: family(
    "counter",
    "pillion_destination_bytes_total",
    "Bytes that were carried, by destination: of tunnels as they pass, of HTTP bodies when their request is over",
    direction,
    destination,
    label("flow", ["to_target", "to_client"]),
  ),
  durations: family(
    "histogram",
    "pillion_destination_request_duration_seconds",
    "Time from a request's head to the end of its answer, by destination",
    direction,
    destination,
  ),
} satisfies Record<string, Family>
export type DestinationFamilies = typeof destinationFamilies

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

/** Everything that is served, in the order of `/metrics`. */
export const allFamilies: ReadonlyArray<Family> = [
  buildInfo({ version: "", revision: "", bun: "" }),
  ...Object.values(histograms),
  ...Object.values(families),
  ...Object.values(destinationFamilies),
]

/** The table for the documentation. */
export const metricsMarkdown = (): string => {
  const rows = allFamilies.map((each) => {
    const labels = each.labels.map(({ name, values }) =>
      values.some((value) => value !== "") ? describe(name, values) : `\`${name}\``,
    )
    return `| \`${each.name}\` | ${each.type} | ${labels.join("; ")} | ${each.help} |\n`
  })
  return `| metric | type | labels | what |\n|---|---|---|---|\n${rows.join("")}`
}

/** The reasons for a refusal have a table of their own. */
const describe = (name: string, values: ReadonlyArray<string>): string =>
  values === refusalReasons
    ? `\`${name}\`: every [refusal](reference.md#refusals)`
    : `\`${name}\`: ${values.join(", ")}`
