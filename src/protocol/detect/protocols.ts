/**
 * Protocols: THE table of what is spoken on a port, a row for each: how it is recognised, how its handshake is made,
 * how one refuses in it, and what the log calls it. To add a protocol, add a row.
 */
import { ASTERISK, CR, DEL, SLASH, SP } from "../ascii.ts"
import { empty, fromLatin1 } from "../bytes.ts"
import { type Handshake, type NeedMore, needMore, type ProtocolName } from "../handshake.ts"
import { answerRefusal } from "../http/answer.ts"
import { type ConnectLimits, makeConnect } from "../http/connect.ts"
import { isTokenByte } from "../http/fields.ts"
import { maxMethodBytes } from "../http/request.ts"
import { leadingEmptyLines } from "../http/scan.ts"
import { type Refusal, refusal } from "../refusal.ts"
import type { Spoken } from "../refusal-reply.ts"
import { makeSocks4 } from "../socks/socks4.ts"
import { makeSocks5 } from "../socks/socks5.ts"
import { makeVerbatim } from "./raw.ts"

/** The protocol families that a listener takes. */
export interface Allowed {
  readonly socks: boolean
  readonly http: boolean
  /** Advice for the log on a client that sends TLS: what its user should write instead. */
  readonly insteadOfTls?: string
}

/** The settings that a handshake is made under. */
export interface HandshakeParts {
  /** HTTP that does not name a destination is carried as it is (inbound), or is an error (outbound). */
  readonly verbatim: boolean
  readonly limits: ConnectLimits
}

/** A protocol that its first bytes have shown: a handshake follows, or without one plain HTTP requests. */
export interface Recognised {
  readonly _tag: "Recognised"
  /** The form that was recognised, for a person. */
  readonly form: string
  readonly make: (parts: HandshakeParts) => Handshake | undefined
}

/** How a protocol judges the first bytes. `other`: they belong to another protocol. */
export type Recognition = typeof other | NeedMore | Recognised | { readonly _tag: "Refuse"; readonly refusal: Refusal }

export const other = { _tag: "Other" } as const

export interface ProtocolRow extends Spoken {
  /** The log's name for the protocol of a client that is refused before its handshake. */
  readonly name: ProtocolName
  /** The byte that every client begins with; other clients are not shown to this row. Undefined where that byte varies. */
  readonly firstByte: number | undefined
  /** Whether a listener takes this protocol. */
  readonly isAllowed: (allowed: Allowed) => boolean
  /** Judges everything that was received so far, at least one byte. Consumes nothing, and never throws. */
  readonly recognise: (input: Uint8Array, allowed: Allowed) => Recognition
}

/** The rows in the order in which they are asked: the first that does not answer `other` decides. */
export type ProtocolTable = ReadonlyArray<ProtocolRow>

const socks4: ProtocolRow = {
  name: "socks4",
  firstByte: 0x04,
  isAllowed: ({ socks }) => socks,
  recognise: () => socks4Handshake,
  refused: (refused) => makeSocks4().refused(refused),
}

const socks5: ProtocolRow = {
  name: "socks5",
  firstByte: 0x05,
  isAllowed: ({ socks }) => socks,
  recognise: () => socks5Handshake,
  refused: (refused) => makeSocks5().refused(refused),
}

/** Recognised only to say in the log what to do about it: this proxy is spoken to in the clear. */
const tls: ProtocolRow = {
  name: "unknown",
  // A record that begins a handshake (RFC 8446 section 5.1).
  firstByte: 0x16,
  isAllowed: () => true,
  recognise: (_, { insteadOfTls }) => refuse(refusal("unknown-protocol", tlsDetail(insteadOfTls))),
  refused: () => empty,
}

/** HTTP/1, with CONNECT. A client that begins with text can read an answer in text, even where it sent no HTTP. */
export const http: ProtocolRow = {
  name: "http",
  firstByte: undefined,
  isAllowed: ({ http }) => http,
  recognise: (input) => recogniseHttp(input),
  refused: answerRefusal,
}

export const protocols: ProtocolTable = [socks4, socks5, tls, http]

const socks4Handshake: Recognised = { _tag: "Recognised", form: "Socks4", make: makeSocks4 }
const socks5Handshake: Recognised = { _tag: "Recognised", form: "Socks5", make: makeSocks5 }
const connect: Recognised = { _tag: "Recognised", form: "Connect", make: ({ limits }) => makeConnect(limits) }
/** A request that names its origin, or is malformed: the HTTP parser says how. */
const forward: Recognised = { _tag: "Recognised", form: "Forward", make: () => undefined }
/**
 * A request whose target begins with "/" or "*", so for an origin and not for a proxy; the preface of HTTP/2,
 * `PRI * HTTP/2.0`, is one too.
 */
const originForm: Recognised = {
  _tag: "Recognised",
  form: "OriginForm",
  make: ({ verbatim }) => (verbatim ? makeVerbatim() : undefined),
}

const tlsDetail = (instead: string | undefined): string =>
  `a TLS handshake: this port is spoken to in the clear${instead === undefined ? "" : `; ${instead}`}`

/** Two empty lines, which RFC 9112 section 2.2 wants forgiven: old clients end a body with a CRLF too many. */
const maxEmptyLineBytes = 4

/** Bytes within which HTTP is recognised: empty lines, a method, its space, and the first byte of the target. */
export const maxHttpBytes = maxEmptyLineBytes + maxMethodBytes + 2

const recogniseHttp = (input: Uint8Array): Recognition => {
  const start = leadingEmptyLines(input)
  const first = input[start]
  if (first === undefined) return needMore
  if (first === CR && start < maxEmptyLineBytes && start + 1 === input.length) return needMore
  if (!isText(first)) return other
  if (isConnect(input, start)) return input.length > start + CONNECT.length ? connect : needMore
  const limit = start + maxMethodBytes
  for (let i = start; i <= limit; i++) {
    const byte = input[i]
    if (byte === undefined) return needMore
    if (byte === SP && i > start) return recogniseTarget(input[i + 1])
    if (!isTokenByte(byte)) return refuse(refusal("malformed-request", `byte ${hex(byte)} in the method`))
  }
  return refuse(refusal("malformed-request", `a method longer than ${maxMethodBytes} bytes`))
}

const recogniseTarget = (first: number | undefined): Recognition => {
  if (first === undefined) return needMore
  return first === SLASH || first === ASTERISK ? originForm : forward
}

/** The method and its space: eight bytes, compared as two numbers before the method is read byte by byte (48 to 18 ns). */
const CONNECT = fromLatin1("CONNECT ")

/** Four bytes as a number; those behind the end count as 0. */
const fourBytes = (input: Uint8Array, at: number): number =>
  (input[at]! << 24) | (input[at + 1]! << 16) | (input[at + 2]! << 8) | input[at + 3]!

const connectStart = fourBytes(CONNECT, 0)
const connectEnd = fourBytes(CONNECT, 4)

const isConnect = (input: Uint8Array, start: number): boolean =>
  fourBytes(input, start) === connectStart && fourBytes(input, start + 4) === connectEnd

/** Visible ASCII or a space. */
const isText = (byte: number): boolean => byte >= SP && byte < DEL

/** A byte as the log shows it. */
export const hex = (byte: number): string => byte.toString(16).padStart(2, "0")

const refuse = (refusal: Refusal): Recognition => ({ _tag: "Refuse", refusal })
