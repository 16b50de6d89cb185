/** Search: where a text stands in the heads, bodies and messages of a record, in any case of letters. */
import { contentOf } from "./body.ts"
import { requestHead, responseHead, fieldLines } from "./raw.ts"
import {
  isHttp,
  type CaptureRecord,
  type FieldList,
  type HttpRecord,
  type RecordedBody,
  type StreamRecord,
} from "./record.ts"

/** A place where the text stands. */
export interface FoundPlace {
  /** `request.line`, `request.headers.host`, `response.body:3` with its line, `frames[2]:1`, `statement`. */
  readonly place: string
  /** The characters around it, `excerptRoom` on each side at most; not made harmless for a terminal. */
  readonly excerpt: string
}

export const excerptRoom = 30

/** Places of one record that are looked for; a text that stands everywhere would fill a terminal. */
export const maxPlaces = 20

/** The first places where `needle` stands. An empty one stands nowhere. */
export const searchRecord = (record: CaptureRecord, needle: string): ReadonlyArray<FoundPlace> => {
  if (needle === "") return []
  const wanted = needle.toLowerCase()
  const found: Array<FoundPlace> = []
  for (const [place, text, byLine] of textsOf(record)) {
    // Lower case may have other lengths (U+0130), and then an index of it is none of the text.
    const lower = text.toLowerCase()
    const searched = lower.length === text.length ? lower : text
    for (let at = searched.indexOf(wanted); at >= 0; at = searched.indexOf(wanted, at + wanted.length)) {
      found.push({
        place: byLine ? `${place}:${lineAt(text, at)}` : place,
        excerpt: excerptOf(text, at, needle.length),
      })
      if (found.length === maxPlaces) return found
    }
  }
  return found
}

type Searched = readonly [place: string, text: string, byLine: boolean]

function* textsOf(record: CaptureRecord): Generator<Searched> {
  if (isHttp(record)) yield* messagesOf(record)
  for (const name of ["target", "address", "sni", "error"] as const) {
    const text = record[name]
    if (text !== undefined) yield [name, text, false]
  }
  if (record.kind === "stream" || record.kind === "socket") {
    if (record.lost !== undefined) yield ["lost", record.lost, false]
  }
  if (record.kind === "socket" && record.close !== undefined) yield ["close", record.close.reason, false]
  if (record.kind === "stream") yield* firstOf(record)
  if (record.kind === "call") yield ["rpc", record.rpc, false]
  if (record.kind === "query" && record.statement !== undefined) yield ["statement", record.statement, false]
}

function* firstOf({ first = {} }: StreamRecord): Generator<Searched> {
  for (const from of ["client", "target"] as const) {
    const base64 = first[from]
    if (base64 !== undefined) yield [`first.${from}`, new TextDecoder().decode(Uint8Array.fromBase64(base64)), false]
  }
}

function* messagesOf(record: HttpRecord): Generator<Searched> {
  const { request, response } = record
  yield ["request.line", requestHead({ ...request, headers: [] })[0]!, false]
  yield* fieldsOf("request.headers", request.headers)
  yield* bodyOf("request.body", request.body)
  yield* fieldsOf("request.trailers", request.trailers ?? [])
  if (response !== undefined) {
    yield ["response.line", responseHead({ ...response, headers: [] })[0]!, false]
    yield* fieldsOf("response.headers", response.headers)
    yield* bodyOf("response.body", response.body)
    yield* fieldsOf("response.trailers", response.trailers ?? [])
  }
  if (record.kind !== "socket") return
  for (const [i, { text, base64, size }] of record.frames.entries()) {
    yield* bodyOf(`frames[${i}]`, { size, wire: size, type: "", text, base64 })
  }
}

function* fieldsOf(place: string, fields: FieldList): Generator<Searched> {
  for (const [i, line] of fieldLines(fields).entries()) yield [`${place}.${fields[i]![0].toLowerCase()}`, line, false]
}

function* bodyOf(place: string, body: RecordedBody | undefined): Generator<Searched> {
  if (body === undefined) return
  if (body.text !== undefined) yield [place, body.text, true]
  else if (body.base64 !== undefined) yield [place, new TextDecoder().decode(contentOf(body)), false]
}

const lineAt = (text: string, at: number): number => {
  let line = 1
  for (let end = text.indexOf("\n"); end >= 0 && end < at; end = text.indexOf("\n", end + 1)) line++
  return line
}

const excerptOf = (text: string, at: number, length: number): string => {
  const lineStart = at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1
  const start = Math.max(lineStart, at - excerptRoom)
  const lineEnd = text.indexOf("\n", at + length)
  const end = Math.min(lineEnd < 0 ? text.length : lineEnd, at + length + excerptRoom)
  return text.slice(start, end).toWellFormed()
}
