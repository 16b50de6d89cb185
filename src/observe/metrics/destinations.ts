/**
 * Destinations: what is counted by destination, for `/metrics`, for `/destinations` and for who looks at those.
 *
 * The destinations that came first have numbers of their own, as many for each direction as the options say; all others
 * are `other`. So a client that invents names makes it no larger, and what is counted once is never forgotten.
 */
import type { Direction, Flow } from "../../flow/flow.ts"
import type { RequestRecord } from "../../flow/request-record.ts"
import { Destination, type ReportedDestination } from "./destination.ts"
import { other } from "./tally.ts"
import type { LastError } from "./tally.ts"

export interface DestinationsParts {
  /** How many destinations of a direction have a name; read for each that is new. */
  readonly max: () => number
  /** Milliseconds on the monotonic clock. */
  readonly now?: (() => number) | undefined
}

/** What `/destinations` answers. */
export interface DestinationsReport {
  /** How many destinations of a direction may have a name. */
  readonly max: number
  readonly destinations: ReadonlyArray<ReportedDestination>
}

/** The connections that are open; a list of them is one too. */
export interface OpenFlows {
  readonly forEach: (visit: (flow: Flow) => void) => void
}

/** A destination with what is open to it: client connections, and the bytes of their tunnels so far. */
export interface LiveDestination {
  readonly destination: Destination
  readonly live: { open: number; bytesIn: number; bytesOut: number }
}

/** The destinations of one direction. */
class Named {
  private readonly direction: Direction
  private readonly byName = new Map<string, Destination>()
  private readonly others: Destination
  private lastName: string | undefined = undefined
  private last: Destination

  constructor(direction: Direction) {
    this.direction = direction
    this.others = new Destination(direction, other)
    this.last = this.others
  }

  /** Most go where one went before, and then the name is the same string. */
  find(name: string, max: () => number): Destination {
    if (name === this.lastName) return this.last
    this.last = this.byName.get(name) ?? this.add(name, max())
    this.lastName = name
    return this.last
  }

  /** In the order in which they came; those without a name come last, if there are any. */
  all(): ReadonlyArray<Destination> {
    const { requests, tunnels, connections } = this.others
    return requests + tunnels + connections > 0 ? [...this.byName.values(), this.others] : [...this.byName.values()]
  }

  private add(name: string, max: number): Destination {
    if (this.byName.size >= max) return this.others
    const made = new Destination(this.direction, name)
    this.byName.set(name, made)
    return made
  }
}

export class Destinations {
  private readonly max: () => number
  private readonly now: () => number
  private readonly named = { inbound: new Named("inbound"), outbound: new Named("outbound") }

  constructor({ max, now = () => performance.now() }: DestinationsParts) {
    this.max = max
    this.now = now
  }

  /** A connection to a flow's target was made. */
  connected({ direction, target }: Flow): void {
    if (target !== undefined) this.of(direction, target).connections++
  }

  /**
   * A request is over. One that named no destination is nobody's. `ownBytes` is false where its bytes are those of a
   * tunnel, which counts them.
   */
  answered({ direction }: Flow, record: RequestRecord, ownBytes = true): void {
    if (record.target === undefined) return
    this.of(direction, record.target).request(this.second(), record, errorOfRequest(record), ownBytes)
  }

  /** A client connection is over. One whose requests were counted counts no more, but its tunnel has carried bytes. */
  ended(flow: Flow): void {
    if (flow.target === undefined) return
    const destination = this.of(flow.direction, flow.target)
    destination.bytesIn += flow.bytesIn
    destination.bytesOut += flow.bytesOut
    if (flow.logged === "nothing") destination.tunnel(this.second(), flow, errorOfTunnel(flow))
  }

  /** Every destination with what is open to it. */
  read(open: OpenFlows): ReadonlyArray<LiveDestination> {
    const lives = new Map<Destination, LiveDestination["live"]>()
    open.forEach((flow) => {
      if (flow.target === undefined) return
      const destination = this.of(flow.direction, flow.target)
      const live = lives.get(destination) ?? { open: 0, bytesIn: 0, bytesOut: 0 }
      lives.set(destination, live)
      live.open++
      live.bytesIn += flow.bytesIn
      live.bytesOut += flow.bytesOut
    })
    return [...this.named.inbound.all(), ...this.named.outbound.all()].map((destination) => ({
      destination,
      live: lives.get(destination) ?? { open: 0, bytesIn: 0, bytesOut: 0 },
    }))
  }

  /** Everything as JSON shows it; the routes of `routesOf` alone, or of all where that is undefined. */
  report(open: OpenFlows, routesOf: string | undefined): DestinationsReport {
    const second = this.second()
    const destinations = this.read(open).map(({ destination, live }) =>
      destination.report(second, live, routesOf === undefined || routesOf === destination.name),
    )
    return { max: this.max(), destinations }
  }

  private of(direction: Direction, name: string): Destination {
    return this.named[direction].find(name, this.max)
  }

  private second(): number {
    return Math.floor(this.now() / 1000)
  }
}

/** Why a request failed, in the words of the log: a refusal, an answer that is not whole, or one of 500 and above. */
const errorOfRequest = ({ refusal, error, status }: RequestRecord): LastError | undefined => {
  const at = refusal === undefined && error === undefined && status < 500 ? undefined : Date.now()
  if (at === undefined) return undefined
  if (refusal !== undefined) return { at, reason: refusal.reason, detail: refusal.detail }
  return { at, reason: error ?? String(status), detail: undefined }
}

/** Why a connection failed: a refusal, a socket that did not close in order, a deadline or a limit. */
const errorOfTunnel = ({ refusal, code, endedBy }: Flow): LastError | undefined => {
  if (refusal !== undefined) return { at: Date.now(), reason: refusal.reason, detail: refusal.detail }
  if (code !== undefined) return { at: Date.now(), reason: code, detail: undefined }
  return endedBy === "timeout" || endedBy === "limit"
    ? { at: Date.now(), reason: endedBy, detail: undefined }
    : undefined
}
