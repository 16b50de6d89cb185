/**
 * Client connection: the client's side of an exchange, as an origin connection is the other. Holds what the client has
 * sent and nobody has consumed, what it has not taken yet, and the one answer of which it may not have everything.
 *
 * An answer counts as delivered when the client's kernel has acknowledged it: its request is reported then, with what
 * has become of it. Nothing of this is asked for an answer that fits into any window.
 */
import type { EndedBy } from "../../flow/flow.ts"
import { concat, empty } from "../../protocol/bytes.ts"
import { type Read, RequestReader } from "../../protocol/http/reader.ts"
import type { RequestHead } from "../../protocol/http/request.ts"
import { type Inbox, maxHeldBytes } from "../../protocol/inbox.ts"
import type { Refusal } from "../../protocol/refusal.ts"

import { Delivery, type DeliveryOwner, uncertainBytes } from "../common/delivery.ts"
import type { End, Receiver } from "../common/end.ts"
import { Linger, type LingerOutcome } from "../common/linger.ts"
import type { ExchangeContext } from "./exchange-context.ts"
import { RequestTimer, type RequestTimerOwner } from "./request-timer.ts"
import type { Transaction } from "./transaction.ts"

/** The exchange that the client belongs to. */
export interface ClientOwner extends RequestTimerOwner {
  /** More is in the inbox. */
  readonly clientSent: () => void
  /** The client has sent its FIN: `finished` is true. */
  readonly clientEnded: () => void
  /** The client has taken its tail. */
  readonly clientDrained: () => void
  /** The kernel has refused what the client had not taken: it is to be reset. */
  readonly clientLost: () => void
  /** The client is gone; a code says that it was not in order. */
  readonly clientClosed: (code: string | undefined) => void
  /** Reports what became of a request. Called once for each that was handed to `deliver`. */
  readonly reported: (request: Transaction) => void
  /** The client has all of its last answer. */
  readonly clientDelivered: () => void
  /** The client took nothing more of its last answer for a half-close timeout. */
  readonly clientStalled: () => void
  /** The close that `closeBehind` began is over. */
  readonly clientLeft: () => void
}

export class ClientConnection implements Receiver, DeliveryOwner {
  readonly end: End
  readonly inbox: Inbox
  /** The client's FIN has arrived. */
  finished: boolean
  /** Bytes of answers that the client has not taken yet. */
  tail: Uint8Array | undefined = undefined
  /** The kernel has refused bytes of an answer: the client lacks them, and is owed no FIN that looks complete. */
  lost = false
  private readonly context: ExchangeContext
  private readonly owner: ClientOwner
  private readonly requests: RequestReader
  private readonly timer: RequestTimer
  /** The last request whose answer was passed on, as long as the client may not have all of it. */
  private delivering: Transaction | undefined = undefined
  private delivery: Delivery | undefined = undefined
  /** Closes the client behind that answer. */
  private linger: Linger | undefined = undefined

  /** `inbox` holds what the client has sent so far; `finished` says that its FIN is among it. */
  constructor(end: End, inbox: Inbox, finished: boolean, context: ExchangeContext, owner: ClientOwner) {
    this.end = end
    this.inbox = inbox
    this.finished = finished
    this.context = context
    this.owner = owner
    this.requests = new RequestReader(inbox, context.limits, context.pseudonym)
    this.timer = new RequestTimer(owner)
  }

  /** Listens to the client from now on. */
  start(): void {
    this.end.receiver = this
    this.end.resume()
  }

  /** Waits for nothing more. */
  stop(): void {
    this.timer.end()
  }

  /** Reads the next request, or waits for it; "over" if none is to come, or to be taken any more. */
  next(): Read<RequestHead> | Refusal | "waiting" | "over" {
    if (this.tail !== undefined) return "waiting"
    const read = this.requests.read()
    if (read === "nothing") return this.finished || this.context.drain.active ? "over" : this.awaitRequest()
    // A head without its end is no request: a client that leaves there is owed nothing.
    if (read === "partial") return this.finished ? "over" : this.awaitHead()
    this.timer.end()
    // A client that asks for more has what came before, as far as anybody can know.
    this.settleDelivered()
    if (!("reason" in read)) this.inbox.consume(read.skipped)
    return read
  }

