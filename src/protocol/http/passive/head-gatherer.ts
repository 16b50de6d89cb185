/**
 * HeadGatherer: puts a head together that arrives in pieces, for a reader that is lent each piece only for a moment.
 *
 * Copies the head and nothing behind it, looks at no byte twice however slowly they come, and takes a line feed alone
 * for a line end, as `LenientHead` does. Judges nothing but where the head ends.
 */
import { CR, LF } from "../../ascii.ts"

import { GrowingBytes } from "./growing-bytes.ts"

export class HeadGatherer {
  /** The first line is whole: it ends with the line feed at this offset of `kept`; -1 while it is not. */
  lineFeed = -1
  /** The blank line is there: `kept` is a head, to be taken before anything more is gathered. */
  isWhole = false
  readonly kept = new GrowingBytes()
  private lineStart = 0

  /**
   * Takes what belongs to the head from `input[start...]`, and returns the offset behind it. Stops when it holds more
   * than `maxBytes`. Empty lines before the first line are left out.
   */
  gather(input: Uint8Array, start: number, maxBytes: number): number {
    const { kept } = this
    const stop = start + Math.min(input.length - start, maxBytes + 1 - kept.length)
    let at = start
    while (at < stop && !this.isWhole) {
      const lineFeed = input.indexOf(LF, at)
      const next = lineFeed === -1 || lineFeed >= stop ? stop : lineFeed + 1
      kept.append(input, at, next)
      if (next === lineFeed + 1) this.endLine()
      at = next
    }
    return at
  }

  /** Returns the head, and is ready for another one. */
  take(): Uint8Array {
    this.lineFeed = -1
    this.isWhole = false
    this.lineStart = 0
    return this.kept.take()
  }

  private endLine(): void {
    const { kept, lineStart } = this
    const length = kept.length - lineStart
    const isEmpty = length === 1 || (length === 2 && kept.bytes[lineStart] === CR)
    if (isEmpty && lineStart === 0) {
      kept.length = 0
      return
    }
    if (this.lineFeed === -1) this.lineFeed = kept.length - 1
    this.isWhole = isEmpty
    this.lineStart = kept.length
  }
}
