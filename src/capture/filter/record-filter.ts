/**
 * Record filter: what a filter asks of records. The words are those of the filters of connections and requests, and there
 * are more of them, since a record has heads and bodies.
 */
import { directions, endings, phases } from "../../flow/flow.ts"
import { compile, type Predicate } from "../../observe/filter/compile.ts"
import { type Expression, print } from "../../observe/filter/expression.ts"
import { parse } from "../../observe/filter/parse.ts"
import { type FilterProblem, isProblem } from "../../observe/filter/problem.ts"
import { type Field, Vocabulary } from "../../observe/filter/vocabulary.ts"
import { refusals } from "../../protocol/refusal.ts"
import { parseTraceparent, traceOf } from "../../protocol/trace-context.ts"
import { essenceOf } from "../media-type.ts"
import { type CaptureRecord, type HttpRecord, isHttp, recordKinds } from "../record.ts"
import { authorityOf, pathOf, queryOf, valueOf, valuesOf } from "../url.ts"

import { isProbe } from "./is-probe.ts"
import { jsonValue } from "./json-value.ts"
import { requestText, responseText } from "./message-text.ts"

/** A filter of records, understood. */
export interface RecordFilter {
  readonly _tag: "Filter"
  readonly expression: Expression
  readonly matches: Predicate<CaptureRecord>
}

const httpOf = (record: CaptureRecord): HttpRecord | undefined => (isHttp(record) ? record : undefined)

/** A host is meant with any port where none is written. */
const sameHost = (host: string, wanted: string): boolean =>
  host === wanted || (!/:\d+$/.test(wanted) && host.replace(/:\d+$/, "") === wanted)

const hostOf = (record: CaptureRecord): string | undefined => {
  const http = httpOf(record)
  const host = http === undefined ? (record.authority ?? record.target) : authorityOf(http)
  return host === "" ? undefined : host
}

const pathOfRecord = (record: CaptureRecord): string | undefined => {
  const target = httpOf(record)?.request.line.target
  return target === undefined ? undefined : pathOf(target)
}

const typeOf = (record: CaptureRecord): string | undefined => {
  const http = httpOf(record)
  const type =
    http && (valueOf(http.response?.headers ?? [], "content-type") ?? valueOf(http.request.headers, "content-type"))
  return type === undefined ? undefined : essenceOf(type)
}

/** The trace that its request belongs to. */
const traceOfRecord = (record: CaptureRecord): string | undefined => {
  const values = isHttp(record) ? valuesOf(record.request.headers, "traceparent") : []
  const traceparent = parseTraceparent(values.length === 1 ? values[0]! : "")
  return traceparent === undefined ? undefined : traceOf(traceparent)
}

/** Between several values of one name: no field, query or text of a person's holds it. */
const separator = "\0"

/** A field that may have several values; it is what each of them is. */
const several = (values: (record: HttpRecord) => ReadonlyArray<string>): Field<CaptureRecord> => ({
  kind: "text",
  get: (record) => {
    const all = isHttp(record) ? values(record) : []
    return all.length === 0 ? undefined : all.join(separator)
  },
  same: (text, wanted) => text.split(separator).includes(wanted),
})

const headerOf = (name: string): Field<CaptureRecord> => {
  const wanted = name.toLowerCase()
  return several(({ request, response }) => [
    ...valuesOf(request.headers, wanted),
    ...valuesOf(response?.headers ?? [], wanted),
  ])
}

const queryField = (name: string): Field<CaptureRecord> =>
  several(({ request }) => queryOf(request.line.target).flatMap(([each, value]) => (each === name ? [value] : [])))

const jsonField = (path: string): Field<CaptureRecord> =>
  several((record) => {
    const { request, response } = record
    const frames = record.kind === "socket" ? record.frames : []
    return [request.body, response?.body, ...frames].flatMap((content) => jsonValue(content?.text, path) ?? [])
  })

