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
    if (start === end) return ""
    if (end - start > maxRememberedBytes) return toLatin1(bytes, start, end)
    const place = hash(bytes, start, end) & (places - 1)
    const known = this.table[place]
    if (known !== undefined && equal(known.bytes, bytes, start, end)) return known.text
    const text = toLatin1(bytes, start, end)
    this.table[place] = { bytes: new Uint8Array(bytes.subarray(start, end)), text }
    return text
  }
}
