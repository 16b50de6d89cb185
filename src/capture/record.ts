/**
 * Record: what was captured of one exchange, call, socket, stream, tunnel or query, as one line of JSON has it. Field
 * names and units are those of an access-log entry. Types only: `read-record.ts` checks what comes from a file.
 *
 * Heads are latin1, one character a byte, as everywhere in `protocol/`. Times are milliseconds after `started`, to the
 * microsecond. Everything in a record is redacted by the time it is stored or shown, `raw` excepted.
 */
import type { Direction } from "../flow/flow.ts"
import type { Sender } from "../protocol/recording.ts"

/** The version that this program writes. A reader refuses a higher one and ignores fields that it does not know. */
export const recordVersion = 1

export const recordKinds = ["exchange", "call", "socket", "stream", "tunnel", "query"] as const
export type RecordKind = (typeof recordKinds)[number]

/** Fields of a head in their order, case and repetition: never joined, never sorted. */
export type FieldList = ReadonlyArray<readonly [name: string, value: string]>

/** The fields that a record of any kind has. */
interface CommonFields {
  readonly v: typeof recordVersion
  /** A UUID of version 7. Commands take any unambiguous end of it. */
  readonly id: string
  /** RFC 3339 in UTC, to the microsecond. */
  readonly started: string
  /** The number of the connection, and of this within it. */
  readonly flow: number
  readonly n: number
  readonly direction: Direction
  readonly client?: string | undefined
  readonly target?: string | undefined
  readonly address?: string | undefined
  readonly sni?: string | undefined
  readonly authority?: string | undefined
  readonly cause?: Cause | undefined
  readonly tls?: TlsFacts | undefined
  /** Durations as in the access log: looking up and connecting; from there to the response's head; all of it. */
  readonly t_dial?: number | undefined
  readonly t_first_byte?: number | undefined
  readonly t_total?: number | undefined
  /** How it ended, if not well; words of the access log. */
  readonly end?: string | undefined
  readonly phase?: string | undefined
  readonly code?: string | undefined
  readonly refusal?: string | undefined
  readonly error?: string | undefined
  /** Bytes from the client to the target and back: all that passed, also where the record was cut. */
  readonly bytes_in: number
  readonly bytes_out: number
  /** The parts that are not here whole. */
  readonly truncated?: ReadonlyArray<RecordPart> | undefined
  readonly redacted?: ReadonlyArray<RedactedPlace> | undefined
  readonly workload?: WorkloadName | undefined
}

/** The parts of a record that a limit can cut. */
export const recordParts = ["request.body", "response.body", "frames", "head"] as const
export type RecordPart = (typeof recordParts)[number]

/** The inbound record during which an outbound one was made. Absent where that is not certain; never guessed. */
export interface Cause {
  readonly id: string
  /** `header`: an x-request-id that both carry. `alone`: the only inbound record that was open then. */
  readonly by: "traceparent" | "header" | "alone"
}

/** What is known of the TLS around a record. */
export interface TlsFacts {
  readonly version?: string | undefined
  readonly cipher?: string | undefined
  readonly alpn?: string | undefined
  readonly sni?: string | undefined
  /** Whether it was decrypted here. */
  readonly opened: boolean
  readonly peer?:
    | {
        readonly subject?: string | undefined
        readonly issuer?: string | undefined
        /** RFC 3339. */
        readonly notAfter?: string | undefined
      }
    | undefined
}

/** A place whose value was replaced, and what stands there now. The value itself is nowhere. */
export interface RedactedPlace {
  /** Where: `request.headers.authorization`, `request.query.key`, `response.json.$.card`. */
  readonly path: string
  readonly rule: string
  readonly token: string
  /** Of a JWT, the fields that are no secret: alg, kid, iat, exp. */
  readonly hint?: Readonly<Record<string, string | number>> | undefined
}

/** The workload beside this proxy, where the Kubernetes downward API names it. */
export interface WorkloadName {
  readonly pod?: string | undefined
  readonly namespace?: string | undefined
  readonly node?: string | undefined
  readonly container?: string | undefined
}

/** The content of a message: one of `text`, `base64` and `omitted`. */
export interface RecordedBody {
  /** Bytes of content. Where a coding was not removed to its end: of what was seen of it; where it could not be removed at all, `wire`. */
  readonly size: number
  /** Bytes that passed, chunk framing not counted. */
  readonly wire: number
  /** The Content-Type as sent; empty without one. */
  readonly type: string
  /** Content codings that were removed, in the order in which they had been applied. */
  readonly coding?: ReadonlyArray<ContentCoding> | undefined
  readonly text?: string | undefined
  readonly base64?: string | undefined
  readonly omitted?: OmittedReason | undefined
  /** Of the bytes of `text` or `base64` as they stand here, so after redaction; lower-case hex. Only where the body is whole. */
  readonly sha256?: string | undefined
  /** The content goes on behind what is here. */
  readonly truncated?: boolean | undefined
  /** When how many bytes came. */
  readonly chunks?: ReadonlyArray<readonly [t: number, length: number]> | undefined
  /** When each event of an event stream, or line of NDJSON, was whole; of the first ones, and without a content coding. */
  readonly events?: ReadonlyArray<number> | undefined
  /** The bytes that passed, in base64, where they were asked for. Not redacted. */
  readonly raw?: string | undefined
}

