/**
 * Text: strings of strangers made harmless for a log line and for the terminal that shows it.
 *
 * A line must stay one line, and what a client sent must not steer a terminal or turn the rest of the line around.
 */

/** Characters of one string; the rest is cut. Enough for every name and for any path that a person would read. */
export const longestText = 1024

// Cc is C0, DEL and C1; Cf reorders or hides text (U+202E, U+200B, U+FEFF); Zl and Zp are the line ends of Unicode;
// Cs is half of a pair, which is no text at all.
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u
const unsafeEach = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
const unsafeJson = /["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u
const unsafeJsonEach = /["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** A JSON string, with its quotes. */
export const jsonText = (text: string, longest = longestText): string => {
  const short = text.length > longest ? cut(text, longest) : text
  return `"${unsafeJson.test(short) ? short.replace(unsafeJsonEach, escape) : short}"`
}

/** The same without quotes, for a line that a person reads: nothing but what is harmful is changed. */
export const plainText = (text: string, longest = longestText): string => {
  const short = text.length > longest ? cut(text, longest) : text
  return unsafe.test(short) ? short.replace(unsafeEach, escape) : short
}

const cut = (text: string, longest: number): string => `${text.slice(0, longest)}...`

const escape = (character: string): string => {
  switch (character) {
    case '"':
    case "\\":
      return `\\${character}`
    case "\n":
      return "\\n"
    case "\r":
      return "\\r"
    case "\t":
      return "\\t"
    default:
      return isHalf(character) ? "\\ufffd" : units(character)
  }
}

const isHalf = (character: string): boolean => character.length === 1 && !character.isWellFormed()

/** JSON escapes UTF-16, so a character beyond U+FFFF takes two. */
const units = (character: string): string => {
  let escaped = ""
  for (let i = 0; i < character.length; i++) escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`
  return escaped
}

let second = -1
let prefix = ""

/** RFC 3339 in UTC with milliseconds. `now` is milliseconds since the epoch; everything down to the second is kept. */
export const timestamp = (now: number): string => {
  const thisSecond = Math.floor(now / 1000)
  if (thisSecond !== second) {
    second = thisSecond
    prefix = new Date(thisSecond * 1000).toISOString().slice(0, 20)
  }
  const milliseconds = Math.floor(now) - thisSecond * 1000
  return `${prefix}${milliseconds < 10 ? "00" : milliseconds < 100 ? "0" : ""}${milliseconds}Z`
}
