/**
 * Ring: the records that are kept in memory, as lines of JSON. The oldest goes first, when the capture's memory is needed
 * for something newer.
 */
import type { Memory } from "../recorder/memory.ts"

/** Bytes of memory that a record counts as besides its line: its id, and its places in tables. */
export const entryOverhead = 256

export class Ring {
  /** By id, the oldest first. */
  private readonly lines = new Map<string, Uint8Array>()

  get count(): number {
    return this.lines.size
  }

  /** Keeps a record, its newline included; false where it cannot. An id comes once. */
  add(id: string, line: Uint8Array, memory: Memory): boolean {
    if (!memory.reserve(line.length + entryOverhead)) return false
    this.lines.set(id, line)
    return true
  }

  /** Lets the oldest go; false where nothing is left. */
  forgetOldest(memory: Memory): boolean {
    for (const [id, line] of this.lines) {
      this.lines.delete(id)
      memory.release(line.length + entryOverhead)
      return true
    }
    return false
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
    return [...this.lines.keys()]
  }
}
