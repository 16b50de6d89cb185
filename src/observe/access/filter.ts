/**
 * Filter: which entries somebody wants to see, as `host ~ api status = 5xx`. All of its terms must hold.
 *
 * A term is a field, an operator and a value, or a bare word that stands anywhere in the destination, the path, the
 * client or the reason; a field's name alone is none, unless it is quoted. `~` and `!~` look for a part, in any case;
 * `=`, `!=`, `<`, `<=`, `>` and `>=` compare. What an entry does not have is equal to nothing.
 */
import * as Result from "effect/Result"

import type { Entry } from "./entry.ts"

export type Filter = (entry: Entry) => boolean

type Value = string | number | undefined

/** Fields that a term can ask about. */
export const filterFields: { readonly [name: string]: (entry: Entry) => Value } = {
  host: ({ authority, target }) => authority ?? target,
  address: ({ address }) => address,
  sni: ({ sni }) => sni,
  client: ({ client }) => client,
  direction: ({ direction }) => direction,
  protocol: ({ protocol }) => protocol,
  method: ({ method }) => method,
  path: ({ path }) => path,
  status: ({ status }) => status,
  end: ({ end }) => end,
  phase: ({ phase }) => phase,
  refusal: ({ refusal }) => refusal,
  error: ({ error, refusal, code }) => error ?? refusal ?? code,
  bytes: ({ bytes_in, bytes_out }) => bytes_in + bytes_out,
  ms: ({ t_total }) => t_total,
  flow: ({ flow }) => flow,
}

/** Longer filters are a mistake, and would be matched against every line. */
export const maxFilter = 500

const term = /\s*(?:([a-z]+)\s*(!~|!=|<=|>=|~|=|<|>)\s*("[^"]*"|[^\s"]+)|("[^"]*"|[^\s"~=<>]+))(?=\s|$)/y

/** No text lets everything through. Fails with what is wrong, in words that follow the text. */
export const parseFilter = (text: string): Result.Result<Filter, string> => {
  if (text.length > maxFilter) return Result.fail(`is longer than ${maxFilter} characters`)
  const terms: Array<Filter> = []
  const end = text.trimEnd().length
  term.lastIndex = 0
  let at = 0
  while (at < end) {
    const match = term.exec(text)
    if (match === null) return Result.fail(`is not understood from ${JSON.stringify(text.slice(at).trim())} on`)
    at = term.lastIndex
    const [, field, operator, value, word] = match
    if (word?.toLowerCase() === "and") continue
    const operated = /^\s*[!~=<>]/.test(text.slice(at))
    if (word !== undefined && Object.hasOwn(filterFields, word) && !operated) return Result.fail(lonely(word))
    const made = field === undefined ? Result.succeed(contains(bare(word))) : compare(field, operator, bare(value))
    if (Result.isFailure(made)) return Result.fail(made.failure)
    terms.push(made.success)
  }
  return Result.succeed((entry) => terms.every((each) => each(entry)))
}

/** Most often the shell has taken what followed: it writes a folder for `~`, and opens a file for `<` and `>`. */
const lonely = (field: string): string =>
  `holds ${JSON.stringify(field)} without an operator: write for example 'host ~ api ms > 100', quoted against the ` +
  `shell; as a word to look for write '"${field}"'`

const bare = (text = ""): string => (text.startsWith('"') ? text.slice(1, -1) : text).toLowerCase()

const contains =
  (word: string): Filter =>
  ({ authority, target, path, client, refusal, error, sni }) =>
    [authority, target, path, client, refusal, error, sni].some((text) => text?.toLowerCase().includes(word))

const compare = (field: string, operator: string | undefined, wanted: string): Result.Result<Filter, string> => {
  const get = Object.hasOwn(filterFields, field) ? filterFields[field] : undefined
  if (get === undefined) {
    return Result.fail(`asks for ${JSON.stringify(field)}: write one of ${Object.keys(filterFields).join(", ")}`)
  }
  const text = (entry: Entry): string | undefined => get(entry)?.toString().toLowerCase()
  switch (operator) {
    case "~":
      return Result.succeed((entry) => text(entry)?.includes(wanted) ?? false)
    case "!~":
      return Result.succeed((entry) => !(text(entry)?.includes(wanted) ?? false))
    case "=":
      return Result.succeed((entry) => equal(field, text(entry), wanted))
    case "!=":
      return Result.succeed((entry) => !equal(field, text(entry), wanted))
    case "<":
    case "<=":
    case ">":
    case ">=":
      return order(get, field, operator, Number(wanted))
    default:
      return Result.fail(`has no such operator: ${operator}`)
  }
}

/** `5xx` is every status of its class; a host is meant with any port where none is written. */
const equal = (field: string, text: string | undefined, wanted: string): boolean => {
  if (text === undefined) return false
  if (field === "status" && /^[1-5]xx$/.test(wanted)) return text.length === 3 && text[0] === wanted[0]
  if (field === "host" && !/:\d+$/.test(wanted)) return text.replace(/:\d+$/, "") === wanted
  return text === wanted
}

const order = (
  get: (entry: Entry) => Value,
  field: string,
  operator: "<" | "<=" | ">" | ">=",
  wanted: number,
): Result.Result<Filter, string> => {
  if (Number.isNaN(wanted)) return Result.fail(`compares ${field} with what is no number`)
  return Result.succeed((entry) => {
    const value = get(entry)
    if (typeof value !== "number") return false
    switch (operator) {
      case "<":
        return value < wanted
      case "<=":
        return value <= wanted
      case ">":
        return value > wanted
      case ">=":
        return value >= wanted
    }
  })
}
