/**
 * Metrics: counts what happens, in plain numbers. exposition.ts exposes them.
 */
import { readdirSync, readFileSync } from "node:fs"
import * as Record from "effect/Record"

import { type Reason, refusals } from "../../protocol/refusal.ts"

import type { Direction, EndedBy, Flow, Protocol, Unfollowed } from "../../flow/flow.ts"
import type { ListenerName } from "../../flow/listen-failed.ts"
import {
  type Build,
  buildInfo,
  destinationFamilies,
  families,
  histograms,
  type LineOutput,
  lineOutputs,
  methods,
  statuses,
} from "./metrics-table.ts"
import { type CaptureCounts, setCaptureSeries } from "./capture-series.ts"
import { Destinations } from "./destinations.ts"
import { destinationSeries } from "./destination-series.ts"
import { History } from "./history.ts"
import { Histogram, type ReadHistogram, type ReadSeries, Series } from "./series.ts"
import type { ShortfallCounts } from "../log/shortfall-log.ts"
import type { acceptErrors, FallbackReason, Feature } from "../../flow/shortfalls.ts"

/** Facts that are read only when somebody asks. */
export interface MetricsParts {
  readonly build: Build
  readonly draining: () => boolean
  readonly dropped: () => { readonly [O in LineOutput]: number }
  /** Client connections that may be open at once. */
  readonly limit: () => number
  /** How many destinations of a direction have series of their own. */
  readonly maxDestinations: () => number
  /** Connections to origins that belong to no client. */
  readonly idleOrigins: () => number
  /** What the capture counted, once there is one. */
  readonly capture: () => CaptureCounts | undefined
  /** Connections that are open: the bytes of their tunnels are counted while they pass. */
  readonly open: () => Iterable<Flow>
}

/** Open connections whose bytes are added up for each point of the history: 100,000 would take 4 ms of every second. */
export const flowsPerSample = 10_000

/** Every method is a few additions, and none throws for what its types allow. */
export class Metrics implements ShortfallCounts {
  readonly destinations: Destinations
  readonly history = new History(performance.now())
  private readonly parts: MetricsParts
  private readonly build: Series
  private readonly series = Record.map(families, (family) => new Series(family))
  private readonly histograms = Record.map(histograms, (family) => new Histogram(family, family.bounds))
  /** Bytes of connections that ended; the series adds those that are under way. */
  private readonly past = { inbound: { in: 0, out: 0 }, outbound: { in: 0, out: 0 } }

  private samplesToSkip = 0

  constructor(parts: MetricsParts) {
    this.parts = parts
    this.destinations = new Destinations({ max: parts.maxDestinations })
    this.build = new Series(buildInfo(parts.build))
    this.build.set(1, parts.build.version, parts.build.revision ?? "", parts.build.bun)
    const started = Math.round(Date.now() - process.uptime() * 1000) / 1000
    this.series.startTime.set(started)
    this.series.reloadedAt.set(started)
    this.series.maxFiles.set(maxFiles())
  }

  accepted(direction: Direction): void {
    this.history.accepted()
    this.series.accepted.add(1, direction)
    this.series.active.add(1, direction)
  }

  /** An accepted connection ended; undefined where nobody ended it early. */
  closed(direction: Direction, protocol: Protocol, endedBy: EndedBy | undefined, seconds: number): void {
    this.series.active.add(-1, direction)
    this.series.closed.add(1, direction, protocol, endedBy ?? "done")
    this.histograms.connections.observe(seconds, direction)
  }

  /** Counts a client whose protocol was recognised. */
  detected(direction: Direction, protocol: Protocol): void {
    this.series.detected.add(1, direction, protocol)
  }

  /** A client did not say in time what it speaks. */
  undetected(direction: Direction): void {
    this.series.undetected.add(1, direction)
  }

  /** A connection or a request was refused. */
  refused(direction: Direction, reason: Reason): void {
    this.history.refused()
    this.series.refused.add(1, direction, reason)
  }

  /** Counts a connection that was turned away at the limit; `told`: it was answered in the client's own protocol. */
  overloaded(direction: Direction, told: boolean): void {
    // Clients that are answered are among the refusals.
    if (!told) this.history.refused()
    this.series.overloaded.add(1, direction, String(told))
  }

  /** A SOCKS client has its answer; undefined grants what it asked for. Other protocols are not counted. */
  socksReply(protocol: Protocol, reason: Reason | undefined): void {
    switch (protocol) {
      case "socks5":
        return this.series.socksReplies.add(1, protocol, String(reason === undefined ? 0 : refusals[reason].socks5))
      case "socks4":
      case "socks4a":
        return this.series.socksReplies.add(1, protocol, String(reason === undefined ? 90 : refusals[reason].socks4))
      case "tcp":
      case "http":
      case "connect":
      case "unknown":
        return
    }
  }

