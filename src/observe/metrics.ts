/**
 * Metrics: counts what happens, in plain numbers, and tells it to Prometheus.
 */
import { readdirSync } from "node:fs"
import * as Record from "effect/Record"

import type { Reason } from "../protocol/refusal.ts"

import type { EndedBy, Flow, Protocol } from "./flow.ts"
import type { Listener } from "./listen-failed.ts"
import { type Build, buildInfo, dialBounds, dialDuration, families, methods, statuses } from "./metrics-table.ts"
import { Histogram, Series } from "./series.ts"

type Direction = Flow["direction"]

/** What is read only when somebody asks. */
export interface MetricsParts {
  readonly build: Build
  readonly draining: () => boolean
  readonly dropped: () => { readonly stdout: number; readonly stderr: number }
}

/** Every method is a few additions, and none throws for what its types allow. */
export class Metrics {
  private readonly parts: MetricsParts
  private readonly build: Series
  private readonly series = Record.map(families, (family) => new Series(family))
  private readonly dials = new Histogram(dialDuration, dialBounds)

  constructor(parts: MetricsParts) {
    this.parts = parts
    this.build = new Series(buildInfo(parts.build))
    this.build.set(1, parts.build.version, parts.build.revision ?? "", parts.build.bun)
    this.series.startTime.set(Math.round(Date.now() - process.uptime() * 1000) / 1000)
  }

  accepted(direction: Direction): void {
    this.series.accepted.add(1, direction)
    this.series.active.add(1, direction)
  }

  /** An accepted connection ended; undefined where nobody ended it early. */
  closed(direction: Direction, protocol: Protocol, endedBy: EndedBy | undefined): void {
    this.series.active.add(-1, direction)
    this.series.closed.add(1, direction, protocol, endedBy ?? "done")
  }

  /** A connection or a request was refused. */
  refused(direction: Direction, reason: Reason): void {
    this.series.refused.add(1, direction, reason)
  }

  /** Turned away at the connection limit; `told` says whether in the client's own protocol. */
  overloaded(direction: Direction, told: boolean): void {
    this.series.overloaded.add(1, direction, String(told))
  }

  /** `bytesIn` went from the client to the target, `bytesOut` back. */
  bytes(direction: Direction, bytesIn: number, bytesOut: number): void {
    this.series.bytes.add(bytesIn, direction, "to_target")
    this.series.bytes.add(bytesOut, direction, "to_client")
  }

  /** A request is over; `status` is 0 where there was no answer. */
  request(direction: Direction, method: string, status: number): void {
    const known = methods.includes(method) ? method : "OTHER"
    this.series.requests.add(1, direction, known, statusClass(status))
  }

  /** A target was connected. */
  dialled(seconds: number): void {
    this.dials.observe(seconds)
  }

  reloaded(result: "success" | "failure"): void {
    this.series.reloads.add(1, result)
  }

  defect(): void {
    this.series.defects.add(1)
  }

  listening(listener: Listener, up: boolean): void {
    this.series.listening.set(up ? 1 : 0, listener)
  }

  /** Everything in Prometheus text format 0.0.4. */
  renderPrometheus(): string {
    const { series, parts } = this
    const dropped = parts.dropped()
    series.dropped.set(dropped.stdout, "stdout")
    series.dropped.set(dropped.stderr, "stderr")
    series.draining.set(parts.draining() ? 1 : 0)
    series.processorTime.set(processorSeconds())
    series.residentMemory.set(process.memoryUsage.rss())
    series.openFiles.set(openFiles())
    return [this.build, this.dials, ...Object.values(series)].map((each) => each.render()).join("")
  }
}

const statusClass = (status: number): string => statuses[Math.floor(status / 100) - 1] ?? "none"

const processorSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** The descriptor that reads the list is in it. */
const openFiles = (): number => {
  try {
    return readdirSync("/proc/self/fd").length - 1
  } catch {
    return 0
  }
}
