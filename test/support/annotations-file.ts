/**
 * Annotations file: writes what the Kubernetes downward API writes, the inverse of config/annotations.ts.
 */

/** `key="value"` lines in bytewise order of the keys, values as Go's strconv.Quote has them, no last newline. */
export const formatAnnotations = (annotations: Readonly<Record<string, string>>): string =>
  Object.entries(annotations)
    .toSorted(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
    .map(([key, value]) => `${key}=${goQuote(value)}`)
    .join("\n")

const escapes: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
}

/** Go's strconv.Quote: letters, marks, numbers, punctuation, symbols and the ASCII space stay as they are. */
const goQuote = (value: string): string => `"${[...value].map(goCharacter).join("")}"`

const goCharacter = (character: string): string => {
  const escape = escapes[character]
  if (escape !== undefined) return escape
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) return character
  const point = character.codePointAt(0) ?? 0
  if (point < 0x80) return `\\x${hex(point, 2)}`
  return point < 0x10000 ? `\\u${hex(point, 4)}` : `\\U${hex(point, 8)}`
}

const hex = (number: number, length: number): string => number.toString(16).padStart(length, "0")
