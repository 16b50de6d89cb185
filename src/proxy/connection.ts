/**
 * Connection: the story of one client, from its accept to its end.
 *
 * accept → what does it ask for? → may it go there? → dial → relay, or one exchange after another → close
 *
 * The steps are classes of net; this file puts them in order, a chapter for each, and says in the flow what is known of
 * the connection. One fiber owns the whole story and suspends once; interrupting it gives up the step that is under way.
 * A step calls the next chapter: as an effect each, the steps of a short connection cost as much as all that they do.
 *
 * The client is an end, of which nothing is asked that an end over another end cannot do. To put one over it is to
 * replace `client` between two steps and to negotiate again.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

import type { ListNode } from "../net/common/intrusive-list.ts"
import type { Dial, Dialled, DialOwner } from "../net/dial/dialer.ts"
import type { End } from "../net/common/end.ts"
import { Exchange } from "../net/http/exchange.ts"
import type { ExchangeOwner, Need, RecordedRequest } from "../net/http/exchange-context.ts"
import { Linger, type LingerOwner } from "../net/common/linger.ts"
import { type ClientIntent, type NegotiationOwner, Negotiation } from "../net/negotiation.ts"
import type { OriginConnection } from "../net/http/origin-connection.ts"
import { Relay, type RelayLimits, type RelayOwner } from "../net/tunnel/relay.ts"
import { BoundAddress } from "../net/sockets/bound-address.ts"
import type { Side, Wiretap } from "../net/tunnel/wiretap.ts"
import type { Splicer } from "../net/splice/splicer.ts"
import type { RequestRecord } from "../flow/request-record.ts"
import type { EndedBy, Flow } from "../flow/flow.ts"
import type { Address } from "../protocol/address.ts"
import { empty } from "../protocol/bytes.ts"
import type { Handshake } from "../protocol/handshake.ts"
import type { Inbox } from "../protocol/inbox.ts"
import { http } from "../protocol/detect/protocols.ts"
import { type Refusal, refusal } from "../protocol/refusal.ts"
import { refusalReply } from "../protocol/refusal-reply.ts"
import type { Host, Target } from "../protocol/target.ts"

import { followRequests } from "./followed-requests.ts"
import type { ListenerContext } from "./listener-context.ts"
import { outset, over, type Progress, RequestDial, strayed, TunnelDial } from "./progress.ts"
import { endRecording, recordUnheard, recordStream } from "./recorded-tunnel.ts"

/** Who keeps account of connections. */
export interface ConnectionOwner {
  /** Called once, when the story is over, however it ended. */
  readonly ended: (connection: Connection) => void
}

