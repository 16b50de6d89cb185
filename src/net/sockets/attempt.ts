/**
 * Attempt: one connection being made to one address, whoever makes it. It resolves no name: it only ever sees an address.
 */
import { readFileSync } from "node:fs"
import type { Address } from "../../protocol/address.ts"
import { nobody, type Receiver } from "../common/end.ts"
import type { SocketEnd } from "./socket-end.ts"

/** Who hears how attempts end: once each, never before `Connect` has returned, and never after `cancel`. */
export interface AttemptOwner {
  readonly connected: (attempt: Attempt) => void
  readonly failed: (attempt: Attempt, code: string) => void
}

/** Starts an attempt; a string is the error code of one that failed at once. `port` is 1..65535. */
export type Connect = (address: Address, port: number, owner: AttemptOwner) => Attempt | string

export class Attempt implements Receiver {
  readonly address: Address
  readonly port: number
  /** Set by who makes the attempt, before anything is heard of it. */
  end!: SocketEnd
  private readonly owner: AttemptOwner

  constructor(address: Address, port: number, owner: AttemptOwner) {
    this.address = address
    this.port = port
    this.owner = owner
  }

  /** Writable for the first time, which is how a socket says that it is connected. */
  drain(): void {
    if (this.port >= lowestEphemeralPort && isSelfConnected(this.end, this.port)) {
      this.cancel()
      this.owner.failed(this, "ECONNREFUSED")
      return
    }
    this.end.receiver = unclaimed
    this.owner.connected(this)
  }

  /** Nothing arrives on a socket before it is writable. */
  data(): void {}
  ended(): void {}

  /** A reset can overtake the news that the connection was made; then the socket closes without an error of its own. */
  closed(_end: unknown, code: string | undefined): void {
    this.owner.failed(this, code ?? "ECONNRESET")
  }

  cancel(): void {
    this.end.receiver = nobody
    this.end.terminate()
  }
}

/**
 * Between "connected" and the owner's own receiver. Bytes that came in that moment would be lost without a trace, so a
 * reset says it instead; an owner who sets its receiver where the dial's effect continues never sees this.
 */
const unclaimed: Receiver = {
  ...nobody,
  data: (end) => end.terminate(),
  ended: (end) => end.terminate(),
}

/** The lowest port that the kernel gives to a connection of its own; 1024 where it does not say. */
const readLowestEphemeralPort = (): number => {
  try {
    return Number.parseInt(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "latin1")) || 1024
  } catch {
    return 1024
  }
}
const lowestEphemeralPort = readLowestEphemeralPort()

/**
 * A dial of a port in the ephemeral range of this machine, where nobody listens, may get that very port as its source,
 * and TCP's simultaneous open (RFC 9293 section 3.5) then connects the socket to itself: it would echo every byte.
 */
export const isSelfConnected = (end: Pick<SocketEnd, "localName" | "remoteName">, port: number): boolean => {
  const name = end.localName()
  return name?.port === port && name.address.text === end.remoteName()?.address.text
}
