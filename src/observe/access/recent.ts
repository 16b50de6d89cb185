/**
 * Recent: what ended last, as lines of JSON, and who is called when something ends. Bounded by count and by size: it can
 * be asked for at any time, and never grows.
 *
 * Lines are kept as bytes in one ring. A thousand strings that live a little longer than the garbage collector expects
 * cost 1.5 microseconds of every request (6 %); copying a line costs a tenth of that.
 */
import type { RequestRecord } from "../../flow/request-record.ts"
import { type Entry, entryOf } from "./entry.ts"
import type { Line } from "../output/line.ts"

/** Lines that are kept: what a person reads. */
export const maxLines = 1000
/** Bytes of all lines that are kept; at a few hundred each there is room for all of them. */
export const maxBytes = 1 << 19

/**
 * Called with every entry and its line of JSON, synchronously; must not throw. `record` is lent for the call, and
 * undefined for an entry of a connection.
 */
export type Follower = (entry: Entry, line: string, record: RequestRecord | undefined) => void

/** Lines with their numbers: `first` is that of the first one, and they go up by one. */
export interface Lines {
  readonly first: number
  readonly lines: ReadonlyArray<string>
}

export class Recent {
  private readonly bytes = Buffer.alloc(maxBytes)
  /** The place of the line of number n, at n % maxLines. */
  private readonly starts = new Int32Array(maxLines)
  private readonly lengths = new Int32Array(maxLines)
  /** The place of the next line; older ones follow there, the oldest first. */
  private end = 0
  /** The numbers of the oldest line that is here and of the one that comes next, counted from 1. */
  private oldest = 1
  private next = 1
  private readonly followers = new Set<Follower>()

  /**
   * `line` is an entry as JSON with its newline; at most `maxBytes` long, which no entry comes near. `record` is what it
   * was made of, where that is a request.
   */
  add(line: Pick<Line, "bytes" | "length" | "toString">, record?: RequestRecord): void {
    const { bytes, length } = line
    if (this.end + length > maxBytes) {
      this.forgetUpTo(maxBytes)
      this.end = 0
    }
    this.forgetUpTo(this.end + length)
    if (this.next - this.oldest === maxLines) this.oldest++
    const at = this.next++ % maxLines
    this.starts[at] = this.end
    this.lengths[at] = length
    bytes.copy(this.bytes, this.end, 0, length)
    this.end += length
    if (this.followers.size === 0) return
    const entry = entryOf(line)
    const text = line.toString()
    for (const follower of this.followers) follower(entry, text, record)
  }

  /** Calls `follower` from now on, until the function that it returns is called. */
  follow(follower: Follower): () => void {
    this.followers.add(follower)
    return () => void this.followers.delete(follower)
  }

  /** Every line that is still here and has a number above `after`, the oldest first. */
  since(after: number): Lines {
    const first = Math.max(after + 1, this.oldest)
    const lines: Array<string> = []
    for (let number = first; number < this.next; number++) {
      const start = this.starts[number % maxLines]!
      lines.push(this.bytes.toString("utf8", start, start + this.lengths[number % maxLines]!))
    }
    return { first, lines }
  }

  /** Makes room from where the next line goes up to `end`. */
  private forgetUpTo(end: number): void {
    while (this.oldest < this.next) {
      const start = this.starts[this.oldest % maxLines]!
      if (start < this.end || start >= end) return
      this.oldest++
    }
  }
}
