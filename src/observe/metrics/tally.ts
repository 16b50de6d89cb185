/**
 * Tally: the numbers of one destination, or of one route of it. Its size is bounded whatever is counted.
 */
import { Window } from "./window.ts"

/** Kinds of errors that have a count of their own; others count together. */
export const maxReasons = 32
/** Whatever has no count of its own. */
export const other = "other"

export interface LastError {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly reason: string
  /** What the log says besides; undefined where it says no more. */
  readonly detail: string | undefined
}

/** Numbers as they are reported; rates, success and percentiles are those of the last minute, null where nothing ended. */
export interface Numbers {
  readonly requests: number
  readonly bytes_in: number
  readonly bytes_out: number
  /** Per second, of the last 10 and 60 seconds. */
  readonly rate_10s: number
  readonly rate_60s: number
  /** How many ended in the last minute, and how many of them failed. */
  readonly ended_60s: number
  readonly failed_60s: number
  /** The share that did not fail, from 0 to 1. */
  readonly success: number | null
  /** Milliseconds until the first byte of the answer, with connecting. */
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
  /** How often by reason, since the start: refusals, what was cut, and answers of 500 and above by their status. */
  readonly errors: { readonly [reason: string]: number }
  readonly last_error: { readonly time: string; readonly reason: string; readonly detail: string | undefined } | null
}

export class Tally {
  requests = 0
  bytesIn = 0
  bytesOut = 0
  private readonly window = new Window()
  private readonly errors = new Map<string, number>()
  private lastError: LastError | undefined = undefined

  /** Counts a request that ended in `second`; `latency` in milliseconds if there is one. Allocates nothing. */
  add(
    second: number,
    bytesIn: number,
    bytesOut: number,
    error: LastError | undefined,
    latency: number | undefined,
  ): void {
    this.requests++
    this.bytesIn += bytesIn
    this.bytesOut += bytesOut
    this.ended(second, error, latency)
  }

  /** Counts anything that ended. */
  protected ended(second: number, error: LastError | undefined, latency: number | undefined): void {
    this.window.count(second, error !== undefined, latency)
    if (error === undefined) return
    const key = this.errors.has(error.reason) || this.errors.size < maxReasons ? error.reason : other
    this.errors.set(key, (this.errors.get(key) ?? 0) + 1)
    this.lastError = error
  }

  /** The numbers in `second`. */
  numbers(second: number): Numbers {
    const { window, lastError } = this
    const [ended, failed] = [window.ended(second), window.failures(second)]
    const percentile = (share: number): number | null => window.latency(second, share) ?? null
    return {
      requests: this.requests,
      bytes_in: this.bytesIn,
      bytes_out: this.bytesOut,
      rate_10s: window.rate(second, 10),
      rate_60s: window.rate(second, 60),
      ended_60s: ended,
      failed_60s: failed,
      success: ended === 0 ? null : (ended - failed) / ended,
      p50: percentile(0.5),
      p95: percentile(0.95),
      p99: percentile(0.99),
      errors: Object.fromEntries(this.errors),
      last_error:
        lastError === undefined
          ? null
          : { time: new Date(lastError.at).toISOString(), reason: lastError.reason, detail: lastError.detail },
    }
  }
}
