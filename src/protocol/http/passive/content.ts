/**
 * Content: counts the content of one message after another, and finds where each ends (RFC 9112 sections 6 and 7).
 *
 * Nothing is copied and nothing is kept: content by length is a subtraction, and of chunks only the framing is looked
 * at. Who records the message is told of its content where it lies. Chunk framing that two recipients could read differently is a problem: a line that does not end with CRLF, a size
 * that is none.
 */
import { CR, HTAB, LF, SEMICOLON, SP } from "../../ascii.ts"
import type { MessageRecording } from "../../recording.ts"
import { hexDigit } from "../canonical-chunks.ts"
import { chunked, untilClose } from "../survey.ts"

import { malformed, overLimit, type Unreadable } from "./unreadable.ts"

/** A chunk size that is this large takes no further digit, as where chunks are rewritten (`Body`). */
const fullSize = 2 ** 48

const noSize = malformed("a chunk size that is none")
const largeSize = malformed("a chunk size that is too large")
const badSizeLine = malformed("a chunk size line that does not end with CRLF")
const badDataEnd = malformed("chunk data without its line end")
const loneCr = malformed("a CR alone in trailers")

type State =
  | "size"
  | "blanks"
  | "extension"
  | "size-lf"
  | "data"
  | "data-cr"
  | "data-lf"
  | "trailer-start"
  | "trailer"
  | "trailer-lf"
  | "last-lf"

/** One for each direction of a connection, for one message after another. */
export class Content {
  /** Content is whole, or there is none. Content that ends with the connection never is. */
  done = true
  /** The fault in the framing; once there is one, nothing more may be read. */
  problem: Unreadable | undefined = undefined
  /** Bytes of content so far, without chunk framing. */
  counted = 0
  /** No byte has been seen, of content or of its framing. */
  isUntouched = true

  private recording: MessageRecording | undefined = undefined
  private framing = 0
  private remaining = 0
  private state: State = "size"
  private digits = 0
  private trailerBytes = 0

  /**
   * Begins the content of another message, which `recording` is told of: `framing` is a length in bytes, `chunked` or
   * `untilClose`.
   */
  begin(framing: number, recording?: MessageRecording): void {
    this.recording = recording
    this.framing = framing
    this.remaining = framing > 0 ? framing : 0
    this.done = framing === 0
    this.counted = 0
    this.isUntouched = true
    this.state = "size"
    this.digits = 0
    this.trailerBytes = 0
  }

  get endsWithConnection(): boolean {
    return this.framing === untilClose && !this.done
  }

  /**
   * Takes what belongs to the content from `input[start...]`, and returns the offset behind it; sets `done` and
   * `problem`. Trailers may have `maxTrailerBytes`. The bytes came at `now`, in milliseconds.
   */
  read(input: Uint8Array, start: number, maxTrailerBytes: number, now: number): number {
    const available = input.length - start
    if (this.done || available === 0) return start
    this.isUntouched = false
    if (this.framing === chunked) return this.readChunks(input, start, maxTrailerBytes, now)
    const taken = this.framing === untilClose ? available : Math.min(this.remaining, available)
    this.recording?.content(input, start, start + taken, now)
    this.skip(taken)
    return start + taken
  }

  /** How many of the next bytes are content whatever they are, and nobody wants to see. */
  get skippable(): number {
    if (this.done || this.recording?.isFull === false) return 0
    if (this.framing === untilClose) return Infinity
    return this.framing !== chunked || this.state === "data" ? this.remaining : 0
  }

  /** Notes that `count` bytes, at most `skippable`, have passed unseen. */
  skip(count: number): void {
    if (count === 0) return
    this.isUntouched = false
    this.counted += count
    if (this.framing === untilClose) return
    this.remaining -= count
    if (this.remaining > 0) return
    if (this.framing === chunked) this.state = "data-cr"
    else this.done = true
  }

  private readChunks(input: Uint8Array, start: number, maxTrailerBytes: number, now: number): number {
    const { recording } = this
    let at = start
    let trailers = this.isInTrailers ? start : -1
    while (at < input.length && !this.done && this.problem === undefined) {
      if (this.state === "data") {
        const taken = Math.min(this.remaining, input.length - at)
        recording?.content(input, at, at + taken, now)
        this.skip(taken)
        at += taken
      } else {
        this.readFraming(input[at++]!, maxTrailerBytes)
        if (trailers === -1 && this.state === "trailer-start") trailers = at
      }
    }
    if (trailers !== -1) recording?.trailers(input, trailers, at)
    return at
  }

  /** The last chunk has been read, and no end of the trailers. */
  private get isInTrailers(): boolean {
    const { state } = this
    return state === "trailer-start" || state === "trailer" || state === "trailer-lf" || state === "last-lf"
  }

  /** One byte of `size [ext] CRLF`, of the CRLF behind the data, or of the trailers (RFC 9112 section 7.1). */
  private readFraming(byte: number, maxTrailerBytes: number): void {
    switch (this.state) {
      case "size": {
        const digit = hexDigit(byte)
        if (digit < 0) return this.endSize(byte)
        if (this.remaining >= fullSize) this.problem = largeSize
        this.remaining = this.remaining * 16 + digit
        this.digits++
        return
      }
      case "blanks":
        return this.endSize(byte)
      case "extension":
        if (byte === CR) this.state = "size-lf"
        else if (byte === LF) this.problem = badSizeLine
        return
      case "size-lf":
        if (byte !== LF) this.problem = badSizeLine
        this.state = this.remaining === 0 ? "trailer-start" : "data"
        return
      case "data-cr":
        if (byte !== CR) this.problem = badDataEnd
        this.state = "data-lf"
        return
      case "data-lf":
        if (byte !== LF) this.problem = badDataEnd
        this.state = "size"
        this.digits = 0
        return
      case "data":
        return
      default:
        if (++this.trailerBytes > maxTrailerBytes) this.problem = overLimit(`trailers over ${maxTrailerBytes} bytes`)
        else this.readTrailer(byte)
    }
  }

  /** Judges the first byte behind the digits of a size: blanks, and extensions of any kind, mean nothing. */
  private endSize(byte: number): void {
    if (this.digits === 0) this.problem = noSize
    else if (byte === CR) this.state = "size-lf"
    else if (byte === SEMICOLON) this.state = "extension"
    else if (byte === SP || byte === HTAB) this.state = "blanks"
    else this.problem = noSize
  }

  /** One byte of the trailer section, which an empty line ends; as in a head, a line feed alone ends a line. */
  private readTrailer(byte: number): void {
    if (byte === LF) {
      this.done = this.state === "trailer-start" || this.state === "last-lf"
      this.state = "trailer-start"
    } else if (this.state === "trailer-lf" || this.state === "last-lf") this.problem = loneCr
    else if (byte === CR) this.state = this.state === "trailer-start" ? "last-lf" : "trailer-lf"
    else this.state = "trailer"
  }
}
