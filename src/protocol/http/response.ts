/**
 * Response: the head of an origin's answer (RFC 9112 section 4), judged like a request: what two recipients could frame
 * differently is not passed on.
 */
import { CR, DEL, HTAB, LF, SP, ZERO } from "../ascii.ts"
import { type Refusal, refusal } from "../refusal.ts"

import type { Fields } from "./fields.ts"
import { type HeadLimits, httpMinor } from "./request.ts"
import { chunked, type Survey, survey, untilClose } from "./survey.ts"

export interface ResponseHead {
  readonly status: number
  /** 0 or 1: HTTP/1.0 or HTTP/1.1. */
  readonly minor: number
  /** Length of the body, `chunked` or `untilClose`. */
  readonly bodyLength: number
  /** Whether the origin will take another request on this connection once the answer is complete. */
  readonly keepAlive: boolean
  readonly survey: Survey
}

const malformed = (detail: string): Refusal => refusal("response-malformed", detail)

/** Parses the complete head in `bytes[0, end)` (its blank line included), the answer to a `method` request. */
export const parseResponse = (
  bytes: Uint8Array,
  end: number,
  fields: Fields,
  limits: HeadLimits,
  method: string,
): ResponseHead | Refusal => {
  const minor = httpMinor(bytes, 0)
  if (minor === undefined || minor < 0 || bytes[8] !== SP) return malformed("invalid HTTP version")
  const status = statusCode(bytes)
  if (status === undefined) return malformed("invalid status code")
  let at = 12
  // The reason phrase, with its space, is optional in practice (RFC 9112 section 4 wants the space).
  if (bytes[at] === SP) while (isReasonByte(bytes[at]!)) at++
  if (bytes[at] !== CR || bytes[at + 1] !== LF) return malformed("invalid status line")

  const problem = fields.parse(bytes, at + 2, end - 2, limits.maxHeadFields)
  if (problem === "too many fields") return refusal("response-too-large", problem)
  if (problem !== undefined) return malformed(problem)
  const found = survey(bytes, fields, limits.pseudonym)
  if (typeof found === "string") return malformed(found)
  if (found.contentLength !== undefined && found.transferCoding !== "none") {
    return malformed("both Content-Length and Transfer-Encoding")
  }
  const bodyLength = responseBodyLength(found, status, method)
  // HTTP/1.0 connections are not reused: their keep-alive is an extension that proxies must not rely on
  // (RFC 9112 appendix C.2.2), and a Transfer-Encoding there means that the framing is in doubt (section 6.1).
  return {
    status,
    minor,
    bodyLength,
    keepAlive: minor === 1 && !found.close && bodyLength !== untilClose,
    survey: found,
  }
}

/** RFC 9112 section 6.3: these answers have no body whatever their fields say. */
export const isBodiless = (status: number, method: string): boolean =>
  method === "HEAD" || status < 200 || status === 204 || status === 304

const responseBodyLength = (found: Survey, status: number, method: string): number => {
  if (isBodiless(status, method)) return 0
  if (found.transferCoding === "chunked") return chunked
  return found.transferCoding === "none" && found.contentLength !== undefined ? found.contentLength : untilClose
}

/** HTAB, a space, visible ASCII or obs-text (RFC 9112 section 4). */
const isReasonByte = (byte: number): boolean => (byte >= SP && byte !== DEL) || byte === HTAB

const statusCode = (bytes: Uint8Array): number | undefined => {
  const hundreds = bytes[9]! - ZERO
  const tens = bytes[10]! - ZERO
  const ones = bytes[11]! - ZERO
  if (!(hundreds >= 1 && hundreds <= 9 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9)) return undefined
  return hundreds * 100 + tens * 10 + ones
}
