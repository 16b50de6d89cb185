/**
 * History: numbers of every second of the last ten minutes, so that who opens the status page now sees what was. A ring
 * of a fixed size; counting is an addition, and a look reads it.
 */
import { latencyAt, latencyBucket, latencyBuckets } from "./latencies.ts"

/** Points that are kept; one a second. */
export const maxPoints = 600

/** The numbers of a point, in the order in which they lie in the ring. */
const names = [
  "connections",
  "requests",
  "to_target",
  "to_client",
  "refusals",
  "failures",
  "median",
  "slowest",
] as const

/** Per second, but for the latencies in milliseconds, which are null where nothing was answered. */
export type HistoryPoint = { readonly [N in (typeof names)[number]]: number | null }

/** Points with their numbers: `first` is that of the first one, and they go up by one. */
export interface HistoryReport {
  readonly first: number
  readonly points: ReadonlyArray<HistoryPoint>
}

export class History {
  private readonly ring = new Float64Array(maxPoints * names.length)
  /** The number of the point that comes next, counted from 1. */
  private next = 1
  private sampledAt: number
  private connections = 0
  private requests = 0
  private refusals = 0
  private failures = 0
  /** Bytes when they were counted last, and per second then. */
  private bytes: { readonly at: number; readonly in: number; readonly out: number }
  private byteRates = { in: 0, out: 0 }
  private readonly latencies = new Uint32Array(latencyBuckets)

  /** The first point begins at `now`, on the monotonic clock in milliseconds: nothing has been carried then. */
  constructor(now: number) {
    this.sampledAt = now
    this.bytes = { at: now, in: 0, out: 0 }
  }

  accepted(): void {
    this.connections++
  }

  /** A connection or a request was refused, or turned away. */
  refused(): void {
    this.refusals++
  }

  /** A request is over; `status` is 0 where there was no answer. */
  answered(status: number): void {
    this.requests++
    if (status >= 500) this.failures++
  }

  /** The first byte of an answer came so many milliseconds after it was wished for. */
  waited(milliseconds: number): void {
    this.latencies[latencyBucket(milliseconds)]!++
  }

  /**
   * Ends a point, `now` on the monotonic clock in milliseconds. `bytes` are all that were ever carried; where they are not
   * counted this time, the rate of the last time stands for them.
   */
  sample(now: number, bytes: { readonly in: number; readonly out: number } | undefined): void {
    if (bytes !== undefined) this.measure(now, bytes)
    if (now > this.sampledAt) this.add((now - this.sampledAt) / 1000)
    this.sampledAt = now
    this.connections = this.requests = this.refusals = this.failures = 0
    this.latencies.fill(0)
  }

  /** Every point that is still here and has a number above `after`, the oldest first. */
  since(after: number): HistoryReport {
    const first = Math.max(1, this.next - maxPoints, after + 1)
    const points = Array.from({ length: Math.max(0, this.next - first) }, (_, i) => this.at(first + i))
    return { first, points }
  }

  private measure(now: number, bytes: { readonly in: number; readonly out: number }): void {
    const before = this.bytes
    const seconds = (now - before.at) / 1000
    if (seconds > 0) {
      this.byteRates.in = Math.max(0, bytes.in - before.in) / seconds
      this.byteRates.out = Math.max(0, bytes.out - before.out) / seconds
    }
    this.bytes = { at: now, in: bytes.in, out: bytes.out }
  }

  private add(seconds: number): void {
    const latency = (share: number): number => latencyAt(share, (bucket) => this.latencies[bucket]!) ?? Number.NaN
    const values = [
      this.connections / seconds,
      this.requests / seconds,
      this.byteRates.in,
      this.byteRates.out,
      this.refusals / seconds,
      this.failures / seconds,
      latency(0.5),
      latency(0.99),
    ]
    this.ring.set(values, (this.next++ % maxPoints) * names.length)
  }

  private at(number: number): HistoryPoint {
    const start = (number % maxPoints) * names.length
    const value = (i: number): number | null => {
      const found = this.ring[start + i]!
      return Number.isNaN(found) ? null : Math.round(found * 100) / 100
    }
    return Object.fromEntries(names.map((name, i) => [name, value(i)])) as unknown as HistoryPoint
  }
}
