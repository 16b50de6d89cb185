/**
 * Filter: an option whose value is a filter.
 */
import * as Result from "effect/Result"
import { parseRecordFilter, printRecordFilter } from "../capture/filter/record-filter.ts"
import { parseFilter, printFilter } from "../observe/filter/entry-filter.ts"
import type { Expression } from "../observe/filter/expression.ts"
import { isProblem } from "../observe/filter/problem.ts"

import type { Kind } from "./kind.ts"

/** What connections and requests a filter lets through; an empty one all of them. */
export const entryFilter: Kind<Expression> = {
  placeholder: "FILTER",
  shape: "one",
  decode: (text) => {
    const parsed = parseFilter(text)
    return isProblem(parsed) ? Result.fail(parsed.problem) : Result.succeed(parsed.expression)
  },
  show: printFilter,
}

/** What records a filter lets through; an empty one all of them. */
export const recordFilter: Kind<Expression> = {
  placeholder: "FILTER",
  shape: "one",
  decode: (text) => {
    const parsed = parseRecordFilter(text)
    return isProblem(parsed) ? Result.fail(parsed.problem) : Result.succeed(parsed.expression)
  },
  show: printRecordFilter,
}

/** The same; an empty one lets none through, and is as good as none. */
export const optionalRecordFilter: Kind<Expression | undefined> = {
  ...recordFilter,
  decode: (text) => (text === "" ? Result.succeed(undefined) : recordFilter.decode(text)),
  show: (value) => (value === undefined ? "" : printRecordFilter(value)),
}
