/**
 * Personal: what is about people rather than machines: e-mail, telephone, IBAN, IP address. Not looked for unless
 * asked. Each looks at a bounded number of characters.
 */
import { COLON, DOT, HYPHEN, PERCENT, PLUS, UNDERSCORE } from "../../../protocol/ascii.ts"
import { isAlphanumeric } from "./keys.ts"

/** RFC 5321 section 4.5.3.1. */
const maxLocalPart = 64
const maxDomain = 255

const isOfLocalPart = (code: number): boolean =>
  isAlphanumeric(code) || code === DOT || code === HYPHEN || code === UNDERSCORE || code === PLUS || code === PERCENT

const isOfDomain = (code: number): boolean => isAlphanumeric(code) || code === DOT || code === HYPHEN

/** The address around the `@` at `at`. */
export const mailSpan = (text: string, at: number): readonly [start: number, end: number] | undefined => {
  let start = at
  while (start > 0 && at - start < maxLocalPart && isOfLocalPart(text.charCodeAt(start - 1))) start--
  let end = at + 1
  while (end - at <= maxDomain && isOfDomain(text.charCodeAt(end))) end++
  // A full stop behind it ends the sentence.
  while (end > at + 1 && !isAlphanumeric(text.charCodeAt(end - 1))) end--
  return start < at && text.slice(at + 1, end).indexOf(".") > 0 ? [start, end] : undefined
}

const minTelephoneDigits = 7
const maxTelephone = 24
/** A country code with 15 digits at most (ITU-T E.164), or the groups of North America. */
const telephone = /^(?:\+[0-9](?:[ ().-]{0,2}[0-9]){6,14}|[0-9]{3}[ .-][0-9]{3}[ .-][0-9]{4})(?![0-9])/

export const telephoneEnd = (text: string, at: number): number | undefined => {
  const [found] = telephone.exec(text.slice(at, at + 2 * maxTelephone)) ?? []
  if (found === undefined || isAlphanumeric(text.charCodeAt(at + found.length))) return undefined
  return found.length >= minTelephoneDigits ? at + found.length : undefined
}

/** ISO 13616. */
const maxIban = 34
const iban = /^[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}/

export const ibanEnd = (text: string, at: number): number | undefined => {
  const [found] = iban.exec(text.slice(at, at + 2 * maxIban)) ?? []
  if (found === undefined) return undefined
  // The words behind it may look as if they went on with it: the longest that is right is it.
  for (let length = found.length; length >= 15; length--) {
    const isWhole = !isAlphanumeric(text.charCodeAt(at + length)) && found[length - 1] !== " "
    if (isWhole && hasIbanCheck(found.slice(0, length).replaceAll(" ", ""))) return at + length
  }
  return undefined
}

/** ISO 7064, modulo 97 of 10. */
const hasIbanCheck = (account: string): boolean => {
  let rest = 0
  for (const each of account.slice(4) + account.slice(0, 4)) {
    for (const digit of Number.parseInt(each, 36).toString()) rest = (rest * 10 + Number(digit)) % 97
  }
  return rest === 1
}

/** The longest address of version 6, with one of version 4 at its end. */
const maxAddress = 45

const isOfAddress = (code: number): boolean => isAlphanumeric(code) || code === DOT || code === COLON

/** Where the address of version 4 or 6 ends that begins at `at`. */
export const addressEnd = (text: string, at: number): number | undefined => {
  if (at > 0 && isOfAddress(text.charCodeAt(at - 1))) return undefined
  let end = at
  while (end - at <= maxAddress && isOfAddress(text.charCodeAt(end))) end++
  // A full stop or a colon of the sentence; a port.
  const word = text.slice(at, end).replace(/[.:]$/, "")
  const [v4] = /^[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?=$|:[0-9]{1,5}$)/.exec(word) ?? []
  if (v4 !== undefined) return v4.split(".").every((part) => Number(part) <= 255) ? at + v4.length : undefined
  return isVersion6(word) ? at + word.length : undefined
}

const isVersion6 = (word: string): boolean => {
  const groups = word.split(":")
  const isWritten =
    groups.every((group) => /^[0-9A-Fa-f]{0,4}$/.test(group)) || /:[0-9]{1,3}(?:\.[0-9]{1,3}){3}$/.test(word)
  if (!isWritten || groups.length < 3 || groups.length > 9) return false
  // Times are written with colons, too: 12:30:00 has neither eight groups nor a gap.
  return word.includes("::") ? word.length > 2 : groups.length === 8
}
