/**
 * Flow: what is known of one client connection, for the access log and the live view. Plain fields, written by whoever
 * learns them; nothing here holds bytes or secrets.
 */
import type { ProtocolName } from "../protocol/handshake.ts"
import type { Refusal } from "../protocol/refusal.ts"

/** Which way a connection goes: to the workload, or from it. */
export const directions = ["inbound", "outbound"] as const
export type Direction = (typeof directions)[number]

/** The phases of a connection; the last is kept when it ends. */
export const phases = ["detect", "handshake", "dial", "data"] as const
export type Phase = (typeof phases)[number]

/** The party that ended a connection, or the reason. */
export const endings = ["client", "target", "proxy", "timeout", "limit", "drain"] as const
export type EndedBy = (typeof endings)[number]

export type Protocol = ProtocolName

/** The bytes that an end of a connection counts: those from its peer, and those to it. */
export interface Counted {
  readonly received: number
  readonly sent: number
}

/** The other side of a connection. */
export interface Peer {
  /** An address as text, IPv6 in brackets. */
  readonly host: string
  readonly port: number
}

/** How a connection ended; the first cause is kept. */
interface Ending {
  by: EndedBy | undefined
  code: string | undefined
  refusal: Refusal | undefined
  unfollowed: { readonly reason: Unfollowed; readonly detail: string | undefined } | undefined
  /** The client has sent bytes that were never recognised. */
  spoke: boolean
}

/**
 * The reasons why the HTTP of a connection is not read to its end: `upgrade` to another protocol, `http2`, `malformed`
 * where it is not certain what a message is or where it ends, `limit` where a head, or what waits for its answer, is too
 * much to hold, `defect` of this program.
 */
export const unfollowedReasons = ["upgrade", "http2", "malformed", "limit", "defect"] as const
export type Unfollowed = (typeof unfollowedReasons)[number]

/** The facts of one open connection. Kept small, for every connection has one: rare and derivable facts have no field. */
export class Flow {
  readonly id: number
  readonly direction: Direction
  /** Monotonic clock, milliseconds; what durations are counted from. */
  readonly started = performance.now()
  readonly clientHost: string
  readonly clientPort: number
  protocol: Protocol = "unknown"
  phase: Phase = "detect"
  /** The destination as the client named it, `host:port`. */
  target: string | undefined = undefined
  /** The address that was connected to. */
  address: string | undefined = undefined
  /** The server name of a TLS hello that passed in the clear. */
  sni: string | undefined = undefined
  /** Milliseconds after `started`, when the protocol was known, the destination was known, the dial succeeded, the first byte came. */
  detectedAt: number | undefined = undefined
  handshakeAt: number | undefined = undefined
  dialledAt: number | undefined = undefined
  firstByteAt: number | undefined = undefined
  /**
   * What of this connection stands in the log already: nothing, requests, or requests that are all that was carried and
   * say how it ended.
   */
  logged: "nothing" | "requests" | "everything" = "nothing"
  /** The client, while requests are taken from it, and the target of a tunnel: they count the bytes. */
  private requests: Counted | undefined = undefined
  private tunnel: Counted | undefined = undefined
  private ending: Ending | undefined = undefined

  constructor(id: number, direction: Direction, client: Peer) {
    this.id = id
    this.direction = direction
    this.clientHost = client.host
    this.clientPort = client.port
  }

  get client(): string {
    return `${this.clientHost}:${this.clientPort}`
  }

  /** Notes that requests are taken from this client from now on: the live view counts its bytes, heads included. */
  carryRequests(client: Counted): void {
    this.requests = client
  }

  /** Notes that this is a tunnel to a target from now on. */
  carryTunnel(target: Counted): void {
    this.tunnel = target
  }

  /** True where requests were taken from this client, each on its own: an exchange, not a tunnel from the start. */
  get carriedRequests(): boolean {
    return this.requests !== undefined
  }

  /** True for a tunnel, and for a connection that was one when it ended. */
  get tunnelling(): boolean {
    return this.tunnel !== undefined
  }

  /** Bytes of the tunnel so far, from the client to the target, and back. */
  get bytesIn(): number {
    return this.tunnel === undefined ? 0 : this.tunnel.sent
  }

  get bytesOut(): number {
    return this.tunnel === undefined ? 0 : this.tunnel.received
  }

  /** Bytes so far, from the client and to it, those of requests included. */
  get liveIn(): number {
    return this.tunnel?.sent ?? this.requests?.received ?? 0
  }

  get liveOut(): number {
    return this.tunnel?.received ?? this.requests?.sent ?? 0
  }

  /** Milliseconds since the connection was accepted. */
  elapsed(): number {
    return performance.now() - this.started
  }

  get endedBy(): EndedBy | undefined {
    return this.ending?.by
  }

  /** The error code of a socket that did not close in order. */
  get code(): string | undefined {
    return this.ending?.code
  }

  get refusal(): Refusal | undefined {
    return this.ending?.refusal
  }

  /** Why its HTTP was not read to the end, where it is read; the detail is for a person. */
  get unfollowed(): Ending["unfollowed"] {
    return this.ending?.unfollowed
  }

  /**
   * Whether this was no more than a look if somebody listens: its client closed it in order, without a byte either way and
   * without having asked for a destination.
   */
  get isProbe(): boolean {
    if (this.endedBy !== "client" || this.code !== undefined || this.refusal !== undefined) return false
    if (this.protocol !== "unknown" && this.protocol !== "tcp") return false
    return this.liveIn + this.liveOut === 0 && !this.ending!.spoke
  }

  /** Notes who ended the connection; the first to do so is the one. */
  end(by: EndedBy, code?: string): void {
    const ending = this.known()
    if (ending.by !== undefined) return
    ending.by = by
    ending.code = code
  }

  /** Notes that the client leaves, and has sent something that was not enough to know what it speaks. */
  leaveUnrecognised(): void {
    this.known().spoke = true
  }

  /** Notes that its HTTP is not read from here on; the first reason is kept. */
  unfollow(reason: Unfollowed, detail?: string): void {
    this.known().unfollowed ??= { reason, detail }
  }

  private known(): Ending {
    this.ending ??= { by: undefined, code: undefined, refusal: undefined, unfollowed: undefined, spoke: false }
    return this.ending
  }

  /** Notes that the connection was half open when its time was up, whoever had finished first. */
  expire(): void {
    this.end("timeout")
    this.ending!.by = "timeout"
  }

  /** Notes the refusal that the client got, and who ended the connection by that. */
  refuse(refusal: Refusal, by: EndedBy): void {
    this.end(by)
    this.ending!.refusal = refusal
  }
}
