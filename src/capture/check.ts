/**
 * Check: what a parsed JSON value must look like, as functions that name the first place where it does not. A problem
 * names the place and what belongs there, never the value that stands there: it may be anybody's secret.
 */

/** Returns what is wrong with `value`, which stands at `path`; undefined where it is right. */
export type Check = (value: unknown, path: string) => string | undefined

/** The checks of an object's fields by name. */
export type FieldChecks = Readonly<Record<string, Check>>

const must =
  (what: string, holds: (value: unknown) => boolean): Check =>
  (value, path) =>
    value === undefined ? `${path} is missing` : holds(value) ? undefined : `${path} must be ${what}`

export const isText: Check = must("a string", (value) => typeof value === "string")
export const isFlag: Check = must("true or false", (value) => typeof value === "boolean")
/** A whole number that is not negative: bytes, numbers of things, codes. */
export const isCount: Check = must("a whole number", (value) => Number.isSafeInteger(value) && Number(value) >= 0)
/** Milliseconds: not negative. */
export const isTime: Check = must("milliseconds", (value) => Number.isFinite(value) && Number(value) >= 0)

/** A string that fits. `what` is said where it does not. */
export const isLike = (pattern: RegExp, what: string): Check =>
  must(what, (value) => typeof value === "string" && pattern.test(value))

/** One of these words. */
export const isOneOf = (...words: ReadonlyArray<string>): Check =>
  must(
    words.length > 1 ? `one of ${words.join(", ")}` : words.join(),
    (value) => typeof value === "string" && words.includes(value),
  )

/** A string or a number. */
export const isTextOrNumber: Check = must(
  "a string or a number",
  (value) => typeof value === "string" || Number.isFinite(value),
)

/** An array of such values. */
export const isListOf =
  (check: Check): Check =>
  (value, path) => {
    if (value === undefined) return `${path} is missing`
    if (!Array.isArray(value)) return `${path} must be a list`
    for (const [i, each] of value.entries()) {
      const problem = check(each ?? null, `${path}[${i}]`)
      if (problem !== undefined) return problem
    }
    return undefined
  }

/** An array of two, each with its own check. */
export const isPairOf =
  (first: Check, second: Check): Check =>
  (value, path) =>
    Array.isArray(value) && value.length === 2
      ? (first(value[0] ?? null, `${path}[0]`) ?? second(value[1] ?? null, `${path}[1]`))
      : `${path} must be a pair`

/** An object whose values all fit. */
export const isMapOf =
  (check: Check): Check =>
  (value, path) => {
    if (!isObject(value)) return `${path} must be an object`
    for (const [name, each] of Object.entries(value)) {
      const problem = check(each, `${path}.${name}`)
      if (problem !== undefined) return problem
    }
    return undefined
  }

/** An object with these fields; others are ignored. A field of `optional` that is there must fit. */
export const isObjectOf =
  (required: FieldChecks, optional: FieldChecks = {}): Check =>
  (value, path) => {
    if (value === undefined) return `${path} is missing`
    if (!isObject(value)) return `${path} must be an object`
    const at = path === "" ? "" : `${path}.`
    for (const [name, check] of Object.entries(required)) {
      const problem = check(own(value, name), at + name)
      if (problem !== undefined) return problem
    }
    for (const [name, check] of Object.entries(optional)) {
      const field = own(value, name)
      const problem = field === undefined ? undefined : check(field, at + name)
      if (problem !== undefined) return problem
    }
    return undefined
  }

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const own = (value: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(value, name) ? value[name] : undefined
