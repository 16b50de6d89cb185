/**
 * Authority: the authorities of request targets, and the memory of those that were read.
 *
 * A workload talks to few origins, again and again: comparing some twenty bytes is a tenth of the cost of parsing them,
 * and gives the very same Target, so that what was made from it can be found again by identity.
 */
import { part } from "../bytes.ts"
import { parseAuthority, type Target } from "../target.ts"

/** Authorities that are remembered; a power of two. A new one takes the place of another with the same hash. */
const places = 256

interface Remembered {
  readonly bytes: Uint8Array
  readonly defaultPort: number
  readonly target: Target
}

export class AuthorityMemo {
  private readonly table: Array<Remembered | undefined> = Array.from({ length: places })

  /**
   * The target that `bytes[start, end)` names, with `defaultPort` where it names no port; undefined where it is
   * malformed. Keeps a copy, never a view.
   */
  parse(bytes: Uint8Array, start: number, end: number, defaultPort: number): Target | undefined {
    const place = hash(bytes, start, end) & (places - 1)
    const known = this.table[place]
    if (known !== undefined && known.defaultPort === defaultPort && equal(known.bytes, bytes, start, end)) {
      return known.target
    }
    const authority = part(bytes, start, end)
    const target = parseAuthority(authority, defaultPort)
    // What is well-formed is no longer than a name may be.
    if (target !== undefined) {
      this.table[place] = { bytes: new Uint8Array(authority), defaultPort, target }
    }
    return target
  }
}

/** Hashes the length and the last bytes, in which most authorities, and most paths, differ. */
export const hash = (bytes: Uint8Array, start: number, end: number): number => {
  let sum = end - start
  for (let i = Math.max(start, end - 12); i < end; i++) sum = (Math.imul(sum, 31) + bytes[i]!) | 0
  return sum ^ (sum >>> 8)
}

export const equal = (known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean => {
  if (known.length !== end - start) return false
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false
  return true
}
