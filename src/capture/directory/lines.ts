/**
 * Lines: divides bytes that come in pieces into lines. A line that never ends, or is longer than a record can be, is left
 * out and counted.
 */

/** Bytes of a line: more than a record whose bodies have 16 MiB each takes, even where every byte is escaped. */
export const maxLine = 256 * 1024 * 1024

const newline = 0x0a

export class Lines {
  /** Lines that were left out. */
  broken = 0
  private readonly maxBytes: number
  private readonly pieces: Array<Uint8Array> = []
  private held = 0
  private isTooLong = false

  constructor(maxBytes = maxLine) {
    this.maxBytes = maxBytes
  }

  /** The lines that end in this piece, without their newlines. Views: they are to be read before the piece changes. */
  *add(piece: Uint8Array): Generator<Uint8Array> {
    let start = 0
    for (;;) {
      const end = piece.indexOf(newline, start)
      if (end === -1) break
      const line = this.take(piece.subarray(start, end))
      if (line !== undefined) yield line
      start = end + 1
    }
    if (start < piece.length) this.hold(piece.subarray(start))
  }

  /** Nothing more comes: what has no newline is a line that was cut. */
  end(): void {
    if (this.held > 0 || this.isTooLong) this.broken++
    this.forget()
  }

  private take(rest: Uint8Array): Uint8Array | undefined {
    const fits = !this.isTooLong && this.held + rest.length <= this.maxBytes
    const line = fits ? this.joined(rest) : undefined
    if (!fits) this.broken++
    this.forget()
    return line
  }

  private joined(rest: Uint8Array): Uint8Array {
    return this.held === 0 ? rest : Buffer.concat([...this.pieces, rest])
  }

  private hold(piece: Uint8Array): void {
    this.held += piece.length
    if (this.held > this.maxBytes) this.isTooLong = true
    if (this.isTooLong) this.pieces.length = 0
    else this.pieces.push(new Uint8Array(piece))
  }

  private forget(): void {
    this.pieces.length = 0
    this.held = 0
    this.isTooLong = false
  }
}
