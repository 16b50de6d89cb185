/**
 * Sockets: how the program listens and connects. There are two kinds: polled sockets, read and written by our own
 * system calls, and the runtime's, for machines that do not permit the first.
 */
import type { Peer } from "../../flow/flow.ts"
import type { Address } from "../../protocol/address.ts"

import type { Connect } from "./attempt.ts"
import type { SocketEnd } from "./socket-end.ts"

/** Called synchronously for every connection; must give its end a receiver before it returns. */
export type Accept = (end: SocketEnd, peer: Peer) => void

/** A bound address that takes connections. */
export interface Listening {
  /** The port that was bound, also where 0 was asked for. */
  readonly port: number
  /** Refuses new connections from now on; those that are open stay. */
  readonly stop: () => void
}

export interface Sockets {
  /** Throws an error with the `code` of the system where it cannot be bound. `::` takes both families. */
  readonly listen: (address: Address, port: number, accept: Accept) => Listening
  readonly connect: Connect
}

/** Connections that may wait to be accepted; the system has a limit of its own (net.core.somaxconn). */
export const backlog = 4096