  private awaitRequest(): "waiting" {
    this.end.resume()
    // The wait for a next request begins when the last answer was delivered.
    if (!this.isDelivering) this.timer.awaitRequest(this.context.limits().keepAliveTimeout)
    return "waiting"
  }

  private awaitHead(): "waiting" {
    this.end.resume()
    this.timer.awaitHead(this.context.limits().handshakeTimeout)
    return "waiting"
  }

  data(_: End, chunk: Uint8Array): void {
    this.inbox.add(chunk)
    this.owner.clientSent()
    // The end may be somebody else's by now.
    if (this.inbox.length > maxHeldBytes && this.end.receiver === this) this.end.pause()
    this.inbox.keep()
  }

  drain(): void {
    if (this.tail === undefined) return
    const bytes = this.tail
    this.tail = undefined
    this.write(bytes)
    if (this.lost) this.owner.clientLost()
    else if (this.tail === undefined) this.owner.clientDrained()
  }

  ended(): void {
    this.finished = true
    this.owner.clientEnded()
  }

  closed(_: End, code: string | undefined): void {
    this.owner.clientClosed(code)
  }

  /** Sends bytes of an answer; what is not taken becomes the tail. */
  write(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    if (this.tail !== undefined) {
      this.tail = concat(this.tail, bytes)
      return
    }
    const count = this.end.write(bytes)
    if (count < 0) this.lost = true
    else if (count < bytes.length) this.tail = bytes.slice(count)
  }

  /** Returns what the client is still to be sent, with `bytes` behind. */
  behindTail(bytes: Uint8Array): Uint8Array {
    return concat(this.tail ?? empty, bytes)
  }

  /** The value of `sent` when the client has taken everything; more than it can become where some was refused. */
  get total(): number {
    return this.lost ? Infinity : this.end.sent + (this.tail?.length ?? 0)
  }

  /** The client may not have all of its last answer. */
  get isDelivering(): boolean {
    return this.delivering !== undefined
  }

  /** Reports a request whose answer was passed on: now, or when it is known that the client has it. */
  deliver(request: Transaction): void {
    if (this.lost) request.end("client", "data", stalledReason, undefined)
    // Nearly always, and it costs a call to know more.
    if (this.lost || (this.tail === undefined && request.bytesOut < uncertainBytes)) return this.owner.reported(request)
    this.delivering = request
    const { end } = this
    if (end.sent - end.unacknowledged() >= request.endsAt) return this.settleDelivered()
    this.delivery = new Delivery(this.end, request.endsAt, this.context.limits().halfCloseTimeout, this)
  }

  delivered(): void {
    this.settleDelivered()
    this.owner.clientDelivered()
  }

  stalled(): void {
    // A lingering close has a deadline of its own.
    if (this.linger === undefined) this.owner.clientStalled()
  }

  /** Reports the last answer as delivered: it was, or the client goes on, and nobody can know better. */
  settleDelivered(): void {
    const { delivering } = this
    if (delivering === undefined) return
    this.delivery?.cancel()
    this.delivery = undefined
    this.delivering = undefined
    this.owner.reported(delivering)
  }

  /** The client is gone, or will be: reports what has become of its last answer; `by` and `why`, if it has not all. */
  settle(by: EndedBy, why: string): void {
    this.linger?.cancel()
    const { delivering, end } = this
    if (delivering === undefined) return
    if (end.sent - end.unacknowledged() < delivering.endsAt) delivering.end(by, "data", why, undefined)
    this.settleDelivered()
  }

  /** Closes the client behind `reply`, and reports its last answer when it is known how that went. */
  closeBehind(reply: Uint8Array): void {
    this.linger = new Linger(this.end, this.context.limits().halfCloseTimeout, { closed: (how) => this.left(how) })
    this.linger.start(reply)
  }

  private left(how: LingerOutcome): void {
    const { delivering } = this
    if (how === "left") delivering?.end("client", "data", "the client left before it had all of its answer", undefined)
    if (how === "timeout") delivering?.end("timeout", "data", stalledReason, undefined)
    this.settleDelivered()
    this.owner.clientLeft()
  }
}

/** Why a request ends whose client takes no more. */
export const stalledReason = "the client took no more of its answer"
