/**
 * Tunnels: how the soak's clients get to a server through the proxy.
 */
import { ask, outboundTunnels, type Tunnel } from "../support/clients.ts"
import { type Peer, rawConnect } from "../support/peer.ts"
import type { Random } from "../support/random.ts"
import { type Behaviour, type Ground, hosts, ipv6NameOf, namedPort, nameOf } from "./ground.ts"

/** A protocol in which the client names its destination. */
export const anyTunnel = (random: Random): Exclude<Tunnel, "tcp"> =>
  random.pick(outboundTunnels) as Exclude<Tunnel, "tcp">

/** Opens a tunnel to a server that behaves like this, by address or by name as the protocol and chance will have it. */
export const open = async (tunnel: Tunnel, behaviour: Behaviour, ground: Ground, random: Random): Promise<Peer> => {
  const index = random.below(hosts.length)
  const place = ground[behaviour][index]
  if (place === undefined) throw new Error(`no server ${index} for ${behaviour}`)
  const named = tunnel === "socks4a" || (tunnel !== "socks4" && random.below(2) === 0)
  const [host, port] = named ? [nameOf(behaviour, index), namedPort] : [place.host, place.port]
  const peer = await rawConnect(tunnel === "tcp" ? ground.in : ground.out)
  const code = await ask(peer, tunnel, host, port)
  if (code !== undefined) throw new Error(`${tunnel} to ${behaviour} was refused with ${code}`)
  return peer
}

/** The same from ::1, to the server on ::1. */
export const openIpv6 = async (
  tunnel: "tcp" | "connect" | "socks5",
  behaviour: Behaviour,
  ground: Ground,
  random: Random,
): Promise<Peer> => {
  const { host, port } = onIpv6(ground, behaviour)
  const peer = await rawConnect(tunnel === "tcp" ? ground.in : ground.out, host)
  const code =
    random.below(2) === 0
      ? await ask(peer, tunnel, ipv6NameOf(behaviour), namedPort)
      : await ask(peer, tunnel, host, port)
  if (code !== undefined) throw new Error(`${tunnel} to ${behaviour} on ${host} was refused with ${code}`)
  return peer
}

/** Where a behaviour is on ::1. */
export const onIpv6 = ({ ipv6 }: Ground, behaviour: Behaviour): { readonly host: string; readonly port: number } => {
  if (ipv6 === undefined) throw new Error("this machine has no IPv6, and the operation should have been left out")
  return ipv6[behaviour]
}
