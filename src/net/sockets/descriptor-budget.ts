/**
 * Spare: holders of descriptors that no client needs just now, oldest first, over all clients: an origin's connection
 * that waits for a next request, a dial's attempt that a later one has overtaken.
 *
 * A connection is given two descriptors, one for its client and one for its target. A client may come to hold more, with
 * eight origins at rest, or with a name of sixteen addresses that do not answer; a few dozen such clients would take
 * every descriptor of the process, and at that limit nobody is accepted. So what is spare is given up, the oldest first,
 * when a descriptor is about to be taken and the places of all connections are in use.
 */
import { openSockets } from "./socket-end.ts"

export class DescriptorBudget {
  private readonly holders = new Map<object, () => void>()
  private readonly limit: () => number

  /** `limit` is how many sockets all connections together may have open. */
  constructor(limit: () => number) {
    this.limit = limit
  }

  /** Adds a holder; `evict` is called when its place is needed. */
  lend(holder: object, evict: () => void): void {
    this.holders.set(holder, evict)
  }

  remove(holder: object): void {
    if (this.holders.size > 0) this.holders.delete(holder)
  }

  /** A socket is about to be opened, or just was. */
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
