/**
 * Idle origins: every connection to an origin that waits for a next request, oldest first, over all clients.
 *
 * Each belongs to the client connection that opened it and is never lent to another: what an origin knows of a
 * connection (a login by NTLM, say) stays with its client. This list only bounds how many there are.
 */
import type { Origin } from "./origin.ts"

export class IdleOrigins {
  private readonly waiting = new Map<Origin, () => void>()

  get size(): number {
    return this.waiting.size
  }

  /** Adds an origin; `evict` is called when its place is needed. */
  add(origin: Origin, evict: () => void): void {
    this.waiting.set(origin, evict)
  }

  remove(origin: Origin): void {
    this.waiting.delete(origin)
  }

  /** Closes the oldest until at most `count` are left. */
  trim(count: number): void {
    for (const [origin, evict] of this.waiting) {
      if (this.waiting.size <= count) return
      this.waiting.delete(origin)
      evict()
    }
  }
}
