/**
 * Exchange: plain HTTP requests of one client connection, one after another, each to the origin that it names.
 *
 * Requests and answers flow through the sockets' own callbacks. Only what takes a decision elsewhere is asked of the
 * exchange's owner: an origin to be dialled, a CONNECT, an upgrade, the end. The rules of RFC 9112 that hold here: answers go
 * back in the order of the requests (9.3.2); a message cut short never looks complete (8); after an error in framing
 * the connection closes (11.2); an origin connection is used again only when both messages on it were whole.
 */
import type { EndedBy } from "../../flow/flow.ts"
import { concat, empty } from "../../protocol/bytes.ts"
import { http } from "../../protocol/detect/protocols.ts"
import { answerOptions } from "../../protocol/http/answer.ts"
import type { Body } from "../../protocol/http/body.ts"
import { forwardResponse } from "../../protocol/http/forward.ts"
import { prepareAnswer, prepareRequest } from "../../protocol/http/prepare.ts"
import { type Read, RequestReader } from "../../protocol/http/reader.ts"
import type { Parsed, RequestHead } from "../../protocol/http/request.ts"
import type { ResponseHead } from "../../protocol/http/response.ts"
import { untilClose } from "../../protocol/http/survey.ts"
import type { Inbox } from "../../protocol/inbox.ts"
import { type Refusal, refusal } from "../../protocol/refusal.ts"
import { refusalReply } from "../../protocol/refusal-reply.ts"
import { formatTarget, type Target } from "../../protocol/target.ts"

import { after, cancel, type Deadline } from "../common/deadline.ts"
import { acknowledgedBy, Delivery, type DeliveryOwner, uncertainBytes } from "../common/delivery.ts"
import type { DrainListener } from "../common/drain-signal.ts"
import type { End, Receiver } from "../common/end.ts"
import type { ExchangeContext, ExchangeOwner, Need } from "./exchange-context.ts"
import { Transaction, noRequest } from "./transaction.ts"
import { releaseBytes, releaseFrom } from "../../system/release-bytes.ts"
import { discard, Linger, type LingerOutcome, lingerTimeout } from "../common/linger.ts"
import { OriginConnection, type OriginOwner } from "./origin-connection.ts"
import { ClientOrigins } from "./client-origins.ts"
import { RequestTimer, type RequestTimerOwner } from "./request-timer.ts"
import { enoughFor } from "../common/progress.ts"
import { type Moved, spliceFrom } from "../splice/splicer.ts"
import type { Cancellable } from "../common/cancellable.ts"

/** Interim answers one request may get: real ones are 100, 102 or 103, a few of them. */
export const maxInterimAnswers = 32

/**
 * Milliseconds after a request was sent on a used connection within which a 408 is not its answer. It was under way
 * already, and an origin that waited for the rest of this request would have waited longer.
 */
export const idleAnswerWithin = 1000

/** Bytes of later requests that are taken in while one is answered; beyond that the client is paused. */
const holdBytes = 64 * 1024

/**
 * Where the exchange stands: it waits for a head; for a connection to an origin; request and answer are under way; the
 * answer was whole first, and the origin takes no more of the request, whose rest is thrown away; the client gets the
 * end of its last answer; it is over.
 */
type State = "head" | "dialling" | "busy" | "discarding" | "closing" | "over"

export class Exchange implements Receiver, OriginOwner, RequestTimerOwner, DrainListener, DeliveryOwner, Cancellable {
  private readonly client: End
  private readonly inbox: Inbox
  private readonly context: ExchangeContext
  private readonly owner: ExchangeOwner
  private state: State = "head"
  private readonly requests: RequestReader
  private readonly timer = new RequestTimer(this)
  /** Runs from the client's FIN on, or for a body that goes on when its request is answered; never for both. */
  private deadline: Deadline | undefined = undefined
  /** What had been acknowledged, or received, when it was armed. */
  private progress = 0
  /** The last request whose answer was passed on, as long as its client may not have all of it. */
  private delivering: Transaction | undefined = undefined
  private delivery: Delivery | undefined = undefined
  /** Closes the client behind that answer. */
  private linger: Linger | undefined = undefined
  /** Bytes of answers that the client has not taken yet. */
  private tail: Uint8Array | undefined = undefined
  private finished: boolean
  private request: Transaction | undefined = undefined
  private origin: OriginConnection | undefined = undefined
  private readonly origins: ClientOrigins
  private keyed: Target | undefined = undefined
  private key = ""
  /** It is being done what can be done with the client's bytes; and there may be more to do. */
  private advancing = false
  private again = false

