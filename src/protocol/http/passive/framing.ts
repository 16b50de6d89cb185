/**
 * Framing: how the content of a followed message is delimited (RFC 9112 section 6.3), or why that is not certain.
 */
import { isBodiless } from "../response.ts"
import { chunked, untilClose } from "../survey.ts"

import type { LenientHead } from "./lenient-head.ts"

const both = "both Content-Length and Transfer-Encoding"
const tooOld = "Transfer-Encoding in HTTP/1.0"

/** Length in bytes or `chunked` for the content of a request; a text where recipients could differ about it. */
export const requestFraming = (head: LenientHead, minor: number, method: string): number | string => {
  const { coding, contentLength = 0 } = head
  if (method === "CONNECT" && (coding !== "none" || contentLength > 0)) return "CONNECT with content"
  if (coding === "none") return contentLength
  if (minor === 0) return tooOld
  if (head.contentLength !== undefined) return both
  return coding === "chunked" ? chunked : "a request of which the last transfer coding is not chunked"
}

/** Length in bytes, `chunked` or `untilClose` for the content of the answer to a `method` request; or likewise a text. */
export const answerFraming = (head: LenientHead, minor: number, status: number, method: string): number | string => {
  if (isBodiless(status, method)) return 0
  const { coding, contentLength } = head
  if (coding === "none") return contentLength ?? untilClose
  if (minor === 0) return tooOld
  if (contentLength !== undefined) return both
  return coding === "chunked" ? chunked : untilClose
}
