/**
 * Shortfall log: logs what this machine does not give the program, counts it, and marks the settings that asked for it.
 */
import type { Log } from "./log.ts"
import {
  acceptErrors,
  type Fallback,
  type FallbackReason,
  fallbackReasons,
  type Feature,
  features,
  type Shortfalls,
} from "../../flow/shortfalls.ts"

/** Milliseconds between two lines that a listener cannot accept: at a limit it may stop and go on many times a second. */
export const deafWarningEvery = 10_000

/** Counters of shortfalls. */
export interface ShortfallCounts {
  readonly fallback: (feature: Feature, reason: FallbackReason) => void
  readonly acceptError: (code: (typeof acceptErrors)[number]) => void
  readonly unwatched: (told: boolean) => void
}

/** Logs each once: a fallback when it happens, a listener when it stops and when it goes on, epoll(7) the first time. */
export class ShortfallLog implements Shortfalls {
  private readonly log: Pick<Log, "info" | "warn" | "error">
  private readonly counts: ShortfallCounts
  private readonly fallbacks = new Map<Feature, Fallback>()
  /** The ports of which it was said, when, and whether they still cannot. */
  private readonly deaf = new Map<number, { readonly since: number; over: boolean }>()
  private readonly now: () => number
  private watchLogged = false

  /** `now` is on a clock that never jumps; the tests put another in its place. */
  constructor(
    log: Pick<Log, "info" | "warn" | "error">,
    counts: ShortfallCounts,
    now: () => number = () => performance.now(),
  ) {
    this.log = log
    this.now = now
    this.counts = counts
  }

  fellBack(feature: Feature, fallback: Fallback): void {
    if (this.fallbacks.has(feature)) return
    this.fallbacks.set(feature, fallback)
    const { reason, code } = fallback
    this.counts.fallback(feature, reason)
    this.log.warn(`${feature} is not in use, though it is set: ${fallbackReasons[reason]}; ${consequences[feature]}`, {
      option: feature,
      reason,
      code,
    })
  }

  cannotAccept(port: number, code: string): void {
    this.counts.acceptError(acceptErrors.find((each) => each === code) ?? "other")
    const said = this.deaf.get(port)
    if (said !== undefined && (!said.over || this.now() - said.since < deafWarningEvery)) return
    this.deaf.set(port, { since: this.now(), over: false })
    this.log.error("connections cannot be accepted; it is tried again", { port, code })
  }

  acceptsAgain(port: number): void {
    const said = this.deaf.get(port)
    if (said === undefined || said.over) return
    said.over = true
    this.log.info("connections are accepted again", { port })
  }

  cannotWatch(code: string, told: boolean): void {
    this.counts.unwatched(told)
    if (this.watchLogged) return
    this.watchLogged = true
    this.log.error("epoll takes no more sockets: connections are refused (fs.epoll.max_user_watches, or memory)", {
      code,
    })
  }

  /** The settings with their origins; those that are not in force here say so, and why. */
  mark<S extends { readonly option: string }>(settings: ReadonlyArray<S>): ReadonlyArray<S | (S & NotInForce)> {
    return settings.map((setting) => {
      const feature = features.find((each) => each === setting.option)
      const fallback = feature === undefined ? undefined : this.fallbacks.get(feature)
      return fallback === undefined ? setting : { ...setting, inForce: false, ...fallback }
    })
  }
}

export interface NotInForce extends Fallback {
  readonly inForce: false
}

const consequences: { readonly [F in Feature]: string } = {
  poll: "connections cost more, most unreachable destinations are reported as refused, and a dial that is given up keeps its socket until the system drops it",
  splice: "large transfers are copied through the program and cost more",
}
