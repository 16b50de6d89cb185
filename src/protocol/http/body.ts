/**
 * Body: the content of one HTTP/1 message on its way through (RFC 9112 sections 6 and 7).
 *
 * Bytes of known length are passed on as views, uncopied. Chunked content is decoded and framed anew, one chunk for
 * each piece received: no byte of a sender's framing, no extension, and no forbidden trailer ever reaches the next
 * recipient, so the two cannot disagree about where the message ends.
 */
import { empty, fromLatin1, toLatin1 } from "../bytes.ts"

import { Fields } from "./fields.ts"
import { bareLineFeed, findHeadEnd, incomplete } from "./scan.ts"
import { chunked, untilClose } from "./survey.ts"

/** Extension bytes one chunk may carry, and one message in all: they mean nothing to anybody, and cost as data does. */
export const maxExtensionBytes = 256
export const maxExtensionBytesPerMessage = 8 * 1024

/** Hexadecimal digits of a chunk size: 13 hold 2^52, and no chunk is larger. */
const maxSizeDigits = 13

/** Trailers that would frame, route, authenticate or steer the message after the fact (RFC 9110 section 6.5.1). */
const forbiddenTrailers: ReadonlySet<string> = new Set([
  "authorization",
  "cache-control",
  "connection",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "cookie",
  "expect",
  "forwarded",
  "host",
  "keep-alive",
  "max-forwards",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "range",
  "set-cookie",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "via",
  "www-authenticate",
])

export interface BodyLimits {
  readonly maxHeadBytes: number
  readonly maxHeadFields: number
}

/** How a chunked body goes on: in chunks, or as plain bytes that the connection's end delimits. */
export type Encoding = "chunks" | "plain"

const CR = 0x0d
const LF = 0x0a
const crlf = fromLatin1("\r\n")
const lastChunk = fromLatin1("0\r\n")
const fields = new Fields()

type State = "size" | "extension" | "size-lf" | "data" | "data-cr" | "data-lf" | "trailers"

export class Body {
  /** Bytes of the input that the last `pass` used. What is left belongs to the next message. */
  consumed = 0
  /** The body is complete. A body that ends with the connection never is. */
  done: boolean
  /** What is wrong with the framing; nothing more may be passed on. */
  problem: string | undefined = undefined
  /** Bytes of content passed on so far, framing not counted. */
  passed = 0

  private remaining: number
  private state: State = "size"
  private digits = 0
  private extension = 0
  private extensions = 0
  private trailers: Uint8Array = empty
  private readonly framing: number
  private readonly encoding: Encoding
  private readonly limits: BodyLimits

  /** `framing` is a length in bytes, `chunked` or `untilClose`. */
  constructor(framing: number, encoding: Encoding, limits: BodyLimits) {
    this.framing = framing
    this.encoding = encoding
    this.limits = limits
    this.remaining = framing > 0 ? framing : 0
    this.done = framing === 0
  }

  /**
   * Takes what belongs to the body from `input[start...]` and returns the bytes to send on; sets `consumed`, `done` and
   * `problem`. The result may be a view of the input.
   */
  pass(input: Uint8Array, start: number): Uint8Array {
    if (this.done) {
      this.consumed = 0
      return empty
    }
    if (this.framing === chunked) return this.passChunks(input, start)
    const take = this.framing === untilClose ? input.length - start : Math.min(this.remaining, input.length - start)
    this.consumed = take
    this.passed += take
    if (this.framing !== untilClose) {
      this.remaining -= take
      this.done = this.remaining === 0
    }
    return start === 0 && take === input.length ? input : input.subarray(start, start + take)
  }

  /** One input, which may hold any number of chunks or a part of one, becomes at most one chunk and the end. */
  private passChunks(input: Uint8Array, start: number): Uint8Array {
    const out = new Uint8Array(sizeRoom + input.length - start + crlf.length)
    let length = sizeRoom
    let at = start
    while (at < input.length && this.state !== "trailers" && this.problem === undefined) {
      if (this.state === "data") {
        const take = Math.min(this.remaining, input.length - at)
        if (take < 32) for (let i = 0; i < take; i++) out[length + i] = input[at + i]!
        else out.set(input.subarray(at, at + take), length)
        length += take
        at += take
        this.remaining -= take
        if (this.remaining === 0) this.state = "data-cr"
      } else this.frame(input[at++]!)
    }
    const content = length - sizeRoom
    this.passed += content
    const passed = this.encoding === "plain" || content === 0 ? out.subarray(sizeRoom, length) : oneChunk(out, length)
    if (this.state !== "trailers" || this.problem !== undefined) {
      this.consumed = at - start
      return passed
    }
    return this.passTrailers(input, start, at, passed)
  }

