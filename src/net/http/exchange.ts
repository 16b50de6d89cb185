/**
 * Exchange: plain HTTP requests of one client connection, one after another, each to the origin that it names.
 *
 * Reads the requests of a client connection, and gives each to the pairing, which sends it and passes its answer back.
 * What takes a decision elsewhere is asked of the exchange's owner: an origin to be dialled, a CONNECT, an upgrade, the
 * end. The rules of RFC 9112 that hold here: answers go back in the order of the requests (9.3.2); after an error in
 * framing the connection closes (11.2).
 */
import { empty } from "../../protocol/bytes.ts"
import { http } from "../../protocol/detect/protocols.ts"
import { answerOptions } from "../../protocol/http/answer.ts"
import { RecordedMessages } from "../../protocol/http/passive/recorded-messages.ts"
import { prepareRequest } from "../../protocol/http/prepare.ts"
import type { Read } from "../../protocol/http/reader.ts"
import type { RequestHead } from "../../protocol/http/request.ts"
import { routeOf } from "../../protocol/http/route.ts"
import type { Inbox } from "../../protocol/inbox.ts"
import type { ExchangeRecorder } from "../../protocol/recording.ts"
import { type Refusal, refusal } from "../../protocol/refusal.ts"
import { refusalReply } from "../../protocol/refusal-reply.ts"
import { formatTarget, type Target } from "../../protocol/target.ts"

import type { Cancellable } from "../common/cancellable.ts"
import type { DrainListener } from "../common/drain-signal.ts"
import type { End } from "../common/end.ts"
import { HalfClose, type HalfCloseOwner } from "../common/half-close.ts"
import { discard } from "../common/linger.ts"
import { ClientConnection, type ClientOwner, stalledReason } from "./client-connection.ts"
import type { ExchangeContext, ExchangeOwner } from "./exchange-context.ts"
import type { OriginConnection } from "./origin-connection.ts"
import { Pairing, type PairingOwner } from "./pairing.ts"
import { noRequest, Transaction } from "./transaction.ts"

/**
 * `reading`: waits for a request. `paired`: one is under way. `closing`: the client gets the end of its last answer.
 * `ended`: nothing is left to do.
 */
type State = "reading" | "paired" | "closing" | "ended"

export class Exchange implements ClientOwner, PairingOwner, HalfCloseOwner, DrainListener, Cancellable {
  private readonly client: ClientConnection
  private readonly pairing: Pairing
  private readonly context: ExchangeContext
  private readonly owner: ExchangeOwner
  private state: State = "reading"
  /** Requests that were passed on so far. */
  private requests = 0
  /** Runs from the client's FIN on. */
  private halfClose: HalfClose | undefined = undefined
  /** `advance` is running; and it has been asked for once more. */
  private advancing = false
  private again = false

  /** `inbox` holds what the client has sent so far; `finished` says that its FIN is among it. */
  constructor(client: End, inbox: Inbox, finished: boolean, context: ExchangeContext, owner: ExchangeOwner) {
    this.owner = owner
    this.context = context
    this.client = new ClientConnection(client, inbox, finished, context, this)
    this.pairing = new Pairing(this.client, context, this)
  }

  /** Serves requests from now on, until it needs what only its owner can give. */
  start(): void {
    this.context.drain.subscribe(this)
    this.client.start()
    this.advance()
    if (this.client.finished) this.startHalfClose()
  }

  /** Resets every origin, and needs nothing more. */
  cancel(): void {
    if (this.state === "ended") return
    this.pairing.interrupted("drain", "the connection was ended")
    this.leave()
  }

  /** The connection that was needed, and the address that it goes to. */
  supply(end: End, address: string): void {
    this.pairing.supply(end, address)
  }

  /** There is no such connection: the client gets the reason, and stays when nothing but this request is lost. */
  decline(refused: Refusal): void {
    const { pairing, client } = this
    const request = pairing.request!
    const close = !request.prepared.body.done || !pairing.mayKeepAlive(request)
    pairing.recordCut("proxy", refused.reason, refused)
    const reply = refusalReply(http, refused, { close, body: request.prepared.method !== "HEAD" })
    if (close) return this.finish(reply)
    client.write(reply)
    client.end.resume()
    this.clientGoesOn()
  }

  // The client.

  clientSent(): void {
    this.advance()
  }

  clientEnded(): void {
    this.pairing.clientEnded()
    this.advance()
    this.startHalfClose()
  }

  clientDrained(): void {
    this.pairing.clientDrained()
    if (this.state === "reading") this.advance()
  }

  clientLost(): void {
    this.pairing.interrupted("client", stalledReason)
    this.finish(undefined)
  }

  clientClosed(code: string | undefined): void {
    this.pairing.interrupted("client", code === undefined ? "the client closed" : `the client closed (${code})`)
    this.finish(undefined)
  }

  clientDelivered(): void {
    if (this.state === "reading") return this.advance()
    // An idle client is owed nothing: a drain does not wait until it has closed as well.
    if (this.state === "closing" && this.context.drain.active) this.clientLeft()
  }

  clientStalled(): void {
    const { client } = this
    this.pairing.interrupted("timeout", stalledReason)
    this.leave()
    // What the kernel holds is whole.
    if (client.tail === undefined) client.end.shutdown()
    client.end.detach()
    this.owner.needs({ _tag: "Closed" })
  }

  clientLeft(): void {
    if (this.state === "ended") return
    this.state = "ended"
    this.owner.needs({ _tag: "Closed" })
  }

  idle(): void {
    this.finish(empty)
  }

