/**
 * Tiles: four charts above the table: what comes, what it carries, how long it waits, what goes wrong.
 */
import { Chart, type Line } from "./chart.ts"
import { bytes, count, duration, whole } from "./format.ts"
import type { History, Point } from "./history.ts"

const perSecond = (value: number): string => `${count(value)}/s`
const bytesPerSecond = (value: number): string => `${bytes(value)}/s`

/** Reasons that are named; the rest is in the table. */
const mostReasons = 3

export class Tiles {
  private readonly connections = new Chart("Connections", ["new", "requests"], perSecond)
  private readonly traffic = new Chart("Traffic", ["to clients", "to targets"], bytesPerSecond)
  private readonly waits = new Chart("Time to first byte", ["median", "99th percentile"], duration)
  private readonly errors = new Chart("Errors", ["refused", "5xx answers"], perSecond, "errors")

  constructor(root: HTMLElement) {
    for (const { root: tile } of [this.connections, this.traffic, this.waits, this.errors]) root.append(tile)
  }

  /** `open` is how many connections are open. */
  show({ points, reasons }: History, open: number): void {
    const now = points.at(-1)
    const line = (name: string, of: (point: Point) => number | undefined): Line => ({ name, values: points.map(of) })
    this.connections.show(whole(open), "open now", [
      line("new", (point) => point.connections),
      line("requests", (point) => point.requests),
    ])
    this.traffic.show(bytesPerSecond((now?.toClient ?? 0) + (now?.toTarget ?? 0)), "both ways", [
      line("to clients", (point) => point.toClient),
      line("to targets", (point) => point.toTarget),
    ])
    this.waits.show(now?.median === undefined ? "–" : duration(now.median), "median, with connecting", [
      line("median", (point) => point.median),
      line("99th percentile", (point) => point.slowest),
    ])
    const worst = reasons.slice(0, mostReasons).map(([reason, times]) => `${reason} ${whole(times)}`)
    this.errors.show(perSecond((now?.refusals ?? 0) + (now?.failures ?? 0)), worst.join(" · "), [
      line("refused", (point) => point.refusals),
      line("5xx answers", (point) => point.failures),
    ])
  }
}