export class Connection
  implements NegotiationOwner, DialOwner, RelayOwner, ExchangeOwner, LingerOwner, ListNode<Connection>
{
  readonly flow: Flow
  /** The proxy is full: the client hears so, and no more. */
  readonly full: boolean
  /** What owns the story. */
  fiber: Fiber.Fiber<void> | undefined = undefined
  /** Its place among those that are open. */
  previous: Connection | undefined = undefined
  next: Connection | undefined = undefined
  /** A socket's end, or one that was put over it. */
  private client: End
  private readonly context: ListenerContext
  private readonly owner: ConnectionOwner
  private progress: Progress = outset
  private resume: Resume = nobodyWaits
  /** Who records what an exchange has made of it. */
  private upgraded: Wiretap | undefined = undefined

  /** Gives the client no receiver yet: `begin` does, and must be called before anything can be received. */
  constructor(client: End, flow: Flow, context: ListenerContext, full: boolean, owner: ConnectionOwner) {
    this.client = client
    this.flow = flow
    this.context = context
    this.full = full
    this.owner = owner
  }

  /** Tells the story; `resume` is called once, when both sockets are closed, unless it is cancelled. */
  begin(resume: Resume): void {
    this.resume = resume
    try {
      this.negotiate(this.flow.started)
    } catch (cause) {
      this.fail(cause)
    }
  }

  /** Ends it at once: whoever is still there is reset. */
  cancel(by: EndedBy): void {
    if (this.progress === over) return
    this.flow.end(by)
    this.giveUp()
    this.client.terminate()
    this.owner.ended(this)
  }

  // What does it ask for?

  /** Begins, and begins again where the client asks for something else; then with what it has sent so far. */
  private negotiate(now: number, inbox?: Inbox, finished?: boolean): void {
    const negotiation = new Negotiation(this.client, this.context.accepts(), this, inbox, finished)
    this.progress = negotiation
    negotiation.ask(now)
  }

  asked(asked: ClientIntent, negotiation: Negotiation): void {
    if (this.full) return this.turnAway(asked)
    this.flow.phase = negotiation.phase
    switch (asked._tag) {
      case "Tunnel":
        return this.dialTunnel(negotiation, asked.handshake, asked.target)
      case "Exchange":
        return this.exchangeRequests(negotiation)
      case "Refused":
        this.flow.protocol = asked.spoken
        return this.refuse(asked.refusal, asked.reply)
      case "Gone":
        if (this.client.received > 0) this.flow.leaveUnrecognised()
        this.flow.end("client", asked.code)
        return this.close(empty)
    }
  }

  /** In its own protocol, if it has one. */
  private turnAway(asked: ClientIntent): void {
    const refused = refusal("connection-limit", "max-connections is reached")
    const spoken = asked._tag === "Tunnel" ? asked.handshake : asked._tag === "Exchange" ? http : undefined
    this.refuse(refused, refusalReply(spoken, refused))
  }

  // May it go there? Then it is dialled.

  private dialTunnel(negotiation: Negotiation, handshake: Handshake, asked: Target | undefined): void {
    const { flow, context } = this
    const { recognisedAt } = negotiation
    flow.protocol = handshake.protocol
    flow.detectedAt = recognisedAt && recognisedAt - flow.started
    const now = performance.now()
    flow.handshakeAt = now - flow.started
    context.observer.detected(flow)
    flow.target = asked && context.nameOf(asked.host, asked.port)
    const dial = this.dialTo(context.destination.resolve(asked))
    if ("reason" in dial) return this.refuseTunnel(handshake, dial)
    this.progress = new TunnelDial(dial, negotiation, handshake)
    dial.start(now)
  }

  private dialRequest(target: Target): void {
    const { progress, flow } = this
    const exchange = progress instanceof Exchange ? progress : strayed()
    flow.target = this.context.nameOf(target.host, target.port)
    flow.address = undefined
    const dial = this.dialTo(target)
    if ("reason" in dial) return this.declineRequest(exchange, dial)
    this.progress = new RequestDial(dial, exchange)
    dial.start(performance.now())
  }

  /** A dial that is yet to be started, or why there is none. */
  private dialTo(target: Target | Refusal): Dial | Refusal {
    const { flow, context } = this
    flow.phase = "dial"
    if ("reason" in target) return target
    flow.target ??= context.nameOf(target.host, target.port)
    const denied = context.destination.permit(target)
    if (denied !== undefined) return denied
    context.exchanges.idleOrigins.reclaim()
    return context.dialer.dial(target, this)
  }

  permit(address: Address, port: number, asked: Host): Refusal | undefined {
    return this.context.destination.permitAddress(address, port, asked)
  }

  connected(dialled: Dialled, started: number): void {
    try {
      this.proceed(dialled, started)
    } catch (cause) {
      // Nobody hears this socket yet: without this the client would wait for ever.
      dialled.end.terminate()
      this.fail(cause)
    }
  }

  private proceed({ end, address, port }: Dialled, started: number): void {
    const { progress, flow, context } = this
    const now = performance.now()
    flow.phase = "data"
    flow.dialledAt = now - flow.started
    const name = context.nameOf(address, port)
    flow.address = name
    context.observer.dialled(flow, now - started)
    if (progress instanceof RequestDial) {
      const { exchange } = progress
      this.progress = exchange
      return exchange.supply(end, name)
    }
    const { negotiation, handshake } = progress instanceof TunnelDial ? progress : strayed()
    this.join(end, handshake.accepted(new BoundAddress(end)), negotiation.inbox.take(), negotiation.finished)
  }

  failed(refused: Refusal): void {
    const { progress } = this
    if (progress instanceof RequestDial) return this.declineRequest(progress.exchange, refused)
    this.refuseTunnel(progress instanceof TunnelDial ? progress.handshake : strayed(), refused)
  }

  private declineRequest(exchange: Exchange, refused: Refusal): void {
    this.progress = exchange
    this.flow.phase = "data"
    exchange.decline(refused)
  }

  private refuseTunnel(handshake: Handshake, refused: Refusal): void {
    // A tcp client knows no words: it is reset, as it would have been by the workload itself.
    if (handshake.protocol !== "tcp") this.refuse(refused, refusalReply(handshake, refused))
    else {
      this.flow.refuse(refused, "proxy")
      this.reset()
    }
    recordUnheard(this.context.recorders, this.flow)
  }

  /** The client went while its target was dialled. */
  abandoned(): void {
    this.flow.end("client")
    this.finish()
  }

  // A tunnel: bytes both ways until both sides are done.

  private join(target: End, toClient: Uint8Array, toTarget: Uint8Array, clientFinished: boolean, tap?: Wiretap): void {
    this.flow.phase = "data"
    this.flow.carryTunnel(target)
    const relay = new Relay(this.client, target, this)
    this.progress = relay
    relay.start(toClient, toTarget, clientFinished, tap)
  }

  limits(): RelayLimits {
    return this.context.settings()
  }

  get splicer(): Splicer {
    return this.context.splicer
  }

  wiretap(first: Uint8Array, held: boolean, from: Side): Wiretap | undefined {
    const { flow, context } = this
    const requests = from === "client" ? followRequests(first, held, flow, this.client, context) : undefined
    return requests ?? recordStream(context.recorders, flow, { n: flow.carriedRequests ? 2 : 1 })
  }

  relayed(): void {
    this.finish()
  }

  // Plain HTTP: one request after another, until the client wants a tunnel or is done.

  private exchangeRequests({ inbox, finished }: Negotiation): void {
    const { flow, client, context } = this
    flow.protocol = "http"
    flow.phase = "data"
    flow.detectedAt = flow.elapsed()
    flow.carryRequests(client)
    context.observer.detected(flow)
    const exchange = new Exchange(client, inbox, finished, context.exchanges, this)
    this.progress = exchange
    exchange.start()
  }

  needs(need: Need): void {
    switch (need._tag) {
      case "Origin":
        return this.dialRequest(need.target)
      case "Connect":
        return this.negotiate(performance.now(), need.inbox, need.finished)
      case "Upgraded":
        return this.join(need.origin, need.toClient, need.toTarget, need.finished, this.upgraded)
      case "Closed":
        return this.finish()
      case "Close":
        return need.reply === undefined ? this.reset() : this.close(need.reply)
    }
  }

  sends(origin: OriginConnection): void {
    this.flow.target = origin.key
    this.flow.address = origin.address
  }

  answered(answered: RequestRecord): void {
    this.context.observer.answered(this.flow, answered)
  }

  recorded(answered: RequestRecord, { recording, upgrade, ...passed }: RecordedRequest): void {
    this.upgraded = endRecording(recording, upgrade, this.flow, answered, passed)
  }

  // The end.

  private refuse(refused: Refusal, reply: Uint8Array): void {
    this.flow.refuse(refused, refused.reason === "request-timeout" ? "timeout" : "proxy")
    this.close(reply)
  }

  /** Says the last words, then closes in order. */
  private close(reply: Uint8Array): void {
    this.giveUp()
    const linger = new Linger(this.client, this.context.settings().halfCloseTimeout, this)
    this.progress = linger
    linger.start(reply)
  }

  closed(): void {
    this.finish()
  }

  /** A defect of this program ends its connection, and no other. */
  fail(cause: unknown): void {
    this.context.observer.defect(this.flow, cause)
    this.flow.end("proxy")
    this.reset()
  }

  private reset(): void {
    this.client.terminate()
    this.finish()
  }

  private finish(): void {
    if (this.progress === over) return
    this.giveUp()
    this.owner.ended(this)
    this.resume(Effect.void)
  }

  /** Whatever is under way is not wanted any more. */
  private giveUp(): void {
    const { progress } = this
    this.progress = over
    progress.cancel()
  }
}

type Resume = (over: Effect.Effect<void>) => void

/** Stands for the fiber of a story that has not begun. */
const nobodyWaits: Resume = () => {}
