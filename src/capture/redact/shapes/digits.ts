/**
 * Digits: card numbers and their check digit (ISO/IEC 7812-1), and numbers that stand for other numbers.
 */
import { NINE, ZERO } from "../../../protocol/ascii.ts"

export const minCardDigits = 13
export const maxCardDigits = 19

/** Of what is no payment card: airlines' own, petroleum, healthcare, national. Microseconds since 1970 begin with 1, too. */
const notPayment = "0179"

export const isDigit = (code: number): boolean => code >= ZERO && code <= NINE

/** Adds the digits up as Luhn does; the last of them counts as the check digit. Zero is right. */
const luhn = (digits: string): number => {
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - ZERO
    const doubled = digit * 2
    sum += i % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10
}

/** Takes digits alone, without what divides them. */
export const isCard = (digits: string): boolean =>
  digits.length >= minCardDigits &&
  digits.length <= maxCardDigits &&
  !notPayment.includes(digits.charAt(0)) &&
  luhn(digits) === 0

/** The digits with the check digit behind them. */
export const withCheckDigit = (digits: string): string => `${digits}${(10 - luhn(`${digits}0`)) % 10}`

/** Decimal digits from hexadecimal ones, one from two. */
export const decimalsOf = (hex: string): string => {
  let decimals = ""
  for (let at = 0; at + 1 < hex.length; at += 2) decimals += Number.parseInt(hex.slice(at, at + 2), 16) % 10
  return decimals
}

/** The text with its digits replaced by others, one by one; all else stays. There must be as many. */
export const putDigits = (text: string, digits: string): string => {
  let next = 0
  return text.replaceAll(/[0-9]/g, () => digits.charAt(next++))
}