const vocabulary = new Vocabulary<CaptureRecord>({
  fields: {
    host: { kind: "text", get: hostOf, same: sameHost },
    address: { kind: "text", get: ({ address }) => address },
    sni: { kind: "text", get: ({ sni }) => sni },
    client: { kind: "text", get: ({ client }) => client },
    direction: { kind: "choice", get: ({ direction }) => direction, values: directions },
    kind: { kind: "choice", get: ({ kind }) => kind, values: recordKinds },
    id: {
      kind: "text",
      get: ({ id }) => id.replaceAll("-", ""),
      same: (id, end) => id.endsWith(end.replaceAll("-", "")),
    },
    cause: {
      kind: "text",
      get: ({ cause }) => cause?.id.replaceAll("-", ""),
      same: (id, end) => id.endsWith(end.replaceAll("-", "")),
    },
    method: { kind: "choice", get: (record) => httpOf(record)?.request.line.method },
    path: { kind: "text", get: pathOfRecord },
    status: { kind: "number", get: (record) => httpOf(record)?.response?.line.status, classes: true },
    type: { kind: "text", get: typeOf },
    request: { kind: "text", get: (record) => (isHttp(record) ? requestText(record) : undefined) },
    response: { kind: "text", get: (record) => (isHttp(record) ? responseText(record) : undefined) },
    rpc: { kind: "text", get: (record) => (record.kind === "call" ? record.rpc : undefined) },
    sql: { kind: "text", get: (record) => (record.kind === "query" ? record.statement : undefined) },
    guess: { kind: "text", get: (record) => (record.kind === "stream" ? record.guess : undefined) },
    lost: { kind: "text", get: (record) => ("lost" in record ? record.lost : undefined) },
    end: { kind: "choice", get: ({ end }) => end, values: endings },
    phase: { kind: "choice", get: ({ phase }) => phase, values: phases },
    refusal: { kind: "choice", get: ({ refusal }) => refusal, values: Object.keys(refusals) },
    error: { kind: "text", get: ({ error, refusal, code }) => error ?? refusal ?? code },
    trace: { kind: "text", get: traceOfRecord },
    bytes: { kind: "number", get: (record) => record.bytes_in + record.bytes_out },
    ms: { kind: "number", get: (record) => record.t_total },
    flow: { kind: "number", get: ({ flow }) => flow },
    n: { kind: "number", get: ({ n }) => n },
  },
  families: { header: headerOf, query: queryField, json: jsonField },
  facts: { probe: isProbe },
  texts: (record) => [
    hostOf(record),
    record.target,
    record.address,
    record.sni,
    record.client,
    httpOf(record)?.request.line.method,
    pathOfRecord(record),
    httpOf(record)?.response?.line.status.toString(),
    record.kind,
    record.kind === "call" ? record.rpc : undefined,
    record.kind === "query" ? record.statement : undefined,
    record.kind === "stream" ? record.guess : undefined,
    record.refusal,
    record.error,
    record.code,
  ],
})

/** Names of the fields, for help and completions. */
export const recordFields: ReadonlyArray<string> = vocabulary.names

/** No text lets everything through. */
export const parseRecordFilter = (text: string): RecordFilter | FilterProblem => {
  const expression = parse(text, vocabulary)
  return isProblem(expression) ? expression : { _tag: "Filter", expression, matches: compile(expression, vocabulary) }
}

/** The text of a filter in its own spelling. */
export const printRecordFilter = (expression: Expression): string => print(expression, vocabulary)

/** Whether a probe could be let through: where not, nothing of it needs to be copied. */
export const mayWantProbes = (expression: Expression): boolean => ofProbe(expression) !== false

/** What an expression says of every probe; undefined where that depends on which one. */
const ofProbe = (expression: Expression): boolean | undefined => {
  switch (expression._tag) {
    case "Everything":
    case "Fact":
      return true
    case "Word":
    case "Term":
      return undefined
    case "Not": {
      const part = ofProbe(expression.part)
      return part === undefined ? undefined : !part
    }
    case "And":
      return decided(expression.parts, false)
    case "Or":
      return decided(expression.parts, true)
  }
}

/** One part that says `word` is enough for that; else all must be known. */
const decided = (parts: ReadonlyArray<Expression>, word: boolean): boolean | undefined => {
  const said = new Set(parts.map(ofProbe))
  if (said.has(word)) return word
  return said.has(undefined) ? undefined : !word
}
