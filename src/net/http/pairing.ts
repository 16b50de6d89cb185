/**
 * Pairing: one request at a time between a client connection and the origin connection that it is sent on, until both
 * messages are whole, or one of the two is gone.
 *
 * What passes is an upload and a download. The rules that hold here: a message cut short never looks complete (RFC 9112
 * section 8); an origin connection is used again only when both messages on it were whole; a request is reported once.
 */
import type { EndedBy } from "../../flow/flow.ts"
import { empty } from "../../protocol/bytes.ts"
import { http } from "../../protocol/detect/protocols.ts"
import { untilClose } from "../../protocol/http/survey.ts"
import type { Refusal } from "../../protocol/refusal.ts"
import { refusalReply } from "../../protocol/refusal-reply.ts"

import { acknowledgedBy } from "../common/delivery.ts"
import type { End } from "../common/end.ts"
import type { ClientConnection } from "./client-connection.ts"
import { ClientOrigins } from "./client-origins.ts"
import { Download, type DownloadOwner } from "./download.ts"
import type { ExchangeContext } from "./exchange-context.ts"
import { OriginConnection, type OriginOwner } from "./origin-connection.ts"
import type { Transaction } from "./transaction.ts"
import { Upload, type UploadOwner } from "./upload.ts"

/** The exchange that the requests are of. */
export interface PairingOwner {
  /** A connection to the request's origin is needed: it is to be supplied, or the request declined. */
  readonly dial: (request: Transaction) => void
  /** A request goes to this connection. */
  readonly sends: (origin: OriginConnection) => void
  /** Reports what became of a request. Called once for each. */
  readonly reported: (request: Transaction) => void
  /** Request and answer are over, and the client can go on. */
  readonly clientGoesOn: () => void
  /** The origin has switched protocols; `reply` says so to the client. */
  readonly upgraded: (origin: End, reply: Uint8Array) => void
  /** The client is to be closed in order behind `reply`, or reset where there is none. */
  readonly finish: (reply: Uint8Array | undefined) => void
}

/**
 * `idle`: there is no request. `dialling`: it waits for its connection. `busy`: it is under way. `discarding`: its answer
 * was whole first, and the rest of it is thrown away.
 */
type State = "idle" | "dialling" | "busy" | "discarding"

export class Pairing implements OriginOwner, UploadOwner, DownloadOwner {
  readonly client: ClientConnection
  readonly context: ExchangeContext
  request: Transaction | undefined = undefined
  origin: OriginConnection | undefined = undefined
  readonly origins: ClientOrigins
  private readonly owner: PairingOwner
  private readonly upload: Upload
  private readonly download: Download
  private state: State = "idle"

  constructor(client: ClientConnection, context: ExchangeContext, owner: PairingOwner) {
    this.client = client
    this.context = context
    this.owner = owner
    this.origins = new ClientOrigins(context.idleOrigins, context.originPool)
    this.upload = new Upload(this)
    this.download = new Download(this)
  }

  get isDialling(): boolean {
    return this.state === "dialling"
  }

  /** Bytes that both peers have acknowledged. */
  get acknowledged(): number {
    return acknowledgedBy(this.client.end) + (this.origin === undefined ? 0 : acknowledgedBy(this.origin.end))
  }

  /** Sends a request on a connection that is at hand, or asks for one. */
  begin(request: Transaction): void {
    this.request = request
    const { key, limits, started, prepared } = request
    // What cannot be sent again must not go into a connection whose end is here, and to ask costs little beside a body.
    const origin =
      this.origins.take(key, limits, started, !prepared.retryable) ??
      (prepared.shareable ? this.context.originPool.take(key) : undefined)
    if (origin !== undefined) this.send(origin)
    else this.dial(request)
  }

  private dial(request: Transaction): void {
    this.state = "dialling"
    this.owner.dial(request)
  }

  /** The connection that was asked for, and the address that it goes to. */
  supply(end: End, address: string): void {
    const request = this.request!
    request.connected()
    const { limits, pseudonym } = this.context
    this.send(new OriginConnection(end, address, request.key, this, request.limits, limits, pseudonym))
  }

  private send(origin: OriginConnection): void {
    const { prepared } = this.request!
    this.origin = origin
    this.state = "busy"
    origin.owner = this
    if (!prepared.shareable) origin.unshareable = true
    this.owner.sends(origin)
    origin.send(prepared.bytes)
    this.client.end.resume()
    this.upload.pass()
  }

  // The client's side.

  /** Does what can be done with the bytes that the client has sent. */
  advance(): void {
    if (this.state === "busy") this.upload.pass()
    else if (this.state === "discarding") this.upload.discard()
  }

  /** The client has sent its FIN. */
  clientEnded(): void {
    this.upload.stop()
  }

  /** The client takes answers again. */
  clientDrained(): void {
    const { request, origin, client } = this
    if (request?.isAnswered === true && !request.clientKeepAlive) client.end.shutdown()
    if (origin === undefined) return
    origin.end.resume()
    this.download.pass(origin)
  }

