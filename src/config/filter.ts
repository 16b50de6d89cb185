/**
 * Filter: an option whose value is a filter.
 */
import * as Result from "effect/Result"
import { parseRecordFilter, printRecordFilter } from "../capture/filter/record-filter.ts"
import { parseFilter, printFilter } from "../observe/filter/entry-filter.ts"
import type { Expression } from "../observe/filter/expression.ts"
import { isProblem, type FilterProblem } from "../observe/filter/problem.ts"

import type { Kind } from "./kind.ts"

const filterOf = (
  parse: (text: string) => { readonly _tag: "Filter"; readonly expression: Expression } | FilterProblem,
  show: (expression: Expression) => string,
): Kind<Expression> => ({
  placeholder: "FILTER",
  shape: "one",
  decode: (text) => {
    const parsed = parse(text)
    return isProblem(parsed) ? Result.fail(parsed.problem) : Result.succeed(parsed.expression)
  },
  show,
})

/** What connections and requests a filter lets through; an empty one all of them. */
export const entryFilter = filterOf(parseFilter, printFilter)

/** What records a filter lets through; an empty one all of them. */
export const recordFilter = filterOf(parseRecordFilter, printRecordFilter)

/** The same; an empty one lets none through, and is as good as none. */
export const optionalRecordFilter: Kind<Expression | undefined> = {
  ...recordFilter,
  decode: (text) => (text === "" ? Result.succeed(undefined) : recordFilter.decode(text)),
  show: (value) => (value === undefined ? "" : printRecordFilter(value)),
}
