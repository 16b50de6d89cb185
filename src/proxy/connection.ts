/**
 * Connection: the story of one client, from its accept to its end.
 *
 * accept → what does it ask for? → may it go there? → dial → relay, or one exchange after another → close
 *
 * The steps are effects of other rooms; this file only puts them in order, and says what is known of the connection in
 * its flow. Whatever happens, both sockets are closed and one line is written when the story ends.
 */
import * as Effect from "effect/Effect"

import type { ListenerPlan, Settings } from "../config/settings.ts"
import { type Dialled, type DialFailed, DialFailed as Failed, type Dialer } from "../net/dialer.ts"
import type { Drain } from "../net/drain.ts"
import type { End, SocketEnd } from "../net/end.ts"
import { Exchange } from "../net/exchange.ts"
import type { ExchangeContext } from "../net/exchange-context.ts"
import { closeAfter } from "../net/linger.ts"
import type { Asked, Opening, Speech } from "../net/opening.ts"
import { relay, type Start } from "../net/relay.ts"
import type { Spare } from "../net/spare.ts"
import type { Answered } from "../observe/answered.ts"
import type { Flow } from "../observe/flow.ts"
import { type Address, parseAddress } from "../protocol/address.ts"
import { empty } from "../protocol/bytes.ts"
import type { Bound, Handshake } from "../protocol/handshake.ts"
import { answerRefusal } from "../protocol/http/answer.ts"
import type { Forwarding } from "../protocol/http/forward.ts"
import { type Refusal, refusal } from "../protocol/refusal.ts"
import { formatTarget, type Target } from "../protocol/target.ts"

import type { Policy } from "./policy.ts"

/** What every connection of one listener shares. */
export interface Surroundings {
  readonly plan: ListenerPlan
  readonly settings: () => Settings
  readonly dialer: Dialer["Service"]
  readonly policy: Policy
  readonly drain: Drain
  readonly idleOrigins: Spare
  readonly pseudonym: string
  readonly forwarding: Forwarding
  readonly reports: Reports
}

/** What is told while a connection goes on. */
export interface Reports {
  /** An HTTP request is over. */
  readonly answered: (flow: Flow, answered: Answered) => void
  /** A dial made a connection in this time. */
  readonly dialled: (flow: Flow, milliseconds: number) => void
  /** It is known what a client speaks. */
  readonly detected: (flow: Flow) => void
}

/** What a listener takes, by the settings in force. */
export const speech = ({ plan, settings, pseudonym }: Surroundings): Speech => {
  const { handshakeTimeout, maxHeadBytes, maxHeadFields, proxyStrict } = settings()
  return {
    opaque: plan.speaks === "tcp",
    allowed: { http: !proxyStrict || plan.speaks === "http", socks: !proxyStrict || plan.speaks === "socks" },
    verbatim: plan.direction === "inbound",
    handshakeTimeout,
    limits: { maxHeadBytes, maxHeadFields, pseudonym },
  }
}

/**
 * The whole story. Interrupting it resets whoever is still there.
 *
 * Told as steps of which each follows from the last, not as one generator: a step's own things are forgotten when the
 * next begins, and a tunnel may be open for days (1 KB less for each that is).
 */
export const connection = (
  client: SocketEnd,
  opening: Opening,
  flow: Flow,
  around: Surroundings,
): Effect.Effect<void> => Effect.flatMap(opening.asked, (asked) => serve(asked, client, opening, flow, around))

const serve = (
  asked: Asked,
  client: SocketEnd,
  opening: Opening,
  flow: Flow,
  around: Surroundings,
): Effect.Effect<void> => {
  flow.phase = opening.phase
  switch (asked._tag) {
    case "Tunnel":
      return tunnel(client, opening, flow, around, asked.handshake, asked.target)
    case "Exchange":
      return Effect.flatMap(exchanges(client, opening, flow, around), (next) =>
        next === undefined ? Effect.void : serve(next, client, opening, flow, around),
      )
    case "Refused":
      flow.protocol = protocolOf(asked.spoken)
      return refuse(client, flow, asked.refusal, asked.words)
    case "Gone":
      flow.end("client", asked.code)
      return closeAfter(client, empty)
  }
}

/** Turns away a client that came when the proxy was full, in its own protocol if it has one. */
export const turnAway = Effect.fnUntraced(function* (client: SocketEnd, opening: Opening, flow: Flow) {
  const asked = yield* opening.asked
  const refused = refusal("connection-limit", "max-connections is reached")
  if (asked._tag === "Tunnel") return yield* refuse(client, flow, refused, asked.handshake.refused(refused))
  const words = asked._tag === "Exchange" ? answerRefusal(refused, { close: true, body: true }) : empty
  yield* refuse(client, flow, refused, words)
})

