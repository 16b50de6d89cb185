/**
 * LenientHead: the few fields of a head that somebody who only follows a connection has to know, found in one pass that
 * also finds the head's end (RFC 9112 sections 2.2 and 5).
 *
 * Lenient about what changes nothing: line feeds alone, folded lines, lines that are no fields. Whatever could make two
 * recipients frame the message differently is a problem instead. Builds no list and no string.
 */
import { COLON, CR, HTAB, LF, SP } from "../../ascii.ts"
import { toLatin1 } from "../../bytes.ts"
import { equalsIgnoreCase, isTokenByte } from "../fields.ts"
import { incomplete } from "../scan.ts"
import { decimal } from "../survey.ts"

import { malformed, overLimit, type Unreadable } from "./unreadable.ts"

const loneCr = malformed("a CR alone")
const badLength = malformed("a Content-Length that is none")
const differentLengths = malformed("Content-Lengths that differ")
const badCoding = malformed("a Transfer-Encoding that cannot be relied on")
const foldedFraming = malformed("a field that frames the message goes on in another line")
const oddFraming = malformed("a line that some read as framing")

/** Characters that the name of a protocol may have; `websocket` and `tls/1.0` are usual. */
const maxUpgradeName = 32

/** Reused for head after head: its spans are those of the bytes it read last. A span without a value is empty. */
export class LenientHead {
  /** Where the line feed of the first line is, or `incomplete`; set even if the head is not whole. */
  lineFeed = 0
  /** Why the head cannot be relied on. */
  problem: Unreadable | undefined = undefined
  contentLength: number | undefined = undefined
  /** The last of the transfer codings, by which the message is framed. */
  coding: "none" | "chunked" | "other" = "none"
  hostStart = 0
  hostEnd = 0
  upgradeStart = 0
  upgradeEnd = 0
  userAgentStart = 0
  userAgentEnd = 0
  traceparentStart = 0
  traceparentEnd = 0
  expects = false

  /** The present line, and the line before where it framed the message. */
  private valueStart = 0
  private valueEnd = 0
  private isFraming = false

  /**
   * Reads the head that begins at `bytes[start]`, and returns the offset behind its blank line, or `incomplete` when that
   * is not in `bytes[start, end)`. There is a `problem` also with more than `maxFields` lines.
   */
  read(bytes: Uint8Array, start: number, end: number, maxFields: number): number {
    this.clear()
    let lineFeed = this.findLineFeed(bytes, start, end)
    this.lineFeed = lineFeed
    let lines = 0
    while (lineFeed !== incomplete) {
      const at = lineFeed + 1
      if (at < end && bytes[at] === LF) return at + 1
      if (at + 1 < end && bytes[at] === CR && bytes[at + 1] === LF) return at + 2
      let nameEnd = at
      while (nameEnd < end && isTokenByte(bytes[nameEnd]!)) nameEnd++
      lineFeed = this.findLineFeed(bytes, nameEnd, end)
      if (lineFeed === incomplete) break
      if (++lines > maxFields) this.problem ??= overLimit(`over ${maxFields} fields`)
      const lineEnd = bytes[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed
      if (nameEnd === at || bytes[nameEnd] !== COLON) this.readOdd(bytes, at, lineEnd)
      else this.readField(bytes, at, nameEnd, lineEnd)
    }
    return incomplete
  }

  /** What the Upgrade field names, in small letters. A peer chose it: what is no name, or a list, is `unknown`. */
  upgradeName(bytes: Uint8Array): string {
    const end = Math.min(this.upgradeEnd, this.upgradeStart + maxUpgradeName + 1)
    const name = toLatin1(bytes, this.upgradeStart, end).toLowerCase()
    return /^[a-z0-9][\w./+-]*$/.test(name) && name.length <= maxUpgradeName ? name : "unknown"
  }

  private clear(): void {
    this.problem = undefined
    this.contentLength = undefined
    this.coding = "none"
    this.hostStart = this.hostEnd = 0
    this.upgradeStart = this.upgradeEnd = 0
    this.userAgentStart = this.userAgentEnd = 0
    this.traceparentStart = this.traceparentEnd = 0
    this.expects = false
    this.isFraming = false
  }

  /**
   * Where the present line ends; `incomplete` if it does not. Byte by byte, since a search by the runtime costs 35 ns for
   * each line, and would have to be made twice: some recipients take a CR alone for a line end, so there may be none.
   */
  private findLineFeed(bytes: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!
      if (byte > CR) continue
      if (byte === LF) return at
      if (byte === CR && at + 1 < end && bytes[at + 1] !== LF) this.problem ??= loneCr
    }
    return incomplete
  }