  /** `bytesIn` went from the client to the target, `bytesOut` back; they are over. */
  bytes(direction: Direction, bytesIn: number, bytesOut: number): void {
    this.past[direction].in += bytesIn
    this.past[direction].out += bytesOut
  }

  /** A request is over; `status` is 0 where there was no answer. */
  request(direction: Direction, method: string, status: number, seconds: number): void {
    const known = methods.includes(method) ? method : "OTHER"
    const answered = statusClass(status)
    this.history.answered(status)
    this.series.requests.add(1, direction, known, answered)
    this.histograms.requests.observe(seconds, direction, answered)
  }

  /** Counts a connection whose HTTP is not read from here on. */
  unfollowed(direction: Direction, why: Unfollowed): void {
    this.series.unfollowed.add(1, direction, why)
  }

  /** Counts a health check, or a connection without a byte. */
  probe(direction: Direction): void {
    this.series.probes.add(1, direction)
  }

  /** A target was connected. */
  dialled(direction: Direction, seconds: number): void {
    this.histograms.dials.observe(seconds, direction)
  }

  /** Ends a point of the history, `now` on the monotonic clock in milliseconds; called once a second. */
  sample(now: number): void {
    if (this.samplesToSkip > 0) {
      this.samplesToSkip--
      return this.history.sample(now, undefined)
    }
    const { inbound, outbound, flows } = this.carried()
    this.samplesToSkip = Math.floor(flows / flowsPerSample)
    this.history.sample(now, { in: inbound.in + outbound.in, out: inbound.out + outbound.out })
  }

  /** A timer was late. */
  lagged(seconds: number): void {
    this.histograms.lag.observe(seconds)
  }

  reloaded(result: "success" | "failure"): void {
    this.series.reloads.add(1, result)
    if (result === "success") this.series.reloadedAt.set(Date.now() / 1000)
  }

  /** What became of a batch for OpenTelemetry. */
  exported(result: "success" | "failure"): void {
    this.series.exports.add(1, result)
  }

  defect(): void {
    this.series.defects.add(1)
  }

  /** An option is set and not in use. */
  fallback(feature: Feature, reason: FallbackReason): void {
    this.series.fallbacks.set(1, feature, reason)
  }

  /** A listener had to rest. */
  acceptError(code: (typeof acceptErrors)[number]): void {
    this.series.acceptErrors.add(1, code)
  }

  /** Counts a socket that epoll(7) did not take; `told`: its client was answered. */
  unwatched(told: boolean): void {
    this.series.unwatched.add(1, String(told))
  }

  listening(listener: ListenerName, up: boolean): void {
    this.series.listening.set(up ? 1 : 0, listener)
  }

  /** Everything as it is now, in the order of the table. */
  read(): ReadonlyArray<ReadSeries | ReadHistogram> {
    const { series, parts } = this
    const dropped = parts.dropped()
    for (const output of lineOutputs) series.dropped.set(dropped[output], output)
    series.limit.set(parts.limit())
    series.idleOrigins.set(parts.idleOrigins())
    series.draining.set(parts.draining() ? 1 : 0)
    series.processorTime.set(processorSeconds())
    series.residentMemory.set(process.memoryUsage.rss())
    series.openFiles.set(openFiles())
    this.readBytes()
    const captured = parts.capture()
    if (captured !== undefined) setCaptureSeries(series, captured)
    const destinations = destinationSeries(destinationFamilies, this.destinations.read(parts.open()))
    return [this.build, ...Object.values(this.histograms), ...Object.values(series), ...destinations]
  }

  private readBytes(): void {
    const now = this.carried()
    for (const direction of ["inbound", "outbound"] as const) {
      this.series.bytes.set(now[direction].in, direction, "to_target")
      this.series.bytes.set(now[direction].out, direction, "to_client")
    }
  }

  /** Bytes of what is over and of tunnels that are open, and how many connections were looked at for that. */
  private carried(): typeof this.past & { readonly flows: number } {
    const now = { inbound: { ...this.past.inbound }, outbound: { ...this.past.outbound }, flows: 0 }
    for (const flow of this.parts.open()) {
      now.flows++
      if (!flow.tunnelling) continue
      now[flow.direction].in += flow.liveIn
      now[flow.direction].out += flow.liveOut
    }
    return now
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

/** RLIMIT_NOFILE, which does not change while the program runs; 0 where /proc does not say. */
const maxFiles = (): number => {
  try {
    return Number(/^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1] ?? 0)
  } catch {
    return 0
  }
}
