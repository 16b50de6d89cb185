/**
 * Socket address: struct sockaddr_in and struct sockaddr_in6 (ip(7), ipv6(7)), as libc takes and gives them. The family
 * is in host order: both machines that this is for are little-endian.
 */
import type { Peer } from "../../flow/flow.ts"
import { type Address, fromBytes, ipv4At } from "../../protocol/address.ts"
import { uriHost } from "../../protocol/target.ts"

import type { SocketName } from "./socket-end.ts"

export const AF_INET = 2
export const AF_INET6 = 10

export const familyOf = (address: Address): number => (address._tag === "Ipv4" ? AF_INET : AF_INET6)

/** Buffers, one of each family, so that nothing of an address is left in the next one. */
const ipv4 = new Uint8Array(16)
const ipv6 = new Uint8Array(28)

/** Encodes a socket address, valid until the next call: the kernel copies what it is given. */
export const socketAddress = (address: Address, port: number): Uint8Array => {
  const into = address._tag === "Ipv4" ? ipv4 : ipv6
  into[0] = familyOf(address)
  into[2] = port >> 8
  into[3] = port & 0xff
  into.set(address.bytes, address._tag === "Ipv4" ? 4 : 8)
  return into
}

export const portIn = (name: Uint8Array): number => (name[2]! << 8) | name[3]!

const addressIn = (name: Uint8Array): Address =>
  name[0] === AF_INET ? ipv4At(name, 4) : fromBytes(name.subarray(8, 24))

export const nameIn = (name: Uint8Array): SocketName => ({ address: addressIn(name), port: portIn(name) })

/** Decodes a peer; an IPv4 client of a dual-stack listener is written as IPv4. */
export const peerIn = (name: Uint8Array): Peer => peerOf(nameIn(name))

export const peerOf = ({ address, port }: SocketName): Peer => ({ host: uriHost(address), port })
