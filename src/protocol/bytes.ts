/**
 * Bytes: the few operations on `Uint8Array` views that every parser here needs.
 *
 * Nothing in this file copies more than it says, and nothing decodes as UTF-8: protocol text is latin1, one byte a
 * character, so that what is written is what was read.
 */

export const empty = new Uint8Array(0)

/** The bytes of an ASCII or latin1 string; characters above U+00FF are a programmer's error and are cut to 8 bits. */
export const fromLatin1 = (text: string): Uint8Array => {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

export const crlf = fromLatin1("\r\n")

/** Decodes ASCII only: the "latin1" of a TextDecoder is windows-1252, which differs from 0x80 on. */
const ascii = new TextDecoder("latin1")

/** `bytes[start, end)` as a latin1 string. For short spans (names, targets), never for bodies. */
export const toLatin1 = (bytes: Uint8Array, start = 0, end = bytes.length): string => {
  let at = start
  while (at < end && bytes[at]! < 0x80) at++
  // A string put together of characters costs a cell for each.
  if (at === end && end - start > 4) return ascii.decode(part(bytes, start, end))
  let text = ""
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!)
  return text
}

/** Up to here a copy costs less than a view: the first view of an array makes an ArrayBuffer of it (200 ns). */
const cheapCopy = 1000

/** Copy or view of `bytes[start, end)`: `bytes` itself where that is all of it, a copy where it is small, else a view. */
export const part = (bytes: Uint8Array, start: number, end: number): Uint8Array => {
  if (start === 0 && end === bytes.length) return bytes
  if (start === end) return empty
  return end - start <= cheapCopy ? bytes.slice(start, end) : bytes.subarray(start, end)
}

/** `first` followed by `second` in one new array; returns the other unchanged, and uncopied, when one is empty. */
export const concat = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  if (first.length === 0) return second
  if (second.length === 0) return first
  const joined = new Uint8Array(first.length + second.length)
  joined.set(first)
  joined.set(second, first.length)
  return joined
}

/** All pieces one behind the other, in a new array with memory of its own. */
export const concatAll = (pieces: ReadonlyArray<Uint8Array>): Uint8Array<ArrayBuffer> => {
  const all = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}
