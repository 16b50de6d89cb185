/**
 * Destination: what is counted of one destination in one direction, with its routes. Bounded whatever its clients ask for.
 */
import type { Direction, Flow } from "../../flow/flow.ts"
import type { RequestRecord } from "../../flow/request-record.ts"
import { methods, shortBounds, statuses } from "./metrics-table.ts"
import { maxRead, routeTemplate } from "./route-template.ts"
import type { Buckets } from "./series.ts"
import { type LastError, type Numbers, other, Tally } from "./tally.ts"

/** Routes of a destination; what does not fit is one route more, `other`. */
export const maxRoutes = 20
/** Status codes that have a count of their own. */
export const maxStatuses = 32

/** A route as it is reported: a method and a template of paths. */
export interface ReportedRoute extends Numbers {
  readonly method: string
  readonly route: string
}

/** A destination as it is reported. Since the start, but for `open` and what `Numbers` says. */
export interface ReportedDestination extends Numbers {
  readonly direction: Direction
  readonly name: string
  /** Client connections that are open to it. */
  readonly open: number
  /** Connections that were made to it. */
  readonly connections: number
  /** Client connections that ended and were no requests that could be read. */
  readonly tunnels: number
  /** How often by status code; `none` is a request without an answer. */
  readonly status: { readonly [code: string]: number }
  readonly routes: ReadonlyArray<ReportedRoute>
}

class Route extends Tally {
  readonly method: string
  readonly template: string

  constructor(method: string, template: string) {
    super()
    this.method = method
    this.template = template
  }

  report(second: number): ReportedRoute {
    return { method: this.method, route: this.template, ...this.numbers(second) }
  }
}

export class Destination extends Tally {
  readonly direction: Direction
  readonly name: string
  connections = 0
  tunnels = 0
  refusals = 0
  cuts = 0
  /** Requests by class of status, in the order of `statuses`. */
  readonly classes = new Float64Array(statuses.length)
  private readonly codes = new Map<number | typeof other, { count: number }>()
  /** How long requests took, in Prometheus' buckets of seconds. */
  private readonly durations = new Float64Array(shortBounds.length + 1)
  private durationSum = 0
  private leastDuration = Number.POSITIVE_INFINITY
  private mostDuration = 0
  /** By method and template; filled in the order of the first requests. */
  private readonly routes = new Map<string, Map<string, Route>>()
  private readonly allRoutes: Array<Route> = []
  private lastMethod: string | undefined = undefined
  private lastPath: string | undefined = undefined
  private lastRoute: Route | undefined = undefined

  constructor(direction: Direction, name: string) {
    super()
    this.direction = direction
    this.name = name
  }

  /** Counts a request that ended in `second`; `error` says why it failed. Its route has its bytes in any case. */
  request(second: number, record: RequestRecord, error: LastError | undefined, ownBytes = true): void {
    const { status, firstByte, dialled, elapsed, bytesIn, bytesOut } = record
    const latency = firstByte === undefined ? undefined : firstByte + (dialled ?? 0)
    const route = this.routeOf(record.method, record.path)
    this.add(second, ownBytes ? bytesIn : 0, ownBytes ? bytesOut : 0, error, latency)
    route.add(second, bytesIn, bytesOut, error, latency)
    this.classes[classOf(status)]!++
    this.codeOf(status).count++
    this.observe(elapsed / 1000)
    if (record.refusal !== undefined) this.refusals++
    else if (record.endedBy !== undefined) this.cuts++
  }

  /** Counts a connection that ended in `second` and was no request that could be read. */
  tunnel(second: number, flow: Flow, error: LastError | undefined): void {
    const { firstByteAt, handshakeAt, refusal } = flow
    this.tunnels++
    this.ended(second, error, firstByteAt === undefined ? undefined : firstByteAt - (handshakeAt ?? 0))
    if (refusal !== undefined) this.refusals++
    else if (error !== undefined) this.cuts++
  }

  /** Durations as Prometheus has them, in seconds. */
  get buckets(): Buckets {
    const least = this.requests === 0 ? 0 : this.leastDuration
    return { counts: [...this.durations], sum: this.durationSum, least, most: this.mostDuration }
  }

  /** `live` is what is open, whose bytes are not over yet. */
  report(
    second: number,
    live: { readonly open: number; readonly bytesIn: number; readonly bytesOut: number },
    withRoutes: boolean,
  ): ReportedDestination {
    const numbers = this.numbers(second)
    return {
      direction: this.direction,
      name: this.name,
      open: live.open,
      connections: this.connections,
      tunnels: this.tunnels,
      ...numbers,
      bytes_in: numbers.bytes_in + live.bytesIn,
      bytes_out: numbers.bytes_out + live.bytesOut,
      status: Object.fromEntries([...this.codes].map(([code, { count }]) => [code === 0 ? "none" : code, count])),
      routes: withRoutes ? this.allRoutes.map((route) => route.report(second)) : [],
    }
  }

  private codeOf(status: number): { count: number } {
    const known = this.codes.get(status)
    if (known !== undefined) return known
    const code = this.codes.size < maxStatuses ? status : other
    const made = this.codes.get(code) ?? { count: 0 }
    this.codes.set(code, made)
    return made
  }

  /** The route of a request. Most go where one went before; else a path without identifiers is its own key. */
  private routeOf(method: string, path: string): Route {
    if (this.lastRoute !== undefined && path === this.lastPath && method === this.lastMethod) return this.lastRoute
    const known = methods.includes(method) ? method : "OTHER"
    const template = routeTemplate(path)
    const route = this.routes.get(known)?.get(template) ?? this.newRoute(known, template)
    // One that is very long is not worth keeping.
    this.lastPath = path.length > maxRead ? undefined : path
    this.lastMethod = method
    this.lastRoute = route
    return route
  }

  private newRoute(method: string, template: string): Route {
    const fits = this.allRoutes.length < maxRoutes
    if (!fits && this.allRoutes.length > maxRoutes) return this.allRoutes[maxRoutes]!
    const route = fits ? new Route(method, template) : new Route(other, other)
    this.allRoutes.push(route)
    if (!fits) return route
    const ofMethod = this.routes.get(method) ?? new Map<string, Route>()
    this.routes.set(method, ofMethod.set(template, route))
    return route
  }

  private observe(seconds: number): void {
    let bucket = 0
    while (bucket < shortBounds.length && seconds > shortBounds[bucket]!) bucket++
    this.durations[bucket]!++
    this.durationSum += seconds
    if (seconds < this.leastDuration) this.leastDuration = seconds
    if (seconds > this.mostDuration) this.mostDuration = seconds
  }
}

/** The place of a status' class in `statuses`; the last is that of no answer. */
const classOf = (status: number): number => {
  const at = Math.floor(status / 100) - 1
  return at >= 0 && at < statuses.length - 1 ? at : statuses.length - 1
}
