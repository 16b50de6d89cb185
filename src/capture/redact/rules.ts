/**
 * Rules: what a rules file may say besides the built-in rules. Takes the object that was read from it, never the file.
 */
import { parsePlace, type Place } from "./places.ts"
import { shapeNames, shapes, type ShapeName } from "./shapes/shape-table.ts"

/**
 * Names of what a value was replaced by. Besides shapes and verdicts: the scheme of an Authorization, what was secret
 * elsewhere in the record, and what could not be judged.
 */
export const redactionRules = [...shapeNames, "place", "name", "bearer", "basic", "known", "error"] as const
export type Rule = (typeof redactionRules)[number]

/** Looks at a record and says whether a rule concerns it. */
type Concerns<R> = (record: R) => boolean

/** Reads a filter; what is wrong with it, as words that follow its text. */
export type ParseFilter<R> = (text: string) => Concerns<R> | string

export interface PlaceRule<R> {
  readonly place: Place
  /** Absent where it concerns every record. */
  readonly concerns?: Concerns<R>
}

export interface Rules<R> {
  /** Places whose values are replaced, whatever they are called. They outrule `keep`. */
  readonly hide: ReadonlyArray<PlaceRule<R>>
  /** Places whose values stay, whatever they are called and look like. */
  readonly keep: ReadonlyArray<PlaceRule<R>>
  readonly shapes: ReadonlySet<ShapeName>
  /** Records whose bodies are not kept at all. */
  readonly dropBodies?: Concerns<R>
}

/** What holds where no file says anything else. */
export const builtInRules: Rules<unknown> = {
  hide: [],
  keep: [],
  shapes: new Set(shapeNames.filter((name) => shapes[name].on)),
}

export type ParsedRules<R> = { readonly rules: Rules<R> } | { readonly problems: ReadonlyArray<string> }

const ruleKeys = ["hide", "shapes", "keep", "drop_bodies"]

/** Rules beyond this are a mistake, and would be looked at for every value. */
export const maxPlaces = 500

/** Reads rules from an object, an empty file's null included. Reports all that is wrong, each with its key. */
export const parseRules = <R>(value: unknown, parseFilter: ParseFilter<R>): ParsedRules<R> => {
  if (value === null || value === undefined) return { rules: builtInRules }
  if (!isObject(value)) return { problems: ["the rules must be a mapping of hide, shapes, keep and drop_bodies"] }
  const problems = Object.keys(value).flatMap((key) =>
    ruleKeys.includes(key) ? [] : [`${key} is no rule: write one of ${ruleKeys.join(", ")}`],
  )
  const hide = parsePlaces("hide", value["hide"], parseFilter, problems)
  const keep = parsePlaces("keep", value["keep"], parseFilter, problems)
  const enabled = parseShapes(value["shapes"], problems)
  const dropBodies = parseDrop(value["drop_bodies"], parseFilter, problems)
  if (problems.length > 0) return { problems }
  return { rules: { hide, keep, shapes: enabled, ...(dropBodies === undefined ? {} : { dropBodies }) } }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const parsePlaces = <R>(
  key: string,
  value: unknown,
  parseFilter: ParseFilter<R>,
  problems: Array<string>,
): ReadonlyArray<PlaceRule<R>> => {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || value.length > maxPlaces) {
    problems.push(`${key} must be a list of at most ${maxPlaces} places`)
    return []
  }
  return value.flatMap((each: unknown, i): ReadonlyArray<PlaceRule<R>> => {
    const rule = typeof each === "string" ? parsePlaceRule(each, parseFilter) : "must be a place"
    if (typeof rule !== "string") return [rule]
    problems.push(`${key}[${i}] ${typeof each === "string" ? `${JSON.stringify(each)} ` : ""}${rule}`)
    return []
  })
}

/** `PLACE`, or `FILTER and PLACE`. */
const parsePlaceRule = <R>(text: string, parseFilter: ParseFilter<R>): PlaceRule<R> | string => {
  const [, filter, where = text] = /^(.*\S)\s+and\s+((?:request|response)\..*)$/s.exec(text.trim()) ?? []
  const parsed = parsePlace(where.trim())
  if ("problem" in parsed) return parsed.problem
  if (filter === undefined) return { place: parsed.place }
  const concerns = parseFilter(filter)
  return typeof concerns === "string" ? `has a filter that ${concerns}` : { place: parsed.place, concerns }
}

const parseShapes = (value: unknown, problems: Array<string>): ReadonlySet<ShapeName> => {
  const enabled = new Set(builtInRules.shapes)
  if (value === undefined || value === null) return enabled
  if (!isObject(value)) {
    problems.push("shapes must be a mapping of shapes to true or false")
    return enabled
  }
  for (const [key, on] of Object.entries(value)) {
    const name = shapeNames.find((each) => each === key)
    if (name === undefined) problems.push(`shapes.${key} is no shape: write one of ${shapeNames.join(", ")}`)
    else if (typeof on !== "boolean") problems.push(`shapes.${key} must be true or false`)
    else if (on) enabled.add(name)
    else enabled.delete(name)
  }
  return enabled
}

const parseDrop = <R>(
  value: unknown,
  parseFilter: ParseFilter<R>,
  problems: Array<string>,
): Concerns<R> | undefined => {
  if (value === undefined || value === null) return undefined
  const filter = typeof value === "string" ? parseFilter(value) : "must be a filter"
  if (typeof filter !== "string") return filter
  problems.push(`drop_bodies ${typeof value === "string" ? `${JSON.stringify(value)} ` : ""}${filter}`)
  return undefined
}
