/**
 * Options: THE table of what can be set, how, and to what. Flags, environment names, annotations, configuration keys,
 * help, documentation and error messages come from here; there is no second list.
 */
import { accessFormats, lineFormats, logLevels } from "../flow/levels.ts"
import { notProbe } from "../observe/filter/entry-filter.ts"
import { bindAddress, destinationRule, host, resolveRule } from "./addresses.ts"
import { captureMode, percentage } from "./capture.ts"
import { entryFilter, optionalRecordFilter, recordFilter } from "./filter.ts"
import { list, text } from "./kind.ts"
import { defaultAnnotationsFile, type Limits, type Option } from "./option.ts"
import type { Settings } from "./settings.ts"
import { boolean, choice, duration, integer, listenPort, port, size } from "./units.ts"

/** Open files that connections must leave: listeners, admin requests, log and configuration files, the runtime's own. */
const spareFiles = 64

/** Each connection has two sockets, and at the limit itself `accept` fails over and over without sleeping. */
export const maxConnections = (limits: Limits): number => Math.max(1, Math.floor((limits.openFiles - spareFiles) / 2))

/** Linux allows no more open files than this by default (fs.nr_open), nor then half as many connections. */
const connectionsCeiling = 1_048_576

/** The shortest request head that says anything, and how much one connection may make the proxy hold. */
const minHead = 256
const maxHead = 1024 * 1024
const maxFields = 10_000

/** Each has some forty series in `/metrics`. */
const mostDestinations = 1000

const mebibyte = 1024 * 1024

/** Bytes of a body that may be recorded: each is held until its record is made, and copied several times for that. */
const mostBody = 16 * mebibyte
const leastCaptureMemory = mebibyte
const mostCaptureMemory = 16 * 1024 * mebibyte
const leastCaptureDisk = mebibyte
const mostCaptureDisk = 1024 * 1024 * mebibyte

/** What others call these levels. */
const nearLevels: ReadonlyMap<string, string> = new Map([
  ["trace", "debug"],
  ["verbose", "debug"],
  ["information", "info"],
  ["notice", "info"],
  ["warning", "warn"],
  ["critical", "error"],
  ["fatal", "error"],
  ["panic", "error"],
])

const ten = () => 10_000
const sixty = () => 60_000