  /** `inbox` holds what the client has sent so far; `finished` says that its FIN is among it. */
  constructor(client: End, inbox: Inbox, finished: boolean, context: ExchangeContext, owner: ExchangeOwner) {
    this.owner = owner
    this.client = client
    this.inbox = inbox
    this.finished = finished
    this.context = context
    this.origins = new ClientOrigins(context.idleOrigins, context.originPool)
    this.requests = new RequestReader(inbox, context.limits, context.pseudonym)
  }

  /** Serves requests from now on, until it needs what only its owner can give. */
  start(): void {
    this.context.drain.subscribe(this)
    this.client.receiver = this
    this.client.resume()
    this.advance()
    if (this.finished) this.armHalfClose()
  }

  /** Resets every origin, and needs nothing more. */
  cancel(): void {
    if (this.state === "over") return
    this.interrupted("drain", "the connection was ended")
    this.leave()
  }

  /** The connection that was needed, and the address that it goes to. */
  supply(end: End, address: string): void {
    const request = this.request!
    request.connected()
    const { limits, pseudonym } = this.context
    this.send(new OriginConnection(end, address, request.key, this, request.limits, limits, pseudonym))
  }

  /** There is no such connection: the client is told why, and stays when nothing but this request is lost. */
  decline(refused: Refusal): void {
    const request = this.request!
    const close = !request.prepared.body.done || !this.mayKeepAlive(request)
    this.report("proxy", refused.reason, refused)
    const reply = refusalReply(http, refused, { close, body: request.prepared.method !== "HEAD" })
    if (close) return this.over(reply)
    this.state = "head"
    this.toClient(reply)
    this.client.resume()
    this.advance()
  }

  // The client's side.

  data(_: End, chunk: Uint8Array): void {
    this.inbox.add(chunk)
    this.advance()
    // Its client may be somebody else's by now.
    if (this.inbox.length > holdBytes && this.client.receiver === this) this.client.pause()
    this.inbox.keep()
  }

  drain(): void {
    if (this.tail === undefined) return
    const bytes = this.tail
    this.tail = undefined
    this.toClient(bytes)
    if (this.tail !== undefined) return
    if (this.request?.isAnswered === true && !this.request.clientKeepAlive) this.client.shutdown()
    if (this.origin !== undefined) {
      this.origin.end.resume()
      this.originAnswered(this.origin)
    } else this.advance()
  }

  ended(): void {
    this.finished = true
    this.advance()
    this.armHalfClose()
  }

  closed(_: End, code: string | undefined): void {
    this.interrupted("client", code === undefined ? "the client closed" : `the client closed (${code})`)
    this.over(undefined)
  }

  /** Does what can be done with the bytes that the client has sent. A loop: thousands of requests may be here. */
  private advance(): void {
    this.again = true
    if (this.advancing) return
    this.advancing = true
    while (this.again) {
      this.again = false
      this.proceed()
    }
    this.advancing = false
  }

  private proceed(): void {
    switch (this.state) {
      case "head":
        return this.readHead()
      case "busy":
        return this.sendBody()
      case "discarding":
        return this.discardBody()
      case "dialling":
      case "closing":
      case "over":
        return
    }
  }

  private readHead(): void {
    if (this.tail !== undefined) return
    const read = this.requests.read()
    if (read === "nothing") {
      if (this.finished || this.context.drain.active) return this.over(empty)
      this.client.resume()
      // The wait for a next request begins when the last answer was delivered.
      if (this.delivering !== undefined) return
      return this.timer.awaitRequest(this.context.limits().keepAliveTimeout)
    }
    if (read === "partial") {
      // A head without its end is no request: whoever leaves here is owed nothing.
      if (this.finished) return this.over(empty)
      this.client.resume()
      return this.timer.awaitHead(this.context.limits().handshakeTimeout)
    }
    this.timer.end()
    // Who asks for more has what came before, as far as anybody can know.
    this.settleDelivered()
    if ("reason" in read) return this.refuse(read)
    this.inbox.consume(read.skipped)
    this.begin(read)
  }

