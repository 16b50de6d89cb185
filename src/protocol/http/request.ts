/**
 * Request: the head of an HTTP/1 request to a proxy (RFC 9112 section 3), judged and made ready to be passed on.
 *
 * A request is refused for anything that two recipients could read differently, unless the grammar has it and it goes on
 * written the one usual way. Nothing is repaired.
 */
import { CR, DEL, DOT, HASH, LF, SP, ZERO } from "../ascii.ts"
import { toLatin1 } from "../bytes.ts"
import { type Refusal, refusal } from "../refusal.ts"

import { type Fields, isTokenByte } from "./fields.ts"
import { type RequestTarget, requestTarget } from "./request-target.ts"
import { chunked, type Survey, survey } from "./survey.ts"

/** Methods are tokens of any length in RFC 9110; the longest registered one has 17 characters. */
export const maxMethodBytes = 32

/** A request line longer than this, its CRLF included, is answered 414; RFC 9112 section 3 asks for 8000 at least. */
export const maxRequestLineBytes = 16 * 1024

/** A valid request head. Spans and fields are those of the bytes that were parsed, until the next parse. */
export interface RequestHead extends RequestTarget {
  readonly method: string
  /** 0 or 1: HTTP/1.0 or HTTP/1.1. */
  readonly minor: number
  /** Length of the body, or `chunked`. */
  readonly bodyLength: number
  readonly survey: Survey
}

/** A head in its bytes, as a parser left it. */
export interface Parsed<Head> {
  readonly bytes: Uint8Array
  /** Where the head ends. */
  readonly end: number
  readonly head: Head
  readonly fields: Fields
}

export interface HeadLimits {
  readonly maxHeadFields: number
  /** Our own pseudonym in Via. */
  readonly pseudonym: string
}

const malformed = (detail: string): Refusal => refusal("malformed-request", detail)

/**
 * Parses the complete head in `bytes[0, end)` (its blank line included) into `fields` and a RequestHead, or refuses.
 * Lengths of the head and of its request line are judged before, by `HeadScanner`, which does not wait for the end.
 */
export const parseRequest = (
  bytes: Uint8Array,
  end: number,
  fields: Fields,
  limits: HeadLimits,
): RequestHead | Refusal => {
  let at = 0
  while (at < maxMethodBytes && isTokenByte(bytes[at]!)) at++
  if (at === 0 || bytes[at] !== SP) return malformed("invalid method")
  const method = methodName(bytes, at)

  const targetStart = ++at
  // Visible ASCII without "#": a fragment never belongs on the wire (RFC 9112 section 3.2).
  while (bytes[at]! > SP && bytes[at]! < DEL && bytes[at] !== HASH) at++
  const targetEnd = at
  if (targetEnd === targetStart || bytes[at] !== SP) return malformed("invalid request target")
  const minor = httpMinor(bytes, at + 1)
  if (minor === undefined) return malformed("invalid HTTP version")
  if (minor < 0) return refusal("version-not-supported", "only HTTP/1.0 and HTTP/1.1 are spoken")
  at += 11
  if (bytes[at - 2] !== CR || bytes[at - 1] !== LF) return malformed("invalid request line")

  const problem = fields.parse(bytes, at, end - 2, limits.maxHeadFields)
  if (problem === "too many fields") return refusal("head-too-large", problem)
  if (problem !== undefined) return malformed(problem)
  const found = survey(bytes, fields, limits.pseudonym)
  if (found === "too many connection options") return refusal("head-too-large", found)
  if (typeof found === "string") return malformed(found)
  const bodyLength = requestBodyLength(found, minor)
  if (typeof bodyLength !== "number") return bodyLength
  if (found.hosts > 1) return malformed("more than one Host")
  if (found.hosts === 0 && minor === 1) return malformed("no Host")
  if (!isHostValue(bytes, found.hostStart, found.hostEnd)) return malformed("invalid Host")
  if (found.expects === "unknown") return refusal("expectation-failed", "unknown expectation")
  if (found.maxForwardsTwice) return malformed("more than one Max-Forwards")
  if (found.passedHere) return refusal("loop-detected", "our own name stands in Via")

  const isWebSocket = method === "GET" && asksToUpgrade(found, minor)
  const where = requestTarget(bytes, targetStart, targetEnd, method, isWebSocket)
  if ("reason" in where) return where
  // Content-Length 0 says that there is none, as some clients do for every request (RFC 9110 section 9.3.6).
  if (where.form === "authority" && bodyLength !== 0) return malformed("CONNECT with a body")
  // Named one by one: a spread copies property by property, at ten times the cost.
  return {
    method,
    form: where.form,
    target: where.target,
    authorityStart: where.authorityStart,
    authorityEnd: where.authorityEnd,
    pathStart: where.pathStart,
    pathEnd: where.pathEnd,
    minor,
    bodyLength,
    survey: found,
  }
}

/** Whether a request asks to switch protocols: all of this has to hold, and HTTP/1.0 cannot (RFC 9110 section 7.8). */
export const asksToUpgrade = (found: Survey, minor: number): boolean =>
  found.upgradeOption && found.upgradeOffered && minor === 1

/** Body length by RFC 9112 section 6.3; a request without framing has no body. */
const requestBodyLength = (found: Survey, minor: number): number | Refusal => {
  if (found.transferCoding === "none") return found.contentLength ?? 0
  if (minor === 0) return malformed("Transfer-Encoding in HTTP/1.0")
  if (found.contentLength !== undefined) return malformed("both Content-Length and Transfer-Encoding")
  if (found.transferCoding === "unknown") return refusal("not-implemented", "unknown transfer coding")
  return chunked
}

/** 1 for the bytes of a host and its port (RFC 3986 section 3.2.2); what they say is of no account, the target decides. */
const hostBytes = new Uint8Array(256)
for (const c of "-._~%!$&'()*+,;=:[]0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  hostBytes[c.charCodeAt(0)] = 1
}

/** Whether a Host field holds what one may hold; it may be empty (RFC 9110 section 7.2). */
const isHostValue = (bytes: Uint8Array, start: number, end: number): boolean => {
  for (let i = start; i < end; i++) if (hostBytes[bytes[i]!] !== 1) return false
  return true
}

/** The minor version at `at`: 0 or 1, -1 for another valid version, undefined for what is none (RFC 9112 section 2.3). */
export const httpMinor = (bytes: Uint8Array, at: number): number | undefined => {
  const name = "HTTP/"
  for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name.charCodeAt(i)) return undefined
  const major = bytes[at + 5]! - ZERO
  const minor = bytes[at + 7]! - ZERO
  if (!(major >= 0 && major <= 9 && minor >= 0 && minor <= 9) || bytes[at + 6] !== DOT) return undefined
  return major === 1 && minor <= 1 ? minor : -1
}

/** The methods of nearly all requests: naming one of these makes no string. */
const usualMethods: ReadonlyArray<string> = ["GET", "POST", "CONNECT", "PUT", "HEAD", "PATCH", "DELETE", "OPTIONS"]

const methodName = (bytes: Uint8Array, end: number): string => {
  for (const method of usualMethods) if (spells(bytes, end, method)) return method
  return toLatin1(bytes, 0, end)
}

/** Whether `bytes[0, end)` is `text`. */
const spells = (bytes: Uint8Array, end: number, text: string): boolean => {
  if (end !== text.length) return false
  for (let i = 0; i < end; i++) if (bytes[i] !== text.charCodeAt(i)) return false
  return true
}
