/**
 * Exchange: plain HTTP requests of one client connection, one after another, each to the origin that it names.
 *
 * Requests and answers flow through the sockets' own callbacks. Only what takes a decision elsewhere ends the wait in
 * `next`: an origin to be dialled, a CONNECT, an upgrade, the end. The rules of RFC 9112 that hold here: answers go
 * back in the order of the requests (9.3.2); a message cut short never looks complete (8); after an error in framing
 * the connection closes (11.2); an origin connection is used again only when both messages on it were whole.
 */
import * as Effect from "effect/Effect"

import type { Answered } from "../observe/answered.ts"
import { concat, empty } from "../protocol/bytes.ts"
import { answerOptions, answerRefusal } from "../protocol/http/answer.ts"
import { AuthorityMemo } from "../protocol/http/authority.ts"
import type { Body } from "../protocol/http/body.ts"
import { hopeless, overlong } from "../protocol/http/connect.ts"
import { Fields } from "../protocol/http/fields.ts"
import { type Forwarding, forwardResponse } from "../protocol/http/forward.ts"
import { prepareAnswer, prepareRequest } from "../protocol/http/prepare.ts"
import { type HeadLimits, parseRequest, type RequestHead } from "../protocol/http/request.ts"
import { parseResponse, type ResponseHead } from "../protocol/http/response.ts"
import { bareLineFeed, findHeadEnd, incomplete, leadingEmptyLines } from "../protocol/http/scan.ts"
import { untilClose } from "../protocol/http/survey.ts"
import type { Inbox } from "../protocol/inbox.ts"
import { type Refusal, refusal } from "../protocol/refusal.ts"
import { formatTarget, type Target } from "../protocol/target.ts"

import { after, cancel, type Deadline } from "./deadline.ts"
import type { Drain } from "./drain.ts"
import type { End, Receiver } from "./end.ts"
import type { IdleOrigins } from "./idle-origins.ts"
import { discard } from "./linger.ts"
import { Exchanged } from "./exchanged.ts"
import { Origin, type OriginOwner } from "./origin.ts"
import { OwnOrigins } from "./own-origins.ts"

/** Interim answers one request may get: real ones are 100, 102 or 103, a few of them. */
export const maxInterimAnswers = 32

/** Bytes of later requests that are taken in while one is answered; beyond that the client is paused. */
const holdBytes = 64 * 1024

const fields = new Fields()

/** What an exchange has to know besides its client. Limits are read when they are used: a reload changes them. */
export interface ExchangeContext {
  readonly direction: "inbound" | "outbound"
  /** Where every request goes whatever it names, for an inbound exchange. */
  readonly workload: Target | undefined
  readonly limits: () => ExchangeLimits
  readonly pseudonym: string
  readonly forwarding: Forwarding
  readonly drain: Drain
  readonly idleOrigins: IdleOrigins
  /** Called once for every request, when its answer is over. */
  readonly answered: (answered: Answered) => void
}

export interface ExchangeLimits {
  /** Milliseconds for a whole head, from its first byte. */
  readonly handshakeTimeout: number
  /** Milliseconds between requests. */
  readonly keepAliveTimeout: number
  readonly maxHeadBytes: number
  readonly maxHeadFields: number
}

/** What an exchange cannot do by itself. */
export type Need =
  /** Connect to `target`, then `supply` the connection or `decline` with the reason. */
  | { readonly _tag: "Origin"; readonly target: Target }
  /** The client's next request is a CONNECT, whole in its inbox: the connection goes on as a handshake. */
  | { readonly _tag: "Connect"; readonly finished: boolean }
  /** The origin agreed to switch protocols: what follows is a tunnel. */
  | {
      readonly _tag: "Upgraded"
      readonly origin: End
      readonly toClient: Uint8Array
      readonly toTarget: Uint8Array
      readonly finished: boolean
    }
  /** Nothing: the client is being closed. */
  | { readonly _tag: "Closed" }
  /** Close the client in order behind `words`, or reset it where there are none. */
  | { readonly _tag: "Over"; readonly words: Uint8Array | undefined }

type State = "head" | "dialling" | "busy" | "over"

