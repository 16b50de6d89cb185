/**
 * Packed: plain data with bytes in it, as it is handed to another thread: a text, one run of all small pieces of bytes, and
 * the large ones as they are. To copy a small piece costs less than to hand it over (an exchange with two bodies of 8 KiB
 * takes 9 µs so, and 54 µs piece by piece); to hand a large one over costs less than to copy it.
 */
import { concatAll } from "../../protocol/bytes.ts"

/** Bytes of a piece from which on it is handed over instead of copied. */
export const minMoved = 32 * 1024

export interface Packed {
  readonly text: string
  readonly small: Uint8Array
  readonly large: ReadonlyArray<Uint8Array>
}

/** What stands in the text for bytes: where they begin in `small` and how many they are, or which of `large` they are. */
interface Place {
  readonly $bytes: number
  /** Of a small piece. */
  readonly length?: number
}

/** Packs a value of objects, lists, words, finite numbers and bytes. Fields that are undefined are absent afterwards. */
export const pack = (value: unknown): Packed => {
  const small: Array<Uint8Array> = []
  const large: Array<Uint8Array> = []
  let length = 0
  const place = (bytes: Uint8Array): Place => {
    if (bytes.length >= minMoved) return { $bytes: large.push(bytes) - 1 }
    const at = length
    small.push(bytes)
    length += bytes.length
    return { $bytes: at, length: bytes.length }
  }
  const text = JSON.stringify(emptied(value, place))
  return { text, small: concatAll(small), large }
}

/** The memory that goes with what was packed: nobody else may have it after. */
export const moved = ({ small, large }: Packed): Array<ArrayBuffer> =>
  [...new Set([small, ...large].map(({ buffer }) => buffer))].filter((buffer) => buffer instanceof ArrayBuffer)

/** The value again. Small pieces of bytes are views of one memory. */
export const unpack = ({ text, small, large }: Packed): unknown =>
  filled(JSON.parse(text), ({ $bytes, length }) =>
    length === undefined ? large[$bytes]! : small.subarray($bytes, $bytes + length),
  )

const emptied = (value: unknown, place: (bytes: Uint8Array) => Place): unknown => {
  if (typeof value !== "object" || value === null) return value
  if (value instanceof Uint8Array) return place(value)
  if (Array.isArray(value)) return value.map((each) => emptied(each, place))
  const copy: Record<string, unknown> = {}
  const fields = value as Readonly<Record<string, unknown>>
  // Half the time of Object.entries. Plain data has no fields of a prototype.
  for (const key in fields) copy[key] = emptied(fields[key], place)
  return copy
}

/** In its place: nobody else has it. */
const filled = (value: unknown, bytesAt: (place: Place) => Uint8Array): unknown => {
  if (typeof value !== "object" || value === null) return value
  if (isPlace(value)) return bytesAt(value)
  const fields = value as Record<string, unknown>
  for (const key in fields) fields[key] = filled(fields[key], bytesAt)
  return value
}

const isPlace = (value: object): value is Place => "$bytes" in value && typeof value.$bytes === "number"
