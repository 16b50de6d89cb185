/**
 * Window: what happened in the last minute, second by second. A fixed number of bytes, however much happens; nothing runs
 * while nothing is counted, for old seconds are cleared by the next count or look.
 */
import { latencyAt, latencyBucket, latencyBuckets } from "./latencies.ts"

/** Seconds that shares and percentiles look back. */
export const windowSeconds = 60
/** Seconds that are kept: those, the one that is under way, and what makes the remainder a mask. */
const kept = 64
/** Latencies are kept for spans of this many seconds: 82 buckets for every single second would be 20 KB. */
const spanSeconds = 20
const spans = windowSeconds / spanSeconds + 1

export class Window {
  private readonly done = new Uint32Array(kept)
  private readonly failed = new Uint32Array(kept)
  /** The buckets of one span after those of another; made for the first latency. */
  private latencies: Uint32Array | undefined
  /** The newest second that was counted in or looked at, and where its span lies among the latencies. */
  private second = 0
  private spanAt = 0

  /** Counts one that ended in `second`, a whole number that never falls; `latency` in milliseconds if there is one. */
  count(second: number, failed: boolean, latency: number | undefined): void {
    if (second !== this.second) this.advance(second)
    const at = second % kept
    this.done[at]!++
    if (failed) this.failed[at]!++
    if (latency === undefined) return
    this.latencies ??= new Uint32Array(spans * latencyBuckets)
    this.latencies[this.spanAt + latencyBucket(latency)]!++
  }

  /** How many ended per second in the last `seconds` whole seconds before `now`; at most `windowSeconds` of them. */
  rate(now: number, seconds: number): number {
    this.advance(now)
    let count = 0
    for (let second = Math.max(0, now - seconds); second < now; second++) count += this.done[second % kept]!
    return count / seconds
  }

  /** How many ended in the last minute and in the second that is under way. */
  ended(now: number): number {
    return this.sumOf(this.done, now)
  }

  /** How many of those failed. */
  failures(now: number): number {
    return this.sumOf(this.failed, now)
  }

  /** The latency in milliseconds that a share of those of the last minute does not exceed; undefined without any. */
  latency(now: number, share: number): number | undefined {
    this.advance(now)
    const { latencies } = this
    if (latencies === undefined) return undefined
    return latencyAt(share, (bucket) => {
      let count = 0
      for (let span = 0; span < spans; span++) count += latencies[span * latencyBuckets + bucket]!
      return count
    })
  }

  private sumOf(counts: Uint32Array, now: number): number {
    this.advance(now)
    let sum = 0
    for (let second = Math.max(0, now - windowSeconds); second <= now; second++) sum += counts[second % kept]!
    return sum
  }

  /** Clears the seconds and spans that have begun since. */
  private advance(now: number): void {
    if (now <= this.second) return
    for (let second = Math.max(this.second + 1, now - kept + 1); second <= now; second++) {
      this.done[second % kept] = 0
      this.failed[second % kept] = 0
    }
    const [from, to] = [Math.floor(this.second / spanSeconds), Math.floor(now / spanSeconds)]
    for (let span = Math.max(from + 1, to - spans + 1); span <= to; span++) {
      const at = (span % spans) * latencyBuckets
      this.latencies?.fill(0, at, at + latencyBuckets)
    }
    this.second = now
    this.spanAt = (to % spans) * latencyBuckets
  }
}
