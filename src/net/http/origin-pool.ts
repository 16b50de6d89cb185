/**
 * Origin pool: the idle origin connections whose clients have gone, each for the next client that wants that origin.
 *
 * A request whose client has no connection to the origin is spared a dial. What nginx, Squid and HAProxy learnt of it:
 *
 * - A connection at rest may be closing just now. So one whose end is here already is not taken; it only takes requests
 *   that may be sent again, on a connection of their own, and no client learns of it.
 * - An origin that frames a request otherwise than we do would answer it to another client. So a connection that has
 *   carried a body, or anything else that is not shareable, goes with its client.
 * - NTLM and Negotiate speak for the connection, not for the request. Such a connection goes with its client as well.
 * - A name moves, and a balancer spreads connections. So nothing is shared for longer than `origin-reuse` after it was
 *   made, nor after a reload, which may deny what was permitted.
 */
import type { Drain, DrainListener } from "../common/drain-signal.ts"
import type { OriginConnection, OriginLimits, OriginOwner } from "./origin-connection.ts"
import type { DescriptorBudget } from "../sockets/descriptor-budget.ts"

/** Milliseconds between two looks for what has waited too long. */
const sweepEvery = 1000

/** Owns those that have left, until an exchange does. */
const unowned: OriginOwner = { originAnswered() {}, originDrained() {}, originEnded() {}, originExpired() {} }

export class OriginPool implements OriginOwner, DrainListener {
  /** The connection that was given last, by key; the others lie `below`. */
  private readonly newest = new Map<string, OriginConnection>()
  private readonly limits: () => OriginLimits
  private readonly drain: Drain
  private readonly budget: DescriptorBudget
  private sweeping: ReturnType<typeof setTimeout> | undefined = undefined

  /** The number of connections that wait. */
  count = 0

  /** `budget` is that of all idle origins, which may take one away when descriptors are needed. */
  constructor(limits: () => OriginLimits, drain: Drain, budget: DescriptorBudget) {
    this.limits = limits
    this.drain = drain
    this.budget = budget
    drain.subscribe(this)
  }

  /** Takes over a connection that has just answered: it waits here, or is closed in order. */
  offer(origin: OriginConnection): void {
    if (this.count >= this.limits().maxIdleOrigins || !this.mayShare(origin)) return origin.release()
    origin.owner = this
    origin.below = this.newest.get(origin.key)
    this.newest.set(origin.key, origin)
    if (this.count++ === 0) this.budget.lend(this, this.evictOne)
    this.sweeping ??= setTimeout(this.sweep, sweepEvery).unref()
  }

  /** Takes a connection to `key` out, the one that was used last: what is not needed ends by its age. */
  take(key: string): OriginConnection | undefined {
    for (let origin = this.newest.get(key); origin !== undefined; origin = this.newest.get(key)) {
      this.forget(origin)
      if (this.mayShare(origin) && !origin.isStale(performance.now(), false)) return origin
      origin.release()
    }
    return undefined
  }

  private mayShare(origin: OriginConnection): boolean {
    const limits = this.limits()
    const { unshareable, madeUnder, madeAt } = origin
    if (unshareable || madeUnder !== limits || this.drain.active) return false
    return performance.now() - madeAt < limits.originReuse
  }

  private forget(origin: OriginConnection): void {
    const { key, below } = origin
    origin.below = undefined
    origin.owner = unowned
    let above = this.newest.get(key)
    if (above !== origin) {
      while (above!.below !== origin) above = above!.below
      above!.below = below
    } else if (below === undefined) this.newest.delete(key)
    else this.newest.set(key, below)
    if (--this.count === 0) this.budget.remove(this)
  }

  private release(origin: OriginConnection): void {
    this.forget(origin)
    origin.release()
  }

  /** A descriptor is needed: one of them goes, whichever. */
  private readonly evictOne = (): void => {
    for (const origin of this.newest.values()) {
      this.release(origin)
      break
    }
    if (this.count > 0) this.budget.lend(this, this.evictOne)
  }

  private readonly sweep = (): void => {
    this.sweeping = undefined
    this.releaseUnfit()
    if (this.count > 0) this.sweeping = setTimeout(this.sweep, sweepEvery).unref()
  }

  private releaseUnfit(): void {
    for (const top of this.newest.values()) {
      let origin: OriginConnection | undefined = top
      while (origin !== undefined) {
        const { below }: OriginConnection = origin
        if (!this.mayShare(origin)) this.release(origin)
        origin = below
      }
    }
  }

  /** From now on none may be shared. */
  drained(): void {
    this.releaseUnfit()
  }

  /** Nothing was asked: whatever this is, the next request must not get it as its answer. */
  originAnswered(origin: OriginConnection): void {
    this.forget(origin)
    origin.abort()
  }

  originDrained(): void {}

  originEnded(origin: OriginConnection): void {
    this.release(origin)
  }

  /** Never here: those that wait are swept by their age. */
  originExpired(): void {}
}
