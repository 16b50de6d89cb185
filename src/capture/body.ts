/**
 * Body: makes a record's body of the bytes that passed. Content codings are taken away, since what cannot be read
 * cannot be redacted; what is text stays text. Never fails: what cannot be kept is left out with its reason.
 *
 * Inflating and hashing are done by functions that are given, so that nothing here needs more than its arguments.
 */
import { charsetOf, isBulky, isTextual } from "./media-type.ts"
import type { ContentCoding, OmittedReason, RecordedBody } from "./record.ts"

/** Bytes of a body of a type in `isBulky` that an answer may have and still be kept. */
export const maxBulkyBody = 16 * 1024

/** Content codings that may lie over each other; nobody sends more, and each costs an inflation. */
export const maxCodings = 4

/** A message's body as it passed, chunk framing taken away. */
export interface PassedBody {
  /** Its first bytes: all of `wire`, or as many as were copied. */
  readonly bytes: Uint8Array
  /** How many bytes passed. */
  readonly wire: number
  /** False where the message ended before its framing said so. */
  readonly complete: boolean
  /** Content-Type, and the values of Content-Encoding joined by commas; empty where there is none. */
  readonly type: string
  readonly encoding: string
  /** The sender: only answers are left out by default for being bulky. */
  readonly side: "request" | "response"
  readonly chunks?: RecordedBody["chunks"]
  readonly events?: RecordedBody["events"]
}

export interface BodyRules {
  /** Bytes of content that are kept; 0 keeps none. */
  readonly maxBytes: number
  /** Whether bulky types are kept: all of them, none, or by default those of requests and of small answers. */
  readonly keepBulky: boolean | undefined
}

/** Content without one coding, as far as it went. */
export interface Inflated {
  readonly bytes: Uint8Array
  /** The coding's own end was reached. */
  readonly ended: boolean
}

/**
 * Takes a coding away, and stops at `maxBytes` of content. Gives undefined where the bytes are not of this coding.
 * `message` is that of a WebSocket's (RFC 7692 section 7.2.2); `window` is then what came before it on its side.
 */
export type Inflate = (
  coding: ContentCoding | "message",
  bytes: Uint8Array,
  maxBytes: number,
  window?: Uint8Array,
) => Promise<Inflated | undefined>

/** Makes the body of a record. */
export const makeBody = async (passed: PassedBody, rules: BodyRules, inflate: Inflate): Promise<RecordedBody> => {
  if (rules.maxBytes === 0) return leftOut(passed, passed.wire, "off")
  const codings = codingsOf(passed.encoding)
  if (codings === undefined) return leftOut(passed, passed.wire, "coding")
  const content = passed.wire === 0 ? plain(passed) : await removeCodings(passed, codings, rules.maxBytes, inflate)
  if (content === undefined) return leftOut(passed, passed.wire, "coding")
  const size = codings.length === 0 ? passed.wire : content.bytes.length
  const coding = codings.length === 0 || passed.wire === 0 ? {} : { coding: codings }
  if (isLeftOut(passed, size, rules)) return { ...leftOut(passed, size, "binary"), ...coding }
  const kept = content.bytes.subarray(0, rules.maxBytes)
  const whole = content.ended && kept.length === content.bytes.length
  return { ...factsOf(passed, size), ...coding, ...written(kept, passed.type, whole) }
}

/** A body that is not kept, with its reason. For what the caller finds out: no memory, redaction that failed. */
export const omitBody = (body: RecordedBody, omitted: OmittedReason): RecordedBody => {
  const { text: _, base64: _1, sha256: _2, raw: _3, ...facts } = body
  return { ...facts, omitted }
}

/**
 * Adds the hash of what is stored, where that is the whole body. To be done after redaction: a hash of what was there
 * before would let anybody try values against it.
 */
export const sealBody = (body: RecordedBody, sha256: (bytes: Uint8Array) => string): RecordedBody => {
  if (body.truncated === true || body.omitted !== undefined) return body
  const bytes = contentOf(body)
  return bytes === undefined ? body : { ...body, sha256: sha256(bytes) }
}

/** The bytes of a body as stored; undefined where it was left out. Text in another charset comes as UTF-8. */
export const contentOf = (body: RecordedBody): Uint8Array | undefined =>
  body.text !== undefined
    ? new TextEncoder().encode(body.text)
    : body.base64 === undefined
      ? undefined
      : Uint8Array.fromBase64(body.base64)

/**
 * The codings of a Content-Encoding in the order in which they were applied (RFC 9110 section 8.4); undefined where
 * one is not known.
 */
export const codingsOf = (encoding: string): ReadonlyArray<ContentCoding> | undefined => {
  const names = encoding
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity")
  const codings = names.flatMap((name) => byName.get(name) ?? [])
  return codings.length < names.length || codings.length > maxCodings ? undefined : codings
}

const byName: ReadonlyMap<string, ContentCoding> = new Map([
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["br", "br"],
  ["zstd", "zstd"],
  ["deflate", "deflate"],
])

const factsOf = ({ wire, type, chunks, events }: PassedBody, size: number): RecordedBody => ({
  size,
  wire,
  type,
  ...(chunks === undefined ? {} : { chunks }),
  ...(events === undefined ? {} : { events }),
})

const leftOut = (passed: PassedBody, size: number, omitted: OmittedReason): RecordedBody => ({
  ...factsOf(passed, size),
  omitted,
})

const isLeftOut = (passed: PassedBody, size: number, rules: BodyRules): boolean =>
  isBulky(passed.type) &&
  (rules.keepBulky === undefined ? passed.side === "response" && size > maxBulkyBody : !rules.keepBulky) &&
  size > 0

const plain = ({ bytes, wire, complete }: PassedBody): Inflated => ({ bytes, ended: complete && bytes.length === wire })

const removeCodings = async (
  passed: PassedBody,
  codings: ReadonlyArray<ContentCoding>,
  maxBytes: number,
  inflate: Inflate,
): Promise<Inflated | undefined> => {
  let content = plain(passed)
  for (const coding of codings.toReversed()) {
    const inflated = await inflate(coding, content.bytes, maxBytes)
    if (inflated === undefined) return undefined
    content = { bytes: inflated.bytes, ended: content.ended && inflated.ended }
  }
  return content
}

/** Content as a record has it: text where that is what it is. `whole`: it does not go on behind these bytes. */
export const written = (bytes: Uint8Array, type: string, whole: boolean): Partial<RecordedBody> => {
  const cut = whole ? {} : { truncated: true }
  const text = textOf(bytes, type, whole)
  return text === undefined ? { base64: bytes.toBase64(), ...cut } : { text, ...cut }
}

/** The characters of text; undefined for what is none. Of a cut one the character that the cut went through is left out. */
const textOf = (bytes: Uint8Array, type: string, whole: boolean): string | undefined => {
  const charset = charsetOf(type)
  // Latin1 and UTF-16 know any bytes: only who names them means them.
  const text =
    decoded(bytes, charset ?? "utf-8", whole) ?? (charset === undefined ? undefined : decoded(bytes, "utf-8", whole))
  return text !== undefined && (isTextual(type) || !control.test(text)) ? text : undefined
}

/** C0 but for tab, line feed, form feed and carriage return; DEL. */
const control = /[\x00-\x08\x0b\x0e-\x1f\x7f]/

const decoded = (bytes: Uint8Array, charset: string, whole: boolean): string | undefined => {
  try {
    // With `stream` a character that is not whole is kept for the next call, which never comes.
    const text = new TextDecoder(charset as "utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: !whole })
    return text.isWellFormed() ? text : undefined
  } catch {
    return undefined
  }
}
