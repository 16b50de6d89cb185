/**
 * Resolution cache: what names were resolved to, for a short time. getaddrinfo does not say for how long a record holds.
 */
import type { Resolution } from "./resolution.ts"

/** Milliseconds for which a resolution counts: long enough to carry a burst, and no longer. */
export const foundTtl = 5000
export const missingTtl = 1000
/** Names whose resolution is remembered; the oldest makes room. */
export const maxRememberedNames = 256

interface Cached {
  readonly resolution: Resolution
  /** On the cache's clock. */
  readonly until: number
}

export class ResolutionCache {
  private readonly now: () => number
  private readonly entries = new Map<string, Cached>()

  /** `now` is the clock, in milliseconds. */
  constructor(now: () => number) {
    this.now = now
  }

  /** Returns the resolution that is remembered for a name; undefined where there is none, or it is too old. */
  get(name: string): Resolution | undefined {
    const entry = this.entries.get(name)
    return entry !== undefined && entry.until > this.now() ? entry.resolution : undefined
  }

  set(name: string, resolution: Resolution): void {
    const { entries } = this
    // Deleted first, so that the map's order is by age.
    entries.delete(name)
    entries.set(name, { resolution, until: this.now() + (resolution._tag === "Found" ? foundTtl : missingTtl) })
    for (const [oldest] of entries) {
      if (entries.size <= maxRememberedNames) break
      entries.delete(oldest)
    }
  }

  /** Forgets a resolution, but never one that has taken its place. */
  forget(name: string, resolution: Resolution): void {
    if (this.entries.get(name)?.resolution === resolution) this.entries.delete(name)
  }
}
