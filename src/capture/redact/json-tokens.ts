/**
 * JSON tokens: where the tokens of a JSON text stand (RFC 8259), one at a time. Nothing is made of them: `1.10` and
 * `12345678901234567890` stay the text that they are, and whoever changes a text changes spans of it.
 *
 * A text may end anywhere, since bodies are cut: the last token then says so. Several values in a row are several
 * values (NDJSON, RFC 7464), whatever space is between them. What is no JSON ends in one `broken` token.
 */
import {
  BACKSLASH,
  COLON,
  COMMA,
  DOT,
  CR,
  HTAB,
  HYPHEN,
  LEFT_BRACE,
  LEFT_BRACKET,
  LF,
  LOWER_CASE,
  PLUS,
  QUOTE,
  RIGHT_BRACE,
  RIGHT_BRACKET,
  SP,
  NINE,
} from "../../protocol/ascii.ts"
import { isDigit } from "./shapes/digits.ts"
import { isAlphanumeric } from "./shapes/keys.ts"

export const Token = {
  /** The text is over. `cut` says whether something was still open. */
  end: 0,
  /** From `start` on the text is no JSON; there are no more tokens. */
  broken: 1,
  objectStart: 2,
  objectEnd: 3,
  arrayStart: 4,
  arrayEnd: 5,
  /** The name of a member. Its span has the quotes. */
  key: 6,
  /** A string that is a value. Its span has the quotes. */
  string: 7,
  number: 8,
  /** true, false, null, and what Python writes: NaN, Infinity, -Infinity. */
  literal: 9,
} as const
export type TokenKind = (typeof Token)[keyof typeof Token]

/** Deeper nesting is refused: nobody writes it, and what follows a text must hold a place for each level. */
export const maxJsonDepth = 512

/** What may come next. */
const Expect = { value: 0, valueOrEnd: 1, key: 2, keyOrEnd: 3, colon: 4, commaOrEnd: 5 } as const
type Expectation = (typeof Expect)[keyof typeof Expect]

/** The record separator of RFC 7464 and the byte order mark count as space between values. */
const RECORD_SEPARATOR = 0x1e
const BYTE_ORDER_MARK = 0xfeff

const literals: ReadonlyArray<string> = ["true", "false", "null", "NaN", "Infinity", "-Infinity"]

export class JsonTokens {
  kind: TokenKind = Token.end
  /** The span of the token. */
  start = 0
  end = 0
  /** The text ended within this token; of `end`, within an object or an array. */
  cut = false
  /** A string or a key that holds a backslash. */
  escaped = false
  /** How many objects and arrays are open, the one that this token opens included. */
  depth = 0

  private expect: Expectation = Expect.value
  /** By depth: whether it is an object. */
  private readonly objects: Array<boolean> = [false]

  private readonly text: string
  /** Where the next token may begin. */
  private at: number

  constructor(text: string, at = 0) {
    this.text = text
    this.at = at
  }

  /** Goes on to the next token and returns its kind. */
  next(): TokenKind {
    if (this.kind === Token.broken) return this.kind
    let code = this.skipSpace()
    if (this.expect === Expect.colon && code === COLON) {
      this.at++
      this.expect = Expect.value
      code = this.skipSpace()
    } else if (this.expect === Expect.commaOrEnd && code === COMMA) {
      this.at++
      this.expect = this.objects[this.depth] === true ? Expect.key : Expect.value
      code = this.skipSpace()
    }
    this.start = this.at
    this.escaped = false
    this.cut = false
    if (this.at >= this.text.length) return this.ended()
    switch (this.expect) {
      case Expect.key:
        return code === QUOTE ? this.string(Token.key) : this.broken()
      case Expect.keyOrEnd:
        return code === QUOTE ? this.string(Token.key) : this.close(code)
      case Expect.valueOrEnd:
        return code === RIGHT_BRACKET ? this.close(code) : this.value(code)
      case Expect.commaOrEnd:
        return this.close(code)
      case Expect.colon:
        return this.broken()
      case Expect.value:
        return this.value(code)
    }
    return this.expect satisfies never
  }