  headLate(): void {
    this.refuse(refusal("request-timeout", "the head did not arrive in time"))
  }

  // Requests.

  /** Does what can be done with the bytes that the client has sent. A loop: thousands of requests may be here. */
  private advance(): void {
    this.again = true
    if (this.advancing) return
    this.advancing = true
    while (this.again) {
      this.again = false
      if (this.state === "reading") this.read()
      else if (this.state === "paired") this.pairing.advance()
    }
    this.advancing = false
  }

  private read(): void {
    const read = this.client.next()
    if (read === "waiting") return
    if (read === "over") return this.finish(empty)
    if ("reason" in read) return this.refuse(read)
    const route = routeOf(read.head, this.context.resolve(read.head.target))
    if (route === "connect") {
      this.leave()
      const { inbox, finished } = this.client
      return this.owner.needs({ _tag: "Connect", inbox, finished })
    }
    if (route === "options") return this.answerOptions(read)
    if ("reason" in route) return this.refuse(route)
    this.forward(read, route)
  }

  private answerOptions({ head, end }: Read<RequestHead>): void {
    const { client } = this
    client.inbox.consume(end)
    if (head.minor === 0 || head.survey.close) return this.finish(client.behindTail(answerOptions(true)))
    client.write(answerOptions(false))
    this.advance()
  }

  private forward(read: Read<RequestHead>, target: Target): void {
    const { context, pairing, client } = this
    const limits = context.limits()
    const prepared = prepareRequest(read, context.forwarding, limits)
    if ("reason" in prepared) return this.refuse(prepared)
    const { head } = read
    const key = pairing.origins.keyOf(target)
    const authority = head.target === undefined || head.target === target ? key : formatTarget(head.target)
    const request = new Transaction(++this.requests, prepared, target, key, authority, limits)
    const recorder = context.recorders.current
    if (recorder !== undefined) this.record(recorder, request, read)
    client.inbox.consume(prepared.consumed)
    this.state = "paired"
    pairing.begin(request)
  }

  /** Has a request recorded, if that is wanted: its head, and what of its body came with that. */
  private record(recorder: ExchangeRecorder, request: Transaction, { bytes, end, head }: Read<RequestHead>): void {
    const { prepared, started, limits } = request
    const recording = recorder.begin(prepared.isProbe, started)
    if (recording === undefined) return
    const recorded = new RecordedMessages(recording, request.n, limits.maxHeadBytes)
    recorded.request.begin(bytes, end, head.bodyLength, started)
    recorded.request.carried(bytes, end, prepared.consumed, started)
    request.recorded = recorded
  }

  /** Ends the exchange for a head that is no request. */
  private refuse(refused: Refusal): void {
    this.owner.answered(noRequest(refused))
    this.finish(this.client.behindTail(refusalReply(http, refused, { close: true, body: true })))
  }

  // The pairing.

  dial({ origin }: Transaction): void {
    this.owner.needs({ _tag: "Origin", target: origin })
  }

  sends(origin: OriginConnection): void {
    this.owner.sends(origin)
  }

  reported(request: Transaction): void {
    this.owner.answered(request)
    const { recorded, prepared, isAnswered } = request
    if (recorded === undefined) return
    const { recording, upgrade, n } = recorded
    const requestIsWhole = prepared.body.done
    this.owner.recorded(request, { recording, upgrade, n, requestIsWhole, responseIsWhole: isAnswered })
  }

  clientGoesOn(): void {
    this.state = "reading"
    this.advance()
  }

  upgraded(origin: End, reply: Uint8Array): void {
    const { inbox, finished } = this.client
    this.leave()
    this.owner.needs({ _tag: "Upgraded", origin, toClient: reply, toTarget: inbox.take(), finished })
  }

  // Ends.

  /** A client that has ended may be gone: an origin that never answers must not keep both connections for ever. */
  private startHalfClose(): void {
    if (this.state !== "ended" && this.state !== "closing") this.halfClose = new HalfClose(this)
  }

  halfCloseTimeout(): number {
    return this.context.limits().halfCloseTimeout
  }

  acknowledged(): number {
    return this.pairing.acknowledged
  }

  halfCloseExpired(): void {
    // A dial has a deadline of its own.
    if (this.pairing.isDialling) return this.startHalfClose()
    this.pairing.recordCut("timeout", "the client had ended, and its answer did not")
    this.finish(undefined)
  }

  /** An idle client is owed nothing: it sees a FIN, and the drain does not wait until it has closed as well. */
  drained(): void {
    const { client } = this
    if (this.state !== "reading" || client.inbox.length > 0 || client.tail !== undefined) return
    if (client.isDelivering) return this.finish(empty)
    this.leave()
    discard(client.end, this.context.limits().halfCloseTimeout)
    this.owner.needs({ _tag: "Closed" })
  }

  /** Ends the exchange: the client is closed in order behind what is `wanted`, or reset where nothing is. */
  finish(wanted: Uint8Array | undefined): void {
    if (this.state === "ended" || this.state === "closing") return
    // A client that lacks bytes is owed no FIN that looks complete.
    const reply = this.client.lost ? undefined : wanted
    if (this.client.isDelivering && reply !== undefined) {
      this.leave()
      this.state = "closing"
      return this.client.closeBehind(reply)
    }
    this.pairing.interrupted("proxy", "the connection was reset")
    this.leave()
    this.owner.needs({ _tag: "Close", reply })
  }

  /** Lets go of everything but the client. */
  private leave(): void {
    this.state = "ended"
    this.client.stop()
    this.halfClose?.cancel()
    this.context.drain.unsubscribe(this)
    this.pairing.leave()
  }
}
