/**
 * Authority: the authority of one request target, and the memory of the last one.
 *
 * Requests on one connection nearly always go to the same origin: comparing some twenty bytes is a tenth of the cost
 * of parsing them, and gives the very same Target, so that what was made from it can be found again by identity.
 */
import { parseAuthority, type Target } from "../target.ts"

/** The port of `http` (RFC 9110 section 4.2.1). */
const httpPort = 80

export class AuthorityMemo {
  private bytes: Uint8Array | undefined = undefined
  private target: Target | undefined = undefined

  /** The target that `bytes[start, end)` names, or undefined where it is malformed. Keeps a copy, never a view. */
  parse(bytes: Uint8Array, start: number, end: number): Target | undefined {
    if (this.bytes !== undefined && equal(this.bytes, bytes, start, end)) return this.target
    this.bytes = new Uint8Array(bytes.subarray(start, end))
    this.target = parseAuthority(this.bytes, httpPort)
    return this.target
  }
}

const equal = (known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean => {
  if (known.length !== end - start) return false
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false
  return true
}
