/**
 * Download: passes the answer to a request back to its client, interim answers first.
 */
import type { EndedBy } from "../../flow/flow.ts"
import { empty } from "../../protocol/bytes.ts"
import type { Body } from "../../protocol/http/body.ts"
import { forwardResponse } from "../../protocol/http/forward.ts"
import type { RecordedMessage, RecordedMessages } from "../../protocol/http/passive/recorded-messages.ts"
import { prepareAnswer } from "../../protocol/http/prepare.ts"
import type { Parsed } from "../../protocol/http/request.ts"
import type { ResponseHead } from "../../protocol/http/response.ts"
import { untilClose } from "../../protocol/http/survey.ts"
import { type Refusal, refusal } from "../../protocol/refusal.ts"

import { spliceFrom } from "../splice/splicer.ts"
import type { ClientConnection } from "./client-connection.ts"
import type { ExchangeContext } from "./exchange-context.ts"
import type { OriginConnection } from "./origin-connection.ts"
import type { Transaction } from "./transaction.ts"
import { releaseOwn, spliceBody } from "./upload.ts"

/** Interim answers one request may get: real ones are 100, 102 or 103, a few of them. */
export const maxInterimAnswers = 32

/**
 * Milliseconds after a request was sent on a used connection within which a 408 is not its answer. It was under way
 * already, and an origin that waited for the rest of this request would have waited longer.
 */
export const idleAnswerWithin = 1000

/** The pairing whose answer is passed back. */
export interface DownloadOwner {
  readonly client: ClientConnection
  readonly context: ExchangeContext
  /** The request that is under way, and the connection that its answer comes from. */
  readonly request: Transaction | undefined
  readonly origin: OriginConnection | undefined
  /** Whether the client may send another request behind this one. */
  readonly mayKeepAlive: (request: Transaction) => boolean
  /** The answer is whole, `now`. */
  readonly answered: (origin: OriginConnection, now: number) => void
  /** The origin has switched protocols; `reply` says so to the client. */
  readonly switched: (origin: OriginConnection, reply: Uint8Array) => void
  /** The origin takes no more of a request that it has answered. */
  readonly originStopped: (origin: OriginConnection) => void
  /** The origin has closed, unanswered, a connection that it had used before. */
  readonly redial: (origin: OriginConnection) => void
  readonly fail: (refused: Refusal, by: EndedBy) => void
  /** The answer has ended early; `code` says that its connection was not closed in order. */
  readonly cutShort: (request: Transaction, code: string | undefined) => void
}

export class Download {
  private readonly owner: DownloadOwner

  constructor(owner: DownloadOwner) {
    this.owner = owner
  }

  /** Passes on what has arrived, as far as the client takes it. */
  pass(origin: OriginConnection): void {
    const { owner } = this
    const { client } = owner
    while (origin === owner.origin && client.tail === undefined && origin.inbox.length > 0) {
      const request = owner.request!
      // Bytes behind the answer: nobody asked for them.
      if (request.isAnswered) return owner.originStopped(origin)
      if (request.answer !== undefined) this.passBody(origin, request.answer, request.recorded?.response)
      else if (!this.readHead(origin, request)) break
    }
    if (origin !== owner.origin) return
    if (client.tail !== undefined) origin.end.pause()
    else if (origin.finished) this.finish(origin)
  }

  /** The origin will send no more, and what it sent was passed on as far as it goes. */
  finish(origin: OriginConnection): void {
    const { owner } = this
    const request = owner.request!
    const { code } = origin
    if (request.isAnswered) {
      // The origin may still read, after its FIN.
      if (origin.broken) owner.originStopped(origin)
      return
    }
    if (request.answer === undefined) {
      if (mayRetry(origin, request)) return owner.redial(origin)
      const reason = origin.answering ? "response-incomplete" : "connection-terminated"
      return owner.fail(refusal(reason, code ?? "closed before it answered"), "target")
    }
    // The client is behind: the rest of the answer is still here.
    if (owner.client.tail !== undefined && origin.inbox.length > 0 && code === undefined) return
    if (request.framing === untilClose && code === undefined) owner.answered(origin, performance.now())
    else owner.cutShort(request, code)
  }

  /** Reads one head; false when it is not there yet, or when the request is over. */
  private readHead(origin: OriginConnection, request: Transaction): boolean {
    const read = origin.answers.read(request.prepared.method)
    if (read === "partial") return false
    if ("reason" in read) return this.fail(read)
    if (read.head.status === 101) return this.switchProtocols(origin, request, read)
    if (read.head.status < 200) return this.passInterim(origin, request, read)
    if (isForNobody(origin, request, read.head)) {
      origin.answering = false
      this.finish(origin)
      return false
    }
    this.begin(origin, request, read)
    return true
  }

