/**
 * Accept: the door of a listener. Every connection that comes through it gets a flow and a fiber that owns its story;
 * one too many is turned away. When a story ends, both of its sockets are closed and what is known of it is reported.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

import type { SocketEnd } from "../net/end.ts"
import { Flow } from "../observe/flow.ts"

import { Connection } from "./connection.ts"
import type { Reports, Surroundings } from "./surroundings.ts"

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
}

/** Every connection that is open, over all listeners. */
export class Connections {
  readonly flows = new Set<Flow>()
  private turnedAway = 0
  private lastId = 0
  private readonly fork: (story: Effect.Effect<void>) => Fiber.Fiber<void>
  private readonly witness: Witness
  /** The connection whose fiber is being started. */
  private accepted: Connection | undefined = undefined

  /**
   * The story of the connection that was just accepted. One effect for all: `fork` runs it before it returns, so
   * nothing has to be made for a connection but its fiber.
   */
  private readonly story = Effect.callback<void>((resume) => {
    const connection = this.accepted!
    try {
      connection.begin(() => {
        this.end(connection)
        resume(Effect.void)
      })
    } catch (cause) {
      connection.fail(cause)
    }
    return Effect.sync(() => {
      connection.cancel("drain")
      this.end(connection)
    })
  })

  constructor(fork: (story: Effect.Effect<void>) => Fiber.Fiber<void>, witness: Witness) {
    this.fork = fork
    this.witness = witness
  }

  /** What a listener does with a connection. */
  accept = (around: Surroundings) => {
    const { direction } = around
    return (client: SocketEnd): void => {
      const open = this.flows.size - this.turnedAway
      const full = open >= around.settings().maxConnections
      around.exchanges.idleOrigins.makeRoom()
      around.dialer.makeRoom()
      // An opaque client knows no words to be turned away with.
      if (full && (around.speech().opaque || this.turnedAway >= turnedAwayAtOnce)) {
        this.witness.overloaded(direction, false)
        return client.terminate()
      }
      if (full) {
        this.turnedAway++
        this.witness.overloaded(direction, true)
      }
      const flow = new Flow(++this.lastId, direction, clientOf(client))
      this.flows.add(flow)
      this.witness.accepted(flow)
      this.accepted = new Connection(client, flow, around, full)
      this.fork(this.story)
    }
  }

  private end({ flow, full }: Connection): void {
    if (full) this.turnedAway--
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
