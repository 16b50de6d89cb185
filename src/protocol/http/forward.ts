/**
 * Forward: a parsed head as it is passed on (RFC 9110 section 7.6). Field lines are carried byte for byte, in order and
 * with their case; only hop-by-hop fields are left out, Host and the framing are written anew, and Via is added.
 */
import { ASTERISK, QUESTION_MARK, SLASH } from "../ascii.ts"
import { crlf, empty, fromLatin1, toLatin1 } from "../bytes.ts"

import { Field, hopByHop } from "./field-table.ts"
import { equalsIgnoreCase, type Fields } from "./fields.ts"
import { HeadWriter } from "./head-writer.ts"
import type { RequestHead } from "./request.ts"
import type { ResponseHead } from "./response.ts"
import type { Survey } from "./survey.ts"

const version11 = fromLatin1(" HTTP/1.1\r\n")
const statusVersion11 = fromLatin1("HTTP/1.1")
const hostName = fromLatin1("Host: ")
const transferEncodingChunked = fromLatin1("Transfer-Encoding: chunked\r\n")
const expectContinue = fromLatin1("Expect: 100-continue\r\n")
const connectionClose = fromLatin1("Connection: close\r\n")
const connectionUpgrade = fromLatin1("Connection: Upgrade\r\n")

/** Room for everything that a rewritten head can gain over the received one, its Via apart. */
const growth = 256

/** Shared by all heads: one is taken or sent before another is begun. */
const out = new HeadWriter()

/** The lines that this proxy adds to heads. */
export interface Forwarding {
  /** The whole Via line for a message of HTTP/1.x: `Via: 1.x name CRLF`. */
  readonly via: readonly [http10: Uint8Array, http11: Uint8Array]
}

/** The Via lines of a proxy called `pseudonym` (RFC 9110 section 7.6.3). */
export const makeForwarding = (pseudonym: string): Forwarding => ({
  via: [fromLatin1(`Via: 1.0 ${pseudonym}\r\n`), fromLatin1(`Via: 1.1 ${pseudonym}\r\n`)],
})

/**
 * The request in origin-form for its origin: Host from the request target (RFC 9112 section 3.2.2), an Upgrade kept
 * when `upgrade`. `end` is where the head in `bytes` ends; `body` is sent behind it, in the same write.
 */
export const forwardRequest = (
  bytes: Uint8Array,
  end: number,
  head: RequestHead,
  fields: Fields,
  forwarding: Forwarding,
  upgrade: boolean,
  body: Uint8Array,
): Uint8Array => {
  const via = forwarding.via[head.minor]!
  out.start(end + (head.authorityEnd - head.authorityStart) + via.length + growth + body.length)
  out.span(bytes, 0, head.method.length + 1)
  writePath(bytes, head)
  out.add(version11)
  // HTTP/1.0 needs no Host, but what is passed on is HTTP/1.1 (RFC 9112 section 3.2).
  if (head.survey.hosts === 0) {
    out.add(hostName)
    out.span(bytes, head.authorityStart, head.authorityEnd)
    out.add(crlf)
  }
  copyFields(bytes, end, fields, head, upgrade, rewriteRequestField)
  out.add(via)
  if (upgrade) out.add(connectionUpgrade)
  out.add(crlf)
  out.add(body)
  return out.take()
}

const rewriteRequestField: Rewrite<RequestHead, boolean> = (bytes, fields, field, head, upgrade) => {
  switch (fields.id(field)) {
    case Field.host:
      return rewriteHost(bytes, head, fields, field)
    case Field.contentLength:
      return rewriteContentLength(head.survey)
    case Field.expect:
      return rewriteExpect(head.survey, fields, field)
    case Field.transferEncoding:
      return transferEncodingChunked
    case Field.maxForwards:
      return rewriteMaxForwards(head)
    case Field.upgrade:
      return upgrade ? undefined : empty
    default:
      return undefined
  }
}

const writePath = (bytes: Uint8Array, head: RequestHead): void => {
  if (head.form === "absolute" && head.pathStart === head.pathEnd) {
    // OPTIONS of a whole server is "*" in origin-form (RFC 9112 section 3.2.4).
    out.byte(head.method === "OPTIONS" ? ASTERISK : SLASH)
    return
  }
  if (bytes[head.pathStart] === QUESTION_MARK) out.byte(SLASH)
  out.span(bytes, head.pathStart, head.pathEnd)
}

/** The target's authority in place of what the client wrote, under the name that it wrote (RFC 9112 section 3.2.2). */
const rewriteHost = (bytes: Uint8Array, head: RequestHead, fields: Fields, field: number): Uint8Array | undefined => {
  const { authorityStart, authorityEnd } = head
  if (head.form !== "absolute") return undefined
  if (sameBytes(bytes, authorityStart, authorityEnd, fields.valueStart(field), fields.valueEnd(field))) return undefined
  const name = toLatin1(bytes, fields.nameStart(field), fields.nameEnd(field))
  return fromLatin1(`${name}: ${toLatin1(bytes, authorityStart, authorityEnd)}\r\n`)
}

