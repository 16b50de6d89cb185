/**
 * Head writer: a head that is being written, in a buffer that is used again for the next.
 *
 * Room is made before, so nothing is checked per write. What is taken out is a copy of its own: 70 ns, where a view of a
 * buffer of its own costs 300.
 */

/** The longest head whose view is kept, and so the most views that are. */
const maxKept = 1024

/** Spans up to this many bytes, so those of most heads, are copied byte by byte: cheaper than making a view to copy. */
const maxCopied = 192

export class HeadWriter {
  private bytes = new Uint8Array(8 * 1024)
  private length = 0
  /** Views by their length. */
  private views: Array<Uint8Array | undefined> = []

  /** Begins anew, with room for `capacity` bytes. */
  start(capacity: number): void {
    this.length = 0
    if (this.bytes.length >= capacity) return
    this.bytes = new Uint8Array(capacity)
    this.views = []
  }

  byte(value: number): void {
    this.bytes[this.length++] = value
  }

  add(from: Uint8Array): void {
    if (from.length <= maxCopied) return this.span(from, 0, from.length)
    this.bytes.set(from, this.length)
    this.length += from.length
  }

  /** Adds a part of `from`: up to `maxCopied` bytes one by one, for that is cheaper than making a view to copy. */
  span(from: Uint8Array, start: number, end: number): void {
    const { bytes, length } = this
    this.length += end - start
    if (end - start > maxCopied) return bytes.set(from.subarray(start, end), length)
    for (let i = start, at = length; i < end; i++) bytes[at++] = from[i]!
  }

  take(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }

  /** Returns a view, valid until the writer begins anew. Heads have few lengths, so one view is kept for each. */
  lend(): Uint8Array {
    const { length } = this
    if (length > maxKept) return this.bytes.subarray(0, length)
    return (this.views[length] ??= this.bytes.subarray(0, length))
  }
}