const tunnel = (
  client: SocketEnd,
  opening: Opening,
  flow: Flow,
  around: Surroundings,
  handshake: Handshake,
  asked: Target | undefined,
): Effect.Effect<void> => {
  flow.protocol = handshake.protocol === "verbatim" ? "http" : handshake.protocol
  flow.detectedAt = opening.recognisedAt && opening.recognisedAt - flow.started
  flow.handshakeAt = flow.elapsed()
  around.reports.detected(flow)
  flow.target = asked && formatTarget(asked)
  return Effect.matchEffect(reach(destination(asked, around), flow, around), {
    onFailure: ({ refusal: refused }) =>
      // A tcp client knows no words: it is reset, as it would have been by the workload itself.
      handshake.protocol === "tcp"
        ? reset(client, flow, refused)
        : refuse(client, flow, refused, handshake.refused(refused)),
    onSuccess: ({ end: target }) => {
      const toClient = handshake.accepted(new BoundOf(target))
      const start = { toClient, toTarget: opening.inbox.take(), clientFinished: opening.finished }
      return join(client, target, flow, around, start)
    },
  })
}

/** Plain HTTP: answers requests until the client wants a tunnel; undefined when it is done. */
const exchanges = Effect.fnUntraced(function* (client: SocketEnd, opening: Opening, flow: Flow, around: Surroundings) {
  flow.protocol = "http"
  flow.phase = "data"
  flow.detectedAt = flow.elapsed()
  flow.carryRequests(client)
  around.reports.detected(flow)
  const context = exchangeContext(flow, around)
  const exchange = new Exchange(client, opening.inbox, opening.finished, context, opening.abandon)
  while (true) {
    const need = yield* exchange.next
    switch (need._tag) {
      case "Origin": {
        flow.target = formatTarget(need.target)
        const dialled = yield* Effect.result(reach(need.target, flow, around))
        if (dialled._tag === "Success") exchange.supply(dialled.success.end)
        else exchange.decline(dialled.failure.refusal)
        flow.phase = "data"
        continue
      }
      case "Connect":
        opening.finished = need.finished
        return yield* opening.asked
      case "Upgraded":
        yield* join(client, need.origin, flow, around, { ...need, clientFinished: need.finished })
        return undefined
      case "Closed":
        return undefined
      case "Over":
        if (need.words === undefined) client.terminate()
        else yield* closeAfter(client, need.words)
        return undefined
    }
  }
})

const exchangeContext = (flow: Flow, around: Surroundings): ExchangeContext => ({
  direction: around.plan.direction,
  workload: around.plan.direction === "inbound" ? destination(undefined, around) : undefined,
  limits: around.settings,
  pseudonym: around.pseudonym,
  forwarding: around.forwarding,
  drain: around.drain,
  idleOrigins: around.idleOrigins,
  answered: (answered) => around.reports.answered(flow, answered),
})

/** Inbound always ends at the workload, whatever the client named: this port can never be an open relay. */
const destination = (asked: Target | undefined, { plan, settings }: Surroundings): Target => {
  if (plan.direction === "outbound" && asked !== undefined) return asked
  const { proxyHost, proxyPort } = settings()
  return { host: proxyHost, port: proxyPort }
}

/** Connects to a target that the policy permits. */
const reach = (target: Target, flow: Flow, around: Surroundings): Effect.Effect<Dialled, DialFailed> => {
  flow.phase = "dial"
  flow.target ??= formatTarget(target)
  const { direction } = around.plan
  const denied = around.policy.permit(direction, target)
  if (denied !== undefined) return Effect.fail(new Failed({ refusal: denied, address: undefined }))
  const permit = (address: Address, port: number): Refusal | undefined =>
    around.policy.permitAddress(direction, address, port, target.host)
  const started = performance.now()
  around.idleOrigins.makeRoom()
  return Effect.map(around.dialer.dial(target, permit), (dialled) => {
    flow.phase = "data"
    flow.dialledAt = flow.elapsed()
    around.reports.dialled(flow, performance.now() - started)
    flow.address = formatTarget({ host: dialled.address, port: dialled.port })
    return dialled
  })
}

const join = (client: End, target: End, flow: Flow, around: Surroundings, start: Start): Effect.Effect<void> => {
  flow.phase = "data"
  flow.carryTunnel(target)
  return relay(client, target, flow, start, around.settings)
}

const refuse = (client: End, flow: Flow, refused: Refusal, words: Uint8Array): Effect.Effect<void> => {
  flow.refusal = refused
  flow.end(refused.reason === "request-timeout" ? "timeout" : "proxy")
  return closeAfter(client, words)
}

const reset = (client: End, flow: Flow, refused: Refusal): Effect.Effect<void> => {
  flow.refusal = refused
  flow.end("proxy")
  client.terminate()
  return Effect.void
}

const protocolOf = (spoken: string): Flow["protocol"] => {
  switch (spoken) {
    case "connect":
    case "socks4":
    case "socks4a":
    case "socks5":
    case "http":
      return spoken
    case "verbatim":
      return "http"
    default:
      return "unknown"
  }
}

/** The local address of a connection, looked up only by a handshake that tells it. */
class BoundOf implements Bound {
  private readonly end: SocketEnd

  constructor(end: SocketEnd) {
    this.end = end
  }

  get address(): Address | undefined {
    const text = this.end.localAddress
    return text === undefined ? undefined : parseAddress(text)
  }

  get port(): number {
    return this.end.localPort
  }
}