/**
 * Writes a Content-Length without the zeros before it: another reader may take them for those of an octal number, or
 * count its digits.
 */
const rewriteContentLength = (found: Survey): Uint8Array | undefined =>
  found.contentLengthPadded ? fromLatin1(`Content-Length: ${found.contentLength}\r\n`) : undefined

/** Writes the Expect line: one expectation, once; none where the field has none. */
const rewriteExpect = (found: Survey, fields: Fields, field: number): Uint8Array | undefined => {
  if (field !== found.expectField) return empty
  return fields.valueEnd(field) - fields.valueStart(field) === "100-continue".length ? undefined : expectContinue
}

/** Only OPTIONS counts its hops here (RFC 9110 section 7.6.2): TRACE, the other method that does, is not passed on. */
const rewriteMaxForwards = (head: RequestHead): Uint8Array | undefined =>
  head.method === "OPTIONS" && head.survey.maxForwards !== undefined
    ? fromLatin1(`Max-Forwards: ${Math.max(0, head.survey.maxForwards - 1)}\r\n`)
    : undefined

/** How an answer is passed to its client. */
export interface ResponseForm {
  /** Say `Connection: close`. */
  readonly close: boolean
  /** Pass Upgrade on: the answer is 101, or 426 which must say what to upgrade to. */
  readonly upgrade: boolean
  /** The client knows chunked (HTTP/1.1); to others a chunked body goes as it is, ended by the connection. */
  readonly chunks: boolean
}

/** Writes the answer's head for the client, followed by `body`; lent until the next head is forwarded. */
export const forwardResponse = (
  bytes: Uint8Array,
  end: number,
  head: ResponseHead,
  fields: Fields,
  forwarding: Forwarding,
  form: ResponseForm,
  body: Uint8Array,
): Uint8Array => {
  const via = forwarding.via[head.minor]!
  out.start(end + via.length + growth + body.length)
  out.add(statusVersion11)
  const fieldsStart = fields.count === 0 ? end - 2 : fields.nameStart(0)
  out.span(bytes, statusVersion11.length, fieldsStart)
  copyFields(bytes, end, fields, head, form, rewriteResponseField)
  out.add(via)
  if (form.upgrade) out.add(connectionUpgrade)
  if (form.close) out.add(connectionClose)
  out.add(crlf)
  out.add(body)
  return out.lend()
}

const rewriteResponseField: Rewrite<ResponseHead, ResponseForm> = (_bytes, fields, field, head, form) => {
  const framed = head.status >= 200 && head.status !== 204
  switch (fields.id(field)) {
    case Field.contentLength:
      return framed ? rewriteContentLength(head.survey) : empty
    case Field.transferEncoding:
      if (!framed) return empty
      if (head.survey.transferCoding !== "chunked") return undefined
      return form.chunks ? transferEncodingChunked : empty
    case Field.upgrade:
      return form.upgrade ? undefined : empty
    default:
      return undefined
  }
}

/** Says what stands in a known field's place: undefined for the line as it came, no bytes for nothing at all. */
type Rewrite<Head, Form> = (
  bytes: Uint8Array,
  fields: Fields,
  field: number,
  head: Head,
  form: Form,
) => Uint8Array | undefined

/** Copies the field lines in runs as long as they can be. */
const copyFields = <Head extends { readonly survey: Survey }, Form>(
  bytes: Uint8Array,
  end: number,
  fields: Fields,
  head: Head,
  form: Form,
  rewrite: Rewrite<Head, Form>,
): void => {
  const { listed } = head.survey
  let runStart = -1
  for (let field = 0; field < fields.count; field++) {
    const id = fields.id(field)
    const start = fields.nameStart(field)
    let replacement: Uint8Array | undefined
    if (hopByHop[id] === 1 || (listed.length > 0 && isListed(bytes, fields, field, listed))) replacement = empty
    else if (id !== Field.other) replacement = rewrite(bytes, fields, field, head, form)
    if (replacement === undefined) {
      if (runStart < 0) runStart = start
      continue
    }
    if (runStart >= 0) out.span(bytes, runStart, start)
    runStart = -1
    out.add(replacement)
  }
  if (runStart >= 0) out.span(bytes, runStart, end - 2)
}

const isListed = (bytes: Uint8Array, fields: Fields, field: number, listed: ReadonlyArray<string>): boolean => {
  for (const name of listed) {
    if (equalsIgnoreCase(bytes, fields.nameStart(field), fields.nameEnd(field), name)) return true
  }
  return false
}

const sameBytes = (bytes: Uint8Array, start: number, end: number, otherStart: number, otherEnd: number): boolean => {
  if (end - start !== otherEnd - otherStart) return false
  for (let i = 0; i < end - start; i++) if (bytes[start + i] !== bytes[otherStart + i]) return false
  return true
}
