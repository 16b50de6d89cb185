/**
 * Make record: the record of what was heard. Codings are taken away; nothing is redacted yet, so what this
 * gives is neither to be kept nor to be shown.
 */
import { toLatin1 } from "../../protocol/bytes.ts"
import { type BodyRules, type Inflate, makeBody, omitBody } from "../body.ts"
import { isEventStream, isJsonLines, pieceEnds } from "../event-stream.ts"
import { essenceOf } from "../media-type.ts"
import {
  type Cause,
  type ExchangeRecord,
  type FieldList,
  type InterimResponse,
  type RecordedBody,
  type RecordedRequest,
  type RecordedResponse,
  type RecordPart,
  recordVersion,
  type SocketRecord,
  type StreamRecord,
  type TunnelRecord,
} from "../record.ts"

import { arrivalsSince, lastArrival, maxArrivals, microseconds } from "./arrivals.ts"
import { commonFields, timeText } from "./common-fields.ts"
import { joined, recordedFields, recordedRequestHead, recordedResponseHead } from "./heads.ts"
import { makeSocket, socketFacts } from "./make-socket.ts"
import { makeStream } from "./make-stream.ts"
import type { Heard } from "./recorder.ts"
import type { HeardExchange, HeardMessage } from "./recording.ts"

/** Milliseconds behind its head from which on it is told of any body when its pieces came. */
export const slowBody = 1000

/** Types whose pieces are messages: it is always told when they came. */
const streams: ReadonlySet<string> = new Set(["text/event-stream", "application/grpc"])

/** Makes the record of what was heard. `id` is the one that it gets. */
export const makeRecord = async (
  heard: Heard & Caused,
  id: string,
  rules: BodyRules,
  inflate: Inflate,
): Promise<ExchangeRecord | SocketRecord | StreamRecord | TunnelRecord> => {
  const record = heard.kind === "stream" ? makeStream(heard, id) : await makeHttp(heard, id, rules, inflate)
  return heard.cause === undefined ? record : { ...record, cause: heard.cause }
}

interface Caused {
  readonly cause?: Cause | undefined
}

const makeHttp = async (
  heard: HeardExchange,
  id: string,
  rules: BodyRules,
  inflate: Inflate,
): Promise<ExchangeRecord | SocketRecord> => {
  const { facts, started, startedAt, socket } = heard
  const request = await requestOf(heard, rules, inflate)
  const response = await responseOf(heard, rules, inflate)
  const made = socket && (await makeSocket(socket, startedAt, rules, inflate))
  const truncated = truncatedParts(heard, request.body, response?.body, made?.isCut === true)
  const record = {
    v: recordVersion,
    id,
    started: timeText(started),
    ...commonFields(socket === undefined ? facts : socketFacts(facts, socket)),
    ...(truncated.length === 0 ? {} : { truncated }),
    request,
    ...(response === undefined ? {} : { response }),
  } as const
  if (made === undefined) return { ...record, kind: "exchange" }
  const { isCut: _, ...frames } = made
  return { ...record, kind: "socket", ...frames }
}

const requestOf = async (
  { request, facts, startedAt, socket }: HeardExchange,
  rules: BodyRules,
  inflate: Inflate,
): Promise<RecordedRequest> => {
  const head = recordedRequestHead(request.head)
  // Of a socket the facts count what passed behind its messages.
  const wire = socket === undefined ? facts.bytesIn : 0
  const passed = { wire, complete: facts.requestIsWhole, side: "request", startedAt } as const
  return { ...head, ...(await contentFields(request, head.headers, passed, rules, inflate)) }
}

const responseOf = async (
  { response, interims, facts, startedAt, socket }: HeardExchange,
  rules: BodyRules,
  inflate: Inflate,
): Promise<RecordedResponse | undefined> => {
  if (response.head.length === 0) return undefined
  const head = recordedResponseHead(response.head)
  const wire = socket === undefined ? facts.bytesOut : 0
  const passed = { wire, complete: facts.responseIsWhole, side: "response", startedAt } as const
  const interim = interims.map(({ head: bytes, at }): InterimResponse => {
    const { line, headers } = recordedResponseHead(bytes)
    return { status: line.status, headers, t: microseconds(at - startedAt) }
  })
  const content = await contentFields(response, head.headers, passed, rules, inflate)
  return { ...head, ...(interim.length === 0 ? {} : { interim }), ...content }
}

interface Passed {
  readonly wire: number
  readonly complete: boolean
  readonly side: "request" | "response"
  readonly startedAt: number
}

/** The body and the trailers of a message. One that had no content has no body. */
const contentFields = async (
  message: HeardMessage,
  headers: FieldList,
  passed: Passed,
  rules: BodyRules,
  inflate: Inflate,
): Promise<{ readonly body?: RecordedBody; readonly trailers?: FieldList }> => {
  const trailers = recordedFields(message.trailers)
  const fields = trailers.length === 0 ? {} : { trailers }
  if (passed.wire === 0) return fields
  const { wire, complete, side } = passed
  const type = joined(headers, "content-type")
  const encoding = joined(headers, "content-encoding")
  const chunks = chunksOf(message, type, passed.startedAt)
  const events = encoding === "" ? eventsOf(message, type, passed.startedAt) : {}
  const { content: bytes } = message
  const body = await makeBody({ bytes, wire, complete, type, encoding, side, ...chunks, ...events }, rules, inflate)
  const lacksAll = message.lacksMemory && bytes.length === 0 && body.omitted === undefined
  return { ...fields, body: lacksAll ? omitBody(body, "budget") : body }
}

const chunksOf = (
  { arrivals, headAt }: HeardMessage,
  type: string,
  startedAt: number,
): Pick<RecordedBody, "chunks"> => {
  const last = lastArrival(arrivals)
  if (last === undefined) return {}
  const essence = essenceOf(type)
  const isStream = streams.has(essence) || essence.startsWith("application/grpc+") || isJsonLines(type)
  return isStream || last - (headAt ?? startedAt) > slowBody ? { chunks: arrivalsSince(arrivals, startedAt) } : {}
}

/** When the pieces of a body were whole. Those beyond the arrivals that are told apart have no time. */
const eventsOf = (
  { arrivals, content }: HeardMessage,
  type: string,
  startedAt: number,
): Pick<RecordedBody, "events"> => {
  if (!isEventStream(type) && !isJsonLines(type)) return {}
  const events: Array<number> = []
  let at = -2
  let came = 0
  for (const end of pieceEnds(toLatin1(content), type)) {
    while (came < end) {
      at += 2
      came += arrivals[at + 1] ?? Infinity
    }
    if (events.length === maxArrivals || at >= arrivals.length) break
    events.push(microseconds(arrivals[at]! - startedAt))
  }
  return events.length === 0 ? {} : { events }
}

const truncatedParts = (
  heard: HeardExchange,
  request: RecordedBody | undefined,
  response: RecordedBody | undefined,
  framesAreCut: boolean,
): ReadonlyArray<RecordPart> => [
  ...(endsBlank(heard.request.head) ? [] : ["head" as const]),
  ...(request?.truncated === true ? ["request.body" as const] : []),
  ...(response?.truncated === true ? ["response.body" as const] : []),
  ...(framesAreCut ? ["frames" as const] : []),
]

/** Whether a head is whole: an empty line ends it. */
const endsBlank = (head: Uint8Array): boolean => {
  const end = head.length
  return head[end - 1] === 0x0a && (head[end - 2] === 0x0a || (head[end - 2] === 0x0d && head[end - 3] === 0x0a))
}