export class Exchange implements Receiver, OriginOwner {
  private readonly client: End
  private readonly inbox: Inbox
  private readonly context: ExchangeContext
  private state: State = "head"
  private resume: ((need: Effect.Effect<Need>) => void) | undefined = undefined
  /** What was needed while nobody waited for it. */
  private unmet: Need | undefined = undefined
  private searched = 0
  private deadline: Deadline | undefined = undefined
  private deadlineIs: "idle" | "head" | undefined = undefined
  /** Bytes of answers that the client has not taken yet. */
  private tail: Uint8Array | undefined = undefined
  private finished: boolean
  private request: Exchanged | undefined = undefined
  private origin: Origin | undefined = undefined
  /**
   * The connection that answered last. It waits as long as the client does and ends with it, so it needs no deadline
   * of its own; and it is the one that max-connections allows for every client, so it need not make room for others.
   */
  private resting: Origin | undefined = undefined
  private readonly idle: OwnOrigins
  private readonly headLimits: HeadLimits
  private keyed: Target | undefined = undefined
  private key = ""
  private readonly abandon: () => void
  private readonly onDrain = (): void => this.drained()

  /**
   * `inbox` holds what the client has sent so far; `finished` says that its FIN is among it. `abandon` is called when
   * the client goes while a connection that it needed is being made.
   */
  constructor(client: End, inbox: Inbox, finished: boolean, context: ExchangeContext, abandon: () => void) {
    this.abandon = abandon
    this.client = client
    this.inbox = inbox
    this.finished = finished
    this.context = context
    this.idle = new OwnOrigins(context.idleOrigins)
    const { limits, pseudonym } = context
    this.headLimits = {
      get maxHeadFields() {
        return limits().maxHeadFields
      },
      pseudonym,
      authority: new AuthorityMemo(),
    }
    context.drain.subscribe(this.onDrain)
  }

  /** Serves requests until something is needed. Interrupting it resets the client and every origin. */
  readonly next: Effect.Effect<Need> = Effect.callback<Need>((resume) => {
    const { unmet } = this
    if (unmet !== undefined) return resume(Effect.succeed(unmet))
    this.resume = resume
    this.client.receiver = this
    this.client.resume()
    this.advance()
    return Effect.sync(() => {
      this.report("the connection was ended")
      this.over(undefined)
    })
  })

  /** The connection that was needed. */
  supply(end: End): void {
    this.send(new Origin(end, this.request!.key, this))
  }

  /** There is no such connection: the client is told why, and stays when nothing but this request is lost. */
  decline(refused: Refusal): void {
    const request = this.request!
    const close = !request.prepared.body.done || !this.mayStay(request)
    this.report(refused.reason, refused)
    this.request = undefined
    const words = answerRefusal(refused, { close, body: request.prepared.method !== "HEAD" })
    if (close) return this.over(words)
    this.state = "head"
    this.toClient(words)
  }

  // The client's side.

  data(_: End, chunk: Uint8Array): void {
    this.inbox.add(chunk)
    this.advance()
    if (this.inbox.length > holdBytes) this.client.pause()
  }

  drain(): void {
    if (this.tail === undefined) return
    const bytes = this.tail
    this.tail = undefined
    this.toClient(bytes)
    if (this.tail !== undefined) return
    if (this.origin !== undefined) {
      this.origin.end.resume()
      this.originAnswered(this.origin)
    } else this.advance()
  }

  ended(): void {
    this.finished = true
    this.advance()
  }

  closed(_: End, code: string | undefined): void {
    this.report(code === undefined ? "the client closed" : `the client closed (${code})`)
    const dialling = this.state === "dialling"
    this.over(undefined)
    if (dialling) this.abandon()
  }

  /** Does what can be done with the bytes that the client has sent. */
  private advance(): void {
    switch (this.state) {
      case "head":
        return this.readHead()
      case "busy":
        return this.sendBody()
      case "dialling":
      case "over":
        return
    }
  }

  private readHead(): void {
    if (this.tail !== undefined) return
    const view = this.inbox.view()
    // They stay in the inbox until a head follows: what is not a request must not look like progress.
    const skip = leadingEmptyLines(view)
    if (skip === view.length) {
      if (this.finished || this.context.drain.active) return this.over(empty)
      this.client.resume()
      return this.wait("idle")
    }
    const limits = this.context.limits()
    const bytes = skip === 0 ? view : view.subarray(skip)
    const end = findHeadEnd(bytes, Math.max(0, this.searched - skip))
    if (end === bareLineFeed) return this.refuse(refusal("malformed-request", "a line ends without CRLF"))
    const { maxHeadBytes } = limits
    const refused = end === incomplete ? hopeless(bytes, maxHeadBytes) : overlong(bytes, maxHeadBytes, end)
    if (refused !== undefined) return this.refuse(refused)
    if (end === incomplete) {
      // A head without its end is no request: whoever leaves here is owed nothing.
      if (this.finished) return this.over(empty)
      this.searched = view.length
      this.client.resume()
      return this.wait("head")
    }
    this.searched = 0
    this.settle()
    const head = parseRequest(bytes, end, fields, this.headLimits)
    if ("reason" in head) return this.refuse(head)
    this.inbox.consume(skip)
    this.begin(bytes, end, head)
  }

