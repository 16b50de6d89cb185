/**
 * Surroundings: what every connection of one listener shares.
 */
import type { ListenerPlan, Settings } from "../config/settings.ts"
import type { Dialer } from "../net/dial/dialer.ts"
import type { Drain } from "../net/common/drain-signal.ts"
import type { ExchangeContext } from "../net/http/exchange-context.ts"
import type { Speech } from "../net/negotiation.ts"
import { SharedOrigins } from "../net/http/origin-pool.ts"
import type { Spare } from "../net/sockets/descriptor-budget.ts"
import type { Splicer } from "../net/splice/splicer.ts"
import type { Answered } from "../flow/request-record.ts"
import type { Flow } from "../flow/flow.ts"
import { makeForwarding } from "../protocol/http/forward.ts"
import { formatTarget, type Host, type Target } from "../protocol/target.ts"

import type { Policy } from "./policy.ts"

export interface Surroundings {
  readonly direction: ListenerPlan["direction"]
  /** Limits and deadlines are read when they are used: a reload changes them. */
  readonly settings: () => Settings
  /** What the listener takes, by the settings in force. */
  readonly speech: () => Speech
  readonly dialer: Dialer["Service"]
  readonly policy: Policy
  readonly splicer: Splicer
  /** Where inbound connections end. */
  readonly workload: Target
  /** What the log calls a destination. */
  readonly nameOf: (host: Host, port: number) => string
  readonly exchanges: ExchangeContext
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
  /** A story ended by a defect of this program. */
  readonly defect: (flow: Flow, cause: unknown) => void
}

export interface SurroundingsParts extends Pick<
  Surroundings,
  "settings" | "dialer" | "policy" | "splicer" | "reports"
> {
  readonly plan: ListenerPlan
  readonly drain: Drain
  readonly idleOrigins: Spare
  readonly pseudonym: string
}

export const makeSurroundings = (parts: SurroundingsParts): Surroundings => {
  const { plan, settings, dialer, policy, splicer, drain, idleOrigins, pseudonym, reports } = parts
  const { direction } = plan
  // Type, addresses and ports wait for a restart, so this holds as long as the listener.
  const workload = { host: settings().proxyHost, port: settings().proxyPort }
  return {
    direction,
    settings,
    speech: speechOf(plan, settings, pseudonym),
    dialer,
    policy,
    splicer,
    workload,
    nameOf: namer(workload),
    exchanges: {
      direction,
      workload: direction === "inbound" ? workload : undefined,
      limits: settings,
      pseudonym,
      forwarding: makeForwarding(pseudonym),
      drain,
      idleOrigins,
      sharedOrigins: new SharedOrigins(settings, drain, idleOrigins),
      splicer,
    },
    reports,
  }
}

/**
 * Most connections go where one went before: inbound to the workload, outbound to the last target. Their names are made
 * once, for each would be two strings of every connection that is open.
 */
const namer = (workload: Target): Surroundings["nameOf"] => {
  const name = formatTarget(workload)
  let last = workload
  let lastName = name
  return (host, port) => {
    if (host === workload.host && port === workload.port) return name
    if (host !== last.host || port !== last.port) {
      last = { host, port }
      lastName = formatTarget(last)
    }
    return lastName
  }
}

/** What somebody should write who sends TLS to a port that is spoken to in the clear. */
const insteadOfTls = ({ direction, speaks }: ListenerPlan, { proxyType }: Settings): string => {
  if (direction === "outbound") return "write http:// or socks5:// in the proxy's URL"
  return `write proxy-protocol ${proxyType === "dual" ? `tcp:${speaks}` : "tcp"}`
}

/** Made anew only when the settings are others. */
const speechOf = (plan: ListenerPlan, settings: () => Settings, pseudonym: string): (() => Speech) => {
  let from: Settings | undefined
  let speech: Speech | undefined
  return () => {
    const now = settings()
    if (speech === undefined || now !== from) {
      const { handshakeTimeout, maxHeadBytes, maxHeadFields, proxyStrict } = now
      from = now
      speech = {
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
    return speech
  }
}
