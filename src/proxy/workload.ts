/**
 * Workload: says once that the workload cannot be reached, and once that it can again.
 *
 * At start the kernel is asked whether anybody listens where the workload should; that needs no connection, so the
 * workload hears of nothing. From then on, and where the workload is on another machine, it is learnt from the
 * connections that clients want: a word at each dial, and nothing while bytes pass.
 */
import * as Effect from "effect/Effect"

import type { Log } from "../observe/log/log.ts"
import type { Address } from "../protocol/address.ts"
import type { Reason } from "../protocol/refusal.ts"
import { formatTarget, type Target } from "../protocol/target.ts"

/** Milliseconds until the first look: a workload that is started together with the proxy has this long. */
export const firstLook = 2000
/** Milliseconds between two looks: twice as many each time, up to these. */
const rarestLook = 30_000
/** Milliseconds between two warnings: a workload that comes and goes is no reason for more lines. */
const warningEvery = 10_000

/** Reasons that tell of the workload and not of its client. */
const unreachable: ReadonlySet<Reason> = new Set<Reason>([
  "connection-refused",
  "connection-timeout",
  "dial-denied",
  "host-unreachable",
  "name-not-found",
  "name-timeout",
  "network-unreachable",
])

export interface WorkloadParts {
  readonly target: Target
  /** Where a connection to the target goes, as far as that is an address of this machine; empty where it is not. */
  readonly addresses: ReadonlyArray<Address>
  readonly isListenedOn: (addresses: ReadonlyArray<Address>, port: number) => boolean | undefined
  readonly log: Pick<Log, "info" | "warn">
}

export class Workload {
  private readonly parts: WorkloadParts
  private readonly name: string
  /** Somebody was told that it is down, and of nothing since. */
  private down = false
  /** A client has reached it, or somebody was seen to listen. */
  private seen = false
  private warned = -warningEvery

  constructor(parts: WorkloadParts) {
    this.parts = parts
    this.name = formatTarget(parts.target)
  }

  /** Looks until somebody listens; ends at once where that cannot be seen from here. */
  readonly watch: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    const { addresses, isListenedOn, target, log } = this.parts
    if (addresses.length === 0) return
    for (let wait = firstLook; !this.seen; wait = Math.min(2 * wait, rarestLook)) {
      yield* Effect.sleep(wait)
      if (this.seen) return
      const listens = isListenedOn(addresses, target.port)
      if (listens === undefined) return
      if (listens) return this.reached()
      if (this.down) continue
      this.down = true
      this.warned = performance.now()
      log.warn(
        `nobody listens on ${this.name}, where the workload should: inbound connections are refused until it does`,
      )
    }
  })

  /** A connection to it was made. */
  reached(): void {
    this.seen = true
    if (!this.down) return
    this.down = false
    this.parts.log.info(`the workload answers on ${this.name}`)
  }

  /** A client was refused, for whatever reason. */
  refused(reason: Reason): void {
    if (this.down || !unreachable.has(reason)) return
    const now = performance.now()
    if (now - this.warned < warningEvery) return
    this.warned = now
    this.down = true
    this.parts.log.warn(`the workload cannot be reached on ${this.name}: inbound connections are refused`, { reason })
  }
}
