/**
 * Descriptor budget: descriptors that can be reclaimed, oldest first: idle origin connections, overtaken dial attempts.
 *
 * A connection is given two descriptors, one for its client and one for its target. A client may come to hold more,
 * with eight idle origins, or with a name of sixteen addresses that do not answer; a few dozen such clients would take
 * every descriptor of the process, and at that limit nobody is accepted. So lent descriptors are evicted, the oldest
 * first, when another is about to be taken and the budget of all connections is in use.
 */
import { openSockets } from "./socket-end.ts"

export class DescriptorBudget {
  private readonly holders = new Map<object, () => void>()
  private readonly limit: () => number

  /** `limit` is how many sockets all connections together may have open. */
  constructor(limit: () => number) {
    this.limit = limit
  }

  /** Lends a descriptor to a holder; `evict` is called when it is needed. */
  lend(holder: object, evict: () => void): void {
    this.holders.set(holder, evict)
  }

  /** Ends a loan; harmless where there is none. */
  remove(holder: object): void {
    if (this.holders.size > 0) this.holders.delete(holder)
  }

  /** Evicts as many holders as the limit is exceeded by. Called when a socket is about to be opened, or just was. */
  reclaim(): void {
    // Nearly always, and this is asked several times for each connection.
    if (this.holders.size === 0) return
    let excess = openSockets() - this.limit()
    if (excess <= 0) return
    for (const [holder, evict] of this.holders) {
      if (excess-- <= 0) return
      this.holders.delete(holder)
      evict()
    }
  }
}
