/**
 * Canonical chunks: chunked content that is framed byte for byte as this proxy would frame it (RFC 9112 section 7.1):
 * sizes in lower case without zeros before them, no extension, no trailer.
 *
 * Looks at the framing alone, and gives up on whatever is not the usual of it; another parser judges that. Allocates
 * nothing: what was found stands in the fields.
 */
import { CR, LF, LOWER_A, LOWER_CASE, LOWER_F, NINE, UPPER_A, UPPER_F, ZERO } from "../ascii.ts"
import { crlf } from "../bytes.ts"

/**
 * How much of a chunk its size may announce before the bytes are here. A larger chunk becomes several: a recipient may
 * count in 32 bits.
 */
export const maxAhead = 1 << 30

export class CanonicalChunks {
  /** Bytes of framing among those that were scanned. */
  framed = 0
  /** The scan ended within a chunk, `remaining` bytes of data before its line end. */
  inChunk = false
  remaining = 0
  /** The last chunk was there, and the end of the body. */
  done = false

  /**
   * Scans `input[start...]`, which goes on within a chunk where `inChunk`, with `remaining` bytes of it to come. Returns
   * where the body, or the input, ends; -1 where something is not canonical, or a size or a line end is cut in two.
   */
  scan(input: Uint8Array, start: number, inChunk: boolean, remaining: number): number {
    this.framed = 0
    this.inChunk = inChunk
    this.remaining = remaining
    this.done = false
    let at = start
    while (at < input.length && !this.done) {
      const next = this.inChunk ? this.scanData(input, at) : this.scanSize(input, at)
      if (next < 0) return -1
      at = next
    }
    return at
  }

  private scanData(input: Uint8Array, from: number): number {
    const take = Math.min(this.remaining, input.length - from)
    this.remaining -= take
    const at = from + take
    if (at === input.length) return at
    if (!isLineEnd(input, at)) return -1
    this.framed += crlf.length
    this.inChunk = false
    return at + crlf.length
  }

  private scanSize(input: Uint8Array, from: number): number {
    let at = ourSizeLineEnd(input, from)
    if (at < 0) return -1
    this.remaining = hexNumber(input, from, at - crlf.length)
    if (this.remaining > maxAhead) return -1
    this.inChunk = this.remaining > 0
    this.done = !this.inChunk
    // Trailers have to be looked at.
    if (this.done && !isLineEnd(input, at)) return -1
    if (this.done) at += crlf.length
    this.framed += at - from
    return at
  }
}

/** Where a size line ends, if it is all there and as we would write it; else -1. */
const ourSizeLineEnd = (input: Uint8Array, start: number): number => {
  let at = start
  while (at < input.length && hexDigit(input[at]!) >= 0 && !isCapital(input[at]!)) at++
  const digits = at - start
  if (digits === 0 || (digits > 1 && input[start] === ZERO)) return -1
  return isLineEnd(input, at) ? at + crlf.length : -1
}

const isLineEnd = (input: Uint8Array, at: number): boolean => input[at] === CR && input[at + 1] === LF

/** The value of the hexadecimal digits in `input[start, end)`. */
const hexNumber = (input: Uint8Array, start: number, end: number): number => {
  let value = 0
  for (let at = start; at < end; at++) value = value * 16 + hexDigit(input[at]!)
  return value
}

const isCapital = (byte: number): boolean => byte >= UPPER_A && byte <= UPPER_F

/** The value of a hexadecimal digit; -1 for another byte. */
export const hexDigit = (byte: number): number => {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO
  const letter = byte | LOWER_CASE
  return letter >= LOWER_A && letter <= LOWER_F ? letter - LOWER_A + 10 : -1
}
