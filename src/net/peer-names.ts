/**
 * Peer names: who is at the other side of a socket, in one question to the kernel. Bun asks twice, once for the address
 * and once for the port, and keeps a string of each: one percent of a short connection.
 */
import type { Peer } from "../observe/flow.ts"
import { fromBytes } from "../protocol/address.ts"

import type { SocketEnd } from "./end.ts"
import { loadLibc } from "./load-libc.ts"

/** `192.0.2.1` or `[2001:db8::1]`, and a port; an IPv4 client of a dual-stack listener is written as what it is. */
export type PeerNames = (end: Pick<SocketEnd, "descriptor" | "remoteAddress" | "remotePort">) => Peer

const AF_INET = 2
/** struct sockaddr_in6 */
const ipv6Length = 28

const functions = { getpeername: { args: ["i32", "ptr", "ptr"], returns: "i32" } } as const

/** Asks the kernel where it can, else Bun. */
export const makePeerNames = (): PeerNames => {
  const libc = loadLibc(functions)
  if (libc === undefined) return bunsName
  const name = new Uint8Array(ipv6Length)
  const length = new Uint32Array(1)
  // Most clients are few machines: the text of the last address is kept.
  let lastBits = 0
  let lastText = "0.0.0.0"

  const ipv4At = (start: number): string => {
    const [a = 0, b = 0, c = 0, d = 0] = [name[start], name[start + 1], name[start + 2], name[start + 3]]
    const bits = (a << 24) | (b << 16) | (c << 8) | d
    if (bits === lastBits) return lastText
    lastBits = bits
    lastText = `${a}.${b}.${c}.${d}`
    return lastText
  }

  return (end) => {
    length[0] = ipv6Length
    if (libc.getpeername(end.descriptor, name, length) < 0) return bunsName(end)
    const port = (name[2]! << 8) | name[3]!
    if (name[0] === AF_INET) return { host: ipv4At(4), port }
    if (isMapped(name)) return { host: ipv4At(20), port }
    return { host: `[${fromBytes(name.subarray(8, 24)).text}]`, port }
  }
}

/** `::ffff:a.b.c.d`, in a struct sockaddr_in6. */
const isMapped = (name: Uint8Array): boolean => {
  for (let i = 8; i < 18; i++) if (name[i] !== 0) return false
  return name[18] === 0xff && name[19] === 0xff
}

const bunsName: PeerNames = ({ remoteAddress = "-", remotePort }) => {
  const mapped = remoteAddress.startsWith("::ffff:") && remoteAddress.includes(".")
  const address = mapped ? remoteAddress.slice(7) : remoteAddress
  return { host: address.includes(":") ? `[${address}]` : address, port: remotePort }
}
