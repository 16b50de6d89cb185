/**
 * Target: where a client wants to go, as its handshake or request named it.
 */
import type { Address } from "./address.ts"

/** A host is a name still to be resolved, or an address in its canonical form (IPv4-mapped IPv6 is IPv4). */
export type Host = { readonly _tag: "Name"; readonly name: string } | Address

export interface Target {
  readonly host: Host
  /** 1..65535 */
  readonly port: number
}
