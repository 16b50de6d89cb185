/**
 * TextMemo: the paths and authorities of requests as strings, and the memory of those that were made.
 *
 * A workload is asked for the same few things again and again: comparing some twenty bytes is a fraction of the cost of
 * a new string.
 */
import { toLatin1 } from "../../bytes.ts"
import { equal, hash } from "../authority.ts"

/** Texts that are remembered; a power of two. A new one takes the place of another with the same hash. */
const places = 256

/** Longer ones are not remembered: the memory is bounded, at some 128 KiB. */
const maxRememberedBytes = 256

interface Remembered {
  readonly bytes: Uint8Array
  readonly text: string
}

export class TextMemo {
  private readonly table: Array<Remembered | undefined> = Array.from({ length: places })

  /** `bytes[start, end)` as a latin1 string. Keeps a copy, never a view. */
  read(bytes: Uint8Array, start: number, end: number): string {
    return this.find(bytes, start, end) ?? this.remember(bytes, start, end)
  }

  /** The same, if it is remembered. */
  find(bytes: Uint8Array, start: number, end: number): string | undefined {
    if (start === end) return ""
    const known = this.table[hash(bytes, start, end) & (places - 1)]
    return known !== undefined && equal(known.bytes, bytes, start, end) ? known.text : undefined
  }

  /** Makes the string. */
  private remember(bytes: Uint8Array, start: number, end: number): string {
    const text = toLatin1(bytes, start, end)
    if (end - start > maxRememberedBytes) return text
    this.table[hash(bytes, start, end) & (places - 1)] = { bytes: new Uint8Array(bytes.subarray(start, end)), text }
    return text
  }
}
