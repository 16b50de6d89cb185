/**
 * Suspects: the values of a record that look secret and were not replaced, by their places. Of a value no more is shown
 * than tells it from others.
 */
import { type JsonTree, jsonTree, memberPath } from "../json-tree.ts"
import { isForm } from "../media-type.ts"
import { type CaptureRecord, type FieldList, isHttp, type RecordedBody } from "../record.ts"
import { pairsOf, pathOf, queryOf } from "../url.ts"
import { looksSecret } from "./looks-secret.ts"

export interface Suspect {
  /** As a rules file has it, elements of arrays as one: `response.json.$.items[*].ref`. */
  readonly place: string
  /** Its first characters, and how many there are. */
  readonly sample: string
}

/** Header fields whose values look random and are no secrets: validators, trace contexts, handshakes, digests, words. */
const harmless: ReadonlySet<string> = new Set([
  "etag",
  "if-match",
  "if-none-match",
  "traceparent",
  "tracestate",
  "x-request-id",
  "x-correlation-id",
  "x-amzn-trace-id",
  "x-amz-request-id",
  "x-amz-id-2",
  "sec-websocket-key",
  "sec-websocket-accept",
  "content-md5",
  "content-digest",
  "digest",
  "user-agent",
  "content-type",
  "content-security-policy",
])

/** Everything that looks secret in a record that was redacted. What was put there by redaction is none. */
export const suspectsOf = (record: CaptureRecord): ReadonlyArray<Suspect> => {
  if (!isHttp(record)) return []
  const tokens = new Set(record.redacted?.map(({ token }) => token))
  const found: Array<Suspect> = []
  const look: Look = (place, value) => {
    const suspect = wordsOf(value).find((word) => !tokens.has(word) && looksSecret(word))
    if (suspect !== undefined) found.push({ place, sample: sampleOf(suspect) })
  }
  const { request, response } = record
  for (const segment of pathOf(request.line.target).split("/")) look("request.path", segment)
  for (const [name, value] of queryOf(request.line.target)) look(`request.query.${name}`, value)
  lookIntoMessage("request", request, look)
  if (response !== undefined) lookIntoMessage("response", response, look)
  if (record.kind !== "socket") return found
  for (const { from, text } of record.frames) {
    lookIntoContent(from === "client" ? "request" : "response", "", text, look)
  }
  return found
}

type Look = (place: string, value: string) => void

interface Message {
  readonly headers: FieldList
  readonly trailers?: FieldList | undefined
  readonly body?: RecordedBody | undefined
}

const lookIntoMessage = (side: string, { headers, trailers = [], body }: Message, look: Look): void => {
  lookIntoFields(`${side}.headers`, headers, look)
  lookIntoFields(`${side}.trailers`, trailers, look)
  lookIntoContent(side, body?.type ?? "", body?.text, look)
}

const lookIntoFields = (place: string, fields: FieldList, look: Look): void => {
  for (const [name, value] of fields) {
    const lower = name.toLowerCase()
    if (!harmless.has(lower)) look(`${place}.${lower}`, value)
  }
}

const lookIntoContent = (side: string, type: string, text: string | undefined, look: Look): void => {
  if (text === undefined) return
  const tree = jsonTree(text)
  if (tree !== undefined) return lookIntoTree(`${side}.json.$`, tree, look)
  if (!isForm(type)) return look(`${side}.body`, text)
  for (const [name, value] of pairsOf(text)) look(`${side}.form.${name}`, value)
}

const lookIntoTree = (place: string, tree: JsonTree, look: Look): void => {
  if (tree.kind === "object") {
    for (const [name, member] of tree.members) lookIntoTree(memberPath(place, name), member, look)
  } else if (tree.kind === "array") {
    for (const element of tree.elements) lookIntoTree(`${place}[*]`, element, look)
  } else if (tree.text.startsWith('"')) look(place, String(JSON.parse(tree.text)))
}

/** What stands between spaces, quotes and the like. */
const wordsOf = (text: string): ReadonlyArray<string> => text.match(/[A-Za-z0-9+/_=.~-]+/g) ?? []

/** Characters of a value that are shown. */
const shownCharacters = 4

const sampleOf = (value: string): string => `${value.slice(0, shownCharacters)}… (${value.length} characters)`
