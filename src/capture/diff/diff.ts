/**
 * Diff: two records field by field: heads, status, and bodies, of which JSON is compared by path, text by line and bytes
 * as a whole. Everything that differs is a difference; which of them matter is decided elsewhere.
 */
import { jsonTree, memberPath, treeText, type JsonTree } from "../json-tree.ts"
import { diffLines } from "./line-diff.ts"
import { isJson } from "../media-type.ts"
import { isHttp, type CaptureRecord, type FieldList, type HttpRecord, type RecordedBody } from "../record.ts"
import { cut, sizeText, visibleLine } from "../text.ts"
import { authorityOf, pathOf, queryOf } from "../url.ts"

/** One place where two records differ. A side that has nothing there is undefined. */
export interface Difference {
  /** `request.headers.accept`, `response.json.$.total`, `response.body:3`. */
  readonly place: string
  readonly before: string | undefined
  readonly after: string | undefined
}

/** Everything in which two records differ, in the order of a message. */
export const diffRecords = (before: CaptureRecord, after: CaptureRecord): ReadonlyArray<Difference> => {
  const kind = differ("kind", before.kind, after.kind)
  if (!isHttp(before) || !isHttp(after)) return [...kind, ...endings(before, after)]
  return [...kind, ...requests(before, after), ...responses(before, after), ...endings(before, after)]
}

const requests = (before: HttpRecord, after: HttpRecord): ReadonlyArray<Difference> => {
  const [a, b] = [before.request, after.request]
  return [
    ...differ("request.method", a.line.method, b.line.method),
    ...differ("request.authority", authorityOf(before), authorityOf(after)),
    ...differ("request.path", pathOf(a.line.target), pathOf(b.line.target)),
    ...fields("request.query", queryOf(a.line.target), queryOf(b.line.target), (name) => name),
    ...differ("request.version", a.line.version, b.line.version),
    ...fields("request.headers", a.headers, b.headers, lower),
    ...bodies("request", a.body, b.body),
    ...fields("request.trailers", a.trailers ?? [], b.trailers ?? [], lower),
  ]
}

const responses = (before: HttpRecord, after: HttpRecord): ReadonlyArray<Difference> => {
  const [a, b] = [before.response, after.response]
  return [
    ...differ("response.status", a?.line.status.toString(), b?.line.status.toString()),
    ...differ("response.reason", a?.line.reason, b?.line.reason),
    ...differ("response.version", a?.line.version, b?.line.version),
    ...fields("response.headers", a?.headers ?? [], b?.headers ?? [], lower),
    ...bodies("response", a?.body, b?.body),
    ...fields("response.trailers", a?.trailers ?? [], b?.trailers ?? [], lower),
  ]
}

const endings = (before: CaptureRecord, after: CaptureRecord): ReadonlyArray<Difference> =>
  (["end", "phase", "code", "refusal", "error"] as const).flatMap((name) => differ(name, before[name], after[name]))

const lower = (name: string): string => name.toLowerCase()

const differ = (place: string, before: string | undefined, after: string | undefined): ReadonlyArray<Difference> =>
  before === after ? [] : [{ place, before, after }]

/** Fields by name: the first of a name with the first, the second with the second. Their order among names is not one. */
const fields = (
  place: string,
  before: FieldList,
  after: FieldList,
  keyOf: (name: string) => string,
): ReadonlyArray<Difference> => {
  const [a, b] = [byName(before, keyOf), byName(after, keyOf)]
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((name) => {
    const [values, others] = [a.get(name) ?? [], b.get(name) ?? []]
    return Array.from({ length: Math.max(values.length, others.length) }, (_, i) =>
      differ(`${place}.${name}${i === 0 ? "" : `[${i}]`}`, values[i], others[i]),
    ).flat()
  })
}

const byName = (list: FieldList, keyOf: (name: string) => string): ReadonlyMap<string, ReadonlyArray<string>> => {
  const values = new Map<string, Array<string>>()
  for (const [name, value] of list) {
    const key = keyOf(name)
    const ofName = values.get(key)
    if (ofName === undefined) values.set(key, [value])
    else ofName.push(value)
  }
  return values
}

const bodies = (side: string, a: RecordedBody | undefined, b: RecordedBody | undefined): ReadonlyArray<Difference> => {
  if (a?.text !== undefined && b?.text !== undefined) return texts(side, a, b, a.text, b.text)
  const isSame = a?.base64 === b?.base64 && a?.text === b?.text && a?.omitted === b?.omitted && a?.size === b?.size
  return isSame ? [] : [{ place: `${side}.body`, before: bodyWords(a), after: bodyWords(b) }]
}

const bodyWords = (body: RecordedBody | undefined): string | undefined => {
  if (body === undefined) return undefined
  const what = body.omitted === undefined ? (body.text === undefined ? "bytes" : "text") : `left out: ${body.omitted}`
  return `${sizeText(body.size)}, ${what}`
}

const texts = (
  side: string,
  a: RecordedBody,
  b: RecordedBody,
  before: string,
  after: string,
): ReadonlyArray<Difference> => {
  const isBothJson = (isJson(a.type) || a.type === "") && (isJson(b.type) || b.type === "")
  const [x, y] = isBothJson ? [jsonTree(before), jsonTree(after)] : []
  if (x !== undefined && y !== undefined) return trees(`${side}.json.$`, x, y)
  return diffLines(before.split("\n"), after.split("\n")).map(({ kind, line, text }) => ({
    place: `${side}.body:${line}`,
    before: kind === "gone" ? text : undefined,
    after: kind === "new" ? text : undefined,
  }))
}

const trees = (place: string, a: JsonTree | undefined, b: JsonTree | undefined): ReadonlyArray<Difference> => {
  if (a?.kind === "object" && b?.kind === "object") {
    const names = new Set([...a.members.keys(), ...b.members.keys()])
    return [...names].flatMap((name) => trees(memberPath(place, name), a.members.get(name), b.members.get(name)))
  }
  if (a?.kind === "array" && b?.kind === "array") {
    const length = Math.max(a.elements.length, b.elements.length)
    return Array.from({ length }, (_, i) => trees(`${place}[${i}]`, a.elements[i], b.elements[i])).flat()
  }
  return differ(place, a && treeText(a), b && treeText(b))
}

/** Characters of a value that are shown; whoever compares longer ones takes the differences themselves. */
export const maxShownValue = 2000

/** Differences for a person, one a line or, where that is longer than `columns`, over three; a line feed at the end. */
export const diffText = (differences: ReadonlyArray<Difference>, columns: number): string => {
  if (differences.length === 0) return "the same\n"
  const width = Math.min(40, Math.max(...differences.map(({ place }) => visibleLine(place).length)))
  return differences.map((difference) => differenceText(difference, width, columns)).join("")
}

const differenceText = ({ place, before, after }: Difference, width: number, columns: number): string => {
  const [a, b] = [shownValue(before), shownValue(after)]
  const line = `  ${visibleLine(place).padEnd(width)}  ${a}  →  ${b}`
  if (line.length <= columns) return `${line}\n`
  return `  ${visibleLine(place)}\n    - ${a}\n    + ${b}\n`
}

const shownValue = (value: string | undefined): string =>
  value === undefined ? "absent" : cut(visibleLine(value), maxShownValue)
