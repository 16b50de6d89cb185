/**
 * Fields: the header section of an HTTP/1 message (RFC 9110 section 5, RFC 9112 section 5), as spans of its bytes.
 *
 * One pass, no regular expression, no string and no object per field: a field is five numbers in a reused array.
 * Everything that RFC 9112 lets a lenient parser forgive is refused: bare LF and CR, obs-fold, space before the colon,
 * empty and non-token names, control bytes in values.
 */
import { COLON, COMMA, CR, DEL, HTAB, LF, LOWER_CASE, SP, UPPER_A, UPPER_Z } from "../ascii.ts"
import { fromLatin1 } from "../bytes.ts"

import { Field, type FieldId, fieldTable } from "./field-table.ts"

/** Known names by length: for most fields the length alone shows that they are none of these. */
const knownByLength: ReadonlyArray<ReadonlyArray<readonly [Uint8Array, FieldId]>> = Array.from(
  { length: 26 },
  (_, length) =>
    fieldTable
      .filter(({ name, id }) => id !== Field.other && name.length === length)
      .map(({ name, id }) => [fromLatin1(name), id] as const),
)

/** 1 for the bytes of a token (RFC 9110 section 5.6.2). */
const tokenBytes = new Uint8Array(256)
for (const c of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  tokenBytes[c.charCodeAt(0)] = 1
}
/** 1 for the bytes that a field value may hold (RFC 9110 section 5.5): no controls but HTAB; obs-text passes. */
const valueBytes = new Uint8Array(256).fill(1)
for (let c = 0; c < SP; c++) valueBytes[c] = 0
valueBytes[HTAB] = 1
valueBytes[DEL] = 0

/** By byte: the same, in lower case where it is an ASCII letter. */
const lowerCase = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= UPPER_A && byte <= UPPER_Z ? byte + LOWER_CASE : byte,
)

export const isTokenByte = (byte: number): boolean => tokenBytes[byte] === 1

/** Whether the four bytes at `at` are those of a value: one test for all takes half of one for each. */
const areValueBytes = (bytes: Uint8Array, at: number): boolean =>
  (valueBytes[bytes[at]!]! &
    valueBytes[bytes[at + 1]!]! &
    valueBytes[bytes[at + 2]!]! &
    valueBytes[bytes[at + 3]!]!) ===
  1

const stride = 5

/** A parsed header section. Reused: the spans are valid until the next `parse`, and only for the bytes they came from. */
export class Fields {
  count = 0
  private spans = new Int32Array(stride * 32)

  nameStart = (field: number): number => this.spans[field * stride]!
  nameEnd = (field: number): number => this.spans[field * stride + 1]!
  valueStart = (field: number): number => this.spans[field * stride + 2]!
  valueEnd = (field: number): number => this.spans[field * stride + 3]!
  id = (field: number): FieldId => this.spans[field * stride + 4]! as FieldId

  /**
   * Parses the field lines in `bytes[start, end)`, which must end with the CRLF of the last field line. Returns
   * undefined when all is well, or what is wrong.
   */
  parse(bytes: Uint8Array, start: number, end: number, maxFields: number): FieldsProblem | undefined {
    this.count = 0
    const last = end - 3
    let at = start
    while (at < end) {
      if (this.count === maxFields) return "too many fields"
      const nameStart = at
      while (at < end && tokenBytes[bytes[at]!] === 1) at++
      if (at === nameStart) return bytes[at] === SP || bytes[at] === HTAB ? "folded line" : "invalid field name"
      const nameEnd = at
      if (bytes[at] !== COLON) return "invalid field name"
      at++
      while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++
      const valueStart = at
      while (at < last && areValueBytes(bytes, at)) at += 4
      while (at < end && valueBytes[bytes[at]!] === 1) at++
      let valueEnd = at
      if (at + 1 >= end || bytes[at] !== CR || bytes[at + 1] !== LF) return "invalid field value"
      at += 2
      while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd--
      this.add(nameStart, nameEnd, valueStart, valueEnd, fieldId(bytes, nameStart, nameEnd))
    }
    return undefined
  }

  private add(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number, id: FieldId): void {
    const at = this.count * stride
    if (at === this.spans.length) {
      const grown = new Int32Array(this.spans.length * 2)
      grown.set(this.spans)
      this.spans = grown
    }
    this.spans[at] = nameStart
    this.spans[at + 1] = nameEnd
    this.spans[at + 2] = valueStart
    this.spans[at + 3] = valueEnd
    this.spans[at + 4] = id
    this.count++
  }
}

export type FieldsProblem = "too many fields" | "folded line" | "invalid field name" | "invalid field value"

const fieldId = (bytes: Uint8Array, start: number, end: number): FieldId => {
  const length = end - start
  if (length >= knownByLength.length) return Field.other
  const candidates = knownByLength[length]!
  for (let i = 0; i < candidates.length; i++) {
    if (isNamed(bytes, start, end, candidates[i]![0])) return candidates[i]![1]
  }
  return Field.other
}

/** Whether `bytes[start, end)` is `text`, which must be lower case, ignoring the case of ASCII letters. */
export const equalsIgnoreCase = (bytes: Uint8Array, start: number, end: number, text: string): boolean => {
  if (end - start !== text.length) return false
  for (let i = 0; i < text.length; i++) if (lowerCase[bytes[start + i]!] !== text.charCodeAt(i)) return false
  return true
}

/** The same of a name as bytes, for every field of every head: that takes two thirds of what a string does. */
export const isNamed = (bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean => {
  const { length } = name
  if (end - start !== length) return false
  for (let i = 0; i < length; i++) if (lowerCase[bytes[start + i]!] !== name[i]) return false
  return true
}

/**
 * Calls `each` with the span of every element of the comma separated list in `bytes[start, end)`; empty elements are
 * skipped (RFC 9110 section 5.6.1.2). Stops when `each` returns false.
 */
export const eachElement = (
  bytes: Uint8Array,
  start: number,
  end: number,
  each: (start: number, end: number) => boolean,
): void => {
  let at = start
  while (at < end) {
    while (at < end && (bytes[at] === COMMA || bytes[at] === SP || bytes[at] === HTAB)) at++
    const from = at
    while (at < end && bytes[at] !== COMMA) at++
    let to = at
    while (to > from && (bytes[to - 1] === SP || bytes[to - 1] === HTAB)) to--
    if (to > from && !each(from, to)) return
  }
}