export const options: { readonly [K in keyof Settings]: Option<Settings[K]> } = {
  proxyType: {
    name: "proxy-type",
    group: "Proxy",
    summary: "which listeners run: inbound only (reverse), outbound only (forward), or both (dual)",
    kind: choice(["reverse", "forward", "dual"], {
      transparent: "comes in a later version: write reverse, forward or dual, which need no iptables",
    }),
    initial: () => "dual",
    environment: "PROXY_TYPE",
    annotation: "proxy-type",
    reloadable: false,
  },
  proxyProtocol: {
    name: "proxy-protocol",
    group: "Proxy",
    summary: "what clients speak; tcp is opaque bytes and inbound only, tcp:http and tcp:socks are for dual",
    kind: choice(["tcp", "http", "socks", "tcp:http", "tcp:socks"], {
      socks4: "is part of socks: write socks, which takes versions 4, 4a and 5",
      socks5: "is part of socks: write socks, which takes versions 4, 4a and 5",
      https: "is part of http: write http, whose CONNECT carries TLS",
    }),
    initial: () => "http",
    environment: "PROXY_PROTOCOL",
    annotation: "proxy-protocol",
    reloadable: false,
  },
  proxyHost: {
    name: "proxy-host",
    group: "Proxy",
    summary: "the workload's host, where every inbound connection ends; http://host is taken as host",
    kind: host,
    initial: () => ({ _tag: "Name", name: "localhost" }),
    environment: "REVERSE_PROXY_HOST",
    annotation: "proxy-host",
    reloadable: false,
  },
  proxyPort: {
    name: "proxy-port",
    group: "Proxy",
    summary: "the workload's port",
    kind: port,
    initial: () => 80,
    environment: "REVERSE_PROXY_PORT",
    annotation: "proxy-port",
    reloadable: false,
  },
  proxyStrict: {
    name: "proxy-strict",
    group: "Proxy",
    summary: "take only the protocol asked for; otherwise http and socks listeners take every proxy protocol",
    kind: boolean,
    initial: () => false,
    annotation: "proxy-strict",
    reloadable: true,
  },
  followHttp: {
    name: "follow-http",
    group: "Proxy",
    summary:
      "read the HTTP that is carried as it is, for a log line and metrics of each request; false reads none of it",
    kind: boolean,
    initial: () => true,
    annotation: "follow-http",
    reloadable: true,
  },
  splice: {
    name: "splice",
    group: "Proxy",
    summary:
      "let the kernel carry what comes in large pieces, uncopied; false where its splice(2) is not to be trusted",
    kind: boolean,
    initial: () => true,
    reloadable: false,
  },
  poll: {
    name: "poll",
    group: "Proxy",
    summary:
      "read and write sockets by system calls, polled with epoll(7); false: by the runtime, where these are not to be trusted: slower, and most failed dials are reported as refused",
    kind: boolean,
    initial: () => true,
    reloadable: false,
  },
  proxyInPort: {
    name: "proxy-in-port",
    group: "Listeners",
    summary: "port of the inbound listener; 0 asks for a free one",
    kind: listenPort,
    initial: () => 4143,
    environment: "PROXY_IN_PORT",
    annotation: "proxy-in-port",
    reloadable: false,
  },
  proxyOutPort: {
    name: "proxy-out-port",
    group: "Listeners",
    summary: "port of the outbound listener; 0 asks for a free one",
    kind: listenPort,
    initial: () => 4140,
    environment: "PROXY_OUT_PORT",
    annotation: "proxy-out-port",
    reloadable: false,
  },
  proxyInBind: {
    name: "proxy-in-bind",
    group: "Listeners",
    summary: "addresses of the inbound listener",
    kind: list(bindAddress),
    initial: () => [],
    initialText: "::, or 0.0.0.0 without IPv6",
    reloadable: false,
  },
  proxyOutBind: {
    name: "proxy-out-bind",
    group: "Listeners",
    summary: "addresses of the outbound listener; link-local and metadata destinations are denied beyond loopback",
    kind: list(bindAddress),
    initial: () => [],
    initialText: "127.0.0.1,::1",
    reloadable: false,
  },
  healthPort: {
    name: "health-port",
    group: "Listeners",
    summary: "port of /livez, /readyz, /startupz and /metrics, on every address",
    kind: listenPort,
    initial: () => 4145,
    environment: "METRICS_HTTP_PORT",
    shared: { besideProgram: false },
    annotation: "prometheus-port",
    reloadable: false,
  },
  adminPort: {
    name: "admin-port",
    group: "Listeners",
    summary: "port of the admin interface, on loopback",
    kind: listenPort,
    initial: () => 4100,
    reloadable: false,
  },
  portsFile: {
    name: "ports-file",
    group: "Listeners",
    summary: "a file to write the chosen ports to, as JSON, once everything listens",
    kind: text("FILE"),
    initial: () => undefined,
    reloadable: false,
  },
  resolve: {
    name: "resolve",
    group: "Destinations",
    summary: "connect to this address instead of looking the name up; may be repeated",
    kind: list(resolveRule),
    initial: () => [],
    reloadable: true,
  },
  allowDestinations: {
    name: "allow-destinations",
    group: "Destinations",
    summary: "let through what is denied by default: addresses, CIDR blocks, names, and .name for all below it",
    kind: list(destinationRule),
    initial: () => [],
    annotation: "allow-destinations",
    reloadable: true,
  },
  denyDestinations: {
    name: "deny-destinations",
    group: "Destinations",
    summary: "deny these, written the same way; stronger than allow-destinations",
    kind: list(destinationRule),
    initial: () => [],
    annotation: "deny-destinations",
    reloadable: true,
  },
  handshakeTimeout: {
    name: "handshake-timeout",
    group: "Deadlines",
    summary: "how long a client's handshake or request head may take",
    kind: duration(1),
    initial: ten,
    annotation: "handshake-timeout",
    reloadable: true,
  },
  dialTimeout: {
    name: "dial-timeout",
    group: "Deadlines",
    summary: "how long looking up and connecting may take",
    kind: duration(1),
    initial: ten,
    annotation: "dial-timeout",
    reloadable: true,
  },
  halfCloseTimeout: {
    name: "half-close-timeout",
    group: "Deadlines",
    summary: "how long a connection of which one side has ended may go on",
    kind: duration(1),
    initial: sixty,
    annotation: "half-close-timeout",
    reloadable: true,
  },
  keepAliveTimeout: {
    name: "keep-alive-timeout",
    group: "Deadlines",
    summary: "how long an HTTP connection may wait for its next request",
    kind: duration(1),
    initial: sixty,
    annotation: "keep-alive-timeout",
    reloadable: true,
  },
  originReuse: {
    name: "origin-reuse",
    group: "Deadlines",
    summary: "how long after it was made a connection to an HTTP origin may serve other clients; 0 shares none",
    kind: duration(0),
    initial: ten,
    annotation: "origin-reuse",
    reloadable: true,
  },
  drainDelay: {
    name: "drain-delay",
    group: "Deadlines",
    summary: "how long inbound goes on accepting after the signal to stop",
    kind: duration(0),
    initial: () => 0,
    annotation: "drain-delay",
    reloadable: true,
  },
  drainTimeout: {
    name: "drain-timeout",
    group: "Deadlines",
    summary: "how long after the signal to stop the connections that are left are reset",
    kind: duration(0),
    initial: () => 25_000,
    annotation: "drain-timeout",
    reloadable: true,
  },
  maxConnections: {
    name: "max-connections",
    group: "Limits",
    summary: "how many connections may be open at once",
    kind: integer(1, connectionsCeiling),
    initial: maxConnections,
    initialText: "half of (open files limit - 64), which is also the most",
    annotation: "max-connections",
    reloadable: true,
  },
  maxIdleOrigins: {
    name: "max-idle-origins",
    group: "Limits",
    summary: "how many connections to HTTP origins a listener may keep for the next client",
    kind: integer(0, connectionsCeiling),
    initial: () => 128,
    reloadable: true,
  },
  maxHeadBytes: {
    name: "max-head-bytes",
    group: "Limits",
    summary: "how long an HTTP request line and header section may be together",
    kind: size(minHead, maxHead),
    initial: () => 64 * 1024,
    reloadable: true,
  },
  maxHeadFields: {
    name: "max-head-fields",
    group: "Limits",
    summary: "how many fields an HTTP header section may have",
    kind: integer(1, maxFields),
    initial: () => 128,
    reloadable: true,
  },
  metricsDestinations: {
    name: "metrics-destinations",
    group: "Limits",
    summary:
      "how many destinations of each direction metrics may name, the first ones; the rest is other; 0 names none",
    kind: integer(0, mostDestinations),
    initial: () => 50,
    reloadable: true,
  },
  logLevel: {
    name: "log-level",
    group: "Logging",
    summary: "the least important log line that is written",
    kind: choice(logLevels),
    initial: () => "info",
    environment: "LOG_LEVEL",
    shared: { near: nearLevels, besideProgram: true },
    reloadable: true,
  },
  logFormat: {
    name: "log-format",
    group: "Logging",
    summary: "json, pretty, or auto: pretty on a terminal, else json",
    kind: choice(["auto", ...lineFormats]),
    initial: () => "auto",
    reloadable: false,
  },
  accessLog: {
    name: "access-log",
    group: "Logging",
    summary: "one line per connection or request on stdout",
    kind: boolean,
    initial: () => true,
    reloadable: false,
  },
  accessLogFilter: {
    name: "access-log-filter",
    group: "Logging",
    summary:
      "what the access log writes, as a filter of pillion tap; tap, top, the page and the metrics see everything",
    kind: entryFilter,
    initial: () => notProbe,
    annotation: "access-log-filter",
    reloadable: true,
  },
  accessLogFormat: {
    name: "access-log-format",
    group: "Logging",
    summary: "json, istio-json (its default keys), clf (as web servers), logfmt, pretty, or auto: as log-format says",
    kind: choice(["auto", ...accessFormats], {
      combined: "would log header fields, which may hold secrets: write clf",
    }),
    initial: () => "auto",
    reloadable: false,
  },
  capture: {
    name: "capture",
    group: "Capture",
    summary: "keep records of what passes, heads and bodies, in memory or in a directory; secrets in them are replaced",
    kind: captureMode,
    initial: () => "off",
    annotation: "capture",
    reloadable: false,
  },
  captureFilter: {
    name: "capture-filter",
    group: "Capture",
    summary: "what is recorded, as a filter of pillion ls",
    kind: recordFilter,
    initial: () => notProbe,
    annotation: "capture-filter",
    reloadable: true,
  },
  captureSample: {
    name: "capture-sample",
    group: "Capture",
    summary: "how many traces are recorded, each of them whole; of what has none, how many connections",
    kind: percentage,
    initial: () => 100,
    annotation: "capture-sample",
    reloadable: true,
  },
  captureKeep: {
    name: "capture-keep",
    group: "Capture",
    summary: "what is recorded whatever capture-sample says, as ms:1000.. or status:5xx",
    kind: optionalRecordFilter,
    initial: () => undefined,
    annotation: "capture-keep",
    reloadable: true,
  },
  captureBody: {
    name: "capture-body",
    group: "Capture",
    summary: "how much of each body is recorded; 0 records none",
    kind: size(0, mostBody),
    initial: () => 256 * 1024,
    annotation: "capture-body",
    reloadable: true,
  },
  captureMemory: {
    name: "capture-memory",
    group: "Capture",
    summary: "how much memory records may take: those under way, those that wait, and those that are kept",
    kind: size(leastCaptureMemory, mostCaptureMemory),
    initial: () => 32 * mebibyte,
    annotation: "capture-memory",
    reloadable: true,
  },
  captureDisk: {
    name: "capture-disk",
    group: "Capture",
    summary: "how much the directory of a capture may hold; the oldest records make room",
    kind: size(leastCaptureDisk, mostCaptureDisk),
    initial: () => 512 * mebibyte,
    annotation: "capture-disk",
    reloadable: true,
  },
  captureOpaque: {
    name: "capture-opaque",
    group: "Capture",
    summary: "record the first bytes, 1 KiB of each side, of connections that nobody can read",
    kind: boolean,
    initial: () => false,
    annotation: "capture-opaque",
    reloadable: true,
  },
  captureRedact: {
    name: "capture-redact",
    group: "Capture",
    summary: "a YAML file of rules for what is secret besides the built-in ones; off replaces nothing",
    kind: text("FILE"),
    initial: () => undefined,
    initialText: "the built-in rules",
    annotation: "capture-redact",
    reloadable: true,
  },
  captureKey: {
    name: "capture-key",
    group: "Capture",
    summary: "a file of 16 bytes or more, the key of what stands for secrets: with one key equal secrets look equal",
    kind: text("FILE"),
    initial: () => undefined,
    initialText: "made at the start, or kept in the directory",
    annotation: "capture-key",
    reloadable: true,
  },
  annotationsFile: {
    name: "annotations-file",
    group: "Configuration",
    summary: "the pod's annotations, as the downward API writes them",
    kind: text("FILE"),
    initial: () => undefined,
    initialText: `${defaultAnnotationsFile}, if it exists`,
    // Read anew at SIGHUP, from wherever it is then.
    reloadable: true,
  },
  config: {
    name: "config",
    group: "Configuration",
    summary: "a YAML file whose keys are these option names; - reads standard input",
    kind: text("FILE"),
    initial: () => undefined,
    reloadable: false,
  },
}

export type AnyOption = (typeof options)[keyof Settings]

/** The keys of settings in the order of the table. */
export const optionKeys = Object.keys(options) as ReadonlyArray<keyof Settings>

/** Every option in the order of the table. */
export const allOptions: ReadonlyArray<AnyOption> = Object.values(options)

/** The default as help and documentation say it; undefined where nothing is set. */
export const defaultText = <K extends keyof Settings>(key: K): string | undefined => {
  const option = options[key]
  if (option.initialText !== undefined) return option.initialText
  const shown = option.kind.show(option.initial({ openFiles: 0, ownAddresses: [] }))
  return shown === null || String(shown) === "" ? undefined : String(shown)
}
