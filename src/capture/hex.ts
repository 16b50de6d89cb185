/** Hex: bytes that are no text, for a person. */
import { sizeText } from "./text.ts"

/** The first `most` bytes, 16 a line: offset, hexadecimal, and what of them is ASCII; then how many more there are. */
export const hexLines = (bytes: Uint8Array, most: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (let at = 0; at < Math.min(bytes.length, most); at += 16) {
    const row = Array.from(bytes.subarray(at, Math.min(at + 16, most)))
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ")
    const ascii = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("")
    lines.push(`${at.toString(16).padStart(8, "0")}  ${hex.padEnd(47)}  ${ascii}`)
  }
  if (bytes.length > most) lines.push(`(and ${sizeText(bytes.length - most)} more)`)
  return lines
}