  private begin(bytes: Uint8Array, end: number, head: RequestHead): void {
    const { workload, direction } = this.context
    if (head.form === "authority") {
      this.leave()
      return this.need({ _tag: "Connect", finished: this.finished })
    }
    if (head.method === "TRACE") return this.refuse(refusal("method-not-allowed", "TRACE"))
    if (direction === "outbound" && head.form !== "absolute") {
      return this.refuse(refusal("origin-form-request", "origin-form on a forward proxy"))
    }
    if (head.method === "OPTIONS" && head.survey.maxForwards === 0 && head.bodyLength === 0) {
      this.inbox.consume(end)
      if (head.minor === 0 || head.survey.close) return this.over(concat(this.tail ?? empty, answerOptions(true)))
      this.toClient(answerOptions(false))
      return this.advance()
    }
    const prepared = prepareRequest({ bytes, end, head, fields }, this.context.forwarding, this.context.limits())
    if ("reason" in prepared) return this.refuse(prepared)
    const target = workload ?? head.target!
    const key = this.keyOf(target)
    const authority = head.target === undefined || head.target === target ? key : formatTarget(head.target)
    this.request = new Exchanged(prepared, target, key, authority)
    this.inbox.consume(prepared.consumed)
    const origin = this.takeOrigin(key)
    if (origin !== undefined) return this.send(origin)
    this.state = "dialling"
    this.need({ _tag: "Origin", target })
  }

  /** The connection that rests, or another one to the same origin; one that rests for nothing joins the others. */
  private takeOrigin(key: string): Origin | undefined {
    const { resting } = this
    this.resting = undefined
    if (resting?.key === key) return resting
    if (resting !== undefined) this.idle.keep(resting, this.context.limits().keepAliveTimeout)
    return this.idle.take(key)
  }

  /** `host:port`, made once for a target that comes again and again. */
  private keyOf(target: Target): string {
    if (target !== this.keyed) {
      this.keyed = target
      this.key = formatTarget(target)
    }
    return this.key
  }

  private send(origin: Origin): void {
    this.origin = origin
    this.state = "busy"
    origin.send(this.request!.prepared.bytes)
    this.client.resume()
    this.sendBody()
  }

  /** Passes on what has arrived of the request's body. */
  private sendBody(): void {
    const request = this.request!
    const origin = this.origin!
    if (request.prepared.body.done) return
    if (origin.tail !== undefined) return this.client.pause()
    if (this.inbox.length > 0) {
      const bytes = request.prepared.body.pass(this.inbox.view(), 0)
      this.inbox.consume(request.prepared.body.consumed)
      if (request.prepared.body.problem !== undefined) {
        return void this.fail(refusal("malformed-request", request.prepared.body.problem))
      }
      origin.send(bytes)
      if (origin.tail !== undefined) this.client.pause()
    }
    // The origin must not take a part of a body for all of it.
    if (this.finished && !request.prepared.body.done && this.inbox.length === 0)
      this.giveUp("the client ended its request early")
  }

  // The origin's side.

  originDrained(origin: Origin): void {
    if (origin !== this.origin) return
    this.client.resume()
    this.sendBody()
  }

  originAnswered(origin: Origin): void {
    if (origin !== this.origin) {
      // Nothing was asked: whatever this is, the next request must not get it as its answer.
      this.forget(origin)
      return origin.abort()
    }
    while (origin === this.origin && this.tail === undefined && origin.inbox.length > 0) {
      if (this.request!.answer === undefined) {
        if (!this.readAnswerHead(origin)) break
      } else this.passAnswer(origin, this.request!.answer)
    }
    if (origin !== this.origin) return
    if (this.tail !== undefined) origin.end.pause()
    else if (origin.finished) this.originFinished(origin)
  }

