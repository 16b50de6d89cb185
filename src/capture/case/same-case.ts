/**
 * Same case: which of the cases that were saved before a record is saved into again, so that a second capture of the same
 * requests changes values and no names of files.
 */
import { authorityOf } from "../url.ts"
import type { Case } from "./case.ts"
import { isVariable } from "./file-name.ts"

/** A case that was saved before, and where. */
export interface SavedCase {
  readonly path: string
  readonly made: Case
}

/** A case that is to be saved: into the file of one that was saved before, or a new one. */
export interface PlannedCase {
  readonly made: Case
  /** Undefined where it becomes a new file. */
  readonly before: SavedCase | undefined
}

/**
 * Finds for each case the one that it replaces: that of the same record, else the first that is left of the same request,
 * by the order of their start. The case keeps its id, which others name as their cause, and what a person wrote into it of
 * how it is matched and compared.
 */
export const planCases = (cases: ReadonlyArray<Case>, saved: ReadonlyArray<SavedCase>): ReadonlyArray<PlannedCase> => {
  const left = new Set(saved.toSorted((a, b) => (a.made.started < b.made.started ? -1 : 1)))
  const take = (found: SavedCase | undefined): SavedCase | undefined => {
    if (found !== undefined) left.delete(found)
    return found
  }
  const byId = new Map(saved.map((each) => [each.made.id, each]))
  const ofSameRecord = new Map(cases.map((made) => [made, take(byId.get(made.id))]))
  const byRequest = new Map<string, Array<SavedCase>>()
  for (const each of left) {
    const key = requestKey(each.made)
    const alike = byRequest.get(key)
    if (alike === undefined) byRequest.set(key, [each])
    else alike.push(each)
  }
  const replaced = cases.map((made) => ofSameRecord.get(made) ?? byRequest.get(requestKey(made))?.shift())
  const ids = new Map(cases.map(({ id }, i) => [id, replaced[i]?.made.id ?? id]))
  return cases.map((made, i) => ({ made: merged(made, replaced[i]?.made, ids), before: replaced[i] }))
}

const merged = (made: Case, before: Case | undefined, ids: ReadonlyMap<string, string>): Case => ({
  ...made,
  ...(made.cause === undefined ? {} : { cause: ids.get(made.cause) ?? made.cause }),
  ...(before === undefined ? {} : { id: before.id }),
  ...(before?.match === undefined ? {} : { match: before.match }),
  ...(before?.compare === undefined ? {} : { compare: before.compare }),
})

/** Equal for requests of one direction to one place that are the same but for values that are made anew each time. */
export const requestKey = (made: Case): string => {
  const { line, body } = made.request
  const content = body?.text === undefined ? (body?.base64 ?? "") : steady(body.text)
  return [made.direction, authorityOf(made).toLowerCase(), line.method, steady(line.target), content].join("\n")
}

/** The token of an e-mail address. */
const mail = /u[0-9a-f]{6}@redacted\.invalid/g
/** A date and a time of RFC 3339, or of HTTP (RFC 9110 section 5.6.7). */
const time =
  /\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/g
const word = /[A-Za-z0-9][A-Za-z0-9_.-]*/g

/** A text without what has the shape of a time, an id or a token. Short numbers stay: they tell requests from each other. */
const steady = (text: string): string =>
  text
    .replaceAll(mail, "{id}")
    .replaceAll(time, "{time}")
    .replaceAll(word, (each) => (isMadeAnew(each) ? "{id}" : each))

/** Longer words are no words. */
const maxWord = 4096

const isMadeAnew = (text: string): boolean =>
  text.length > maxWord || (/^[\d.]+$/.test(text) ? /^\d{10,}(?:\.\d+)?$/.test(text) : isVariable(text))
