/**
 * Body: the content of one HTTP/1 message on its way through (RFC 9112 sections 6 and 7).
 *
 * Bytes of known length are passed on as views, uncopied. Chunked content is decoded and framed anew: no extension, no
 * forbidden trailer, and nothing of a sender's framing that we would have written otherwise ever reaches the next
 * recipient, so the two cannot disagree about where the message ends. Where its chunks are large, and framed byte for
 * byte as we would, what came is what we would write: it is passed on uncopied too.
 */
import { BACKSLASH, CR, DEL, HTAB, LF, QUOTE, SEMICOLON, SP } from "../ascii.ts"
import { concatAll, crlf, empty, fromLatin1, part } from "../bytes.ts"

import { CanonicalChunks, hexDigit, maxAhead } from "./canonical-chunks.ts"
import { chunked, untilClose } from "./survey.ts"
import { type TrailerLimits, Trailers } from "./trailers.ts"

/** Extension bytes one chunk may carry, and one message in all: they mean nothing to anybody, and cost as data does. */
export const maxExtensionBytes = 256
export const maxExtensionBytesPerMessage = 8 * 1024

/**
 * Leading zeros and blanks that the size of one chunk may have for nothing. Devices write it into a field of eight or
 * sixteen characters; what is beyond that counts as an extension.
 */
export const freePadding = 16

/** A chunk size that is this large takes no further digit: 13 significant ones hold 2^52, and no chunk is larger. */
const fullSize = 2 ** 48

/** Limits of a trailer section, which is a head by another name. */
export type BodyLimits = TrailerLimits

/** How a chunked body goes on: in chunks, or as plain bytes that the connection's end delimits. */
export type Encoding = "chunks" | "plain"

/** Chunks are left as they are where their framing is at most so small a part of what came; else they become one. */
const maxFraming = 1 / 16

const lastChunk = fromLatin1("0\r\n")

/** Shared by all bodies: what it found is taken over before another is scanned. */
const canonical = new CanonicalChunks()

type State =
  "size" | "blanks" | "extension" | "quoted" | "escaped" | "size-lf" | "data" | "data-cr" | "data-lf" | "trailers"

export class Body {
  /** Bytes of the input that the last `pass` used. What is left belongs to the next message. */
  consumed = 0
  /** The body is complete. A body that ends with the connection never is. */
  done: boolean
  /** The fault in the framing; once there is one, nothing more may be passed on. */
  problem: string | undefined = undefined
  /** Bytes of content passed on so far, framing not counted. */
  passed = 0

  private remaining: number
  private state: State = "size"
  /** Digits of the present chunk's size so far, and how many bytes of it mean nothing. */
  private digits = 0
  private padding = 0
  /** A chunk was announced to the recipient and has not had its line end; `owed` bytes of its data are still to come. */
  private begun = false
  private owed = 0
  private extension = 0
  private extensions = 0
  /** The present extension has more than its semicolon. */
  private named = false
  private trailers: Trailers | undefined = undefined
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
   * `problem`. The result may be a view of the input, or the input itself.
   */
  pass(input: Uint8Array, start: number): Uint8Array {
    if (this.done) {
      this.consumed = 0
      return empty
    }
    if (this.framing === chunked) return this.passAsIs(input, start) ?? this.passChunks(input, start)
    const take = this.framing === untilClose ? input.length - start : Math.min(this.remaining, input.length - start)
    this.consumed = take
    this.passed += take
    if (this.framing !== untilClose) {
      this.remaining -= take
      this.done = this.remaining === 0
    }
    return part(input, start, start + take)
  }

  /** How many of the next bytes go on as they are; 0 where they have to be parsed. */
  get verbatim(): number {
    if (this.framing === untilClose) return Number.MAX_SAFE_INTEGER
    if (this.framing !== chunked) return this.remaining
    if (this.state !== "data") return 0
    return this.encoding === "plain" ? this.remaining : this.owed
  }

  /** Notes that `count` bytes, at most `verbatim`, were moved past this object (splice). */
  skip(count: number): void {
    if (count === 0) return
    this.passed += count
    if (this.framing === untilClose) return
    this.remaining -= count
    if (this.begun) this.owed -= count
    if (this.remaining > 0) return
    if (this.framing === chunked) this.state = "data-cr"
    else this.done = true
  }

  /**
   * Passes the input as it is, up to the end of the body, if that is what we would write; else undefined, and nothing has
   * been taken. Looks at the framing alone, and leaves whatever is not the usual of it to `passChunks`, which judges.
   */
  private passAsIs(input: Uint8Array, start: number): Uint8Array | undefined {
    if (this.encoding === "plain" || this.problem !== undefined) return undefined
    // Between two chunks no digit of a size has been read.
    if (this.begun ? this.owed < this.remaining : this.digits > 0) return undefined
    const at = canonical.scan(input, start, this.begun, this.remaining)
    if (at < 0) return undefined
    const { framed, inChunk, remaining, done } = canonical
    const length = at - start
    if (framed > length * maxFraming) return undefined
    this.consumed = length
    this.passed += length - framed
    this.remaining = remaining
    this.begun = inChunk
    this.owed = remaining
    this.done = done
    this.state = !inChunk ? "size" : remaining > 0 ? "data" : "data-cr"
    this.startSize()
    return part(input, start, at)
  }

