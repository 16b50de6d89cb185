/**
 * Flow: what is known of one client connection, for the access log and the live view. Plain fields, written by whoever
 * learns them; nothing here holds bytes or secrets.
 */
import type { Refusal } from "../protocol/refusal.ts"

/** Where a connection stands, and where it stood when it ended. */
export type Phase = "detect" | "handshake" | "dial" | "data"

/** Who ended a connection. */
export type EndedBy = "client" | "target" | "proxy" | "timeout" | "limit" | "drain"

export type Protocol = "tcp" | "http" | "connect" | "socks4" | "socks4a" | "socks5" | "unknown"

/** What an end of a connection counts: bytes that came from its peer, and bytes that went there. */
export interface Counted {
  readonly received: number
  readonly sent: number
}

export class Flow {
  readonly id: number
  readonly direction: "inbound" | "outbound"
  /** Wall clock, milliseconds since the epoch. */
  readonly startedAt = Date.now()
  /** Monotonic clock, milliseconds; what durations are counted from. */
  readonly started = performance.now()
  readonly client: string
  protocol: Protocol = "unknown"
  phase: Phase = "detect"
  /** The destination as the client named it, `host:port`. */
  target: string | undefined = undefined
  /** The address that was connected to. */
  address: string | undefined = undefined
  /** The server name of a TLS hello that passed in the clear. */
  sni: string | undefined = undefined
  endedBy: EndedBy | undefined = undefined
  refusal: Refusal | undefined = undefined
  /** The error code of a socket that did not close in order. */
  code: string | undefined = undefined
  /** Bytes from the client to the target, and back; those of a tunnel, known when it is over. */
  bytesIn = 0
  bytesOut = 0
  /** Milliseconds after `started`, once they happened: what is spoken was known, where to, was connected, answered. */
  detectedAt: number | undefined = undefined
  handshakeAt: number | undefined = undefined
  dialledAt: number | undefined = undefined
  firstByteAt: number | undefined = undefined
  /** A request of it stands in the log. */
  told = false
  /** The client of an HTTP connection, and the target of a tunnel: whoever counts the bytes while they pass. */
  private counted: Counted | undefined = undefined
  private isTarget = false

  constructor(id: number, direction: "inbound" | "outbound", client: string) {
    this.id = id
    this.direction = direction
    this.client = client
  }

  /** From now on requests are taken from this client: the live view counts its bytes, heads included. */
  carryRequests(client: Counted): void {
    this.counted = client
    this.isTarget = false
  }

  /** From now on this is a tunnel to a target. */
  carryTunnel(target: Counted): void {
    this.counted = target
    this.isTarget = true
  }

  /** The tunnel is over: its bytes are final, and its end is let go of. */
  settle(): void {
    if (this.counted === undefined || !this.isTarget) return
    this.bytesIn = this.counted.sent
    this.bytesOut = this.counted.received
    this.counted = undefined
  }

  /** Bytes so far, from the client and to it. */
  get liveIn(): number {
    if (this.counted === undefined) return this.bytesIn
    return this.isTarget ? this.counted.sent : this.counted.received
  }

  get liveOut(): number {
    if (this.counted === undefined) return this.bytesOut
    return this.isTarget ? this.counted.received : this.counted.sent
  }

  /** Whether `liveIn` and `liveOut` are those of a tunnel that is open: nobody has counted them yet. */
  get tunnelling(): boolean {
    return this.counted !== undefined && this.isTarget
  }

  /** Milliseconds since the connection was accepted. */
  elapsed(): number {
    return performance.now() - this.started
  }

  /** Notes who ended the connection; the first to do so is the one. */
  end(by: EndedBy, code?: string): void {
    if (this.endedBy !== undefined) return
    this.endedBy = by
    this.code = code
  }
}
