/**
 * Connection: the story of one client, from its accept to its end.
 *
 * accept → what does it ask for? → may it go there? → dial → relay, or one exchange after another → close
 *
 * The steps are classes of net; this file puts them in order, a chapter for each, and says in the flow what is known of
 * the connection. One fiber owns the whole story and suspends once; interrupting it gives up the step that is under way.
 * A step calls the next chapter: as an effect each, the steps of a short connection cost as much as all that they do.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

import type { ListNode } from "../net/common/intrusive-list.ts"
import type { Dialled, DialOwner } from "../net/dial/dialer.ts"
import type { End } from "../net/common/end.ts"
import { Exchange } from "../net/http/exchange.ts"
import type { ExchangeOwner, Need } from "../net/http/exchange-context.ts"
import { Linger, type LingerOwner } from "../net/common/linger.ts"
import { type ClientIntent, type NegotiationOwner, Negotiation } from "../net/negotiation.ts"
import type { OriginConnection } from "../net/http/origin-connection.ts"
import { Relay, type RelayLimits, type RelayOwner } from "../net/tunnel/relay.ts"
import type { Wiretap } from "../net/tunnel/wiretap.ts"
import type { SocketEnd, SocketName } from "../net/sockets/socket-end.ts"
import type { Splicer } from "../net/splice/splicer.ts"
import type { Cancellable } from "../net/common/cancellable.ts"
import type { RequestRecord } from "../flow/request-record.ts"
import type { EndedBy, Flow } from "../flow/flow.ts"
import type { Address } from "../protocol/address.ts"
import { empty } from "../protocol/bytes.ts"
import type { Bound } from "../protocol/handshake.ts"
import { http } from "../protocol/detect/protocols.ts"
import { type Refusal, refusal } from "../protocol/refusal.ts"
import { refusalReply } from "../protocol/refusal-reply.ts"
import type { Host, Target } from "../protocol/target.ts"

import { followRequests } from "./followed-requests.ts"
import type { ListenerContext } from "./listener-context.ts"

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
  private readonly client: SocketEnd
  private readonly context: ListenerContext
  private readonly owner: ConnectionOwner
  /** Absent once there is a tunnel, which may last for days. */
  private opening: Negotiation | undefined
  /** What is under way. */
  private step: Cancellable | undefined = undefined
  private exchange: Exchange | undefined = undefined
  /** Its place among those that are open. */
  previous: Connection | undefined = undefined
  next: Connection | undefined = undefined
  private resume: ((over: Effect.Effect<void>) => void) | undefined = undefined

  constructor(client: SocketEnd, flow: Flow, context: ListenerContext, full: boolean, owner: ConnectionOwner) {
    this.client = client
    this.flow = flow
    this.context = context
    this.full = full
    this.owner = owner
    this.opening = new Negotiation(client, context.accepts(), this)
  }

  /** Tells the story; `resume` is called once, when both sockets are closed, unless it is cancelled. */
  begin(resume: (over: Effect.Effect<void>) => void): void {
    this.resume = resume
    try {
      this.ask(this.flow.started)
    } catch (cause) {
      this.fail(cause)
    }
  }

  /** Ends it at once: whoever is still there is reset. */
  cancel(by: EndedBy): void {
    if (this.resume === undefined) return
    this.resume = undefined
    this.flow.end(by)
    this.giveUp()
    this.client.terminate()
    this.owner.ended(this)
  }

  // What does it ask for?

  private ask(now: number): void {
    this.step = this.opening
    this.opening!.ask(now)
  }

  asked(asked: ClientIntent): void {
    this.step = undefined
    if (this.full) return this.turnAway(asked)
    this.flow.phase = this.opening!.phase
    switch (asked._tag) {
      case "Tunnel":
        return this.tunnel(asked.target)
      case "Exchange":
        return this.exchangeRequests()
      case "Refused":
        this.flow.protocol = asked.spoken
        return this.refuse(asked.refusal, asked.reply)
      case "Gone":
        if (this.client.received === 0) this.flow.leaveSilent()
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

  private tunnel(asked: Target | undefined): void {
    const { flow, opening, context } = this
    const { handshake, recognisedAt } = opening!
    flow.protocol = handshake!.protocol
    flow.detectedAt = recognisedAt && recognisedAt - flow.started
    const now = performance.now()
    flow.handshakeAt = now - flow.started
    context.observer.detected(flow)
    flow.target = asked && context.nameOf(asked.host, asked.port)
    // Inbound always ends at the workload, whatever the client named: this port can never be an open relay.
    this.reach(context.direction === "outbound" && asked !== undefined ? asked : context.workload, now)
  }

  // May it go there? Then it is dialled.

  private reach(target: Target, now: number): void {
    const { flow, context } = this
    flow.phase = "dial"
    flow.target ??= context.nameOf(target.host, target.port)
    const denied = context.policy.permit(context.direction, target)
    if (denied !== undefined) return this.failed(denied)
    context.exchanges.idleOrigins.reclaim()
    const dial = context.dialer.dial(target, this)
    this.step = dial
    dial.start(now)
  }

  permit(address: Address, port: number, asked: Host): Refusal | undefined {
    return this.context.policy.permitAddress(this.context.direction, address, port, asked)
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
    const { flow, opening, context } = this
    const now = performance.now()
    this.step = undefined
    flow.phase = "data"
    flow.dialledAt = now - flow.started
    flow.address = context.nameOf(address, port)
    context.observer.dialled(flow, now - started)
    if (this.exchange !== undefined) return this.exchange.supply(end, flow.address)
    const { handshake, inbox, finished } = opening!
    this.join(end, handshake!.accepted(new BoundOf(end)), inbox.take(), finished)
  }

  failed(refused: Refusal): void {
    this.step = undefined
    if (this.exchange !== undefined) {
      this.flow.phase = "data"
      return this.exchange.decline(refused)
    }
    const { handshake } = this.opening!
    // A tcp client knows no words: it is reset, as it would have been by the workload itself.
    if (handshake!.protocol !== "tcp") return this.refuse(refused, refusalReply(handshake, refused))
    this.flow.refuse(refused, "proxy")
    this.reset()
  }

  /** The client went while its target was dialled. */
  abandoned(): void {
    this.flow.end("client")
    this.finish()
  }

  // A tunnel: bytes both ways until both sides are done.

  private join(target: End, toClient: Uint8Array, toTarget: Uint8Array, clientFinished: boolean): void {
    this.opening = undefined
    this.flow.phase = "data"
    this.flow.carryTunnel(target)
    const relay = new Relay(this.client, target, this)
    this.step = relay
    relay.start(toClient, toTarget, clientFinished)
  }

  limits(): RelayLimits {
    return this.context.settings()
  }

  get splicer(): Splicer {
    return this.context.splicer
  }

  wiretap(first: Uint8Array, held: boolean): Wiretap | undefined {
    return followRequests(first, held, this.flow, this.client, this.context)
  }

  relayed(): void {
    this.finish()
  }

  // Plain HTTP: one request after another, until the client wants a tunnel or is done.

  private exchangeRequests(): void {
    const { flow, client, opening, context } = this
    flow.protocol = "http"
    flow.phase = "data"
    flow.detectedAt = flow.elapsed()
    flow.carryRequests(client)
    context.observer.detected(flow)
    this.exchange = new Exchange(client, opening!.inbox, opening!.finished, context.exchanges, this)
    this.exchange.start()
  }

  needs(need: Need): void {
    switch (need._tag) {
      case "Origin":
        this.flow.target = this.context.nameOf(need.target.host, need.target.port)
        this.flow.address = undefined
        return this.reach(need.target, performance.now())
      case "Connect":
        this.exchange = undefined
        this.opening!.finished = need.finished
        return this.ask(performance.now())
      case "Upgraded":
        this.exchange = undefined
        return this.join(need.origin, need.toClient, need.toTarget, need.finished)
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

  // The end.

  private refuse(refused: Refusal, reply: Uint8Array): void {
    this.flow.refuse(refused, refused.reason === "request-timeout" ? "timeout" : "proxy")
    this.close(reply)
  }

  /** Says the last words, then closes in order. */
  private close(reply: Uint8Array): void {
    this.giveUp()
    const linger = new Linger(this.client, this.context.settings().halfCloseTimeout, this)
    this.step = linger
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
    const { resume } = this
    if (resume === undefined) return
    this.resume = undefined
    this.giveUp()
    this.owner.ended(this)
    resume(Effect.void)
  }

  /** Whatever is under way is not wanted any more. */
  private giveUp(): void {
    const { step, exchange } = this
    this.step = undefined
    this.exchange = undefined
    step?.cancel()
    exchange?.cancel()
  }
}

/** The local address of a connection, looked up only by a handshake that tells it. */
class BoundOf implements Bound {
  private readonly end: SocketEnd
  private name: SocketName | undefined = undefined

  constructor(end: SocketEnd) {
    this.end = end
  }

  get address(): Address | undefined {
    return this.ask()?.address
  }

  get port(): number {
    return this.ask()?.port ?? 0
  }

  private ask(): SocketName | undefined {
    this.name ??= this.end.localName()
    return this.name
  }
}
