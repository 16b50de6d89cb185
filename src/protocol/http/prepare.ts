/**
 * Prepare: a request or an answer made ready to go on, with as much of its body as came with its head.
 */
import { QUESTION_MARK } from "../ascii.ts"
import { concat, empty } from "../bytes.ts"
import { type Refusal, refusal } from "../refusal.ts"
import { readTraceparent } from "../trace-context.ts"

import { Body, type BodyLimits } from "./body.ts"
import { type Forwarding, forwardRequest, forwardResponse } from "./forward.ts"
import { PathMemo } from "./path.ts"
import { asksToUpgrade, type Parsed, type RequestHead } from "./request.ts"
import type { ResponseHead } from "./response.ts"

/** Bytes of a body that are copied behind its head, so that both leave in one write; larger pieces get their own. */
const joinedBodyBytes = 16 * 1024

/** Methods that may be sent again when nobody knows whether the first time arrived (RFC 9110 section 9.2.2). */
const idempotent: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])

export interface PreparedRequest {
  readonly method: string
  /** The path without its query, which may hold secrets. */
  readonly path: string
  readonly minor: number
  /** The head as it goes on, with the first of its body. */
  readonly bytes: Uint8Array
  readonly body: Body
  /** How many bytes of the input were used. */
  readonly consumed: number
  /** The request asks to switch protocols, and its Upgrade is passed on. */
  readonly upgrade: boolean
  /** The request may be sent again when nobody knows whether it arrived. */
  readonly retryable: boolean
  /** The request is retryable, and leaves nothing on the connection that another client must not meet. */
  readonly shareable: boolean
  /** The client wants to close behind the answer. */
  readonly wantsClose: boolean
  /** The request is a health check, by its User-Agent. */
  readonly isProbe: boolean
  /** As `readTraceparent` reads it; undefined without a valid one. */
  readonly traceparent: string | undefined
  /** The client may be waiting for a 100 before it sends its body. */
  readonly expects: boolean
}

export const prepareRequest = (
  { bytes, end, head, fields }: Parsed<RequestHead>,
  forwarding: Forwarding,
  limits: BodyLimits,
): PreparedRequest | Refusal => {
  const body = new Body(head.bodyLength, "chunks", limits)
  const first = body.pass(bytes, end)
  if (body.problem !== undefined) return refusal("malformed-request", body.problem)
  const upgrade = asksToUpgrade(head.survey, head.minor)
  const joined = first.length <= joinedBodyBytes ? first : empty
  const forwarded = forwardRequest(bytes, end, head, fields, forwarding, upgrade, joined)
  const retryable = head.bodyLength === 0 && idempotent.has(head.method)
  return {
    method: head.method,
    path: pathOf(bytes, head),
    minor: head.minor,
    bytes: first.length === joined.length ? forwarded : concat(forwarded, first),
    body,
    consumed: end + body.consumed,
    upgrade,
    retryable,
    shareable: retryable && !upgrade && !head.survey.bindsConnection,
    wantsClose: head.survey.close,
    isProbe: head.survey.healthCheck,
    traceparent: readTraceparent(bytes, head.survey.traceparentStart, head.survey.traceparentEnd),
    expects: head.survey.expects === "100-continue",
  }
}

export interface PreparedAnswer {
  /** The head for the client with the first of the body, lent until the next head; and what of it was too much to copy. */
  readonly reply: Uint8Array
  readonly rest: Uint8Array
  readonly body: Body
  readonly consumed: number
}

/** Prepares an answer; `keepAlive`: the client may send another request on its connection. */
export const prepareAnswer = (
  { bytes, end, head, fields }: Parsed<ResponseHead>,
  request: PreparedRequest,
  keepAlive: boolean,
  forwarding: Forwarding,
  limits: BodyLimits,
): PreparedAnswer | Refusal => {
  const body = new Body(head.bodyLength, request.minor === 1 ? "chunks" : "plain", limits)
  const first = body.pass(bytes, end)
  if (body.problem !== undefined) return refusal("response-malformed", body.problem)
  // 426 must say what to upgrade to (RFC 9110 section 15.5.22).
  const form = { close: !keepAlive, upgrade: head.status === 426, chunks: request.minor === 1 }
  const fits = first.length <= joinedBodyBytes
  const reply = forwardResponse(bytes, end, head, fields, forwarding, form, fits ? first : empty)
  return { reply, rest: fits ? empty : first, body, consumed: end + body.consumed }
}

const paths = new PathMemo()

const pathOf = (bytes: Uint8Array, head: RequestHead): string => {
  let end = head.pathStart
  while (end < head.pathEnd && bytes[end] !== QUESTION_MARK) end++
  return end === head.pathStart ? "/" : paths.text(bytes, head.pathStart, end)
}