  /** Reads one head; false when it is not there yet, or when the exchange is over. */
  private readAnswerHead(origin: Origin): boolean {
    const limits = this.context.limits()
    const bytes = origin.inbox.view()
    const end = findHeadEnd(bytes, origin.searched)
    if (end === bareLineFeed) return this.fail(refusal("response-malformed", "a line ends without CRLF"))
    if ((end === incomplete ? bytes.length : end) > limits.maxHeadBytes) {
      return this.fail(refusal("response-too-large", `head over ${limits.maxHeadBytes} bytes`))
    }
    if (end === incomplete) {
      origin.searched = bytes.length
      return false
    }
    origin.searched = 0
    const request = this.request!
    const head = parseResponse(bytes, end, fields, this.headLimits, request.prepared.method)
    if ("reason" in head) return this.fail(head)
    if (head.status === 101) return this.switchProtocols(origin, bytes, end, head)
    if (head.status < 200) return this.passInterim(origin, bytes, end, head)
    this.beginAnswer(origin, bytes, end, head)
    return true
  }

  private passInterim(origin: Origin, bytes: Uint8Array, end: number, head: ResponseHead): boolean {
    const request = this.request!
    if (++request.interim > maxInterimAnswers) return this.fail(refusal("response-malformed", "too many 1xx answers"))
    const form = { close: false, upgrade: false, chunks: true }
    const words = forwardResponse(bytes, end, head, fields, this.context.forwarding, form, empty)
    origin.inbox.consume(end)
    // HTTP/1.0 knows no interim answers (RFC 9110 section 15.2).
    if (request.prepared.minor === 1) this.toClient(words)
    return true
  }

  private switchProtocols(origin: Origin, bytes: Uint8Array, end: number, head: ResponseHead): boolean {
    const request = this.request!
    if (!request.prepared.upgrade) return this.fail(refusal("response-malformed", "101 that was not asked for"))
    const form = { close: false, upgrade: true, chunks: true }
    const words = forwardResponse(bytes, end, head, fields, this.context.forwarding, form, bytes.subarray(end))
    request.status = 101
    this.report(undefined)
    this.origin = undefined
    this.leave()
    const toTarget = this.inbox.take()
    this.need({ _tag: "Upgraded", origin: origin.end, toClient: words, toTarget, finished: this.finished })
    return false
  }

  private beginAnswer(origin: Origin, bytes: Uint8Array, end: number, head: ResponseHead): void {
    const request = this.request!
    const stays = request.prepared.body.done && head.bodyLength !== untilClose && this.mayStay(request)
    const { forwarding, limits } = this.context
    const answer = prepareAnswer({ bytes, end, head, fields }, request.prepared, stays, forwarding, limits())
    if ("reason" in answer) return void this.fail(answer)
    request.status = head.status
    request.answer = answer.body
    request.framing = head.bodyLength
    request.originStays = head.persistent
    request.clientStays = stays
    origin.inbox.consume(answer.consumed)
    this.toClient(answer.words)
    this.toClient(answer.rest)
    if (answer.body.done) this.answered(origin)
  }

  private passAnswer(origin: Origin, answer: Body): void {
    const bytes = answer.pass(origin.inbox.view(), 0)
    origin.inbox.consume(answer.consumed)
    if (answer.problem !== undefined) return void this.fail(refusal("response-malformed", answer.problem))
    this.toClient(bytes)
    if (answer.done) this.answered(origin)
  }

  /** The answer is whole. */
  private answered(origin: Origin): void {
    const request = this.request!
    this.report(undefined)
    this.origin = undefined
    this.request = undefined
    const clean = request.prepared.body.done && origin.inbox.length === 0 && origin.tail === undefined
    if (clean && request.originStays && !origin.finished && !origin.broken && request.clientStays) {
      origin.rest()
      this.resting = origin
    } else if (request.prepared.body.done) origin.release()
    else origin.abort()
    if (!request.clientStays) return this.over(this.tail ?? empty)
    this.state = "head"
    this.advance()
  }

  originEnded(origin: Origin): void {
    if (origin === this.origin) return this.originFinished(origin)
    this.forget(origin)
    origin.release()
  }

  /** The origin will send no more, and what it sent was passed on as far as it goes. */
  private originFinished(origin: Origin): void {
    const request = this.request!
    const { code } = origin
    if (request.answer === undefined) {
      if (this.retry(origin)) return
      const reason = origin.answering ? "response-incomplete" : "connection-terminated"
      return void this.fail(refusal(reason, code ?? "closed before it answered"))
    }
    // The client is behind: the rest of the answer is still here.
    if (this.tail !== undefined && origin.inbox.length > 0 && code === undefined) return
    if (request.framing === untilClose && code === undefined) this.answered(origin)
    else this.cutShort(code)
  }

