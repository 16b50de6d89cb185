/**
 * Scan: where a head ends, found without looking at any byte twice however slowly it arrives.
 */
import { CR, LF } from "../ascii.ts"

/** The head is not complete. */
export const incomplete = -1
/**
 * A line does not end with CRLF. RFC 9112 section 2.2 lets a recipient forgive a bare LF; disagreement about it is how
 * requests are smuggled, so it is refused.
 */
export const bareLineFeed = -2

/**
 * The offset just after the blank line that ends the head in `bytes`, `incomplete` or `bareLineFeed`. `searched` is
 * how many bytes an earlier call has already seen (0 at first).
 */
export const findHeadEnd = (bytes: Uint8Array, searched: number): number => {
  let at = findLineFeed(bytes, searched)
  while (at !== -1) {
    if (at === 0 || bytes[at - 1] !== CR) return bareLineFeed
    if (at >= 3 && bytes[at - 2] === LF) return at + 1
    at = findLineFeed(bytes, at + 1)
  }
  return incomplete
}

/**
 * The offset of the first line feed from `start` on, or -1. Lines of heads are short: the runtime's search takes 30 ns to
 * begin, and this takes half of that for forty bytes.
 */
const findLineFeed = (bytes: Uint8Array, start: number): number => {
  const { length } = bytes
  let at = start
  while (at + 3 < length && bytes[at] !== LF && bytes[at + 1] !== LF && bytes[at + 2] !== LF && bytes[at + 3] !== LF) {
    at += 4
  }
  while (at < length && bytes[at] !== LF) at++
  return at < length ? at : -1
}

/** How many bytes of empty lines stand before a request line, at most two lines (RFC 9112 section 2.2). */
export const leadingEmptyLines = (bytes: Uint8Array): number => {
  let at = 0
  while (at < 4 && bytes[at] === CR && bytes[at + 1] === LF) at += 2
  return at
}
