/**
 * GrowingBytes: a copy of bytes that were only lent and are needed once more, put together piece by piece.
 */
import { empty } from "../../bytes.ts"

/** The first piece gets room for so many bytes: most heads that are cut in two are no larger. */
const firstRoom = 1024

/** One for each thing that may have to be kept. Holds no memory while it holds no bytes. */
export class GrowingBytes {
  /** What is kept is `bytes[0, length)`. */
  bytes: Uint8Array = empty
  length = 0

  /** Copies `input[start, end)` behind what is there. Each byte is moved a few times at most, however small the pieces. */
  append(input: Uint8Array, start: number, end: number): void {
    const length = this.length + end - start
    if (length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(length, this.bytes.length * 2, firstRoom))
      grown.set(this.bytes.subarray(0, this.length))
      this.bytes = grown
    }
    if (end - start < 16) for (let i = start; i < end; i++) this.bytes[this.length + i - start] = input[i]!
    else this.bytes.set(input.subarray(start, end), this.length)
    this.length = length
  }

  /** Returns what is kept, and keeps nothing more. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.length)
    this.bytes = empty
    this.length = 0
    return taken
  }
}
