/**
 * Attempt: one connection being made to one address, by either kind of sockets. Resolves no name.
 */
import { readFileSync } from "node:fs"
import type { Address } from "../../protocol/address.ts"
import { nobody, type Receiver } from "../common/end.ts"
import type { SocketEnd } from "./socket-end.ts"

/** Hears how attempts end: once each, never before `Connect` has returned, and never after `cancel`. */
export interface AttemptOwner {
  readonly connected: (attempt: Attempt) => void
  readonly failed: (attempt: Attempt, code: string) => void
}

/** Starts an attempt; a string is the error code of one that failed at once. `port` is 1..65535. */
export type Connect = (address: Address, port: number, owner: AttemptOwner) => Attempt | string

export class Attempt implements Receiver {
  readonly address: Address
  readonly port: number
  /** Set by the maker of the attempt, before anything is heard of it. */
  end!: SocketEnd
  private readonly owner: AttemptOwner

  constructor(address: Address, port: number, owner: AttemptOwner) {
    this.address = address
    this.port = port
    this.owner = owner
  }

  /** Called when the socket is writable for the first time, which is how a socket says that it is connected. */
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

  /**
   * Fails. A reset can overtake the news that the connection was made; the socket closes without an error of its own
   * then.
   */
  closed(_end: unknown, code: string | undefined): void {
    this.owner.failed(this, code ?? "ECONNRESET")
  }

  cancel(): void {
    this.end.receiver = nobody
    this.end.terminate()
  }
}

/**
 * The receiver between "connected" and the owner's own. Bytes that came in that moment would be lost without a trace,
 * so the connection is reset instead; an owner that sets its receiver before `connected` returns never sees this.
 */
const unclaimed: Receiver = {
  ...nobody,
  data: (end) => end.terminate(),
  ended: (end) => end.terminate(),
}

/** Reads the lowest port that the kernel gives to a connection of its own; 1024 where it does not say. */
const readLowestEphemeralPort = (): number => {
  try {
    return Number.parseInt(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "latin1")) || 1024
  } catch {
    return 1024
  }
}
const lowestEphemeralPort = readLowestEphemeralPort()

/**
 * Whether an end is connected to itself. A dial of a port in the ephemeral range of this machine, where nobody listens,
 * may get that very port as its source, and TCP's simultaneous open (RFC 9293 section 3.5) then connects the socket to
 * itself: it would echo every byte.
 */
export const isSelfConnected = (end: Pick<SocketEnd, "localName" | "remoteName">, port: number): boolean => {
  const name = end.localName()
  return name?.port === port && name.address.text === end.remoteName()?.address.text
}
