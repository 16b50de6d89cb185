/**
 * Ring: the records that are kept in memory, as lines of JSON. The oldest goes first, when the capture's memory is needed
 * for something newer.
 */
import type { Memory } from "../recorder/memory.ts"

/** Bytes of memory that a record counts as besides its line: its id, and its places in tables. */
export const entryOverhead = 256

export class Ring {
  private readonly lines = new Map<string, Uint8Array>()
  /**
   * The ids, from `oldest` on, in the order in which they came. A Map has them too, but behind all that were deleted: with
   * 5,000 records it took 30 µs to find the first.
   */
  private order: Array<string> = []
  private oldest = 0

  get count(): number {
    return this.lines.size
  }

  /** Keeps a record, its newline included; false where it cannot. An id comes once. */
  add(id: string, line: Uint8Array, memory: Memory): boolean {
    if (!memory.reserve(line.length + entryOverhead)) return false
    this.lines.set(id, line)
    this.order.push(id)
    return true
  }

  /** Lets the oldest go; false where nothing is left. */
  forgetOldest(memory: Memory): boolean {
    const id = this.order[this.oldest]
    if (id === undefined) return false
    if (++this.oldest * 2 > this.order.length) {
      this.order = this.order.slice(this.oldest)
      this.oldest = 0
    }
    memory.release(this.lines.get(id)!.length + entryOverhead)
    this.lines.delete(id)
    return true
  }

  /** Lets all go. */
  clear(memory: Memory): void {
    while (this.forgetOldest(memory));
  }

  /** The line of a record; undefined where it is not here, or not any more. */
  get(id: string): Uint8Array | undefined {
    return this.lines.get(id)
  }

  /** The ids of all that are here, the oldest first. */
  ids(): ReadonlyArray<string> {
    return this.order.slice(this.oldest)
  }
}
