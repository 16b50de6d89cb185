/**
 * Path: the paths of requests as texts, and the memory of those that came more than once.
 *
 * A workload asks for few paths, again and again, or for one that never comes twice. Comparing the bytes of one that is
 * remembered costs a quarter of making a text of them. One is remembered when it comes a second time: what never comes
 * again leaves nothing behind that the garbage collector would have to keep.
 */
import { toLatin1 } from "../bytes.ts"

import { equal, hash } from "./authority.ts"

/** Paths that are remembered; a power of two. */
const places = 256

/** Bytes of a path that is remembered at most: all of them together are 64 KiB. */
export const maxRememberedBytes = 256

interface Remembered {
  readonly bytes: Uint8Array
  readonly text: string
}

export class PathMemo {
  private readonly table: Array<Remembered | undefined> = Array.from({ length: places })
  /** By place, the sum of the path that came last and is not remembered. */
  private readonly seen = new Int32Array(places)

  /** The text of `bytes[start, end)`. Keeps a copy, never a view. */
  text(bytes: Uint8Array, start: number, end: number): string {
    const sum = hash(bytes, start, end)
    const place = sum & (places - 1)
    const known = this.table[place]
    if (known !== undefined && equal(known.bytes, bytes, start, end)) return known.text
    const text = toLatin1(bytes, start, end)
    if (this.seen[place] !== sum) this.seen[place] = sum
    else if (end - start <= maxRememberedBytes) {
      this.table[place] = { bytes: new Uint8Array(bytes.subarray(start, end)), text }
    }
    return text
  }
}
