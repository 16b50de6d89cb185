/**
 * Socket address: struct sockaddr_in and struct sockaddr_in6 (ip(7), ipv6(7)), as libc takes and gives them. The family
 * is in host order: both machines that this is for are little-endian.
 */
import type { Peer } from "../observe/flow.ts"
import { type Address, fromBytes } from "../protocol/address.ts"

import type { SocketName } from "./socket-end.ts"

export const AF_INET = 2
export const AF_INET6 = 10

export const familyOf = (address: Address): number => (address._tag === "Ipv4" ? AF_INET : AF_INET6)

/** A buffer of each family, so that nothing of an address is left in the next one. */
const ipv4 = new Uint8Array(16)
const ipv6 = new Uint8Array(28)

/** A socket address, valid until the next one is asked for: the kernel copies what it is given. */
export const socketAddress = (address: Address, port: number): Uint8Array => {
  const into = address._tag === "Ipv4" ? ipv4 : ipv6
  into[0] = familyOf(address)
  into[2] = port >> 8
  into[3] = port & 0xff
  into.set(address.bytes, address._tag === "Ipv4" ? 4 : 8)
  return into
}

export const portIn = (name: Uint8Array): number => (name[2]! << 8) | name[3]!

const addressIn = (name: Uint8Array): Address => fromBytes(name[0] === AF_INET ? name.slice(4, 8) : name.slice(8, 24))

export const nameIn = (name: Uint8Array): SocketName => ({ address: addressIn(name), port: portIn(name) })

/** Most clients are few machines: the text of the last address is kept. */
let lastBits = 0
let lastText = "0.0.0.0"

const ipv4At = (name: Uint8Array, start: number): string => {
  const [a, b, c, d] = [name[start]!, name[start + 1]!, name[start + 2]!, name[start + 3]!]
  const bits = (a << 24) | (b << 16) | (c << 8) | d
  if (bits === lastBits) return lastText
  lastBits = bits
  lastText = `${a}.${b}.${c}.${d}`
  return lastText
}

/** An IPv4 client of a dual-stack listener is written as what it is. */
export const peerIn = (name: Uint8Array): Peer => {
  const port = portIn(name)
  if (name[0] === AF_INET) return { host: ipv4At(name, 4), port }
  if (isMapped(name)) return { host: ipv4At(name, 20), port }
  return { host: `[${addressIn(name).text}]`, port }
}

/** `::ffff:a.b.c.d` */
const isMapped = (name: Uint8Array): boolean => {
  for (let i = 8; i < 18; i++) if (name[i] !== 0) return false
  return name[18] === 0xff && name[19] === 0xff
}
