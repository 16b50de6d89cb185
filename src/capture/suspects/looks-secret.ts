/**
 * Looks secret: whether a value is so much like noise that it may be a key or a token, whatever it is called. A guess: it
 * is made to be looked at by a person, and nothing is replaced for it.
 */

/** Shorter values are words and numbers too often. */
export const minSecret = 16

/** Longer ones are content: images, documents. */
export const maxSecret = 1024

/** Bits a character that a random value of an alphabet has at least; words and numbers of a person's have less. */
const minBitsOfHex = 2.9
const minBits = 3.6

/** Whether a value, without the spaces around it, looks like a secret. */
export const looksSecret = (value: string): boolean => {
  if (value.length < minSecret || value.length > maxSecret) return false
  if (known.some((shape) => shape.test(value))) return false
  if (/^[0-9a-fA-F]+$/.test(value)) return isHexMixed(value) && bitsOf(value) >= minBitsOfHex
  if (!/^[A-Za-z0-9+/_=.~-]+$/.test(value)) return false
  return kindsOf(value) >= 2 && changesOf(value) >= value.length / 4 && bitsOf(value) >= minBits
}

/** What looks like noise and is none: tokens of a redaction, ids, trace contexts, hashes that say so, times, words. */
const known: ReadonlyArray<RegExp> = [
  /^tok_[0-9a-f]{12}$/,
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/,
  /^(?:sha(?:1|256|384|512)|md5)[-=]/i,
  /^\d{4}-\d\d-\d\dT/,
  /^[\d.,:+-]+$/,
  // Words and short numbers with something between them: paths, host names, versions.
  /^[./]?(?:[A-Z]?[a-z]+\d{0,3}|[A-Z]+|\d{1,4})(?:[./_=~+-](?:[A-Z]?[a-z]+\d{0,3}|[A-Z]+|\d{1,4}))*[./]?$/,
]

const isHexMixed = (value: string): boolean => /\d/.test(value) && /[a-f]/i.test(value)

/** How many of digits, lower case and upper case letters there are. */
const kindsOf = (value: string): number => [/\d/, /[a-z]/, /[A-Z]/].filter((kind) => kind.test(value)).length

/** How often one kind of character follows another: seldom in words and names. */
const changesOf = (value: string): number => {
  let changes = 0
  for (let i = 1; i < value.length; i++) if (kindOf(value, i) !== kindOf(value, i - 1)) changes++
  return changes
}

const kindOf = (value: string, at: number): string => {
  const code = value.charCodeAt(at)
  if (code >= 0x30 && code <= 0x39) return "digit"
  if (code >= 0x61 && code <= 0x7a) return "lower"
  return code >= 0x41 && code <= 0x5a ? "upper" : "other"
}

/** Shannon's entropy of its characters, in bits a character. */
const bitsOf = (value: string): number => {
  const counts = new Map<string, number>()
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length)
  return bits
}