  /** Sends a request again that a used connection swallowed while it was closing. */
  private retry(origin: Origin): boolean {
    const request = this.request!
    if (!origin.used || origin.answering || request.retried || !request.prepared.retryable) return false
    request.retried = true
    this.origin = undefined
    origin.abort()
    this.state = "dialling"
    this.need({ _tag: "Origin", target: request.target })
    return true
  }

  /** The answer ends before it is whole: the client must see that it does. */
  private cutShort(code: string | undefined): void {
    const request = this.request!
    this.report(code ?? "the origin ended its answer early")
    // A FIN is enough where the client counts bytes or chunks; elsewhere only a reset tells.
    const counts = request.framing !== untilClose && request.prepared.minor === 1
    this.over(code === undefined && counts ? (this.tail ?? empty) : undefined)
  }

  // Ends.

  /** Ends the exchange for what the origin, or the client within a body, did. Always false, for its callers. */
  private fail(refused: Refusal): false {
    const request = this.request!
    this.report(refused.reason, refused)
    if (request.answer !== undefined) this.over(undefined)
    else
      this.over(
        concat(this.tail ?? empty, answerRefusal(refused, { close: true, body: request.prepared.method !== "HEAD" })),
      )
    return false
  }

  private giveUp(why: string): void {
    this.report(why)
    this.over(undefined)
  }

  /** Ends the exchange for a head that is no request. */
  private refuse(refused: Refusal): void {
    this.context.answered({
      method: "-",
      authority: "-",
      path: "-",
      status: 0,
      refusal: refused,
      started: performance.now(),
      bytesIn: 0,
      bytesOut: 0,
      error: refused.reason,
    })
    this.over(concat(this.tail ?? empty, answerRefusal(refused, { close: true, body: true })))
  }

  private over(words: Uint8Array | undefined): void {
    if (this.state === "over") return
    this.leave()
    this.need({ _tag: "Over", words })
  }

  /** Lets go of everything but the client. */
  private leave(): void {
    this.state = "over"
    this.settle()
    this.context.drain.unsubscribe(this.onDrain)
    const { origin: current } = this
    this.origin = undefined
    current?.abort()
    this.resting?.release()
    this.resting = undefined
    this.idle.releaseAll()
  }

  /** Ends the wait in `next`, or, while nobody waits there, the next one. */
  private need(need: Need): void {
    const { resume } = this
    this.resume = undefined
    if (resume === undefined) this.unmet = need
    else resume(Effect.succeed(need))
  }

  /** An idle client is owed nothing: it sees a FIN, and the drain does not wait until it has closed as well. */
  private drained(): void {
    if (this.state !== "head" || this.inbox.length > 0 || this.tail !== undefined) return
    this.leave()
    discard(this.client)
    this.need({ _tag: "Closed" })
  }

  /**
   * Whether the client may send another request behind this one. HTTP/1.0 may not, through a proxy (RFC 9112 C.2.2);
   * in a drain none may but those that are here already.
   */
  private mayStay(request: Exchanged): boolean {
    const lastOfDrain = this.context.drain.active && this.inbox.length === 0
    return request.prepared.minor === 1 && !request.prepared.closes && !lastOfDrain
  }

  private toClient(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    if (this.tail !== undefined) {
      this.tail = concat(this.tail, bytes)
      return
    }
    const count = this.client.write(bytes)
    if (count >= 0 && count < bytes.length) this.tail = count === 0 ? bytes : bytes.subarray(count)
  }

  private forget(origin: Origin): void {
    if (this.resting === origin) this.resting = undefined
    else this.idle.forget(origin)
  }

  /** Arms the deadline for what the client is to do next; one that is armed for the same is left as it is. */
  private wait(what: "idle" | "head"): void {
    // What is left of an empty line must not turn the short deadline of a head into a long one again.
    if (this.deadlineIs === what || this.deadlineIs === "head") return
    this.settle()
    const limits = this.context.limits()
    this.deadlineIs = what
    this.deadline =
      what === "idle"
        ? after(limits.keepAliveTimeout, () => this.over(empty))
        : after(limits.handshakeTimeout, () =>
            this.refuse(refusal("request-timeout", "the head did not arrive in time")),
          )
  }

  private settle(): void {
    cancel(this.deadline)
    this.deadline = undefined
    this.deadlineIs = undefined
  }

  private report(error: string | undefined, refused?: Refusal): void {
    const request = this.request
    if (request === undefined) return
    this.context.answered(request.report(error, refused))
  }
}
