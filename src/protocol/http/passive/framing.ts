/**
 * Framing: how the content of a followed message is delimited (RFC 9112 section 6.3), or why that is not certain.
 */
import { isBodiless } from "../response.ts"
import { chunked, untilClose } from "../survey.ts"

import type { LenientHead } from "./lenient-head.ts"
import { malformed, type Unreadable } from "./unreadable.ts"

const both = malformed("both Content-Length and Transfer-Encoding")
const tooOld = malformed("Transfer-Encoding in HTTP/1.0")
const withContent = malformed("CONNECT with content")
const notChunked = malformed("a request of which the last transfer coding is not chunked")

/** Length in bytes or `chunked` for the content of a request; why not, where recipients could differ about it. */
export const requestFraming = (head: LenientHead, minor: number, method: string): number | Unreadable => {
  const { coding, contentLength = 0 } = head
  if (method === "CONNECT" && (coding !== "none" || contentLength > 0)) return withContent
  if (coding === "none") return contentLength
  if (minor === 0) return tooOld
  if (head.contentLength !== undefined) return both
  return coding === "chunked" ? chunked : notChunked
}

/** Length in bytes, `chunked` or `untilClose` for the content of the answer to a `method` request; or likewise why not. */
export const answerFraming = (
  head: LenientHead,
  minor: number,
  status: number,
  method: string,
): number | Unreadable => {
  if (isBodiless(status, method)) return 0
  const { coding, contentLength } = head
  if (coding === "none") return contentLength ?? untilClose
  if (minor === 0) return tooOld
  if (contentLength !== undefined) return both
  return coding === "chunked" ? chunked : untilClose
}
