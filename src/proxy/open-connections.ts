/**
 * Open connections: the door of a listener. Every connection that comes through it gets a flow and a fiber that owns its
 * story; one too many is turned away. When a story ends, both of its sockets are closed and what is known of it is
 * reported.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"

import { IntrusiveList } from "../net/common/intrusive-list.ts"
import type { Accept } from "../net/sockets/sockets.ts"
import { Flow } from "../flow/flow.ts"

import { Connection } from "./connection.ts"
import type { ConnectionObserver, ListenerContext } from "./listener-context.ts"

/**
 * Clients that are told, one handshake each, that the proxy is full. Beyond these a connection is reset unheard. They
 * live on the descriptors that max-connections leaves free.
 */
export const maxTurnedAway = 32

type Fork = (story: Effect.Effect<void>) => Fiber.Fiber<void>

/** Every connection that is open, over all listeners; when the scope closes, those that are left are reset. */
export const makeConnections = (observer: ConnectionObserver): Effect.Effect<Connections, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.map(Effect.context<never>(), (context) => new Connections(Effect.runForkWith(context), observer)),
    (connections) => Effect.sync(() => connections.interruptAll()),
  )

/** Those that are open, from their accept to their end. */
export class Connections {
  private readonly open = new IntrusiveList<Connection>()
  /** How many are open. */
  count = 0
  private readonly emptied = new Set<() => void>()
  private turnedAway = 0
  private lastId = 0
  private readonly fork: Fork
  private readonly observer: ConnectionObserver
  /** The connection whose fiber is being started. */
  private accepted: Connection | undefined = undefined

  /**
   * The story of the connection that was just accepted. One effect for all: `fork` runs it before it returns, so
   * nothing has to be made for a connection but its fiber. (A FiberSet would add 250 bytes to each.)
   */
  private readonly story = Effect.onExitPrimitive(
    Effect.callback<void>((resume) => this.accepted!.begin(resume)),
    (exit) => (exit._tag === "Success" ? undefined : this.interrupted),
  )

  /**
   * How an interrupted fiber ends its connection. It stands around the callback, and not in it: there a finalizer each
   * would be 80 bytes. The search is short: all are interrupted in their order, and the first is the one.
   */
  private readonly interrupted = Effect.withFiber<void>((fiber) => {
    for (const connection of this.open) {
      if (connection.fiber !== fiber) continue
      connection.cancel("drain")
      break
    }
    return Effect.void
  })

  /** Suspends until no connection is open. */
  readonly awaitEmpty: Effect.Effect<void> = Effect.callback<void>((resume) => {
    const done = (): void => resume(Effect.void)
    if (this.count === 0) return done()
    this.emptied.add(done)
    return Effect.sync(() => void this.emptied.delete(done))
  })

  constructor(fork: Fork, observer: ConnectionObserver) {
    this.fork = fork
    this.observer = observer
  }

  /** What is known of those that are open. */
  *flows(): Generator<Flow> {
    for (const { flow } of this.open) yield flow
  }

  /**
   * Calls `visit` with what is known of each that is open. Who looks every second must leave nothing for the collector: as
   * generators the looks at 10,000 idle connections left a megabyte a second, and 300 bytes a connection stayed of it.
   */
  forEach(visit: (flow: Flow) => void): void {
    this.open.forEach(({ flow }) => visit(flow))
  }

  interruptAll(): void {
    for (const { fiber } of Array.from(this.open)) fiber?.interruptUnsafe()
  }

  /** What a listener does with a connection. */
  accept = (context: ListenerContext): Accept => {
    const { direction } = context
    return (client, peer): void => {
      const full = this.count - this.turnedAway >= context.settings().maxConnections
      context.exchanges.idleOrigins.reclaim()
      context.dialer.reclaim()
      // An opaque client knows no words to be turned away with.
      if (full && (context.accepts().opaque || this.turnedAway >= maxTurnedAway)) {
        this.observer.overloaded(direction, false)
        return client.terminate()
      }
      if (full) {
        this.turnedAway++
        this.observer.overloaded(direction, true)
      }
      const flow = new Flow(++this.lastId, direction, peer)
      const connection = new Connection(client, flow, context, full, this)
      this.open.add(connection)
      this.count++
      this.observer.accepted(flow)
      this.accepted = connection
      connection.fiber = this.fork(this.story)
      this.accepted = undefined
    }
  }

  /** Called once by every connection, when its story is over. */
  ended(connection: Connection): void {
    if (connection.full) this.turnedAway--
    this.open.remove(connection)
    this.count--
    this.observer.ended(connection.flow)
    if (this.count > 0) return
    for (const done of this.emptied) done()
  }
}
