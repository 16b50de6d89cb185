/**
 * Ascii: the characters that protocols are written in, each by one name, as the byte or character code that it is.
 */

export const HTAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
/** The first code that is no control character. */
export const SP = 0x20
export const QUOTE = 0x22
export const HASH = 0x23
export const PERCENT = 0x25
export const APOSTROPHE = 0x27
export const ASTERISK = 0x2a
export const PLUS = 0x2b
export const COMMA = 0x2c
export const HYPHEN = 0x2d
export const DOT = 0x2e
export const SLASH = 0x2f
export const ZERO = 0x30
export const NINE = 0x39
export const COLON = 0x3a
export const SEMICOLON = 0x3b
export const LESS_THAN = 0x3c
export const EQUALS = 0x3d
export const GREATER_THAN = 0x3e
export const QUESTION_MARK = 0x3f
export const AT_SIGN = 0x40
export const UPPER_A = 0x41
export const UPPER_F = 0x46
export const UPPER_Z = 0x5a
export const LEFT_BRACKET = 0x5b
export const BACKSLASH = 0x5c
export const RIGHT_BRACKET = 0x5d
export const UNDERSCORE = 0x5f
export const LOWER_A = 0x61
export const LOWER_F = 0x66
export const LOWER_Z = 0x7a
export const LEFT_BRACE = 0x7b
export const RIGHT_BRACE = 0x7d
/** The last code of ASCII, and a control character. */
export const DEL = 0x7f

/** The bit that makes a letter lower case. */
export const LOWER_CASE = 0x20
