/**
 * Terms: what an operator and a value mean for a field. All texts are compared in lower case; what an entry does not have
 * holds nothing and equals nothing.
 */
import type { Operator } from "./expression.ts"
import { shown } from "./problem.ts"
import type { Field } from "./vocabulary.ts"

type Test<E> = (entry: E) => boolean

/** What is wrong with a term, and how to go on; its place is the value's. */
export interface WrongTerm {
  readonly _tag: "Wrong"
  readonly what: string
  readonly instead: string
}

const wrong = (what: string, instead: string): WrongTerm => ({ _tag: "Wrong", what, instead })

/** The test of one term; `name` is the field's, for the person who wrote it. */
export const testOf = <E>(name: string, field: Field<E>, operator: Operator, value: string): Test<E> | WrongTerm => {
  switch (operator) {
    case "~":
    case "!~":
      return negatedIf(operator === "!~", containing(field, value))
    case ":":
      return field.kind === "text" ? containing(field, value) : equalTo(name, field, value)
    case "=":
      return equalTo(name, field, value)
    case "!=": {
      const same = equalTo(name, field, value)
      return typeof same === "function" ? negatedIf(true, same) : same
    }
    case "<":
    case "<=":
    case ">":
    case ">=":
      return ordered(name, field, operator, value)
  }
}

const negatedIf = <E>(negated: boolean, test: Test<E>): Test<E> => (negated ? (entry) => !test(entry) : test)

const containing = <E>(field: Field<E>, value: string): Test<E> => {
  const wanted = value.toLowerCase()
  return (entry) => field.get(entry)?.toString().toLowerCase().includes(wanted) ?? false
}

const equalTo = <E>(name: string, field: Field<E>, value: string): Test<E> | WrongTerm => {
  const wanted = value.toLowerCase()
  switch (field.kind) {
    case "text": {
      const { get, same = Object.is } = field
      return (entry) => {
        const text = get(entry)
        return text !== undefined && same(text.toLowerCase(), wanted)
      }
    }
    case "choice": {
      const { get, values } = field
      if (values !== undefined && !values.includes(wanted)) {
        return wrong(`asks for ${name} ${shown(value)}`, `, which never is: write one of ${values.join(", ")}`)
      }
      return (entry) => get(entry)?.toLowerCase() === wanted
    }
    case "number": {
      const range = rangeOf(name, value, field.classes === true)
      if ("_tag" in range) return range
      const { from, to } = range
      const { get } = field
      return (entry) => {
        const number = get(entry)
        return number !== undefined && number >= from && number <= to
      }
    }
  }
}

const ordered = <E>(
  name: string,
  field: Field<E>,
  operator: "<" | "<=" | ">" | ">=",
  value: string,
): Test<E> | WrongTerm => {
  if (field.kind !== "number") {
    return wrong(`compares ${name} by ${operator}`, `: only numbers have an order; write ${name}:TEXT`)
  }
  const { get } = field
  const limit = numberOf(value)
  if (limit === undefined) return noNumber(name, value, false)
  const test = (holds: (number: number) => boolean): Test<E> => {
    return (entry) => {
      const number = get(entry)
      return number !== undefined && holds(number)
    }
  }
  switch (operator) {
    case "<":
      return test((number) => number < limit)
    case "<=":
      return test((number) => number <= limit)
    case ">":
      return test((number) => number > limit)
    case ">=":
      return test((number) => number >= limit)
  }
}

/** Both ends belong to it. */
interface Range {
  readonly from: number
  readonly to: number
}

/** `200`, `200..299`, `150..`, `..20`, and `5xx` where there are classes. */
const rangeOf = (name: string, value: string, classes: boolean): Range | WrongTerm => {
  if (classes && /^[1-9]xx$/i.test(value)) {
    const from = Number(value[0]) * 100
    return { from, to: from + 99 }
  }
  const [first = "", second, ...more] = value.split("..")
  const from = first === "" && second !== undefined ? 0 : numberOf(first)
  const to = second === undefined ? from : second === "" ? Number.POSITIVE_INFINITY : numberOf(second)
  if (from === undefined || to === undefined || more.length > 0 || value === "..") return noNumber(name, value, classes)
  if (from > to) {
    return wrong(`has a range that ends before it begins`, `: write ${name}:${second ?? ""}..${first}`)
  }
  return { from, to }
}

const numberOf = (text: string): number | undefined => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined)

const noNumber = (name: string, value: string, classes: boolean): WrongTerm =>
  wrong(
    `compares ${name} with ${shown(value)}`,
    `, which is no number: write for example ${
      classes ? `${name}:503, ${name}:5xx or ${name}:200..299` : `${name}:150, ${name}:150.. or ${name}:100..200`
    }`,
  )
