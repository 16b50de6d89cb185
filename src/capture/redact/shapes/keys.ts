/**
 * Keys: secrets that machines make: keys with a prefix, JWTs, private keys in PEM.
 */
import { DOT, HYPHEN, LOWER_A, LOWER_Z, NINE, UNDERSCORE, UPPER_A, UPPER_Z, ZERO } from "../../../protocol/ascii.ts"

/** By code: a letter or a digit of ASCII; besides those what base64url has, of which every key with a prefix is made. */
const alphanumeric = new Uint8Array(128)
const ofKey = new Uint8Array(128)
for (const [from, to] of [
  [ZERO, NINE],
  [UPPER_A, UPPER_Z],
  [LOWER_A, LOWER_Z],
] as const) {
  alphanumeric.fill(1, from, to + 1)
  ofKey.fill(1, from, to + 1)
}
ofKey[HYPHEN] = 1
ofKey[UNDERSCORE] = 1

/** False for what stands behind the end of a text, too. */
export const isAlphanumeric = (code: number): boolean => code < 128 && alphanumeric[code] === 1

const isOfKey = (code: number): boolean => code < 128 && ofKey[code] === 1

const keyEnd = (text: string, start: number): number => {
  let at = start
  while (isOfKey(text.charCodeAt(at))) at++
  return at
}

export interface Prefix<Name> {
  readonly name: Name
  readonly text: string
  /** How many characters stand behind the prefix at least. */
  readonly min: number
  /** Points may stand between the characters behind. */
  readonly dots: boolean
}

/** Where the key ends that begins at `at` with this prefix; undefined if it is too short for one. */
export const prefixedEnd = (
  text: string,
  at: number,
  { text: { length }, min, dots }: Prefix<unknown>,
  cut: boolean,
): number | undefined => {
  let end = keyEnd(text, at + length)
  if (dots) while (text.charCodeAt(end) === DOT && isOfKey(text.charCodeAt(end + 1))) end = keyEnd(text, end + 1)
  return end - at - length >= min || (cut && end === text.length) ? end : undefined
}

/** What every JWT begins with: `{"` in base64url. */
export const jwtStart = "eyJ"
const minJwtParts = 3
/** Of an encrypted one (RFC 7516 section 3.1). */
const maxJwtParts = 5

/** Finds JWTs in one text. Remembers how far it has looked in vain, so that no run is looked through for each `eyJ` in it. */
export class JwtFinder {
  private noneBefore = 0
  private readonly text: string
  private readonly cut: boolean

  constructor(text: string, cut: boolean) {
    this.text = text
    this.cut = cut
  }

  /** Where the JWT ends that begins at `at`, with what every JWT begins with; undefined if none does. */
  end(at: number): number | undefined {
    if (at < this.noneBefore) return undefined
    const headerEnd = keyEnd(this.text, at)
    let end = headerEnd
    let parts = 1
    // The signature is empty where nobody has signed, the second part where an encrypted one needs no key.
    for (; parts < maxJwtParts && this.text.charCodeAt(end) === DOT; parts++) {
      const next = keyEnd(this.text, end + 1)
      // A full stop.
      if (parts >= minJwtParts && next === end + 1) break
      end = next
    }
    const isCut = this.cut && end === this.text.length
    if (isCut || (parts >= minJwtParts && end - headerEnd >= parts)) return end
    this.noneBefore = end
    return undefined
  }
}

const pemBegin = "-----BEGIN "
const pemEnd = "-----END "
const pemLine = "-----"
/** The longest label (RFC 7468 section 2) that is looked at. */
const maxLabel = 64

/** Where the private key ends whose first line begins at `at`: the text's end if its last line is missing. */
export const privateKeyEnd = (text: string, at: number): number | undefined => {
  if (!text.startsWith(pemBegin, at)) return undefined
  const label = text.slice(at + pemBegin.length, at + pemBegin.length + maxLabel)
  const labelEnd = label.indexOf(pemLine)
  // Where the label is cut, too.
  if (!(labelEnd < 0 ? label : label.slice(0, labelEnd)).includes("PRIVATE KEY")) return undefined
  const last = text.indexOf(pemEnd, at + pemBegin.length)
  if (last < 0) return text.length
  const end = text.indexOf(pemLine, last + pemEnd.length)
  return end < 0 ? text.length : end + pemLine.length
}