export const contentCodings = ["gzip", "br", "zstd", "deflate"] as const
export type ContentCoding = (typeof contentCodings)[number]

/**
 * Why a body is not here: bodies are not kept, its coding is unknown or broken, redaction failed or took too long, there
 * was no memory for it, or it is of a type that is left out.
 */
export const omittedReasons = ["off", "coding", "redaction", "budget", "binary"] as const
export type OmittedReason = (typeof omittedReasons)[number]

export interface RecordedRequest {
  readonly line: {
    readonly method: string
    /** As sent. */
    readonly target: string
    /** `1.1`, without `HTTP/`. */
    readonly version: string
  }
  readonly headers: FieldList
  readonly body?: RecordedBody | undefined
  readonly trailers?: FieldList | undefined
}

export interface RecordedResponse {
  readonly line: {
    readonly version: string
    readonly status: number
    readonly reason: string
  }
  readonly headers: FieldList
  /** Informational answers before this one: 100, 103. */
  readonly interim?: ReadonlyArray<InterimResponse> | undefined
  readonly body?: RecordedBody | undefined
  readonly trailers?: FieldList | undefined
}

export interface InterimResponse {
  readonly status: number
  readonly headers: FieldList
  readonly t: number
}

/** An HTTP request and its answer. Without an answer where there was none: a refused dial is a record too. */
export interface ExchangeRecord extends CommonFields {
  readonly kind: "exchange"
  readonly request: RecordedRequest
  readonly response?: RecordedResponse | undefined
}

/** A WebSocket connection: the exchange that opened it, and its frames. Its bytes are those that passed behind the answer. */
export interface SocketRecord extends CommonFields {
  readonly kind: "socket"
  readonly request: RecordedRequest
  readonly response?: RecordedResponse | undefined
  readonly frames: ReadonlyArray<RecordedFrame>
  /** The first close frame (RFC 6455 section 5.5.1). */
  readonly close?: { readonly code: number; readonly reason: string } | undefined
  /** Why frames could not be read any more. */
  readonly lost?: string | undefined
}

/** What frames of a WebSocket are called (RFC 6455 section 11.8). */
export const frameOps = ["text", "binary", "continuation", "ping", "pong", "close"] as const

/** A message or a control frame. A message that came in several frames stands where its first one came. */
export interface RecordedFrame {
  readonly t: number
  readonly from: Sender
  readonly op: (typeof frameOps)[number]
  readonly text?: string | undefined
  readonly base64?: string | undefined
  /** Why its payload is not here. */
  readonly omitted?: OmittedReason | undefined
  /** Bytes of the payload, also where it is not here whole; of a compressed one, of what was inflated. */
  readonly size: number
  /** Bytes of the payload as it passed, where it was compressed. */
  readonly wire?: number | undefined
  /** When how many bytes of payload began to come, where a message came in several frames. */
  readonly fragments?: ReadonlyArray<readonly [t: number, length: number]> | undefined
}

/** A connection, or the rest of one, whose bytes were carried and not read. */
export interface StreamRecord extends CommonFields {
  readonly kind: "stream"
  /** The protocol that it looked like. */
  readonly guess?: string | undefined
  /** Why reading was given up, where it had been begun. */
  readonly lost?: string | undefined
  /** The first KiB of each side in base64, where that was asked for. */
  readonly first?: { readonly [from in Sender]?: string | undefined } | undefined
}

/** TLS that was not opened. */
export interface TunnelRecord extends CommonFields {
  readonly kind: "tunnel"
  /** ALPN as the client offered it; the protocol that was chosen is `tls.alpn`, where that passed in the clear. */
  readonly offered?: ReadonlyArray<string> | undefined
  /** Versions of TLS that the client offered. */
  readonly versions?: ReadonlyArray<string> | undefined
  /** Names of the certificate, if it passed in the clear. */
  readonly names?: ReadonlyArray<string> | undefined
  /** Why it was not opened. */
  readonly unopened?: string | undefined
}

/** A gRPC call, as far as lists and exports name it. */
export interface CallRecord extends CommonFields {
  readonly kind: "call"
  /** `/package.Service/Method` */
  readonly rpc: string
  readonly status?: { readonly code: number; readonly name?: string | undefined } | undefined
}

/** A query of a database, as far as lists and exports name it. */
export interface QueryRecord extends CommonFields {
  readonly kind: "query"
  readonly system: string
  readonly statement?: string | undefined
  readonly rows?: number | undefined
}

export type CaptureRecord = ExchangeRecord | SocketRecord | StreamRecord | TunnelRecord | CallRecord | QueryRecord

/** The records that hold an HTTP request. */
export type HttpRecord = ExchangeRecord | SocketRecord

export const isHttp = (record: CaptureRecord): record is HttpRecord =>
  record.kind === "exchange" || record.kind === "socket"
