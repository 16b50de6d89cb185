/**
 * Trace context: the `traceparent` that a request carries (W3C Trace Context, section 3.2). Only read: nothing here makes
 * one, and none is ever changed or added.
 */
import { HYPHEN } from "./ascii.ts"
import { toLatin1 } from "./bytes.ts"

/** Version, trace, parent and flags with their dashes; what a later version has behind that is not known. */
const knownBytes = 55

/** Version ff is none, and neither is a trace or a parent of zeros (sections 3.2.2.1, 3.2.2.3 and 3.2.2.4). */
const form = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/**
 * Reads the value of a `traceparent` in `bytes[start, end)`, without blanks around it: its known part, or undefined where
 * it is malformed.
 */
export const readTraceparent = (bytes: Uint8Array, start: number, end: number): string | undefined => {
  if (end - start < knownBytes) return undefined
  const text = toLatin1(bytes, start, start + knownBytes)
  if (!form.test(text)) return undefined
  if (end - start === knownBytes) return text
  // Version 00 is over here; a later one may go on behind a dash (section 3.2.2.2).
  return !text.startsWith("00") && bytes[start + knownBytes] === HYPHEN ? text : undefined
}

/** The trace that a request belongs to: 32 hexadecimal digits. */
export const traceOf = (traceparent: string): string => traceparent.slice(3, 35)

/** The span during which the request was sent: 16 hexadecimal digits. */
export const parentOf = (traceparent: string): string => traceparent.slice(36, 52)

/** Whether who sent the request may have recorded the trace (section 3.2.2.5.1). */
export const isSampled = (traceparent: string): boolean => (Number.parseInt(traceparent.slice(53), 16) & 1) === 1