  private value(code: number): TokenKind {
    if (code === QUOTE) return this.string(Token.string)
    if (code === LEFT_BRACE) return this.open(Token.objectStart)
    if (code === LEFT_BRACKET) return this.open(Token.arrayStart)
    return code === HYPHEN || isDigit(code) ? this.number() : this.literal()
  }

  private open(kind: typeof Token.objectStart | typeof Token.arrayStart): TokenKind {
    if (this.depth >= maxJsonDepth) return this.broken()
    this.objects[++this.depth] = kind === Token.objectStart
    this.expect = kind === Token.objectStart ? Expect.keyOrEnd : Expect.valueOrEnd
    return this.found(kind, this.at + 1)
  }

  private close(code: number): TokenKind {
    const isObject = this.objects[this.depth] === true
    if (this.depth === 0 || code !== (isObject ? RIGHT_BRACE : RIGHT_BRACKET)) return this.broken()
    this.depth--
    this.found(isObject ? Token.objectEnd : Token.arrayEnd, this.at + 1)
    this.valueDone()
    return this.kind
  }

  private string(kind: typeof Token.key | typeof Token.string): TokenKind {
    const { text } = this
    let at = this.at + 1
    let code = text.charCodeAt(at)
    while (at < text.length && code !== QUOTE) {
      if (code === BACKSLASH) {
        this.escaped = true
        at++
      }
      code = text.charCodeAt(++at)
    }
    this.cut = at >= text.length
    this.found(kind, Math.min(at + 1, text.length))
    if (kind === Token.key) this.expect = Expect.colon
    else this.valueDone()
    return kind
  }

  private number(): TokenKind {
    const end = wordEnd(this.text, this.at)
    if (this.text.charCodeAt(this.at) === HYPHEN && this.text.charCodeAt(this.at + 1) > NINE) return this.literal()
    for (let at = this.at; at < end; at++) if (!isOfNumber(this.text.charCodeAt(at))) return this.broken()
    return this.scalar(Token.number, end, end === this.text.length)
  }

  private literal(): TokenKind {
    const end = wordEnd(this.text, this.at)
    const word = this.text.slice(this.at, end)
    const isCut = end === this.text.length && !literals.includes(word)
    const fits = word !== "" && literals.some((each) => (isCut ? each.startsWith(word) : each === word))
    return fits ? this.scalar(Token.literal, end, isCut) : this.broken()
  }

  private scalar(kind: typeof Token.number | typeof Token.literal, end: number, cut: boolean): TokenKind {
    this.cut = cut && this.depth > 0
    this.valueDone()
    return this.found(kind, end)
  }

  private valueDone(): void {
    this.expect = this.depth === 0 ? Expect.value : Expect.commaOrEnd
  }

  private found(kind: TokenKind, end: number): TokenKind {
    this.end = this.at = end
    this.kind = kind
    return kind
  }

  private ended(): TokenKind {
    this.cut = this.depth > 0
    return this.found(Token.end, this.at)
  }

  private broken(): TokenKind {
    this.kind = Token.broken
    this.end = this.start
    return this.kind
  }

  /** Returns the code of the character behind the space; NaN at the end. */
  private skipSpace(): number {
    let code = this.text.charCodeAt(this.at)
    while (isSpace(code)) code = this.text.charCodeAt(++this.at)
    return code
  }
}

const LOWER_E = 0x65

const isSpace = (code: number): boolean =>
  code === SP || code === LF || code === CR || code === HTAB || code === RECORD_SEPARATOR || code === BYTE_ORDER_MARK

/** Digits, signs, a point, an exponent. Whether they stand in the right order is not asked: the span is the same. */
const isOfNumber = (code: number): boolean =>
  isDigit(code) || code === PLUS || code === HYPHEN || code === DOT || (code | LOWER_CASE) === LOWER_E

/** Where the run of letters, digits, signs and points ends. */
const wordEnd = (text: string, start: number): number => {
  let at = start
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (!isAlphanumeric(code) && !isOfNumber(code)) break
    at++
  }
  return at
}
