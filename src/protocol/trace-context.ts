/**
 * Trace context: the `traceparent` that a request carries (W3C Trace Context, section 3.2). Only read: nothing here makes
 * one, and none is ever changed or added.
 */
import { toLatin1 } from "./bytes.ts"

/** Version, trace, parent and flags with their dashes; what a later version has behind that is not known. */
const knownBytes = 55

/** Version ff is none, and neither is a trace or a parent of zeros (sections 3.2.2.1, 3.2.2.3 and 3.2.2.4). */
const form = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/**
 * Reads the value of a `traceparent` in `bytes[start, end)`, without blanks around it: its known part, or undefined where
 * it is malformed.
 */
export const readTraceparent = (bytes: Uint8Array, start: number, end: number): string | undefined =>
  end - start < knownBytes ? undefined : parseTraceparent(toLatin1(bytes, start, Math.min(end, start + knownBytes + 1)))

/** The same of a text. */
export const parseTraceparent = (value: string): string | undefined => {
  const known = value.slice(0, knownBytes)
  if (!form.test(known)) return undefined
  // Version 00 is over here; a later one may go on behind a dash (section 3.2.2.2).
  const isOver = value.length === knownBytes || (!known.startsWith("00") && value[knownBytes] === "-")
  return isOver ? known : undefined
}

/** The trace that a request belongs to: 32 hexadecimal digits. */
export const traceOf = (traceparent: string): string => traceparent.slice(3, 35)

/** The span during which the request was sent: 16 hexadecimal digits. */
export const parentOf = (traceparent: string): string => traceparent.slice(36, 52)

/** Whether who sent the request may have recorded the trace (section 3.2.2.5.1). */
export const isSampled = (traceparent: string): boolean => (Number.parseInt(traceparent.slice(53), 16) & 1) === 1
