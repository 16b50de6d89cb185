/**
 * Cards: card numbers in a text, in one run of digits or in groups with a space or a hyphen between them.
 */
import { DOT, HYPHEN, SP } from "../../../protocol/ascii.ts"
import { isCard, isDigit, maxCardDigits, minCardDigits } from "./digits.ts"
import { isAlphanumeric } from "./keys.ts"

/** Cards are printed in groups that begin with four digits: 4-4-4-4, 4-6-5, 4-4-4-4-3. */
const firstGroup = 4
const minGroup = 3
const maxGroup = 7

/** A cut text that ends with as many digits may end in a card. */
const minCutDigits = 7

const digitsEnd = (text: string, start: number): number => {
  let at = start
  while (isDigit(text.charCodeAt(at))) at++
  return at
}

/** Whether a number may end here: not in the middle of a word or of a decimal fraction. */
const endsNumber = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at)
  return !isAlphanumeric(code) && !(code === DOT && isDigit(text.charCodeAt(at + 1)))
}

const isFraction = (text: string, at: number): boolean =>
  text.charCodeAt(at - 1) === DOT && isDigit(text.charCodeAt(at - 2))

/** The ends of the groups that follow each other from `at` on, not more than a card has. */
const groupEnds = (text: string, at: number): ReadonlyArray<number> => {
  const first = digitsEnd(text, at)
  const ends = [first]
  let count = first - at
  const divider = text.charCodeAt(first)
  if (count !== firstGroup || (divider !== SP && divider !== HYPHEN)) return ends
  for (let end = first; text.charCodeAt(end) === divider && count < maxCardDigits;) {
    const next = digitsEnd(text, end + 1)
    const length = next - end - 1
    if (length < 1 || length > maxGroup) break
    count += length
    ends.push(next)
    end = next
  }
  return ends
}

const digitsOf = (text: string, start: number, end: number): string => text.slice(start, end).replaceAll(/[ -]/g, "")

/** Where the card number ends that begins at `at`, with a digit before which no letter or digit stands. */
export const cardEnd = (text: string, at: number): number | undefined => {
  if (isFraction(text, at)) return undefined
  const ends = groupEnds(text, at)
  const last = ends.at(-1) ?? at
  if (last - at < minCardDigits || last - at > 2 * maxCardDigits) return undefined
  const digits = digitsOf(text, at, last)
  // The longest first: a card of 16 digits may begin with one of 13.
  for (let i = ends.length - 1; i >= 0; i--) {
    const end = ends[i]!
    const isSmall = i > 0 && end - ends[i - 1]! - 1 < minGroup
    // One divider before each group but the first.
    if (!isSmall && endsNumber(text, end) && isCard(digits.slice(0, end - at - i))) return end
  }
  return undefined
}

/** The end of a text that was cut, where its last number may be the beginning of a card. */
export const cutCardEnd = (text: string, at: number): number | undefined => {
  const end = groupEnds(text, at).at(-1) ?? at
  const isLast = end === text.length || (end === text.length - 1 && !isAlphanumeric(text.charCodeAt(end)))
  if (!isLast || isFraction(text, at)) return undefined
  const count = digitsOf(text, at, end).length
  return count >= minCutDigits && count <= maxCardDigits ? end : undefined
}
