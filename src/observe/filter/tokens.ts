/**
 * Tokens: a filter's text taken apart. Knows no field: what a name means is the parser's to say.
 *
 * One pass from left to right; the expressions of this file are tried at one place each and look for nothing further on,
 * so the time grows with the length of the text and no faster.
 */
import type { Operator } from "./expression.ts"
import { type FilterProblem, isProblem, problemAt, shown } from "./problem.ts"

/** `at` is where it begins. */
export type Token =
  | { readonly _tag: "Open"; readonly at: number }
  | { readonly _tag: "Close"; readonly at: number }
  | { readonly _tag: "Minus"; readonly at: number }
  | { readonly _tag: "Word"; readonly at: number; readonly text: string; readonly quoted: boolean }
  | TermToken

/** A name, an operator and a value. */
export interface TermToken {
  readonly _tag: "Term"
  readonly at: number
  readonly name: string
  readonly operator: Operator
  readonly value: string
  readonly valueAt: number
  /** The whole term, where it is one word as `localhost:80` is; undefined otherwise. */
  readonly word: string | undefined
}

interface Piece {
  readonly _tag: "Piece"
  readonly text: string
  readonly end: number
}

const space = /\s*/y
const name = /[A-Za-z][\w.[\]-]*/y
/** A colon belongs to the name before it: `db :5432` is two words. */
const operator = /(:)\s*|\s*(!~|!=|<=|>=|~|=|<|>)\s*/y
const bare = /[^\s()]+/y

/** All tokens, or the first thing that can be no part of a filter. */
export const tokenize = (text: string): ReadonlyArray<Token> | FilterProblem => {
  const tokens: Array<Token> = []
  let at = end(space, text, 0)
  while (at < text.length) {
    const found = tokenAt(text, at)
    if ("problem" in found) return found
    tokens.push(found.token)
    at = end(space, text, found.end)
  }
  return tokens
}

interface Found {
  readonly token: Token
  readonly end: number
}

const tokenAt = (text: string, at: number): Found | FilterProblem => {
  const first = text[at]
  if (first === "(") return { token: { _tag: "Open", at }, end: at + 1 }
  if (first === ")") return { token: { _tag: "Close", at }, end: at + 1 }
  if (first === "-") {
    if (/[\s)]/.test(text[at + 1] ?? " ")) return problemAt(at, 'has nothing behind "-"', ": write -path:/health")
    return { token: { _tag: "Minus", at }, end: at + 1 }
  }
  if (isQuote(first)) {
    const word = quoted(text, at)
    if (isProblem(word)) return word
    return { token: { _tag: "Word", at, text: word.text, quoted: true }, end: word.end }
  }
  const stray = first === ":" ? undefined : matched(operator, text, at)
  if (stray !== undefined) {
    return problemAt(at, `has ${shown(stray[2] ?? "")} without a field before it`, ": write for example status:5xx")
  }
  return termAt(text, at) ?? wordAt(text, at)
}

const wordAt = (text: string, at: number): Found => {
  const [word = ""] = matched(bare, text, at) ?? []
  return { token: { _tag: "Word", at, text: word, quoted: false }, end: at + word.length }
}

/** Undefined where no operator follows a name. */
const termAt = (text: string, at: number): Found | FilterProblem | undefined => {
  const nameEnd = end(name, text, at)
  const found = nameEnd === at ? undefined : matched(operator, text, nameEnd)
  if (found === undefined) return undefined
  const [all, colon, other] = found
  const sign = (colon ?? other) as Operator
  const valueAt = nameEnd + all.length
  const value = valueOf(text, valueAt, `${text.slice(at, nameEnd)}${colon === undefined ? ` ${sign}` : sign}`)
  if (isProblem(value)) return value
  const isWord = all === ":" && !isQuote(text[valueAt])
  const token: Token = {
    _tag: "Term",
    at,
    name: text.slice(at, nameEnd),
    operator: sign,
    value: value.text,
    valueAt,
    word: isWord ? text.slice(at, value.end) : undefined,
  }
  return { token, end: value.end }
}

const valueOf = (text: string, at: number, before: string): Piece | FilterProblem => {
  const first = text[at]
  if (isQuote(first)) return quoted(text, at)
  const [second] = matched(/[=~<>]|![=~]/y, text, at) ?? []
  if (second !== undefined) {
    return problemAt(at, `has ${shown(second)} behind ${shown(before)}`, `: write one operator, or the value in quotes`)
  }
  const [value] = matched(bare, text, at) ?? []
  if (value === undefined) return problemAt(at, `has no value behind ${shown(before)}`, ": write one, or quote it")
  return { _tag: "Piece", text: value, end: at + value.length }
}

/** What stands between the quote at `at` and the next of its kind; a quote has no escape, there are two kinds. */
const quoted = (text: string, at: number): Piece | FilterProblem => {
  const quote = text[at]!
  const close = text.indexOf(quote, at + 1)
  if (close < 0) return problemAt(at, "opens a quote", ` that is never closed: write another ${quote} behind the text`)
  const behind = text[close + 1]
  if (behind !== undefined && !/[\s()]/.test(behind)) {
    return problemAt(close + 1, `has ${shown(behind)} right behind a quote`, ": write a space between them")
  }
  return { _tag: "Piece", text: text.slice(at + 1, close), end: close + 1 }
}

const isQuote = (character: string | undefined): boolean => character === '"' || character === "'"

/** A match of a sticky expression at `at` and nowhere else. */
const matched = (expression: RegExp, text: string, at: number): RegExpExecArray | undefined => {
  expression.lastIndex = at
  return expression.exec(text) ?? undefined
}

/** Where a match at `at` ends; `at` itself without one. */
const end = (expression: RegExp, text: string, at: number): number =>
  at + (matched(expression, text, at)?.[0].length ?? 0)