  /** One byte of chunk framing: `size [ext] CRLF data CRLF` (RFC 9112 section 7.1). */
  private frame(byte: number): void {
    switch (this.state) {
      case "size": {
        const digit = hexDigit(byte)
        if (digit >= 0 && this.digits < maxSizeDigits) {
          this.remaining = this.remaining * 16 + digit
          this.digits++
        } else if (this.digits === 0 || digit >= 0) this.problem = "invalid chunk size"
        else if (byte === CR) this.state = "size-lf"
        else if (byte === 0x3b) this.startExtension()
        else this.problem = "invalid chunk size"
        return
      }
      case "extension":
        this.extension++
        this.extensions++
        if (byte === CR) this.state = "size-lf"
        else if ((byte < 0x20 && byte !== 0x09) || byte === 0x7f) this.problem = "invalid chunk extension"
        else if (this.extension > maxExtensionBytes || this.extensions > maxExtensionBytesPerMessage) {
          this.problem = "chunk extensions too large"
        }
        return
      case "size-lf":
        if (byte !== LF) this.problem = "invalid chunk size"
        this.state = this.remaining === 0 ? "trailers" : "data"
        return
      case "data-cr":
        if (byte !== CR) this.problem = "chunk data without its line end"
        this.state = "data-lf"
        return
      case "data-lf":
        if (byte !== LF) this.problem = "chunk data without its line end"
        this.state = "size"
        this.remaining = 0
        this.digits = 0
        return
      case "data":
      case "trailers":
        return
    }
  }

  private startExtension(): void {
    this.state = "extension"
    this.extension = 0
  }

  /** The trailer section is held back until it is whole, then cleaned (RFC 9112 section 7.1.2). */
  private passTrailers(input: Uint8Array, start: number, at: number, content: Uint8Array): Uint8Array {
    const before = this.trailers.length
    const section = before === 0 ? input.subarray(at) : join(this.trailers, input.subarray(at))
    let end: number = incomplete
    if (section[0] === CR && section[1] === LF) end = 2
    else if (section[0] !== CR || section.length > 1) end = findHeadEnd(section, before)
    if (end === bareLineFeed || (end === incomplete && section[0] === CR && section.length > 1)) {
      this.problem = "invalid trailers"
    } else if ((end === incomplete ? section.length : end) > this.limits.maxHeadBytes) {
      this.problem = "trailers too large"
    }
    this.consumed = end === incomplete ? input.length - start : at - start + end - before
    if (this.problem !== undefined) return content
    if (end === incomplete) {
      this.trailers = section.slice()
      return content
    }
    const kept = this.keptTrailers(section, end)
    this.trailers = empty
    if (this.problem !== undefined) return content
    this.done = true
    return this.encoding === "plain" ? content : join(content, lastChunk, kept, crlf)
  }

  private keptTrailers(section: Uint8Array, end: number): Uint8Array {
    if (end === 2) return empty
    this.problem = fields.parse(section, 0, end - 2, this.limits.maxHeadFields)
    let kept: Uint8Array = empty
    for (let field = 0; this.problem === undefined && field < fields.count; field++) {
      const start = fields.nameStart(field)
      if (forbiddenTrailers.has(toLatin1(section, start, fields.nameEnd(field)).toLowerCase())) continue
      const lineEnd = field + 1 < fields.count ? fields.nameStart(field + 1) : end - 2
      kept = join(kept, section.subarray(start, lineEnd))
    }
    return kept
  }
}

/** Room before the content for its size line: up to 13 digits and CRLF. */
const sizeRoom = 16

/** Frames `out[sizeRoom, length)` as one chunk in place: its size line is written right before it. */
const oneChunk = (out: Uint8Array, length: number): Uint8Array => {
  const size = `${(length - sizeRoom).toString(16)}\r\n`
  const start = sizeRoom - size.length
  for (let i = 0; i < size.length; i++) out[start + i] = size.charCodeAt(i)
  out[length] = CR
  out[length + 1] = LF
  return out.subarray(start, length + 2)
}

const join = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

const hexDigit = (byte: number): number => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
