/**
 * Text: strings of strangers made harmless for a log line and for the terminal that shows it.
 *
 * A line must stay one line, and what a client sent must not steer a terminal or turn the rest of the line around.
 */

/** Characters of one string; the rest is cut. Enough for every name and for any path that a person would read. */
export const maxText = 1024

// Cc is C0, DEL and C1; Cf reorders or hides text (U+202E, U+200B, U+FEFF); Zl and Zp are the line ends of Unicode;
// Cs is half of a pair, which is no text at all.
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u
const unsafeEach = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** One line of JSON with its newline. `value` is an object; what is undefined in it is left out. */
export const jsonLine = (value: object): string => `${harmless(JSON.stringify(value))}\n`

/** `text` whole and in double quotes, as `jsonLine` has it. */
export const jsonText = (text: string): string => harmless(JSON.stringify(text))

/** `text` for a person to read, at most `longest` characters of it; only what is harmful is changed. */
export const plainText = (text: string, longest = maxText): string => harmless(shorten(text, longest))

/** `text` in double quotes, as JSON writes it. */
export const quoted = (text: string, longest = maxText): string => harmless(JSON.stringify(shorten(text, longest)))

/** At most `longest` characters, and dots where there are more. */
export const shorten = (text: string, longest = maxText): string =>
  // Half of a pair at the cut would be no text.
  text.length > longest ? `${text.slice(0, longest).toWellFormed()}...` : text

/** A JSON text that stays what it is, its lines too, and does nothing to a terminal. */
export const harmlessJson = (json: string): string =>
  unsafe.test(json) ? json.split("\n").map(harmless).join("\n") : json

/** Escapes as JSON does, so that a JSON text keeps its meaning: harmful characters stand only inside its strings. */
const harmless = (text: string): string => (unsafe.test(text) ? text.replace(unsafeEach, escape) : text)

const escape = (character: string): string => {
  let escaped = ""
  // UTF-16: a character beyond U+FFFF takes two.
  for (let i = 0; i < character.length; i++) escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`
  return escaped
}

let second = -1
let prefix = ""
let last = Number.NaN
let lastText = ""

/** RFC 3339 in UTC with milliseconds. `now` is milliseconds since the epoch; everything down to the second is kept. */
export const timestamp = (now: number): string => {
  // Many lines share their millisecond.
  if (now === last) return lastText
  const thisSecond = Math.floor(now / 1000)
  if (thisSecond !== second) {
    second = thisSecond
    prefix = new Date(thisSecond * 1000).toISOString().slice(0, 20)
  }
  const milliseconds = Math.floor(now) - thisSecond * 1000
  last = now
  lastText = `${prefix}${milliseconds < 10 ? "00" : milliseconds < 100 ? "0" : ""}${milliseconds}Z`
  return lastText
}
