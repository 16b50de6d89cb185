/**
 * Head scanner: finds the end of a head while its bytes arrive, for requests and for answers.
 *
 * No byte is searched twice, and a head is refused as soon as no end that may still come could make it a good one.
 * Nothing is consumed, and nothing is allocated but a refusal.
 */
import { LF, SP } from "../ascii.ts"
import { type Reason, type Refusal, refusal } from "../refusal.ts"

import { httpMinor, maxRequestLineBytes } from "./request.ts"
import { bareLineFeed, findHeadEnd, incomplete } from "./scan.ts"

/** How heads of one kind are refused before they are parsed. */
export interface HeadKind {
  readonly malformed: Reason
  /** Judges a head that ends at `end`, or as much of it as has arrived where that is `incomplete`. */
  readonly judge: (bytes: Uint8Array, end: number, maxHeadBytes: number) => Refusal | undefined
}

/**
 * Refuses a request head of `length` bytes, or as much of it as has arrived, for its length. The answer is the same
 * however the head was cut.
 */
export const tooLong = (
  bytes: Uint8Array,
  maxHeadBytes: number,
  length: number = bytes.length,
): Refusal | undefined => {
  if (length > maxRequestLineBytes && !bytes.subarray(0, maxRequestLineBytes).includes(LF)) {
    return refusal("target-too-long", "request line over 16 KiB")
  }
  return length > maxHeadBytes ? refusal("head-too-large", `head over ${maxHeadBytes} bytes`) : undefined
}

/**
 * Refuses a request head whose end has not come: for its length, or for a request line that is whole and has no
 * version. HTTP/0.9 was such a line and nothing more; waiting for its end would take until the deadline.
 */
export const refusedEarly = (bytes: Uint8Array, maxHeadBytes: number): Refusal | undefined => {
  const lineFeed = bytes.indexOf(LF)
  // A line that is too long is that first: it would have been before it was whole.
  const isWhole = lineFeed !== -1 && lineFeed < maxRequestLineBytes
  if (isWhole && (bytes[lineFeed - 10] !== SP || httpMinor(bytes, lineFeed - 9) === undefined)) {
    return refusal("malformed-request", "no HTTP version")
  }
  return tooLong(bytes, maxHeadBytes)
}

export const requestHeads: HeadKind = {
  malformed: "malformed-request",
  judge: (bytes, end, maxHeadBytes) =>
    end === incomplete ? refusedEarly(bytes, maxHeadBytes) : tooLong(bytes, maxHeadBytes, end),
}

export const responseHeads: HeadKind = {
  malformed: "response-malformed",
  judge: (bytes, end, maxHeadBytes) =>
    (end === incomplete ? bytes.length : end) > maxHeadBytes
      ? refusal("response-too-large", `head over ${maxHeadBytes} bytes`)
      : undefined,
}

/** One per connection: serves head after head. */
export class HeadScanner {
  private readonly kind: HeadKind
  /** Bytes that earlier calls have searched for the end of this head, with what was skipped before it. */
  private searched = 0

  constructor(kind: HeadKind) {
    this.kind = kind
  }

  /**
   * Returns the offset just after the head that begins at `bytes[0]`, `incomplete`, or why there will be none. `skipped`
   * is how many bytes of empty lines stood before `bytes`: they may grow from call to call.
   */
  scan(bytes: Uint8Array, skipped: number, maxHeadBytes: number): number | Refusal {
    const end = findHeadEnd(bytes, Math.max(0, this.searched - skipped))
    if (end === bareLineFeed) return refusal(this.kind.malformed, "a line ends without CRLF")
    const refused = this.kind.judge(bytes, end, maxHeadBytes)
    if (refused !== undefined) return refused
    this.searched = end === incomplete ? skipped + bytes.length : 0
    return end
  }
}