  private passInterim(origin: OriginConnection, request: Transaction, read: Parsed<ResponseHead>): boolean {
    if (++request.interim > maxInterimAnswers) return this.fail(refusal("response-malformed", "too many 1xx answers"))
    const reply = this.forward(read, false, empty)
    request.recorded?.recording.interim(read.bytes, 0, read.end, performance.now())
    origin.inbox.consume(read.end)
    // HTTP/1.0 knows no interim answers (RFC 9110 section 15.2).
    if (request.prepared.minor === 1) this.owner.client.write(reply)
    return true
  }

  private switchProtocols(origin: OriginConnection, request: Transaction, read: Parsed<ResponseHead>): boolean {
    if (!request.prepared.upgrade) return this.fail(refusal("response-malformed", "101 that was not asked for"))
    const now = performance.now()
    request.status = 101
    request.answering(now)
    request.whole(now)
    request.recorded?.switched(read.bytes, read.end, now)
    this.owner.switched(origin, this.forward(read, true, read.bytes.subarray(read.end)))
    return false
  }

  private forward({ bytes, end, head, fields }: Parsed<ResponseHead>, upgrade: boolean, rest: Uint8Array): Uint8Array {
    const form = { close: false, upgrade, chunks: true }
    return forwardResponse(bytes, end, head, fields, this.owner.context.forwarding, form, rest)
  }

  private begin(origin: OriginConnection, request: Transaction, read: Parsed<ResponseHead>): void {
    const { head } = read
    const { owner } = this
    const { client, context } = owner
    const keepAlive = permitsKeepAlive(head, request) && owner.mayKeepAlive(request)
    const answer = prepareAnswer(read, request.prepared, keepAlive, context.forwarding, context.limits())
    if ("reason" in answer) return void this.fail(answer)
    const now = performance.now()
    request.status = head.status
    request.answering(now)
    request.answer = answer.body
    request.framing = head.bodyLength
    request.originKeepAlive = head.keepAlive
    request.clientKeepAlive = keepAlive
    if (head.survey.bindsConnection) origin.unshareable = true
    if (request.recorded !== undefined) recordAnswer(request.recorded, read, answer.consumed, now)
    origin.inbox.consume(answer.consumed)
    client.write(answer.reply)
    client.write(answer.rest)
    if (answer.body.done) owner.answered(origin, now)
  }

  private passBody(origin: OriginConnection, body: Body, recorded: RecordedMessage | undefined): void {
    const { client, context } = this.owner
    const view = origin.inbox.view()
    const bytes = body.pass(view, 0)
    recorded?.carried(view, 0, body.consumed, performance.now())
    origin.inbox.consume(body.consumed)
    if (body.problem !== undefined) return void this.fail(refusal("response-malformed", body.problem))
    const { length } = view
    client.write(bytes)
    if (client.tail === undefined && origin.inbox.length === 0) {
      releaseOwn(bytes, view)
      if (length >= spliceFrom) {
        const moved = spliceBody(context, origin.end, client.end, body, recorded)
        if (typeof moved === "string") return origin.closed(origin.end, moved)
        if (moved !== undefined) client.write(moved)
      }
    }
    if (body.done) this.owner.answered(origin, performance.now())
  }

  /** Always false, for its callers. */
  private fail(refused: Refusal): false {
    this.owner.fail(refused, "target")
    return false
  }
}

/** Tells of an answer's head, and what of its body came with that. */
const recordAnswer = (
  { response }: RecordedMessages,
  { bytes, end, head }: Parsed<ResponseHead>,
  consumed: number,
  now: number,
): void => {
  response.begin(bytes, end, head.bodyLength, now)
  response.carried(bytes, end, consumed, now)
}

/**
 * Whether the client can go on behind this answer, as far as that depends on the two messages: where the answer ends
 * with the connection it can't. Where the request is not whole yet the client has to send the rest first; it may not do
 * so where it was waiting for a 100, or where the origin closes.
 */
const permitsKeepAlive = (head: ResponseHead, { prepared }: Transaction): boolean =>
  head.bodyLength !== untilClose && (prepared.body.done || (head.keepAlive && !prepared.expects))

/**
 * Whether this is the 408 of an origin that was tired of waiting for a request, and has crossed with ours (RFC 9110
 * section 15.5.9). Nobody is waiting for it: the connection has closed unanswered.
 */
const isForNobody = (origin: OriginConnection, { interim, started }: Transaction, head: ResponseHead): boolean =>
  head.status === 408 &&
  !head.keepAlive &&
  origin.used &&
  interim === 0 &&
  performance.now() - started < idleAnswerWithin

/**
 * Whether a request may be sent again that a used connection swallowed while it was closing. The next one is a new
 * connection, which is not used: nothing is sent a third time.
 */
const mayRetry = (origin: OriginConnection, { prepared }: Transaction): boolean =>
  origin.used && !origin.answering && prepared.retryable
