/** Text: what a capture holds, made harmless for a terminal, and the words for sizes and times that lists share. */

const hidden = /[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
const hiddenInLine = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Text over lines: whatever steers a terminal or hides or reorders text is shown as JSON would escape it. */
export const visible = (text: string): string => text.replaceAll(hidden, escape)

/** The same for what must stay one line: line feeds and tabs are escaped too. */
export const visibleLine = (text: string): string => text.replaceAll(hiddenInLine, escape)

const escape = (character: string): string => {
  let escaped = ""
  for (let i = 0; i < character.length; i++) escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`
  return escaped
}

/** At most `width` characters of `text`, the last of them an ellipsis where there are more. */
export const cut = (text: string, width: number): string => {
  if (text.length <= width) return text
  return width <= 0 ? "" : `${text.slice(0, width - 1).toWellFormed()}…`
}

const units = ["B", "KiB", "MiB", "GiB", "TiB"]

/** Bytes for a person: `88 B`, `3.1 MiB`. */
export const sizeText = (bytes: number): string => {
  let size = bytes
  let unit = 0
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : trimmed(size.toFixed(1))} ${units[unit]}`
}

/** Milliseconds for a person: `0.29 ms`, `152 ms`, `2.5 s`. */
export const timeText = (ms: number): string =>
  ms >= 1000
    ? `${trimmed((ms / 1000).toFixed(1))} s`
    : `${ms >= 100 ? Math.round(ms) : trimmed(ms.toFixed(ms >= 10 ? 1 : 2))} ms`

const trimmed = (number: string): string => number.replace(/\.?0+$/, "")

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