  /** Takes the field in `bytes[start, end)` if it is one of those that matter; its colon is at `at`. */
  private readField(bytes: Uint8Array, start: number, at: number, end: number): void {
    this.isFraming = false
    switch (at - start) {
      case 4:
        if (equalsIgnoreCase(bytes, start, at, "host")) this.readHost(bytes, at + 1, end)
        return
      case 6:
        if (equalsIgnoreCase(bytes, start, at, "expect")) {
          this.trim(bytes, at + 1, end)
          this.expects = equalsIgnoreCase(bytes, this.valueStart, this.valueEnd, "100-continue")
        }
        return
      case 7:
        if (equalsIgnoreCase(bytes, start, at, "upgrade")) {
          this.trim(bytes, at + 1, end)
          this.upgradeStart = this.valueStart
          this.upgradeEnd = this.valueEnd
        }
        return
      case 10:
        if (equalsIgnoreCase(bytes, start, at, "user-agent")) {
          this.trim(bytes, at + 1, end)
          this.userAgentStart = this.valueStart
          this.userAgentEnd = this.valueEnd
        }
        return
      case 11:
        if (equalsIgnoreCase(bytes, start, at, "traceparent")) {
          this.trim(bytes, at + 1, end)
          this.traceparentStart = this.valueStart
          this.traceparentEnd = this.valueEnd
        }
        return
      case 14:
        if (equalsIgnoreCase(bytes, start, at, "content-length")) this.readLength(bytes, at + 1, end)
        return
      case 17:
        if (equalsIgnoreCase(bytes, start, at, "transfer-encoding")) this.readCodings(bytes, at + 1, end)
        return
    }
  }

  /** Sets `valueStart` and `valueEnd` to what stands between the blanks around a value. */
  private trim(bytes: Uint8Array, start: number, end: number): void {
    let from = start
    let to = end
    while (from < to && isBlank(bytes[from]!)) from++
    while (to > from && isBlank(bytes[to - 1]!)) to--
    this.valueStart = from
    this.valueEnd = to
  }

  /** The first of several is named: what a server makes of them changes nothing about where the request ends. */
  private readHost(bytes: Uint8Array, start: number, end: number): void {
    if (this.hostEnd > this.hostStart) return
    this.trim(bytes, start, end)
    this.hostStart = this.valueStart
    this.hostEnd = this.valueEnd
  }

  /** The same length twice, in two lines or as a list, is that length (RFC 9112 section 6.3). */
  private readLength(bytes: Uint8Array, start: number, end: number): void {
    this.isFraming = true
    this.trim(bytes, start, end)
    const length =
      decimal(bytes, this.valueStart, this.valueEnd) ?? listedLength(toLatin1(bytes, this.valueStart, this.valueEnd))
    if (length === undefined) this.problem ??= badLength
    else if (this.contentLength !== undefined && this.contentLength !== length) {
      this.problem ??= differentLengths
    }
    this.contentLength = length
  }

  /** Chunked must come once, and last; other codings before it are content to us (RFC 9112 section 6.1). */
  private readCodings(bytes: Uint8Array, start: number, end: number): void {
    this.isFraming = true
    this.trim(bytes, start, end)
    if (this.coding === "chunked") this.problem ??= badCoding
    if (equalsIgnoreCase(bytes, this.valueStart, this.valueEnd, "chunked")) {
      this.coding = "chunked"
      return
    }
    const codings = toLatin1(bytes, this.valueStart, this.valueEnd)
      .toLowerCase()
      .split(/[ \t]*,[ \t]*/)
    const last = codings.pop()
    if (last === undefined || codings.some(isOdd) || (last !== "chunked" && isOdd(last))) this.problem ??= badCoding
    this.coding = last === "chunked" ? "chunked" : "other"
  }

  /**
   * A line that is no field, or goes on with the field before it. What some recipient could take for framing, or what
   * goes on with framing, cannot be relied on; anything else is nothing to us.
   */
  private readOdd(bytes: Uint8Array, start: number, end: number): void {
    const isFolded = isBlank(bytes[start]!)
    if (isFolded && this.isFraming) this.problem ??= foldedFraming
    if (!isFolded) this.isFraming = false
    const text = toLatin1(bytes, start, end).toLowerCase()
    if (text.includes("content-length") || text.includes("transfer-encoding")) {
      this.problem ??= oddFraming
    }
  }
}

/** The length that a list repeats; undefined where it holds anything else. */
const listedLength = (text: string): number | undefined => {
  const [first = "", ...others] = text.split(/[ \t]*,[ \t]*/)
  if (!/^[0-9]{1,15}$/.test(first) || others.some((other) => other !== first)) return undefined
  return Number(first)
}

/** Whether a coding is none, or nearly chunked: that is chunked for a careless recipient. */
const isOdd = (coding: string): boolean => !/^[a-z][\w.+-]*( *;.*)?$/.test(coding) || coding.startsWith("chunked")

const isBlank = (byte: number): boolean => byte === SP || byte === HTAB
