import type { Line } from "../../src/observe/output/line.ts"

/** A line that was written already. */
export const asLine = (text: string): Pick<Line, "bytes" | "length" | "toString"> => {
  const bytes = Buffer.from(text)
  return { bytes, length: bytes.length, toString: () => text }
}
