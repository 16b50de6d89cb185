/**
 * History: the last two minutes in numbers a second, made from counters that only go up.
 */
import { type Samples, sum, sumBy } from "./prometheus.ts"

/** Points that are kept: two minutes at one a second. */
export const longest = 120

/** Changes between two readings; rates are per second. */
export interface Point {
  readonly connections: number
  readonly requests: number
  readonly toTarget: number
  readonly toClient: number
  readonly refusals: number
  /** Answers of targets with a status of 500 and above. */
  readonly failures: number
  /** Milliseconds from the dial to the first byte; undefined where nothing was answered. */
  readonly median: number | undefined
  readonly slowest: number | undefined
}

interface Counters {
  readonly connections: number
  readonly requests: number
  readonly toTarget: number
  readonly toClient: number
  readonly refusals: number
  readonly failures: number
}

export class History {
  points: ReadonlyArray<Point> = []
  /** Refusals by reason since the page was opened, most first. */
  reasons: ReadonlyArray<readonly [reason: string, count: number]> = []
  private last: { readonly at: number; readonly counters: Counters } | undefined
  private firstReasons: ReadonlyMap<string, number> | undefined
  private startedAt: number | undefined

  /** `at` is when the samples were read and `waits` what was answered since the last reading, both in milliseconds. */
  add(samples: Samples, at: number, waits: ReadonlyArray<number>): void {
    this.forgetIfRestarted(sum(samples, "process_start_time_seconds"))
    this.addReasons(sumBy(samples, "pillion_refusals_total", "reason"))
    const counters = read(samples)
    const { last } = this
    this.last = { at, counters }
    if (last === undefined || at <= last.at) return
    const rate = (name: keyof Counters): number =>
      Math.max(0, ((counters[name] - last.counters[name]) * 1000) / (at - last.at))
    const sorted = waits.toSorted((a, b) => a - b)
    const point: Point = {
      connections: rate("connections"),
      requests: rate("requests"),
      toTarget: rate("toTarget"),
      toClient: rate("toClient"),
      refusals: rate("refusals"),
      failures: rate("failures"),
      median: quantile(sorted, 0.5),
      slowest: quantile(sorted, 0.99),
    }
    this.points = [...this.points, point].slice(-longest)
  }

  /** Another process counts from zero. */
  private forgetIfRestarted(startedAt: number): void {
    if (this.startedAt !== undefined && this.startedAt !== startedAt) {
      this.points = []
      this.last = undefined
      this.firstReasons = undefined
    }
    this.startedAt = startedAt
  }

  private addReasons(now: ReadonlyMap<string, number>): void {
    const before = (this.firstReasons ??= now)
    this.reasons = [...now]
      .map(([reason, count]) => [reason, count - (before.get(reason) ?? 0)] as const)
      .filter(([, count]) => count > 0)
      .toSorted(([, a], [, b]) => b - a)
  }
}

const read = (samples: Samples): Counters => ({
  connections: sum(samples, "pillion_connections_total"),
  requests: sum(samples, "pillion_http_requests_total"),
  toTarget: sum(samples, "pillion_bytes_total", { flow: "to_target" }),
  toClient: sum(samples, "pillion_bytes_total", { flow: "to_client" }),
  // Clients that were answered are among the refusals already.
  refusals: sum(samples, "pillion_refusals_total") + sum(samples, "pillion_overloaded_total", { told: "false" }),
  failures: sum(samples, "pillion_http_requests_total", { status: "5xx" }),
})

/** The value that a share `q` of the ascending `sorted` does not exceed. */
export const quantile = (sorted: ReadonlyArray<number>, q: number): number | undefined =>
  sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)]
