/**
 * Names: THE table of names whose values are secrets, in headers, trailers, cookies, queries, forms, JSON and XML alike.
 * docs/redaction.md is made from it.
 *
 * A name is read as words: `X-Api-Key`, `x_api_key`, `apiKey` and `api.key` are the words x, api, key. So `sid` is found
 * in `connect.sid` and not in `inside`.
 */

/** How a row is compared with the words of a name. */
export type NameMatch =
  /** All of the name. */
  | "whole"
  /** Words that stand anywhere in the name, beside each other. */
  | "words"
  /** As `words`; and the end of a word does too: `csrfmiddlewaretoken`, `PGPASSWORD`. */
  | "ending"
  /** All of the name, and only in a query. */
  | "query"

export interface NameRow {
  /** Words, with hyphens between them. They may as well be written together. */
  readonly name: string
  readonly match: NameMatch
}

const rows = (match: NameMatch, names: string): ReadonlyArray<NameRow> =>
  names.split(" ").map((name) => ({ name, match }))

export const secretNames: ReadonlyArray<NameRow> = [
  ...rows("whole", "authorization proxy-authorization cookie set-cookie"),
  ...rows("ending", "password passwords passwd pass-phrase secret secrets token tokens credential credentials"),
  ...rows("ending", "api-key private-key access-key session-id sess-id"),
  ...rows("words", "pwd client-secret session sid signature sig otp pin cvv cvc ssn"),
  // A key is most often no secret; in a query it is how an API is paid for.
  ...rows("query", "key"),
]

/** Names that end with these words are not secret, whatever else they hold: counts, kinds, times, and pages of a list. */
export const plainNames: ReadonlyArray<string> = (
  "max-tokens prompt-tokens completion-tokens total-tokens input-tokens output-tokens cached-tokens reasoning-tokens " +
  "token-type token-count tokens-count page-token next-token continuation-token token-endpoint expires-in expires-at"
).split(" ")

/** The longest name that is judged by its words; a longer one is judged by its beginning and its end. */
const maxName = 256

/** Decisions that are remembered, since the same names come again and again. Beyond that all are forgotten. */
const maxRemembered = 2_000

/** The words of a name, in lower case: divided at whatever is no letter or digit, and where camelCase divides them. */
export const wordsOf = (name: string): ReadonlyArray<string> =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]/u)
    .filter((word) => word !== "")

const together = (name: string): string => name.replaceAll("-", "")

const namesOf = (...matches: ReadonlyArray<NameMatch>): ReadonlyArray<string> =>
  secretNames.filter(({ match }) => matches.includes(match)).map(({ name }) => name)

const wholes = new Set(namesOf("whole").map(together))
const inQueries = new Set(namesOf("query").map(together))
const singles = new Set(namesOf("words", "ending").map(together))
/** What may be found as several words. */
const several = new Set(
  namesOf("words", "ending")
    .filter((name) => name.includes("-"))
    .map(together),
)
const endings = namesOf("ending").map(together)
const plain = plainNames.map((name) => name.split("-"))

/** The most words that a row has. */
const maxWords = Math.max(...secretNames.map(({ name }) => name.split("-").length))

const holdsSecretWord = (words: ReadonlyArray<string>): boolean =>
  words.some((word, i) => {
    if (singles.has(word) || endings.some((ending) => word.endsWith(ending))) return true
    for (let count = 2; count <= maxWords; count++) {
      if (several.has(words.slice(i, i + count).join(""))) return true
    }
    return false
  })

const endsPlainly = (words: ReadonlyArray<string>): boolean =>
  plain.some((ending) => {
    const from = words.length - ending.length
    return from >= 0 && ending.every((word, i) => words[from + i] === word)
  })

/** `plain` is more than no secret: it is known to be none, wherever it stands. */
export type NameVerdict = "secret" | "plain" | "unknown"

const judge = (name: string): NameVerdict => {
  const isLong = name.length > maxName
  const words = wordsOf(isLong ? `${name.slice(0, maxName / 2)} ${name.slice(-maxName / 2)}` : name)
  if (endsPlainly(words)) return "plain"
  return wholes.has(words.join("")) || holdsSecretWord(words) ? "secret" : "unknown"
}

const listed = new Set(secretNames.map(({ name }) => together(name)))

/** The most words that a name has which is said of a secret and is none: `personal_access_token`. */
const maxNameWords = 3

/** Whether a text is no more than a name that ends with one of the table: `password`, `access_token`. */
export const isListedName = (text: string): boolean => {
  if (text.length > maxName || !/^[A-Za-z_.-]+$/.test(text)) return false
  const words = wordsOf(text)
  return words.length <= maxNameWords && words.some((_, i) => listed.has(words.slice(i).join("")))
}

const remembered = new Map<string, NameVerdict>()

/** Judges a name, wherever it stands but in a query. */
export const judgeName = (name: string): NameVerdict => {
  const known = remembered.get(name)
  if (known !== undefined) return known
  const verdict = judge(name)
  if (name.length <= maxName) {
    if (remembered.size >= maxRemembered) remembered.clear()
    remembered.set(name, verdict)
  }
  return verdict
}

/** Judges the name of a parameter of a query. */
export const judgeQueryName = (name: string): NameVerdict =>
  inQueries.has(name.toLowerCase()) ? "secret" : judgeName(name)
