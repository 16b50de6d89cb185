/**
 * Connect: the handshake of an HTTP tunnel (RFC 9110 section 9.3.6), as real clients speak it: HTTP/1.0 without Host,
 * no port, IPv6 without brackets, and heads that arrive byte by byte are all understood.
 */
import type { Handshake, Step } from "../handshake.ts"
import { dial, needMore, refuse } from "../handshake.ts"
import { type Refusal, refusal } from "../refusal.ts"

import { answerRefusal, connectionEstablished } from "./answer.ts"
import { Fields } from "./fields.ts"
import { type HeadLimits, httpMinor, maxRequestLineBytes, parseRequest } from "./request.ts"
import { bareLineFeed, findHeadEnd, incomplete, leadingEmptyLines } from "./scan.ts"

const fields = new Fields()

export interface ConnectLimits extends HeadLimits {
  readonly maxHeadBytes: number
}

/**
 * What a head of `length` bytes, or as much of it as has arrived, is too long for; however it was cut, the answer is
 * the same.
 */
export const overlong = (
  bytes: Uint8Array,
  maxHeadBytes: number,
  length: number = bytes.length,
): Refusal | undefined => {
  if (length > maxRequestLineBytes && !bytes.subarray(0, maxRequestLineBytes).includes(0x0a)) {
    return refusal("target-too-long", "request line over 16 KiB")
  }
  return length > maxHeadBytes ? refusal("head-too-large", `head over ${maxHeadBytes} bytes`) : undefined
}

/**
 * What a head whose end has not come is refused for already: its length, or a request line that is whole and has no
 * version. HTTP/0.9 was such a line and nothing more; waiting for its end would take until the deadline.
 */
export const hopeless = (head: Uint8Array, maxHeadBytes: number): Refusal | undefined => {
  const lineFeed = head.indexOf(0x0a)
  // A line that is too long is that first: it would have been before it was whole.
  const isWhole = lineFeed !== -1 && lineFeed < maxRequestLineBytes
  if (isWhole && (head[lineFeed - 10] !== 0x20 || httpMinor(head, lineFeed - 9) === undefined)) {
    return refusal("malformed-request", "no HTTP version")
  }
  return overlong(head, maxHeadBytes)
}

class Connect implements Handshake {
  readonly protocol = "connect"
  /** How much of the head was searched for its end by earlier steps. */
  private searched = 0
  private readonly limits: ConnectLimits

  constructor(limits: ConnectLimits) {
    this.limits = limits
  }

  step(input: Uint8Array): Step {
    const skip = leadingEmptyLines(input)
    const bytes = skip === 0 ? input : input.subarray(skip)
    const end = findHeadEnd(bytes, Math.max(0, this.searched - skip))
    if (end === bareLineFeed) return refuse(refusal("malformed-request", "a line ends without CRLF"))
    const { maxHeadBytes } = this.limits
    const refused = end === incomplete ? hopeless(bytes, maxHeadBytes) : overlong(bytes, maxHeadBytes, end)
    if (refused !== undefined) return refuse(refused)
    if (end === incomplete) {
      this.searched = input.length
      return needMore
    }
    const head = parseRequest(bytes, end, fields, this.limits)
    if ("reason" in head) return refuse(head)
    // Any other request names no tunnel; without a target it would be taken for one to the workload.
    if (head.form !== "authority") return refuse(refusal("malformed-request", "no CONNECT"))
    return dial(skip + end, head.target)
  }

  accepted(): Uint8Array {
    return connectionEstablished
  }

  refused(refused: Refusal): Uint8Array {
    return answerRefusal(refused, { close: true, body: true })
  }
}

/** A fresh CONNECT handshake for one connection. */
export const makeConnect = (limits: ConnectLimits): Handshake => new Connect(limits)
