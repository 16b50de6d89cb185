/**
 * Client origins: the idle origin connections of one client, one for each origin.
 */
import { formatTarget, type Target } from "../../protocol/target.ts"
import type { OriginConnection, OriginLimits } from "./origin-connection.ts"
import type { OriginPool } from "./origin-pool.ts"
import type { DescriptorBudget } from "../sockets/descriptor-budget.ts"

/**
 * The keys of targets, for whoever speaks to several in turn: a target comes again as the very same object, and the same
 * string is found again, and told from others, without a look at its characters.
 */
const keys = new WeakMap<Target, string>()

/** Origins one client connection may keep. Go sends requests to many origins over one proxy connection. */
export const maxIdleOriginsPerClient = 8

export interface ClientOriginLimits extends OriginLimits {
  /** Milliseconds between requests. */
  readonly keepAliveTimeout: number
}

export class ClientOrigins {
  /**
   * The connection that answered last. It waits as long as the client does and ends with it, so it needs no deadline
   * of its own; and it is the one that max-connections allows for every client, so it need not make room for others.
   */
  private resting: OriginConnection | undefined = undefined
  /** The others, by their keys: few clients have any. */
  private byKey: Map<string, OriginConnection> | undefined = undefined
  private keyed: Target | undefined = undefined
  private key = ""
  private readonly budget: DescriptorBudget
  private readonly shared: OriginPool

  /**
   * `budget` is that of all idle origins, which may take one away when descriptors are needed; `shared` is the pool
   * that takes them over when the client goes.
   */
  constructor(budget: DescriptorBudget, shared: OriginPool) {
    this.budget = budget
    this.shared = shared
  }

  /** `host:port`, made once for a target that comes again and again: connections with the same key serve the same origin. */
  keyOf(target: Target): string {
    if (target !== this.keyed) {
      this.keyed = target
      this.key = keys.get(target) ?? makeKey(target)
    }
    return this.key
  }

  /** Keeps a connection that has answered, `now` on the monotonic clock. */
  rest(origin: OriginConnection, now: number): void {
    origin.rest(now)
    this.resting = origin
  }

  /**
   * Takes the connection to `key` out, if there is one that is not stale; `asking` as there. Others wait for the
   * keep-alive timeout at most.
   */
  take(key: string, limits: ClientOriginLimits, now: number, asking: boolean): OriginConnection | undefined {
    const { resting } = this
    this.resting = undefined
    if (resting?.key === key) return fresh(resting, limits, now, asking)
    if (resting !== undefined) this.keep(resting, limits.keepAliveTimeout, now)
    const origin = this.byKey?.get(key)
    if (origin === undefined) return undefined
    this.forget(origin)
    return fresh(origin, limits, now, asking)
  }

  private keep(origin: OriginConnection, keepAliveTimeout: number, now: number): void {
    const byKey = (this.byKey ??= new Map<string, OriginConnection>())
    const oldest = byKey.size < maxIdleOriginsPerClient ? undefined : byKey.values().next().value
    if (oldest !== undefined) this.release(oldest)
    byKey.set(origin.key, origin)
    this.budget.lend(origin, () => this.release(origin))
    origin.wait(keepAliveTimeout, now)
  }

  /** Lets go of a connection without closing it. */
  forget(origin: OriginConnection): void {
    if (this.resting === origin) {
      this.resting = undefined
      return
    }
    origin.wake()
    this.budget.remove(origin)
    if (this.byKey?.get(origin.key) === origin) this.byKey.delete(origin.key)
  }

  /** Closes a connection in order. */
  release(origin: OriginConnection): void {
    this.forget(origin)
    origin.release()
  }

  /** The client goes. */
  giveBack(): void {
    const { resting, byKey } = this
    this.resting = undefined
    if (resting !== undefined) this.shared.offer(resting)
    if (byKey === undefined) return
    for (const origin of byKey.values()) {
      this.forget(origin)
      this.shared.offer(origin)
    }
  }
}

const makeKey = (target: Target): string => {
  const key = formatTarget(target)
  keys.set(target, key)
  return key
}

/**
 * A reload may have denied a destination, or moved it: what was made before is not used again. Nor is what its origin
 * has ended, or spoken on, since it answered.
 */
const fresh = (
  origin: OriginConnection,
  limits: OriginLimits,
  now: number,
  asking: boolean,
): OriginConnection | undefined => {
  if (origin.madeUnder === limits && !origin.isStale(now, asking)) return origin
  origin.release()
  return undefined
}
