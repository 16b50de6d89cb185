/**
 * Handshake: the contract between a proxy protocol and the code that moves its bytes.
 *
 * `step` gets every byte that is not yet consumed, as a view it must not keep, and returns one plain value. It never
 * throws for what a peer sent, never reads past its input, and never sends anything itself. Bytes after `consumed` of
 * a `Dial` belong to the tunnel.
 */
import type { Address } from "./address.ts"
import type { Refusal } from "./refusal.ts"
import type { Spoken } from "./refusal-reply.ts"
import type { Target } from "./target.ts"

/** More bytes are needed; nothing was consumed. One shared constant: nothing is allocated while a peer trickles. */
export const needMore = { _tag: "NeedMore" } as const
export type NeedMore = typeof needMore

/** Send `bytes`, drop `consumed` bytes of the input, and step again with what is left. */
export interface Reply {
  readonly _tag: "Reply"
  readonly consumed: number
  readonly bytes: Uint8Array
}

/** The handshake is complete: dial `target`, then answer with `accepted` or `refused`. */
export interface DialStep {
  readonly _tag: "Dial"
  readonly consumed: number
  /** Absent for a listener that needs none (tcp): its connections go to the workload. */
  readonly target: Target | undefined
}

/** Answer with `refused(refusal)` and close. */
export interface Refuse {
  readonly _tag: "Refuse"
  readonly refusal: Refusal
}

export type Step = NeedMore | Reply | DialStep | Refuse

/** The protocols that clients speak, as logs and metrics name them; `unknown` until one is recognised. */
export const protocolNames = ["tcp", "http", "connect", "socks4", "socks4a", "socks5", "unknown"] as const
export type ProtocolName = (typeof protocolNames)[number]

export interface Handshake extends Spoken {
  /** The log's name for the protocol; may become another while the handshake goes on. */
  readonly protocol: ProtocolName
  readonly step: (input: Uint8Array) => Step
  /** The reply to the client once its target is connected. `bound` is the local address of that connection. */
  readonly accepted: (bound: Bound) => Uint8Array
  /** The reply to the client instead; empty where the protocol has none for this refusal. */
  readonly refused: (refusal: Refusal) => Uint8Array
}

export interface Bound {
  readonly address: Address | undefined
  readonly port: number
}

export const reply = (consumed: number, bytes: Uint8Array): Reply => ({ _tag: "Reply", consumed, bytes })
export const dial = (consumed: number, target: Target | undefined): DialStep => ({ _tag: "Dial", consumed, target })
export const refuse = (refusal: Refusal): Refuse => ({ _tag: "Refuse", refusal })
