/**
 * Accept: the door of a listener. Every connection that comes through it gets a flow and a fiber that tells its story;
 * one too many is turned away. When a story ends, both of its sockets are closed and what is known of it is reported.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"

import type { SocketEnd } from "../net/end.ts"
import { Opening } from "../net/opening.ts"
import { Flow } from "../observe/flow.ts"

import { connection, type Reports, speech, type Surroundings, turnAway } from "./connection.ts"

/**
 * Clients that are told, one handshake each, that the proxy is full. Beyond these a connection is reset unheard. They
 * live on the descriptors that max-connections leaves free.
 */
export const turnedAwayAtOnce = 32

/** Who is told of connections. Called synchronously; must not throw. */
export interface Witness extends Reports {
  readonly accepted: (flow: Flow) => void
  readonly ended: (flow: Flow) => void
  /** The proxy is full; `heard` says whether the client will be told why. */
  readonly overloaded: (direction: Flow["direction"], heard: boolean) => void
  /** A story ended by a defect of this program. */
  readonly defect: (flow: Flow, cause: Cause.Cause<unknown>) => void
}

/** Every connection that is open, over all listeners. */
export class Connections {
  readonly flows = new Set<Flow>()
  private turnedAway = 0
  private lastId = 0
  private readonly fork: (story: Effect.Effect<void>) => Fiber.Fiber<void>
  private readonly witness: Witness

  constructor(fork: (story: Effect.Effect<void>) => Fiber.Fiber<void>, witness: Witness) {
    this.fork = fork
    this.witness = witness
  }

  /** What a listener does with a connection. */
  accept = (around: Surroundings) => {
    const { direction } = around.plan
    const opaque = around.plan.speaks === "tcp"
    return (client: SocketEnd): void => {
      const open = this.flows.size - this.turnedAway
      const full = open >= around.settings().maxConnections
      around.idleOrigins.makeRoom()
      around.dialer.makeRoom()
      // An opaque client knows no words to be turned away with.
      if (full && (opaque || this.turnedAway >= turnedAwayAtOnce)) {
        this.witness.overloaded(direction, false)
        return client.terminate()
      }
      const flow = new Flow(++this.lastId, direction, clientOf(client))
      let fiber: Fiber.Fiber<void> | undefined
      const abandon = (): void => {
        flow.end("client")
        fiber?.interruptUnsafe()
      }
      const opening = new Opening(client, speech(around), abandon)
      if (full) this.witness.overloaded(direction, true)
      const story = full ? this.turningAway(client, opening, flow) : connection(client, opening, flow, around)
      this.flows.add(flow)
      this.witness.accepted(flow)
      fiber = this.fork(Effect.onExit(story, (exit) => Effect.sync(() => this.end(client, flow, exit))))
    }
  }

  private turningAway(client: SocketEnd, opening: Opening, flow: Flow): Effect.Effect<void> {
    this.turnedAway++
    return Effect.ensuring(
      turnAway(client, opening, flow),
      Effect.sync(() => void this.turnedAway--),
    )
  }

  private end(client: SocketEnd, flow: Flow, exit: Exit.Exit<void>): void {
    if (Exit.isFailure(exit)) {
      if (!Cause.hasInterruptsOnly(exit.cause)) this.witness.defect(flow, exit.cause)
      flow.end(Cause.hasInterruptsOnly(exit.cause) ? "drain" : "proxy")
      client.terminate()
    }
    this.flows.delete(flow)
    this.witness.ended(flow)
  }
}

/** `address:port` of a client; an IPv4 client of a dual-stack listener is written as what it is. */
const clientOf = (client: SocketEnd): string => {
  const address = client.remoteAddress ?? "-"
  if (address.startsWith("::ffff:") && address.includes(".")) return `${address.slice(7)}:${client.remotePort}`
  return address.includes(":") ? `[${address}]:${client.remotePort}` : `${address}:${client.remotePort}`
}
