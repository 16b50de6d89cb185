/**
 * ListenerContext: what every connection of one listener shares.
 */
import type { ListenerPlan, Settings } from "../config/settings.ts"
import type { Dialer } from "../net/dial/dialer.ts"
import type { Drain } from "../net/common/drain-signal.ts"
import type { ExchangeContext } from "../net/http/exchange-context.ts"
import type { AcceptedProtocols } from "../net/negotiation.ts"
import { OriginPool } from "../net/http/origin-pool.ts"
import type { DescriptorBudget } from "../net/sockets/descriptor-budget.ts"
import type { Splicer } from "../net/splice/splicer.ts"
import type { RequestRecord } from "../flow/request-record.ts"
import type { Direction, Flow, Unfollowed } from "../flow/flow.ts"
import { makeForwarding } from "../protocol/http/forward.ts"
import type { RecorderSwitch } from "../protocol/recording.ts"
import { formatTarget, type Host, type Target } from "../protocol/target.ts"

import type { Destination } from "./destination.ts"

export interface ListenerContext {
  readonly direction: ListenerPlan["direction"]
  /** Limits and deadlines are read when they are used: a reload changes them. */
  readonly settings: () => Settings
  /** What the listener takes, by the settings in force. */
  readonly accepts: () => AcceptedProtocols
  readonly dialer: Dialer["Service"]
  /** Where its connections go. */
  readonly destination: Destination
  readonly splicer: Splicer
  /** What the log calls a destination. */
  readonly nameOf: (host: Host, port: number) => string
  readonly exchanges: ExchangeContext
  readonly recorders: RecorderSwitch
  readonly observer: ConnectionObserver
}

/** Who watches connections: the metrics and the logs. Called synchronously; must not throw. */
export interface ConnectionObserver {
  readonly accepted: (flow: Flow) => void
  /** The story of a connection is over; both of its sockets are closed. */
  readonly ended: (flow: Flow) => void
  /** The proxy is full; `heard` says whether the client is going to be answered why. */
  readonly overloaded: (direction: Direction, heard: boolean) => void
  /** An HTTP request is over. */
  readonly answered: (flow: Flow, answered: RequestRecord) => void
  /** An HTTP request is over that was read as it passed: its bytes are those of its connection. */
  readonly followed: (flow: Flow, followed: RequestRecord) => void
  /** The HTTP of a connection is not read from here on. `cause` is the defect of this program, if it is one. */
  readonly unfollowed: (flow: Flow, why: Unfollowed, cause?: unknown) => void
  /** A dial made a connection in this time. */
  readonly dialled: (flow: Flow, milliseconds: number) => void
  /** It is known what a client speaks. */
  readonly detected: (flow: Flow) => void
  /** A story ended by a defect of this program. */
  readonly defect: (flow: Flow, cause: unknown) => void
}

export interface ListenerContextParts extends Pick<
  ListenerContext,
  "settings" | "dialer" | "destination" | "splicer" | "recorders" | "observer"
> {
  readonly plan: ListenerPlan
  readonly drain: Drain
  readonly idleOrigins: DescriptorBudget
  readonly pseudonym: string
}

export const makeListenerContext = (parts: ListenerContextParts): ListenerContext => {
  const { plan, settings, dialer, destination, splicer, drain, idleOrigins, pseudonym, recorders, observer } = parts
  const { direction } = plan
  return {
    direction,
    settings,
    accepts: acceptsOf(plan, settings, pseudonym),
    dialer,
    destination,
    splicer,
    nameOf: namer(destination._tag === "Workload" ? destination.target : undefined),
    exchanges: {
      resolve: destination.resolve,
      limits: settings,
      pseudonym,
      forwarding: makeForwarding(pseudonym),
      drain,
      idleOrigins,
      originPool: new OriginPool(settings, drain, idleOrigins),
      splicer,
      recorders,
    },
    recorders,
    observer,
  }
}

/**
 * Most connections go where one went before: inbound to the workload, outbound to the last target. Their names are made
 * once, for each would be two strings of every connection that is open.
 */
const namer = (workload: Target | undefined): ListenerContext["nameOf"] => {
  const name = workload && formatTarget(workload)
  let last = workload
  let lastName = name
  return (host, port) => {
    if (name !== undefined && host === workload?.host && port === workload.port) return name
    if (lastName !== undefined && host === last?.host && port === last.port) return lastName
    last = { host, port }
    lastName = formatTarget(last)
    return lastName
  }
}

/** What somebody should write who sends TLS to a port that is spoken to in the clear. */
const insteadOfTls = ({ direction, speaks }: ListenerPlan, { proxyType }: Settings): string => {
  if (direction === "outbound") return "write http:// or socks5:// in the proxy's URL"
  return `write proxy-protocol ${proxyType === "dual" ? `tcp:${speaks}` : "tcp"}`
}

/** Made anew only when the settings are others. */
const acceptsOf = (plan: ListenerPlan, settings: () => Settings, pseudonym: string): (() => AcceptedProtocols) => {
  let from: Settings | undefined
  let accepts: AcceptedProtocols | undefined
  return () => {
    const now = settings()
    if (accepts === undefined || now !== from) {
      const { handshakeTimeout, maxHeadBytes, maxHeadFields, proxyStrict } = now
      from = now
      accepts = {
        opaque: plan.speaks === "tcp",
        allowed: {
          http: !proxyStrict || plan.speaks === "http",
          socks: !proxyStrict || plan.speaks === "socks",
          insteadOfTls: insteadOfTls(plan, now),
        },
        verbatim: plan.direction === "inbound",
        handshakeTimeout,
        limits: { maxHeadBytes, maxHeadFields, pseudonym },
      }
    }
    return accepts
  }
}
