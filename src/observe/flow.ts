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
  endedBy: EndedBy | undefined = undefined
  refusal: Refusal | undefined = undefined
  /** The error code of a socket that did not close in order. */
  code: string | undefined = undefined
  /** Bytes from the client to the target, and back. */
  bytesIn = 0
  bytesOut = 0
  /** Milliseconds after `started`, once they happened. */
  handshakeAt: number | undefined = undefined
  dialledAt: number | undefined = undefined

  constructor(id: number, direction: "inbound" | "outbound", client: string) {
    this.id = id
    this.direction = direction
    this.client = client
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
