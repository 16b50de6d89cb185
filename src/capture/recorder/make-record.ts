/**
 * Make record: the record of an exchange that was heard. Codings are taken away; nothing is redacted yet, so what this
 * gives is neither to be kept nor to be shown.
 */
import type { ExchangeFacts } from "../../protocol/recording.ts"
import { type BodyRules, type Inflate, makeBody, omitBody } from "../body.ts"
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
} from "../record.ts"
import { essenceOf } from "../media-type.ts"
import { microseconds } from "./arrivals.ts"
import { joined, recordedFields, recordedRequestHead, recordedResponseHead } from "./heads.ts"
import type { HeardExchange, HeardMessage } from "./recording.ts"

/** Milliseconds behind its head from which on it is told of any body when its pieces came. */
export const slowBody = 1000

/** Types whose pieces are messages: it is always told when they came. */
const streams: ReadonlySet<string> = new Set(["text/event-stream", "application/x-ndjson", "application/grpc"])

/** Makes the record. `id` is the one that it gets. */
export const makeRecord = async (
  heard: HeardExchange & { readonly cause?: Cause | undefined },
  id: string,
  rules: BodyRules,
  inflate: Inflate,
): Promise<ExchangeRecord> => {
  const { facts, started } = heard
  const request = await requestOf(heard, rules, inflate)
  const response = await responseOf(heard, rules, inflate)
  const truncated = truncatedParts(heard, request.body, response?.body)
  return {
    v: recordVersion,
    id,
    kind: "exchange",
    started: timeText(started),
    ...commonFields(facts),
    ...(heard.cause === undefined ? {} : { cause: heard.cause }),
    ...(truncated.length === 0 ? {} : { truncated }),
    request,
    ...(response === undefined ? {} : { response }),
  }
}

/** RFC 3339 in UTC, to the microsecond. */
const timeText = (milliseconds: number): string => {
  const whole = Math.floor(milliseconds)
  const rest = Math.floor((milliseconds - whole) * 1000)
  return `${new Date(whole).toISOString().slice(0, -1)}${String(rest).padStart(3, "0")}Z`
}

const commonFields = (facts: ExchangeFacts) => ({
  flow: facts.flow,
  n: facts.n,
  direction: facts.direction,
  client: facts.client,
  target: facts.target,
  address: facts.address,
  sni: facts.sni,
  authority: facts.authority,
  t_dial: milliseconds(facts.dialled),
  t_first_byte: milliseconds(facts.firstByte),
  t_total: microseconds(facts.elapsed),
  end: facts.end,
  // Where it stood says something only of what did not end well.
  phase: facts.end === undefined ? undefined : facts.phase,
  code: facts.code,
  refusal: facts.refusal,
  error: facts.error,
  bytes_in: facts.bytesIn,
  bytes_out: facts.bytesOut,
})

const milliseconds = (time: number | undefined): number | undefined =>
  time === undefined ? undefined : microseconds(time)

const requestOf = async (
  { request, facts, startedAt }: HeardExchange,
  rules: BodyRules,
  inflate: Inflate,
): Promise<RecordedRequest> => {
  const head = recordedRequestHead(request.head)
  const passed = { wire: facts.bytesIn, complete: facts.requestIsWhole, side: "request", startedAt } as const
  return { ...head, ...(await contentFields(request, head.headers, passed, rules, inflate)) }
}

const responseOf = async (
  { response, interims, facts, startedAt }: HeardExchange,
  rules: BodyRules,
  inflate: Inflate,
): Promise<RecordedResponse | undefined> => {
  if (response.head.length === 0) return undefined
  const head = recordedResponseHead(response.head)
  const passed = { wire: facts.bytesOut, complete: facts.responseIsWhole, side: "response", startedAt } as const
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
  const { content: bytes } = message
  const body = await makeBody({ bytes, wire, complete, type, encoding, side, ...chunks }, rules, inflate)
  const lacksAll = message.lacksMemory && bytes.length === 0 && body.omitted === undefined
  return { ...fields, body: lacksAll ? omitBody(body, "budget") : body }
}

const chunksOf = (
  { arrivals, headAt }: HeardMessage,
  type: string,
  startedAt: number,
): { readonly chunks?: ReadonlyArray<readonly [t: number, length: number]> } => {
  const { last } = arrivals
  if (last === undefined) return {}
  const essence = essenceOf(type)
  const isStream = streams.has(essence) || essence.startsWith("application/grpc+")
  return isStream || last - (headAt ?? startedAt) > slowBody ? { chunks: arrivals.since(startedAt) } : {}
}

const truncatedParts = (
  heard: HeardExchange,
  request: RecordedBody | undefined,
  response: RecordedBody | undefined,
): ReadonlyArray<RecordPart> => [
  ...(endsBlank(heard.request.head) ? [] : ["head" as const]),
  ...(request?.truncated === true ? ["request.body" as const] : []),
  ...(response?.truncated === true ? ["response.body" as const] : []),
]

/** Whether a head is whole: an empty line ends it. */
const endsBlank = (head: Uint8Array): boolean => {
  const end = head.length
  return head[end - 1] === 0x0a && (head[end - 2] === 0x0a || (head[end - 2] === 0x0d && head[end - 3] === 0x0a))
}
