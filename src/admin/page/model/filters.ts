/**
 * Filters: what the box above the table asks of its rows, in the one language of filters.
 */
import { compile, type Predicate } from "../../../observe/filter/compile.ts"
import { type FilterableEntry, parseFilter } from "../../../observe/filter/entry-filter.ts"
import { parse } from "../../../observe/filter/parse.ts"
import { isProblem } from "../../../observe/filter/problem.ts"
import { Vocabulary } from "../../../observe/filter/vocabulary.ts"

/** One option, as the table of settings shows it. */
export interface Setting {
  readonly option: string
  readonly value: string
  readonly origin: string
}

const settings = new Vocabulary<Setting>({
  fields: {
    option: { kind: "text", get: ({ option }) => option },
    value: { kind: "text", get: ({ value }) => value },
    origin: { kind: "text", get: ({ origin }) => origin },
  },
  facts: {},
  texts: ({ option, value, origin }) => [option, value, origin],
})

/** What is shown: by the text, or by the one before it where that is no filter; then `problem` says why. */
export interface Chosen<E> {
  readonly fits: Predicate<E>
  readonly problem: string | undefined
}

export interface Filters {
  readonly rows: Chosen<FilterableEntry>
  readonly settings: Chosen<Setting>
}

const everything = { fits: () => true, problem: undefined }
export const noFilters: Filters = { rows: everything, settings: everything }

/** The filters of a text, after those of the text that was there before it. */
export const filtersOf = (text: string, before: Filters): Filters => {
  const ofRows = parseFilter(text)
  const ofSettings = parse(text, settings)
  return {
    rows: isProblem(ofRows) ? still(before.rows, ofRows.problem) : { fits: ofRows.matches, problem: undefined },
    settings: isProblem(ofSettings)
      ? still(before.settings, ofSettings.problem)
      : { fits: compile(ofSettings, settings), problem: undefined },
  }
}

const still = <E>({ fits }: Chosen<E>, problem: string): Chosen<E> => ({ fits, problem: `The filter ${problem}.` })

/** What a filter can ask of a connection or request, as far as it was reported; `lasted` is its age while it is open. */
export const filterable = (told: Readonly<Record<string, unknown>>, lasted: number): FilterableEntry => ({
  ...Object.fromEntries(texts.map((field) => [field, typeof told[field] === "string" ? told[field] : undefined])),
  ...Object.fromEntries(numbers.map((field) => [field, typeof told[field] === "number" ? told[field] : undefined])),
  t_total: lasted,
  probe: told["probe"] === true,
})

const texts = [
  "direction",
  "protocol",
  "client",
  "target",
  "address",
  "sni",
  "end",
  "phase",
  "code",
  "refusal",
  "detail",
  "method",
  "authority",
  "path",
  "error",
  "trace",
] as const satisfies ReadonlyArray<keyof FilterableEntry>

const numbers = ["status", "bytes_in", "bytes_out", "flow"] as const satisfies ReadonlyArray<keyof FilterableEntry>