  /**
   * One input, which may hold any number of chunks or a part of one, becomes the rest of the chunk that was begun, at
   * most one chunk more, and the end. The size of a chunk says what is still to come of it.
   */
  private passChunks(input: Uint8Array, start: number): Uint8Array {
    this.consumed = 0
    const rest = this.begun ? this.passRest(input, start) : empty
    let at = start + this.consumed
    const out = new Uint8Array(sizeRoom + input.length - at + crlf.length)
    let length = sizeRoom
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
    this.passed += length - sizeRoom
    this.consumed = at - start
    const chunk = this.encoding === "plain" ? part(out, sizeRoom, length) : this.oneChunk(out, length)
    const passed = rest.length === 0 ? chunk : chunk.length === 0 ? rest : concatAll([rest, chunk])
    return this.state === "trailers" && this.problem === undefined ? this.passTrailers(input, start, passed) : passed
  }

  /** Passes the input's part of the chunk that was begun, and its line end once that is due. */
  private passRest(input: Uint8Array, start: number): Uint8Array {
    const take = Math.min(this.owed, input.length - start)
    this.skip(take)
    this.consumed = take
    this.begun = this.owed > 0
    const data = part(input, start, start + take)
    return this.begun ? data : concatAll([data, crlf])
  }

  /** Frames `out[sizeRoom, length)` in place: its size line is written right before it. */
  private oneChunk(out: Uint8Array, length: number): Uint8Array {
    if (this.begun) return empty
    const ahead = this.state === "data" ? Math.min(this.remaining, maxAhead) : 0
    const size = length - sizeRoom + ahead
    if (size === 0) return empty
    const line = `${size.toString(16)}\r\n`
    const start = sizeRoom - line.length
    for (let i = 0; i < line.length; i++) out[start + i] = line.charCodeAt(i)
    this.begun = ahead > 0
    this.owed = ahead
    if (this.begun) return part(out, start, length)
    out[length] = CR
    out[length + 1] = LF
    return part(out, start, length + crlf.length)
  }

  /** One byte of chunk framing: `size [ext] CRLF data CRLF` (RFC 9112 section 7.1). */
  private frame(byte: number): void {
    switch (this.state) {
      case "size": {
        const digit = hexDigit(byte)
        if (digit < 0) return this.endSize(byte)
        if (this.remaining >= fullSize) this.problem = "invalid chunk size"
        else if (this.remaining === 0 && this.digits > 0) this.pad()
        this.remaining = this.remaining * 16 + digit
        this.digits++
        return
      }
      case "blanks":
        return this.endSize(byte)
      case "extension":
      case "quoted":
      case "escaped":
        return this.extend(byte)
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
        this.startSize()
        return
      case "data":
      case "trailers":
        return
    }
  }

  private startSize(): void {
    this.digits = 0
    this.padding = 0
    this.extension = 0
  }

  /**
   * Judges the first byte behind the digits of a size. Blanks before an extension are the grammar's own (RFC 9112 section
   * 7.1.1), and many a sender pads a size that has none.
   */
  private endSize(byte: number): void {
    if (this.digits === 0) this.problem = "invalid chunk size"
    else if (byte === CR) this.state = "size-lf"
    else if (byte === SEMICOLON) {
      this.state = "extension"
      this.named = false
    } else if (byte === SP || byte === HTAB) {
      this.state = "blanks"
      this.pad()
    } else this.problem = "invalid chunk size"
  }

  /** One more byte of a size that means nothing. */
  private pad(): void {
    if (++this.padding > freePadding) this.countExtension()
  }

  private countExtension(): void {
    this.extension++
    this.extensions++
    if (this.extension > maxExtensionBytes + 1 || this.extensions > maxExtensionBytesPerMessage) {
      this.problem = "chunk extensions too large"
    }
  }

  /** Extensions are left out, but not unread: an open quote would hide a line end from a recipient that honours it. */
  private extend(byte: number): void {
    this.countExtension()
    if (this.problem !== undefined) return
    if (byte === CR && this.state === "extension" && this.named) this.state = "size-lf"
    else if ((byte < SP && byte !== HTAB) || byte === DEL) this.problem = "invalid chunk extension"
    else if (this.state === "escaped") this.state = "quoted"
    else if (byte === QUOTE) this.state = this.state === "quoted" ? "extension" : "quoted"
    else if (byte === BACKSLASH && this.state === "quoted") this.state = "escaped"
    this.named = true
  }

  private passTrailers(input: Uint8Array, start: number, content: Uint8Array): Uint8Array {
    this.trailers ??= new Trailers()
    const kept = this.trailers.pass(input, start + this.consumed, this.limits)
    this.consumed += this.trailers.consumed
    this.problem = this.trailers.problem
    if (kept === undefined) return content
    this.done = true
    return this.encoding === "plain" ? content : concatAll([content, lastChunk, kept, crlf])
  }
}

/**
 * Room before the content for its size line: up to 13 digits and CRLF. It is more than that because content arrives a
 * size line behind the start of a page, and goes to another one: on Zen 4 a copy to 1 to 15 bytes farther into its page
 * takes four times as long as any other (glibc bug 30994).
 */
const sizeRoom = 64