  idle(): void {
    this.over(empty)
  }

  headLate(): void {
    this.refuse(refusal("request-timeout", "the head did not arrive in time"))
  }

  private begin(read: Read<RequestHead>): void {
    const { head } = read
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
      this.inbox.consume(read.end)
      if (head.minor === 0 || head.survey.close) return this.over(concat(this.tail ?? empty, answerOptions(true)))
      this.toClient(answerOptions(false))
      return this.advance()
    }
    const limits = this.context.limits()
    const prepared = prepareRequest(read, this.context.forwarding, limits)
    if ("reason" in prepared) return this.refuse(prepared)
    const target = workload ?? head.target!
    const key = this.keyOf(target)
    const authority = head.target === undefined || head.target === target ? key : formatTarget(head.target)
    const request = new Transaction(prepared, target, key, authority, limits)
    this.request = request
    this.inbox.consume(prepared.consumed)
    const origin =
      this.origins.take(key, limits, request.started) ??
      (prepared.shareable ? this.context.originPool.take(key) : undefined)
    if (origin !== undefined) return this.send(origin)
    this.state = "dialling"
    this.need({ _tag: "Origin", target })
  }

  /** `host:port`, made once for a target that comes again and again. */
  private keyOf(target: Target): string {
    if (target !== this.keyed) {
      this.keyed = target
      this.key = formatTarget(target)
    }
    return this.key
  }

  private send(origin: OriginConnection): void {
    const { prepared } = this.request!
    this.origin = origin
    this.state = "busy"
    origin.owner = this
    if (!prepared.shareable) origin.unshareable = true
    this.owner.sends(origin)
    origin.send(prepared.bytes)
    this.client.resume()
    this.sendBody()
  }

  /** Passes on what has arrived of the request's body. */
  private sendBody(): void {
    const request = this.request!
    const origin = this.origin!
    if (request.prepared.body.done) return
    if (request.isAnswered && origin.broken) return this.stopSending(origin)
    if (origin.tail !== undefined) return this.client.pause()
    if (this.inbox.length > 0) {
      const view = this.inbox.view()
      const bytes = request.prepared.body.pass(view, 0)
      this.inbox.consume(request.prepared.body.consumed)
      if (request.prepared.body.problem !== undefined) {
        if (request.isAnswered) return this.stopReading(origin)
        return void this.fail(refusal("malformed-request", request.prepared.body.problem), "client")
      }
      const { length } = view
      origin.send(bytes)
      if (origin.tail !== undefined) this.client.pause()
      else if (this.inbox.length === 0) {
        releaseOwn(bytes, view)
        if (length >= spliceFrom && !origin.broken) this.spliceBody(origin, request.prepared.body)
        if (this.state === "over") return
      }
    }
    if (request.prepared.body.done) {
      if (request.isAnswered) this.exchanged(origin)
    } else if (this.finished && this.inbox.length === 0) {
      // The origin must not take a part of a body for all of it.
      if (request.isAnswered) this.stopReading(origin)
      else this.giveUp("the client ended its request early")
    }
  }

  private spliceBody(origin: OriginConnection, body: Body): void {
    const moved = this.splice(this.client, origin.end, body)
    if (typeof moved === "string") return this.closed(this.client, moved)
    if (moved !== undefined) origin.send(moved)
    if (origin.tail !== undefined) this.client.pause()
  }

  /** Much of a body has come, and was taken: what is waiting behind it goes on past us, as far as it is the body's. */
  private splice(from: End, to: End, body: Body): Moved {
    const { received } = from
    const moved = this.context.splicer.move(from, to, body.verbatim)
    body.skip(from.received - received)
    return moved
  }

  // An answer that is whole before its request (RFC 9110 section 7.5, RFC 9112 section 9.6): who still sends is read on,
  // for a reset would destroy the answer; and an origin that reads on gets it all.

  /** The origin takes no more of it. The rest is thrown away, so that the client can read what it was answered. */
  private stopSending(origin: OriginConnection): void {
    this.origin = undefined
    origin.abort()
    if (!this.request!.clientKeepAlive) return this.exchangedLast()
    this.state = "discarding"
    this.advance()
  }

  /** The client stopped in the middle of it, which is its right: it has its answer. */
  private stopReading(origin: OriginConnection): void {
    this.origin = undefined
    origin.abort()
    this.exchangedLast()
  }

  private discardBody(): void {
    const { body } = this.request!.prepared
    while (!body.done && body.problem === undefined && this.inbox.length > 0) {
      body.pass(this.inbox.view(), 0)
      this.inbox.consume(body.consumed)
    }
    if (body.problem !== undefined || (this.finished && !body.done)) return this.exchangedLast()
    if (!body.done) return this.client.resume()
    this.disarmUpload()
    this.nextRequest()
  }

  /** Bounds a body that goes on behind its answer: a client that sends nothing more is not waited for. */
  private armUpload(): void {
    if (this.finished) return
    this.progress = this.uploaded()
    this.deadline = after(lingerTimeout, uploadStalls, this)
  }

  /** What the client has sent, and what the origin has of it. */
  private uploaded(): number {
    return this.client.received + (this.origin === undefined ? 0 : acknowledgedBy(this.origin.end))
  }

  private disarmUpload(): void {
    if (!this.finished) this.disarm()
  }

  uploadStalls(): void {
    this.deadline = undefined
    const { origin } = this
    const moves = this.uploaded() - this.progress >= enoughFor(lingerTimeout)
    if (!moves && origin?.tail === undefined)
      return origin === undefined ? this.exchangedLast() : this.stopReading(origin)
    this.armUpload()
    // The origin is what it waits for.
    if (!moves) this.stopSending(origin!)
  }

  // The origin's side.

  originDrained(origin: OriginConnection): void {
    if (origin !== this.origin) return
    this.client.resume()
    this.sendBody()
  }

  originAnswered(origin: OriginConnection): void {
    if (origin !== this.origin) {
      // Nothing was asked: whatever this is, the next request must not get it as its answer.
      this.origins.forget(origin)
      return origin.abort()
    }
    while (origin === this.origin && this.tail === undefined && origin.inbox.length > 0) {
      // More than its answer: whatever this is, nobody asked for it.
      if (this.request!.isAnswered) return this.stopSending(origin)
      if (this.request!.answer === undefined) {
        if (!this.readAnswerHead(origin)) break
      } else this.passAnswer(origin, this.request!.answer)
    }
    if (origin !== this.origin) return
    if (this.tail !== undefined) origin.end.pause()
    else if (origin.finished) this.originFinished(origin)
  }

  /** Reads one head; false when it is not there yet, or when the exchange is over. */
  private readAnswerHead(origin: OriginConnection): boolean {
    const read = origin.answers.read(this.request!.prepared.method)
    if (read === "partial") return false
    if ("reason" in read) return this.fail(read)
    if (read.head.status === 101) return this.switchProtocols(origin, read)
    if (read.head.status < 200) return this.passInterim(origin, read)
    if (this.isForNobody(origin, read.head)) {
      origin.answering = false
      this.originFinished(origin)
      return false
    }
    this.beginAnswer(origin, read)
    return true
  }

  private passInterim(origin: OriginConnection, { bytes, end, head, fields }: Parsed<ResponseHead>): boolean {
    const request = this.request!
    if (++request.interim > maxInterimAnswers) return this.fail(refusal("response-malformed", "too many 1xx answers"))
    const form = { close: false, upgrade: false, chunks: true }
    const reply = forwardResponse(bytes, end, head, fields, this.context.forwarding, form, empty)
    origin.inbox.consume(end)
    // HTTP/1.0 knows no interim answers (RFC 9110 section 15.2).
    if (request.prepared.minor === 1) this.toClient(reply)
    return true
  }

  private switchProtocols(origin: OriginConnection, { bytes, end, head, fields }: Parsed<ResponseHead>): boolean {
    const request = this.request!
    if (!request.prepared.upgrade) return this.fail(refusal("response-malformed", "101 that was not asked for"))
    const form = { close: false, upgrade: true, chunks: true }
    const reply = forwardResponse(bytes, end, head, fields, this.context.forwarding, form, bytes.subarray(end))
    const now = performance.now()
    request.status = 101
    request.answering(now)
    request.whole(now)
    this.request = undefined
    this.owner.answered(request)
    this.origin = undefined
    this.leave()
    const toTarget = this.inbox.take()
    this.need({ _tag: "Upgraded", origin: origin.end, toClient: reply, toTarget, finished: this.finished })
    return false
  }

  private beginAnswer(origin: OriginConnection, read: Parsed<ResponseHead>): void {
    const { head } = read
    const request = this.request!
    const clientKeepAlive = this.answerKeepsClient(head, request) && this.mayKeepAlive(request)
    const { forwarding, limits } = this.context
    const answer = prepareAnswer(read, request.prepared, clientKeepAlive, forwarding, limits())
    if ("reason" in answer) return void this.fail(answer)
    const now = performance.now()
    request.status = head.status
    request.answering(now)
    request.answer = answer.body
    request.framing = head.bodyLength
    request.originKeepAlive = head.keepAlive
    if (head.survey.bindsConnection) origin.unshareable = true
    request.clientKeepAlive = clientKeepAlive
    origin.inbox.consume(answer.consumed)
    this.toClient(answer.reply)
    this.toClient(answer.rest)
    if (answer.body.done) this.answered(origin, now)
  }

  private passAnswer(origin: OriginConnection, answer: Body): void {
    const view = origin.inbox.view()
    const bytes = answer.pass(view, 0)
    origin.inbox.consume(answer.consumed)
    if (answer.problem !== undefined) return void this.fail(refusal("response-malformed", answer.problem))
    const { length } = view
    this.toClient(bytes)
    if (this.tail === undefined && origin.inbox.length === 0) {
      releaseOwn(bytes, view)
      if (length >= spliceFrom) {
        const moved = this.splice(origin.end, this.client, answer)
        if (typeof moved === "string") return origin.closed(origin.end, moved)
        if (moved !== undefined) this.toClient(moved)
      }
    }
    if (answer.done) this.answered(origin, performance.now())
  }

  /**
   * Whether the client can go on behind this answer, as far as that depends on the two messages: where the answer ends
   * with the connection it can't. Where the request is not whole yet the client has to send the rest first; it may not do
   * so where it was waiting for a 100, or where the origin closes.
   */
  private answerKeepsClient(head: ResponseHead, { prepared }: Transaction): boolean {
    return head.bodyLength !== untilClose && (prepared.body.done || (head.keepAlive && !prepared.expects))
  }

  /** The answer is whole, `now`. */
  private answered(origin: OriginConnection, now: number): void {
    const request = this.request!
    request.whole(now)
    request.isAnswered = true
    request.endsAt = this.client.sent + (this.tail?.length ?? 0)
    if (request.prepared.body.done) return this.exchanged(origin)
    if (!request.clientKeepAlive && this.tail === undefined) this.client.shutdown()
    this.armUpload()
    if (origin.broken) this.stopSending(origin)
  }

  /** Request and answer are whole. */
  private exchanged(origin: OriginConnection): void {
    const request = this.request!
    this.origin = undefined
    this.disarmUpload()
    const clean = origin.inbox.length === 0 && origin.tail === undefined
    if (clean && request.originKeepAlive && !origin.finished && !origin.broken)
      this.origins.rest(origin, request.wholeAt)
    else origin.release()
    if (request.clientKeepAlive) this.nextRequest()
    else this.exchangedLast()
  }

  /** The client goes on. */
  private nextRequest(): void {
    const request = this.request!
    this.request = undefined
    this.deliver(request)
    this.state = "head"
    this.advance()
  }

  /** The client is closed behind its answer. */
  private exchangedLast(): void {
    const request = this.request!
    this.request = undefined
    this.deliver(request)
    this.close(this.tail ?? empty)
  }

  // What the client has of its answers. A request is reported when that is known.

  private deliver(request: Transaction): void {
    const { client } = this
    // Nearly always, and it costs a call to know more.
    if (this.tail === undefined && request.bytesOut < uncertainBytes) return this.owner.answered(request)
    this.delivering = request
    if (this.tail === undefined && client.unacknowledged() === 0) this.settleDelivered()
    else this.delivery = new Delivery(client, request.endsAt, this.context.limits().halfCloseTimeout, this)
  }

  delivered(): void {
    this.settleDelivered()
    if (this.state === "head") return this.advance()
    // An idle client is owed nothing: a drain does not wait until it has closed as well.
    if (this.state === "closing" && this.context.drain.active) this.hasClosed("delivered")
  }

  private settleDelivered(): void {
    const { delivering } = this
    if (delivering === undefined) return
    this.delivery?.cancel()
    this.delivery = undefined
    this.delivering = undefined
    this.owner.answered(delivering)
  }

  stalled(): void {
    if (this.state === "closing") return
    this.interrupted("timeout", "the client took no more of its answer")
    this.leave()
    // What the kernel holds is whole.
    if (this.tail === undefined) this.client.shutdown()
    this.client.detach()
    this.need({ _tag: "Closed" })
  }

  /** The client is gone, or will be: says what became of its last answer, and of what is under way. */
  private interrupted(by: EndedBy, why: string): void {
    const { request } = this
    if (request?.isAnswered === true) {
      this.request = undefined
      this.delivering = request
    }
    this.delivery?.cancel()
    this.delivery = undefined
    this.linger?.cancel()
    const { delivering, client } = this
    this.delivering = undefined
    if (delivering !== undefined) {
      if (client.sent - client.unacknowledged() < delivering.endsAt) delivering.end(by, "data", why, undefined)
      this.owner.answered(delivering)
    }
    this.report(by, why)
  }

  /** Closes the client behind `reply`; waits for it where it may not get all of its last answer. */
  private close(reply: Uint8Array): void {
    if (this.delivering === undefined) return this.over(reply)
    this.leave()
    this.state = "closing"
    this.linger = new Linger(this.client, this.context.limits().halfCloseTimeout, {
      closed: (outcome) => this.hasClosed(outcome),
    })
    this.linger.start(reply)
  }

  private hasClosed(outcome: LingerOutcome): void {
    if (this.state === "over") return
    this.state = "over"
    const { delivering } = this
    if (outcome === "left")
      delivering?.end("client", "data", "the client left before it had all of its answer", undefined)
    if (outcome === "timeout") delivering?.end("timeout", "data", "the client took no more of its answer", undefined)
    this.settleDelivered()
    this.need({ _tag: "Closed" })
  }

  originEnded(origin: OriginConnection): void {
    if (origin === this.origin) return this.originFinished(origin)
    this.origins.forget(origin)
    origin.release()
  }

  /** The origin will send no more, and what it sent was passed on as far as it goes. */
  private originFinished(origin: OriginConnection): void {
    const request = this.request!
    const { code } = origin
    if (request.isAnswered) {
      // It may still read, after its FIN.
      if (origin.broken) this.stopSending(origin)
      return
    }
    if (request.answer === undefined) {
      if (this.retry(origin)) return
      const reason = origin.answering ? "response-incomplete" : "connection-terminated"
      return void this.fail(refusal(reason, code ?? "closed before it answered"))
    }
    // The client is behind: the rest of the answer is still here.
    if (this.tail !== undefined && origin.inbox.length > 0 && code === undefined) return
    if (request.framing === untilClose && code === undefined) this.answered(origin, performance.now())
    else this.cutShort(code)
  }

  /**
   * Whether this is the 408 of an origin that was tired of waiting for a request, and has crossed with ours (RFC 9110
   * section 15.5.9). Nobody is waiting for it: the connection has closed unanswered.
   */
  private isForNobody(origin: OriginConnection, head: ResponseHead): boolean {
    const { interim, started } = this.request!
    if (head.status !== 408 || head.keepAlive || !origin.used || interim > 0) return false
    return performance.now() - started < idleAnswerWithin
  }

  /** Sends a request again that a used connection swallowed while it was closing. */
  private retry(origin: OriginConnection): boolean {
    const request = this.request!
    if (!origin.used || origin.answering || request.retried || !request.prepared.retryable) return false
    request.retried = true
    this.origin = undefined
    origin.abort()
    this.state = "dialling"
    this.need({ _tag: "Origin", target: request.origin })
    return true
  }

  /** The answer ends before it is whole: the client must see that it does. */
  private cutShort(code: string | undefined): void {
    const request = this.request!
    this.report("target", code ?? "the origin ended its answer early")
    // A FIN is enough where the client counts bytes or chunks; elsewhere only a reset tells.
    const counts = request.framing !== untilClose && request.prepared.minor === 1
    this.over(code === undefined && counts ? (this.tail ?? empty) : undefined)
  }

  // Ends.

  /** Ends the exchange for what the origin, or the client within a body, did. Always false, for its callers. */
  private fail(refused: Refusal, by: EndedBy = "target"): false {
    const { answer, prepared } = this.request!
    this.report(by, refused.reason, refused)
    if (answer !== undefined) this.over(undefined)
    else
      this.over(
        concat(this.tail ?? empty, refusalReply(http, refused, { close: true, body: prepared.method !== "HEAD" })),
      )
    return false
  }

  /** A client that has ended may be gone: an origin that never answers must not keep both connections for ever. */
  private armHalfClose(): void {
    if (this.state === "over" || this.state === "closing") return
    this.disarm()
    this.progress = this.acknowledged()
    this.deadline = after(this.context.limits().halfCloseTimeout, halfCloseExpires, this)
  }

  private acknowledged(): number {
    return acknowledgedBy(this.client) + (this.origin === undefined ? 0 : acknowledgedBy(this.origin.end))
  }

  halfCloseExpires(): void {
    const { progress } = this
    this.armHalfClose()
    // A dial has a deadline of its own.
    if (this.state === "dialling") return
    if (this.progress - progress >= enoughFor(this.context.limits().halfCloseTimeout)) return
    this.report("timeout", "the client had ended, and its answer did not")
    this.over(undefined)
  }

  private disarm(): void {
    cancel(this.deadline)
    this.deadline = undefined
  }

  private giveUp(why: string): void {
    this.report("client", why)
    this.over(undefined)
  }

  /** Ends the exchange for a head that is no request. */
  private refuse(refused: Refusal): void {
    this.owner.answered(noRequest(refused))
    this.over(concat(this.tail ?? empty, refusalReply(http, refused)))
  }

  private over(reply: Uint8Array | undefined): void {
    if (this.state === "over" || this.state === "closing") return
    if (this.delivering !== undefined && reply !== undefined) return this.close(reply)
    this.interrupted("proxy", "the connection was reset")
    this.leave()
    this.need({ _tag: "Over", reply })
  }

  /** Lets go of everything but the client. */
  private leave(): void {
    this.state = "over"
    this.timer.end()
    this.disarm()
    this.context.drain.unsubscribe(this)
    const { origin: current } = this
    this.origin = undefined
    current?.abort()
    this.origins.giveBack()
  }

  private need(need: Need): void {
    this.owner.needs(need)
  }

  /** An idle client is owed nothing: it sees a FIN, and the drain does not wait until it has closed as well. */
  drained(): void {
    if (this.state !== "head" || this.inbox.length > 0 || this.tail !== undefined) return
    if (this.delivering !== undefined) return this.close(empty)
    this.leave()
    discard(this.client, this.context.limits().halfCloseTimeout)
    this.need({ _tag: "Closed" })
  }

  /**
   * Whether the client may send another request behind this one. HTTP/1.0 may not, through a proxy (RFC 9112 C.2.2);
   * in a drain none may but those that are here already.
   */
  private mayKeepAlive(request: Transaction): boolean {
    const lastOfDrain = this.context.drain.active && this.inbox.length === 0
    return request.prepared.minor === 1 && !request.prepared.wantsClose && !lastOfDrain
  }

  private toClient(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    if (this.tail !== undefined) {
      this.tail = concat(this.tail, bytes)
      return
    }
    const count = this.client.write(bytes)
    if (count >= 0 && count < bytes.length) this.tail = bytes.slice(count)
  }

  /** The request that is under way, if there is one, was not answered in full. */
  private report(endedBy: EndedBy, error: string, refused?: Refusal): void {
    const request = this.request
    if (request === undefined) return
    this.request = undefined
    const phase = this.state === "dialling" ? "dial" : "data"
    request.end(endedBy, phase, error, refused)
    this.owner.answered(request)
  }
}

/** What was sent, unless it is a part of what it was made from, which is not ours. */
const releaseOwn = (sent: Uint8Array, source: Uint8Array): void => {
  if (sent.length >= releaseFrom && sent.buffer !== source.buffer) releaseBytes(sent)
}

const halfCloseExpires = (exchange: Exchange): void => exchange.halfCloseExpires()
const uploadStalls = (exchange: Exchange): void => exchange.uploadStalls()
