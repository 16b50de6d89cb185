/**
 * History: the numbers of every second of the last ten minutes. The proxy keeps them, so a page that was just opened, or
 * opened again, shows what was before.
 */
import { type Samples, sum, sumBy } from "./prometheus.ts"

/** Points that are kept: ten minutes at one a second, as many as the proxy has. */
export const longest = 600

/** What happened in a second; rates are per second. */
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

/** A point as `/history` has it; its fields are not trusted to be there. */
type Told = Readonly<Record<string, unknown>>

export class History {
  points: ReadonlyArray<Point> = []
  /** Refusals by reason since the page was opened, most first. */
  reasons: ReadonlyArray<readonly [reason: string, count: number]> = []
  private firstReasons: ReadonlyMap<string, number> | undefined
  private startedAt: number | undefined

  /** `points` are those that came since the last reading, the oldest first. */
  add(samples: Samples, points: ReadonlyArray<Told>): void {
    this.forgetIfRestarted(sum(samples, "process_start_time_seconds"))
    this.addReasons(sumBy(samples, "pillion_refusals_total", "reason"))
    this.points = [...this.points, ...points.map(pointOf)].slice(-longest)
  }

  /** Another process counts from zero. */
  private forgetIfRestarted(startedAt: number): void {
    if (this.startedAt !== undefined && this.startedAt !== startedAt) {
      this.points = []
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

const pointOf = (told: Told): Point => {
  const number = (name: string): number | undefined => (typeof told[name] === "number" ? told[name] : undefined)
  return {
    connections: number("connections") ?? 0,
    requests: number("requests") ?? 0,
    toTarget: number("to_target") ?? 0,
    toClient: number("to_client") ?? 0,
    refusals: number("refusals") ?? 0,
    failures: number("failures") ?? 0,
    median: number("median"),
    slowest: number("slowest"),
  }
}
