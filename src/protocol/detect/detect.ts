/**
 * Detect: which protocol a connection speaks, from its first bytes.
 *
 * One port takes every proxy protocol, so the first byte decides: 04 and 05 are SOCKS, text is HTTP. What is found is
 * not consumed; the handshake or the HTTP parser reads it again from the start, leading empty lines included.
 * Nothing is allocated but a refusal.
 */
import { ASTERISK, CR, DEL, SLASH, SP } from "../ascii.ts"
import { type NeedMore, needMore } from "../handshake.ts"
import { isTokenByte } from "../http/fields.ts"
import { maxMethodBytes } from "../http/request.ts"
import { leadingEmptyLines } from "../http/scan.ts"
import { type Reason, type Refusal, refusal } from "../refusal.ts"

/** The protocol families that a listener takes. */
export interface Allowed {
  readonly socks: boolean
  readonly http: boolean
  /** What to do instead, for whoever sends TLS; only the log gets it. */
  readonly insteadOfTls?: string
}

/** The protocol in which a client is refused; "none" closes without a byte, for a client that speaks none of them. */
export type SpokenProtocol = "socks4" | "socks5" | "http" | "none"

/** These bytes are refused: `as` says in whose words. */
export interface DetectRefuse {
  readonly _tag: "Refuse"
  readonly refusal: Refusal
  readonly as: SpokenProtocol
}

/**
 * `Connect`: a CONNECT request. `Forward`: a request that names its origin, or is malformed (the HTTP parser says how).
 * `OriginForm`: a request whose target begins with "/" or "*", so for an origin and not for a proxy; the preface of
 * HTTP/2, `PRI * HTTP/2.0`, is one too.
 */
export type Detected =
  NeedMore | typeof socks4 | typeof socks5 | typeof connect | typeof forward | typeof originForm | DetectRefuse

const socks4 = { _tag: "Socks4" } as const
const socks5 = { _tag: "Socks5" } as const
const connect = { _tag: "Connect" } as const
const forward = { _tag: "Forward" } as const
const originForm = { _tag: "OriginForm" } as const

/** Two empty lines, which RFC 9112 section 2.2 wants forgiven: old clients end a body with a CRLF too many. */
const maxEmptyLineBytes = 4

/** Detection never needs more bytes than this: empty lines, a method, its space, and the first byte of the target. */
export const maxDetectBytes = maxEmptyLineBytes + maxMethodBytes + 2

/** Judges `input`, everything received so far, by at most its first `maxDetectBytes`. */
export const detect = (input: Uint8Array, allowed: Allowed): Detected => {
  switch (input[0]) {
    case undefined:
      return needMore
    case 0x04:
      return allowed.socks ? socks4 : notAllowed("socks4")
    case 0x05:
      return allowed.socks ? socks5 : notAllowed("socks5")
    case 0x16:
      return refuse("unknown-protocol", tlsDetail(allowed.insteadOfTls), "none")
    default: {
      const found = detectHttp(input)
      // Only what turned out to be HTTP: other bytes are not even answered.
      const isHttp = found._tag === "Refuse" ? found.as === "http" : found._tag !== "NeedMore"
      return isHttp && !allowed.http ? notAllowed("http") : found
    }
  }
}

const tlsDetail = (instead: string | undefined): string =>
  `a TLS handshake: this port is spoken to in the clear${instead === undefined ? "" : `; ${instead}`}`

const detectHttp = (input: Uint8Array): Detected => {
  const start = leadingEmptyLines(input)
  const first = input[start]
  if (first === undefined) return needMore
  if (first === CR && start < maxEmptyLineBytes && start + 1 === input.length) return needMore
  if (!isText(first)) return refuse("unknown-protocol", `byte ${hex(first)}`, "none")
  const limit = start + maxMethodBytes
  for (let i = start; i <= limit; i++) {
    const byte = input[i]
    if (byte === undefined) return needMore
    if (byte === SP && i > start) return detectForm(input, start, i)
    if (!isTokenByte(byte)) return refuse("malformed-request", `byte ${hex(byte)} in the method`, "http")
  }
  return refuse("malformed-request", `a method longer than ${maxMethodBytes} bytes`, "http")
}

const detectForm = (input: Uint8Array, start: number, space: number): Detected => {
  const first = input[space + 1]
  if (first === undefined) return needMore
  if (isConnect(input, start, space)) return connect
  return first === SLASH || first === ASTERISK ? originForm : forward
}

const CONNECT = "CONNECT"

const isConnect = (input: Uint8Array, start: number, end: number): boolean => {
  if (end - start !== CONNECT.length) return false
  for (let i = 0; i < CONNECT.length; i++) if (input[start + i] !== CONNECT.charCodeAt(i)) return false
  return true
}

/** Visible ASCII or a space. Whoever begins with text can read an answer in text, even where it is no HTTP. */
const isText = (byte: number): boolean => byte >= SP && byte < DEL

const hex = (byte: number): string => byte.toString(16).padStart(2, "0")

const notAllowed = (as: SpokenProtocol): DetectRefuse =>
  refuse("protocol-not-allowed", `${as} on a listener that does not take it`, as)

const refuse = (reason: Reason, detail: string, as: SpokenProtocol): DetectRefuse => ({
  _tag: "Refuse",
  refusal: refusal(reason, detail),
  as,
})
