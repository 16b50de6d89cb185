/**
 * Expression: a filter as it was understood, as plain values, and the text that means the same.
 */
import type { Vocabulary } from "./vocabulary.ts"

/** Operators of a term; `:` looks for a part of a text, and for the whole of a choice or a number. */
export const operators = [":", "=", "!=", "~", "!~", "<", "<=", ">", ">="] as const
export type Operator = (typeof operators)[number]

export type Expression =
  | { readonly _tag: "Everything" }
  | { readonly _tag: "And"; readonly parts: ReadonlyArray<Expression> }
  | { readonly _tag: "Or"; readonly parts: ReadonlyArray<Expression> }
  | { readonly _tag: "Not"; readonly part: Expression }
  /** A text that stands anywhere in what is searched. */
  | { readonly _tag: "Word"; readonly text: string }
  /** A word of the vocabulary that is true or false by itself. */
  | { readonly _tag: "Fact"; readonly name: string }
  | { readonly _tag: "Term"; readonly field: string; readonly operator: Operator; readonly value: string }

/** Whether nothing but facts decides: then no field is looked at. */
export const asksOnlyFacts = (expression: Expression): boolean => {
  switch (expression._tag) {
    case "Everything":
    case "Fact":
      return true
    case "And":
    case "Or":
      return expression.parts.every(asksOnlyFacts)
    case "Not":
      return asksOnlyFacts(expression.part)
    case "Word":
    case "Term":
      return false
  }
}

/** Writes a text that is parsed to the same expression again, in the spellings that a shell leaves alone. */
export const print = (expression: Expression, vocabulary: Vocabulary<never>): string => {
  const inner = (part: Expression): string =>
    part._tag === "And" || part._tag === "Or" ? `(${print(part, vocabulary)})` : print(part, vocabulary)
  switch (expression._tag) {
    case "Everything":
      return ""
    case "And":
      return expression.parts.map(inner).join(" ")
    case "Or":
      // `and` binds closer than `or`, so only another `or` needs parentheses.
      return expression.parts.map((part) => (part._tag === "Or" ? inner(part) : print(part, vocabulary))).join(" or ")
    case "Not":
      return `not ${inner(expression.part)}`
    case "Word":
      return plainWord.test(expression.text) && !vocabulary.reserves(expression.text)
        ? expression.text
        : quoted(expression.text)
    case "Fact":
      return expression.name
    case "Term": {
      const { field, operator } = expression
      const value = plainValue.test(expression.value) ? expression.value : quoted(expression.value)
      return operator === ":" ? `${field}:${value}` : `${field} ${operator} ${value}`
    }
  }
}

/** Texts that mean themselves where a word, and where a value is expected. */
const plainWord = /^[\w./[][^\s()"'~=<>!:]*$/
const plainValue = /^[^\s()"'~=<>!][^\s()"']*$/

/** A text with both kinds of quotes was never quoted, for a quote has no escape. */
const quoted = (text: string): string => {
  if (!text.includes('"')) return `"${text}"`
  return text.includes("'") ? text : `'${text}'`
}
