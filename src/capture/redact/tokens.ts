/**
 * Tokens: what stands where a secret stood. The same value has the same token everywhere in a capture, and without the
 * capture's key nobody can try a value against it. A token has the shape of what it replaces, so that what checks shapes
 * is content; it is made of characters that no format escapes.
 */
import {
  decimalsOf,
  isCard,
  isDigit,
  minCardDigits,
  maxCardDigits,
  putDigits,
  withCheckDigit,
} from "./shapes/digits.ts"
import { redactJwt, type JwtHint } from "./jwt.ts"
import { KnownSecrets } from "./known.ts"

/** HMAC-SHA256 of a text with the capture's key, as 64 hexadecimal digits in lower case. */
export type Digest = (value: string) => string

export interface TokenOf {
  readonly token: string
  readonly hint?: JwtHint
}

/** The beginning of all cards that stand for others. */
const cardPrefix = "400000"
const tokenDigits = 12

const plainToken = /^tok_[0-9a-f]{12}$/
const plainTokens = /tok_[0-9a-f]{12}/g
const mailToken = /^u[0-9a-f]{6}@redacted\.invalid$/
const number = /^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/
/** Longer numbers are no numbers: their token says nothing of their length. */
const maxNumber = 64
const looksLikeJwt = /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/
const maxMail = 254
/** How often a number is looked for that is not the one that it stands for; each try finds one with nine chances of ten. */
const maxSalts = 64

/** Tokens of one capture. Remembers those of the record that it is at, since its secrets repeat. */
export class Tokens {
  /** What stood for values of the record so far. */
  readonly secrets = new KnownSecrets()
  private readonly made = new Map<string, TokenOf>()

  /** `known` are tokens already, whatever they look like: those of a record that is redacted again. */
  private readonly digest: Digest
  private readonly known: ReadonlySet<string>

  constructor(digest: Digest, known: ReadonlySet<string>) {
    this.digest = digest
    this.known = known
  }

  /** A value that stands for another one already, or has nothing else in it than what does, and no letter or digit. */
  isToken(value: string): boolean {
    if (plainToken.test(value) || mailToken.test(value) || this.known.has(value)) return true
    return value.includes("tok_") && !/[\p{L}\p{N}]/u.test(value.replaceAll(plainTokens, ""))
  }

  /** What stands for something in the record by now. */
  get all(): ReadonlySet<string> {
    return new Set([...this.known, ...Array.from(this.made.values(), ({ token }) => token)])
  }

  /** The token of a value as its bearer means it: decoded, without quotes. */
  of(value: string): TokenOf {
    const before = this.made.get(value)
    if (before !== undefined) return before
    const token = this.make(value)
    this.made.set(value, token)
    return token
  }

  private make(value: string): TokenOf {
    if (looksLikeJwt.test(value)) {
      const jwt = redactJwt(value, (claim) => (this.isToken(claim) || claim === "" ? claim : this.of(claim).token))
      if (jwt !== undefined) return jwt
    }
    const digits = digitsOf(value)
    if (digits !== undefined && isCard(digits)) return { token: this.card(value, digits) }
    if (value.length <= maxNumber && number.test(value)) return { token: this.number(value) }
    if (isTelephone(value)) return { token: putDigits(value, this.decimals(value, maxTelephone)) }
    const hex = this.digest(value)
    return { token: isMail(value) ? `u${hex.slice(0, 6)}@redacted.invalid` : `tok_${hex.slice(0, tokenDigits)}` }
  }

  /** However its digits are divided, a card is the same card. */
  private card(value: string, digits: string): string {
    const middle = this.decimals(digits, digits.length - cardPrefix.length - 1)
    return putDigits(value, withCheckDigit(cardPrefix + middle))
  }

  /** As many digits before and behind the point, and none at the front that JSON forbids. The exponent stays. */
  private number(value: string): string {
    const end = value.search(/[eE]|$/)
    const mantissa = value.slice(0, end)
    const count = mantissa.replaceAll(/[^0-9]/g, "").length
    for (let salt = 0; salt < maxSalts; salt++) {
      const decimals = this.decimals(salt === 0 ? value : `${value}#${salt}`, count)
      const first = count > 1 && decimals.startsWith("0") ? "1" : decimals.charAt(0)
      const token = putDigits(mantissa, first + decimals.slice(1))
      // One of ten digits would stand for itself.
      if (token !== mantissa) return token + value.slice(end)
    }
    // A digest that is no digest: whatever it gives, this ends, and the number is another one.
    return `${mantissa.slice(0, -1)}${(Number(mantissa.at(-1)) + 1) % 10}${value.slice(end)}`
  }

  private decimals(value: string, count: number): string {
    let decimals = decimalsOf(this.digest(value))
    for (let block = 1; decimals.length < count; block++) decimals += decimalsOf(this.digest(`${value}#${block}`))
    return decimals.slice(0, count)
  }
}

/** The digits of a value that has nothing else but spaces and hyphens; undefined where it has. */
const digitsOf = (value: string): string | undefined => {
  if (value.length < minCardDigits || value.length > 2 * maxCardDigits) return undefined
  return /^[0-9][0-9 -]*[0-9]$/.test(value) ? value.replaceAll(/[ -]/g, "") : undefined
}

const maxTelephone = 24

const isTelephone = (value: string): boolean => value.length <= maxTelephone && /^\+[0-9][0-9 ().-]*[0-9]$/.test(value)

/** One `@` with something on both sides and a point behind it: what a person would take for an e-mail address. */
const isMail = (value: string): boolean => {
  const at = value.indexOf("@")
  if (at < 1 || at > 64 || value.length > maxMail || at !== value.lastIndexOf("@")) return false
  return !/[\s:/"<>]/.test(value) && value.indexOf(".", at) > at + 1 && !isDigit(value.charCodeAt(value.length - 1))
}
