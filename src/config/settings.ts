/**
 * Settings: every option, valid, in the units that the program uses. Made once by `sources.ts`, never changed; a
 * reload makes a new value.
 */
import type { Direction } from "../flow/flow.ts"
import type { AccessFormat, LineFormat, LogLevel } from "../flow/levels.ts"
import type { Expression } from "../observe/filter/expression.ts"
import type { Address } from "../protocol/address.ts"
import type { Host } from "../protocol/target.ts"

export type ProxyType = "reverse" | "forward" | "dual"
export type ProxyProtocol = "tcp" | "http" | "socks" | "tcp:http" | "tcp:socks"

/** `--resolve host:port=addr:port`: where connections to one name and port go instead of asking a resolver. */
export interface ResolveRule {
  /** Lower case, without a trailing dot. */
  readonly host: string
  readonly port: number
  readonly address: Address
  readonly toPort: number
}

/** One entry of allow-destinations or deny-destinations. */
export type DestinationRule =
  | {
      readonly _tag: "Block"
      /** CIDR block; a single address is a /32 or /128 */ readonly network: Address
      readonly prefix: number
    }
  /** A name: `example.com` itself, or with a leading dot (`.example.com`) every name below it. Lower case. */
  | { readonly _tag: "Name"; readonly name: string }

/** Durations are milliseconds; a port of 0 asks for a free one. */
export interface Settings {
  readonly proxyType: ProxyType
  readonly proxyProtocol: ProxyProtocol
  readonly proxyHost: Host
  readonly proxyPort: number
  readonly proxyInPort: number
  readonly proxyOutPort: number
  readonly proxyStrict: boolean
  /** HTTP that is carried as it is, is read as it passes: a line a request instead of one a connection. */
  readonly followHttp: boolean
  /** Empty means the default: `::` for both families, or `0.0.0.0` where there is no IPv6. */
  readonly proxyInBind: ReadonlyArray<Address>
  /** Empty means the default: 127.0.0.1 and, where there is IPv6, ::1. */
  readonly proxyOutBind: ReadonlyArray<Address>
  readonly healthPort: number
  readonly adminPort: number
  readonly resolve: ReadonlyArray<ResolveRule>
  readonly annotationsFile: string | undefined
  readonly config: string | undefined
  readonly portsFile: string | undefined
  readonly logLevel: LogLevel
  readonly logFormat: "auto" | LineFormat
  readonly accessLog: boolean
  /** What the access log writes of all that ends. */
  readonly accessLogFilter: Expression
  /** `auto` is what `logFormat` gives on standard output. */
  readonly accessLogFormat: "auto" | AccessFormat
  readonly handshakeTimeout: number
  readonly dialTimeout: number
  readonly halfCloseTimeout: number
  readonly keepAliveTimeout: number
  readonly originReuse: number
  readonly drainDelay: number
  readonly drainTimeout: number
  readonly maxConnections: number
  readonly maxIdleOrigins: number
  readonly maxHeadBytes: number
  readonly maxHeadFields: number
  readonly metricsDestinations: number
  readonly splice: boolean
  readonly poll: boolean
  /** Where records go: `off`, `memory`, or the path of a directory. */
  readonly capture: string
  /** What is recorded, and what is recorded although it was not drawn; filters of records. */
  readonly captureFilter: Expression
  readonly captureKeep: Expression | undefined
  /** Percent of traces, or of connections, that are drawn. */
  readonly captureSample: number
  /** Bytes of each body, and of all records in memory and in the directory. */
  readonly captureBody: number
  readonly captureMemory: number
  readonly captureDisk: number
  /** Whether the first bytes of connections that nobody can read are recorded. */
  readonly captureOpaque: boolean
  /** A file of rules, or `off`. */
  readonly captureRedact: string | undefined
  readonly captureKey: string | undefined
  readonly allowDestinations: ReadonlyArray<DestinationRule>
  readonly denyDestinations: ReadonlyArray<DestinationRule>
}

/** The protocols of a listener: opaque bytes, or proxy protocols with `http` or `socks` as the one that was asked for. */
export type Speaks = "tcp" | "http" | "socks"

/** One listener of the plan: everything it does that differs from the other. */
export interface ListenerPlan {
  readonly direction: Direction
  readonly speaks: Speaks
  /** Only the protocol family of `speaks`; everything else is refused. */
  readonly strict: boolean
  readonly bind: ReadonlyArray<Address>
  readonly port: number
}
