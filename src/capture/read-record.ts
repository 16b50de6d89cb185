/**
 * Read record: a record from its line of JSON. What a capture holds was written by strangers' traffic, and its file may have been
 * edited or cut: nothing is taken for a record that does not have the shape of one.
 */
import { directions } from "../flow/flow.ts"
import {
  isCount,
  isFlag,
  isLike,
  isListOf,
  isMapOf,
  isObject,
  isObjectOf,
  isOneOf,
  isPairOf,
  isText,
  isTextOrNumber,
  isTime,
  type Check,
  type FieldChecks,
} from "./check.ts"
import {
  contentCodings,
  frameOps,
  omittedReasons,
  recordParts,
  recordVersion,
  type CaptureRecord,
  type RecordKind,
} from "./record.ts"

/** A record, or why the line is none. A problem names a place of the line and never shows what stands there. */
export type ReadResult = { readonly record: CaptureRecord } | { readonly problem: string }

const base64Characters = isLike(/^[A-Za-z0-9+/]*={0,2}$/, "base64")
/** RFC 4648 section 4, with its padding. */
const isBase64: Check = (value, path) =>
  base64Characters(value, path) ?? (String(value).length % 4 === 0 ? undefined : `${path} must be base64`)
export const isId = isLike(
  /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  "a UUID of version 7",
)
export const isInstant = isLike(
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z$/,
  "a time such as 2026-11-28T09:30:00.123456Z",
)
const isHash = isLike(/^[0-9a-f]{64}$/, "64 hexadecimal digits")
const isFieldList = isListOf(isPairOf(isText, isText))
const isSender = isOneOf("client", "target")

const common: { readonly required: FieldChecks; readonly optional: FieldChecks } = {
  required: {
    id: isId,
    started: isInstant,
    flow: isCount,
    n: isCount,
    direction: isOneOf(...directions),
    bytes_in: isCount,
    bytes_out: isCount,
  },
  optional: {
    client: isText,
    target: isText,
    address: isText,
    sni: isText,
    authority: isText,
    cause: isObjectOf({ id: isId, by: isOneOf("traceparent", "header", "alone") }),
    tls: isObjectOf(
      { opened: isFlag },
      {
        version: isText,
        cipher: isText,
        alpn: isText,
        sni: isText,
        peer: isObjectOf({}, { subject: isText, issuer: isText, notAfter: isText }),
      },
    ),
    t_dial: isTime,
    t_first_byte: isTime,
    t_total: isTime,
    end: isText,
    phase: isText,
    code: isText,
    refusal: isText,
    error: isText,
    truncated: isListOf(isOneOf(...recordParts)),
    redacted: isListOf(isObjectOf({ path: isText, rule: isText, token: isText }, { hint: isMapOf(isTextOrNumber) })),
    workload: isObjectOf({}, { pod: isText, namespace: isText, node: isText, container: isText }),
  },
}

const isOmitted = isOneOf(...omittedReasons)

const bodyFields = isObjectOf(
  { size: isCount, wire: isCount, type: isText },
  {
    coding: isListOf(isOneOf(...contentCodings)),
    text: isText,
    base64: isBase64,
    omitted: isOmitted,
    sha256: isHash,
    truncated: isFlag,
    chunks: isListOf(isPairOf(isTime, isCount)),
    events: isListOf(isTime),
    raw: isBase64,
  },
)

const contents = ["text", "base64", "omitted"]

const isBody: Check = (value, path) => {
  const problem = bodyFields(value, path)
  if (problem !== undefined || !isObject(value)) return problem
  const count = contents.filter((name) => Object.hasOwn(value, name)).length
  return count === 1 ? undefined : `${path} must have one of ${contents.join(", ")}`
}

const isStatus: Check = (value, path) =>
  isCount(value, path) ??
  (Number(value) >= 100 && Number(value) <= 999 ? undefined : `${path} must be between 100 and 999`)

const isRequest = isObjectOf(
  { line: isObjectOf({ method: isText, target: isText, version: isText }), headers: isFieldList },
  { body: isBody, trailers: isFieldList },
)

const isResponse = isObjectOf(
  { line: isObjectOf({ version: isText, status: isStatus, reason: isText }), headers: isFieldList },
  {
    interim: isListOf(isObjectOf({ status: isStatus, headers: isFieldList, t: isTime })),
    body: isBody,
    trailers: isFieldList,
  },
)

const isFrame = isObjectOf(
  {
    t: isTime,
    from: isSender,
    op: isOneOf(...frameOps),
    size: isCount,
  },
  {
    text: isText,
    base64: isBase64,
    omitted: isOmitted,
    wire: isCount,
    fragments: isListOf(isPairOf(isTime, isCount)),
  },
)

/** What a record of a kind has besides the common fields. */
const kinds: { readonly [K in RecordKind]: readonly [required: FieldChecks, optional: FieldChecks] } = {
  exchange: [{ request: isRequest }, { response: isResponse }],
  socket: [
    { request: isRequest, frames: isListOf(isFrame) },
    { response: isResponse, close: isObjectOf({ code: isCount, reason: isText }), lost: isText },
  ],
  stream: [{}, { guess: isText, lost: isText, first: isObjectOf({}, { client: isBase64, target: isBase64 }) }],
  tunnel: [{}, { offered: isListOf(isText), versions: isListOf(isText), names: isListOf(isText), unopened: isText }],
  call: [{ rpc: isText }, { status: isObjectOf({ code: isCount }, { name: isText }) }],
  query: [{ system: isText }, { statement: isText, rows: isCount }],
}

const isKind = isOneOf(...Object.keys(kinds))

const checks = new Map(
  Object.entries(kinds).map(([kind, [required, optional]]) => [
    kind,
    isObjectOf({ ...common.required, ...required }, { ...common.optional, ...optional }),
  ]),
)

/**
 * Reads one line, with or without its newline. Fields that are not known are kept and ignored. Accepts version 1 only:
 * what a higher version means is not known here.
 */
export const readRecord = (line: string): ReadResult => {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { problem: "the line is not JSON" }
  }
  return checkRecord(value)
}

/** Checks a value that was parsed already. */
export const checkRecord = (value: unknown): ReadResult => {
  if (!isObject(value)) return { problem: "the line is not an object" }
  const version = value["v"]
  if (typeof version === "number" && version > recordVersion) {
    return { problem: `version ${version} is newer than this program reads, which is ${recordVersion}` }
  }
  if (version !== recordVersion) return { problem: `v must be ${recordVersion}` }
  const kind = value["kind"]
  const problem = isKind(kind, "kind") ?? checks.get(String(kind))?.(value, "")
  // The table above is the type: every field of it was looked at.
  return problem === undefined ? { record: value as unknown as CaptureRecord } : { problem }
}
