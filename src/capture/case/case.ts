/**
 * Case: what of a record is kept in a file to be replayed, or answered from. A case holds what the exchange was, not how
 * it went over the wire: lengths, framing and codings are made again.
 */
import type { Direction } from "../../flow/flow.ts"
import { contentOf, codingsOf } from "../body.ts"
import {
  isHttp,
  type CaptureRecord,
  type FieldList,
  type HttpRecord,
  type RecordedBody,
  type RecordedFrame,
  type RecordedRequest,
  type RecordedResponse,
  type SocketRecord,
} from "../record.ts"
import { valueOf, valuesOf } from "../url.ts"

/** The version of case files that is written and read. */
export const caseVersion = "case/1"

export interface Case {
  /** The record's, so that a case is known again when it is saved again. */
  readonly id: string
  readonly direction: Direction
  readonly started: string
  /** Milliseconds that all of it took. */
  readonly took?: number | undefined
  /** `host:port` as the client named it. */
  readonly target?: string | undefined
  /** Whether it was TLS that was opened; absent where not. */
  readonly tls?: boolean | undefined
  /** The id of the inbound record during which it was made. */
  readonly cause?: string | undefined
  /** How it ended, if not well; the record's words. */
  readonly end?: string | undefined
  readonly phase?: string | undefined
  readonly code?: string | undefined
  readonly refusal?: string | undefined
  readonly error?: string | undefined
  /** Rules of matching and of comparing for this case; what they may say is not looked at here. */
  readonly match?: Readonly<Record<string, unknown>> | undefined
  readonly compare?: Readonly<Record<string, unknown>> | undefined
  readonly request: RecordedRequest
  /** Without one where none came. */
  readonly response?: RecordedResponse | undefined
  /** Milliseconds after `started` until the response's head. */
  readonly firstByte?: number | undefined
  /** Of a WebSocket: its frames, and the close. */
  readonly frames?: SocketRecord["frames"] | undefined
  readonly close?: SocketRecord["close"]
}

/** The case that a record is; undefined of one that holds no HTTP request. */
export const caseOf = (record: CaptureRecord): Case | undefined => (isHttp(record) ? httpCase(record) : undefined)

const httpCase = (record: HttpRecord): Case => {
  const { id, direction, started, target, end, phase, code, refusal, error } = record
  const { request, response } = record
  return defined({
    id,
    direction,
    started,
    took: record.t_total,
    target,
    tls: record.tls?.opened === true ? true : undefined,
    cause: record.cause?.id,
    end,
    phase,
    code,
    refusal,
    error,
    request: defined({ ...request, ...contentParts(request) }),
    response: response === undefined ? undefined : defined({ ...response, ...contentParts(response) }),
    firstByte: response === undefined ? undefined : record.t_first_byte,
    frames: record.kind === "socket" && record.frames.length > 0 ? record.frames.map(frameOf) : undefined,
    close: record.kind === "socket" ? record.close : undefined,
  })
}

/** A frame without how it went over the wire. One without its payload says why. */
const frameOf = ({ wire: _wire, fragments: _fragments, ...frame }: RecordedFrame): RecordedFrame =>
  frame.text === undefined && frame.base64 === undefined ? { ...frame, omitted: frame.omitted ?? "budget" } : frame

/** A value without the fields that are undefined. */
export const defined = <A extends object>(value: A): A =>
  // Nothing is taken away that was there.
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as A

interface Message {
  readonly headers: FieldList
  readonly body?: RecordedBody | undefined
}

const contentParts = ({ headers, body }: Message): Message => {
  const kept = body === undefined || body.text === "" || body.base64 === "" ? undefined : body
  // Of an answer to HEAD, and of a request whose body is empty, the length is all there is of the body.
  if (kept === undefined) return { headers, body: undefined }
  return { headers: headers.filter(([name]) => !isFraming(name)), body: bodyOf(headers, kept) }
}

const isFraming = (name: string): boolean => /^(?:content-length|transfer-encoding)$/i.test(name)

/** What a field list says of the body behind it. */
export const describedBy = (headers: FieldList): Pick<RecordedBody, "type" | "coding"> => {
  const coding = codingsOf(valuesOf(headers, "content-encoding").join(",")) ?? []
  return { type: valueOf(headers, "content-type") ?? "", ...(coding.length === 0 ? {} : { coding }) }
}

/** A body as a case has it: type and codings are those of its head, and what passed is what is here. */
const bodyOf = (headers: FieldList, body: RecordedBody): RecordedBody => {
  const isPart = body.truncated === true || body.omitted !== undefined
  return makeCaseBody(headers, body, isPart ? body.size : undefined)
}

/** A body of this content below this head. `size` is that of the whole, where the content is a part. */
export const makeCaseBody = (
  headers: FieldList,
  { text, base64, omitted, truncated }: Partial<RecordedBody>,
  size?: number,
): RecordedBody => {
  const { type, coding } = describedBy(headers)
  // What was left out for its coding still has it.
  const removed = omitted === "coding" ? undefined : coding
  const body = defined({ type, coding: removed, size: 0, wire: 0, text, base64, omitted, truncated })
  const length = size ?? contentOf(body)?.length ?? 0
  return { ...body, size: length, wire: length }
}