  // The origin's side.

  originDrained(origin: OriginConnection): void {
    if (origin !== this.origin) return
    this.client.end.resume()
    this.upload.pass()
  }

  originAnswered(origin: OriginConnection): void {
    if (origin === this.origin) return this.download.pass(origin)
    // Nothing was asked: whatever this is, the next request must not get it as its answer.
    this.origins.forget(origin)
    origin.abort()
  }

  originEnded(origin: OriginConnection): void {
    if (origin === this.origin) return this.download.finish(origin)
    this.origins.forget(origin)
    origin.release()
  }

  originExpired(origin: OriginConnection): void {
    this.origins.release(origin)
  }

  redial(origin: OriginConnection): void {
    const request = this.request!
    this.origin = undefined
    origin.abort()
    this.dial(request)
  }

  switched(origin: OriginConnection, reply: Uint8Array): void {
    const request = this.request!
    this.request = undefined
    this.origin = undefined
    this.owner.reported(request)
    this.owner.upgraded(origin.end, reply)
  }

  // Whole.

  answered(origin: OriginConnection, now: number): void {
    const { client } = this
    const request = this.request!
    request.whole(now)
    request.isAnswered = true
    request.endsAt = client.total
    if (request.prepared.body.done) return this.exchanged(origin)
    // It is owed no FIN that looks complete, and nothing that it still sends is worth waiting for.
    if (client.lost) return this.clientStopped()
    if (!request.clientKeepAlive && client.tail === undefined) client.end.shutdown()
    // A client that had finished is closed by our FIN, and everything is over.
    if (!client.end.open) return
    this.upload.startBehindAnswer()
    if (origin.broken) this.originStopped(origin)
  }

  exchanged(origin: OriginConnection): void {
    const request = this.request!
    this.origin = undefined
    this.upload.stop()
    const isClean = origin.inbox.length === 0 && origin.tail === undefined && !origin.finished && !origin.broken
    if (isClean && request.originKeepAlive) this.origins.rest(origin, request.wholeAt)
    else origin.release()
    if (request.clientKeepAlive) this.discarded()
    else this.clientStopped()
  }

  originStopped(origin: OriginConnection): void {
    this.origin = undefined
    origin.abort()
    if (!this.request!.clientKeepAlive) return this.clientStopped()
    this.state = "discarding"
    this.upload.discard()
  }

  discarded(): void {
    this.deliver()
    if (this.client.lost) this.owner.finish(undefined)
    else this.owner.clientGoesOn()
  }

  clientStopped(): void {
    const { origin } = this
    this.origin = undefined
    origin?.abort()
    this.deliver()
    this.owner.finish(this.client.behindTail(empty))
  }

  private deliver(): void {
    const request = this.request!
    this.request = undefined
    this.state = "idle"
    this.client.deliver(request)
  }

  // Cut.

  cutShort({ framing, prepared }: Transaction, code: string | undefined): void {
    this.recordCut("target", code ?? "the origin ended its answer early")
    // A FIN is enough where the client counts bytes or chunks; elsewhere only a reset says so.
    const counts = framing !== untilClose && prepared.minor === 1
    this.owner.finish(code === undefined && counts ? this.client.behindTail(empty) : undefined)
  }

  fail(refused: Refusal, by: EndedBy): void {
    const { answer, prepared } = this.request!
    this.recordCut(by, refused.reason, refused)
    if (answer !== undefined) return this.owner.finish(undefined)
    const reply = refusalReply(http, refused, { close: true, body: prepared.method !== "HEAD" })
    this.owner.finish(this.client.behindTail(reply))
  }

  abandon(why: string): void {
    this.recordCut("client", why)
    this.owner.finish(undefined)
  }

  /** Reports what has become of the last answer, and of the request that is under way: the client is gone, or will be. */
  interrupted(by: EndedBy, why: string): void {
    if (this.request?.isAnswered === true) this.deliver()
    this.client.settle(by, why)
    this.recordCut(by, why)
  }

  /** Reports the request that is under way, if there is one: it was not answered in full. */
  recordCut(by: EndedBy, error: string, refused?: Refusal): void {
    const { request } = this
    if (request === undefined) return
    request.end(by, this.isDialling ? "dial" : "data", error, refused)
    this.request = undefined
    this.state = "idle"
    this.owner.reported(request)
  }

  /** Lets go of every origin. */
  leave(): void {
    this.upload.stop()
    const { origin } = this
    this.origin = undefined
    origin?.abort()
    this.origins.giveBack()
  }

  /**
   * Whether the client may send another request behind this one. HTTP/1.0 may not, through a proxy (RFC 9112 C.2.2);
   * in a drain none may but those that are here already.
   */
  mayKeepAlive({ prepared }: Transaction): boolean {
    const lastOfDrain = this.context.drain.active && this.client.inbox.length === 0
    return prepared.minor === 1 && !prepared.wantsClose && !lastOfDrain
  }
}
