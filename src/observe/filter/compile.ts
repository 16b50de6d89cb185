/**
 * Compile: an expression made into the function that decides.
 */
import type { Expression } from "./expression.ts"
import { testOf } from "./terms.ts"
import type { Vocabulary } from "./vocabulary.ts"

/** Whether an entry is let through. Never throws for what the vocabulary's getters can read. */
export type Predicate<E> = (entry: E) => boolean

/** Throws for an expression that was not parsed with this vocabulary: that is a defect. */
export const compile = <E>(expression: Expression, vocabulary: Vocabulary<E>): Predicate<E> => {
  switch (expression._tag) {
    case "Everything":
      return () => true
    case "And": {
      const parts = expression.parts.map((part) => compile(part, vocabulary))
      return (entry) => parts.every((part) => part(entry))
    }
    case "Or": {
      const parts = expression.parts.map((part) => compile(part, vocabulary))
      return (entry) => parts.some((part) => part(entry))
    }
    case "Not": {
      const part = compile(expression.part, vocabulary)
      return (entry) => !part(entry)
    }
    case "Word": {
      const wanted = expression.text.toLowerCase()
      return (entry) => vocabulary.texts(entry).some((text) => text?.toLowerCase().includes(wanted))
    }
    case "Fact": {
      const fact = vocabulary.fact(expression.name)
      if (fact === undefined) throw new Error(`no such fact: ${expression.name}`)
      return fact
    }
    case "Term": {
      const { field: name, operator, value } = expression
      const field = vocabulary.field(name)
      const test = field === undefined ? undefined : testOf(name, field, operator, value)
      if (typeof test !== "function") throw new Error(`no such term: ${name} ${operator} ${value}`)
      return test
    }
  }
}
