/**
 * Upload: passes the body of a request on to its origin, as it comes.
 *
 * An answer may be whole before its request (RFC 9110 section 7.5, RFC 9112 section 9.6). A client that still sends is
 * read on then, for a reset would destroy the answer; and an origin that reads on gets the rest.
 */
import { releaseBytes, releaseFrom } from "../../system/release-bytes.ts"
import type { Body } from "../../protocol/http/body.ts"
import type { RecordedMessage } from "../../protocol/http/passive/recorded-messages.ts"
import { type Refusal, refusal } from "../../protocol/refusal.ts"

import { after, cancel, type Deadline, type Expires } from "../common/deadline.ts"
import { acknowledgedBy } from "../common/delivery.ts"
import type { End } from "../common/end.ts"
import { lingerTimeout } from "../common/linger.ts"
import { enoughFor } from "../common/progress.ts"
import { type Moved, spliceFrom } from "../splice/splicer.ts"
import type { ClientConnection } from "./client-connection.ts"
import type { ExchangeContext } from "./exchange-context.ts"
import type { OriginConnection } from "./origin-connection.ts"
import type { Transaction } from "./transaction.ts"

/** The pairing whose request is sent. */
export interface UploadOwner {
  readonly client: ClientConnection
  readonly context: ExchangeContext
  /** The request that is under way, and the connection that it goes to. */
  readonly request: Transaction | undefined
  readonly origin: OriginConnection | undefined
  /** Request and answer are whole. */
  readonly exchanged: (origin: OriginConnection) => void
  /** The answer is whole, and the origin takes no more of the request. The rest is to be thrown away. */
  readonly originStopped: (origin: OriginConnection) => void
  /** The answer is whole, and the client sends no more of its request, which is its right. */
  readonly clientStopped: () => void
  /** The rest of a request that was thrown away is over; the client can go on. */
  readonly discarded: () => void
  /** The request ends here: its client has broken its framing, or has left. */
  readonly fail: (refused: Refusal, by: "client") => void
  readonly abandon: (why: string) => void
}

export class Upload implements Expires {
  private readonly owner: UploadOwner
  /** For a body that goes on when its request is answered. */
  private deadline: Deadline | undefined = undefined
  private progress = 0

  constructor(owner: UploadOwner) {
    this.owner = owner
  }

  /** Passes on what has arrived. */
  pass(): void {
    const { owner } = this
    const { client } = owner
    const request = owner.request!
    const origin = owner.origin!
    const { body } = request.prepared
    if (body.done) return
    if (request.isAnswered && origin.broken) return owner.originStopped(origin)
    if (origin.tail !== undefined) return client.end.pause()
    if (client.inbox.length > 0 && !this.passInbox(origin, request)) return
    if (body.done) {
      if (request.isAnswered) owner.exchanged(origin)
    } else if (client.finished && client.inbox.length === 0) {
      // The origin must not take a part of a body for all of it.
      if (request.isAnswered) owner.clientStopped()
      else owner.abandon("the client ended its request early")
    }
  }

  /** False when the request has ended meanwhile. */
  private passInbox(origin: OriginConnection, request: Transaction): boolean {
    const { owner } = this
    const { client } = owner
    const { body } = request.prepared
    const view = client.inbox.view()
    const bytes = body.pass(view, 0)
    request.recorded?.request.carried(view, 0, body.consumed, performance.now())
    client.inbox.consume(body.consumed)
    if (body.problem !== undefined) {
      if (request.isAnswered) owner.clientStopped()
      else owner.fail(refusal("malformed-request", body.problem), "client")
      return false
    }
    const { length } = view
    origin.send(bytes)
    if (origin.tail !== undefined) client.end.pause()
    else if (client.inbox.length === 0) {
      releaseOwn(bytes, view)
      if (length >= spliceFrom && !origin.broken) this.splice(origin, request)
    }
    return owner.request === request
  }

  private splice(origin: OriginConnection, { prepared, recorded }: Transaction): void {
    const { owner } = this
    const { client } = owner
    const moved = spliceBody(owner.context, client.end, origin.end, prepared.body, recorded?.request)
    if (typeof moved === "string") return client.closed(client.end, moved)
    if (moved !== undefined) origin.send(moved)
    if (origin.tail !== undefined) client.end.pause()
  }

  /** The answer is whole and the body is not: bounds the wait for it, from now on. */
  startBehindAnswer(): void {
    if (this.owner.client.finished) return
    this.progress = this.moved()
    this.deadline = after(lingerTimeout, this)
  }

  /** Throws away what has arrived. */
  discard(): void {
    const { owner } = this
    const { client } = owner
    const { prepared, recorded } = owner.request!
    const { body } = prepared
    if (client.inbox.length > 0 && !body.done) {
      const view = client.inbox.view()
      body.pass(view, 0)
      recorded?.request.carried(view, 0, body.consumed, performance.now())
      client.inbox.consume(body.consumed)
    }
    if (body.problem !== undefined || (client.finished && !body.done)) return owner.clientStopped()
    if (!body.done) return client.end.resume()
    this.stop()
    owner.discarded()
  }

  /** Nothing more is waited for. */
  stop(): void {
    cancel(this.deadline)
    this.deadline = undefined
  }

  /** A client that sends nothing more is not waited for; nor is an origin that takes nothing more. */
  expire(): void {
    const { owner } = this
    const { origin } = owner
    if (this.moved() - this.progress >= enoughFor(lingerTimeout)) return this.startBehindAnswer()
    if (origin?.tail === undefined) return owner.clientStopped()
    this.startBehindAnswer()
    owner.originStopped(origin)
  }

  /** Bytes that the client has sent, and bytes that the origin has of them, added up. */
  private moved(): number {
    const { client, origin } = this.owner
    return client.end.received + (origin === undefined ? 0 : acknowledgedBy(origin.end))
  }
}

/**
 * Much of a body has come, and was taken: what is waiting behind it goes on past us, as far as it is the body's, and
 * nobody records it.
 */
export const spliceBody = (
  { splicer }: Pick<ExchangeContext, "splicer">,
  from: End,
  to: End,
  body: Body,
  recorded: RecordedMessage | undefined,
): Moved => {
  const { received } = from
  const { verbatim } = body
  const moved = splicer.move(from, to, recorded === undefined ? verbatim : Math.min(verbatim, recorded.skippable))
  const count = from.received - received
  body.skip(count)
  recorded?.skipped(count)
  return moved
}

/** Releases what was sent, unless it is a part of what it was made from, which is not ours. */
export const releaseOwn = (sent: Uint8Array, source: Uint8Array): void => {
  if (sent.length >= releaseFrom && sent.buffer !== source.buffer) releaseBytes(sent)
}
