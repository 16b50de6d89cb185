/**
 * Clients: raw handshakes of each proxy protocol, so that a test has its hand on the tunnel that follows.
 */
import { type Peer, rawConnect } from "./peer.ts"

export type Tunnel = "tcp" | "connect" | "socks4" | "socks4a" | "socks5"

/** Every protocol whose outcome is a tunnel of opaque bytes to a destination that the client names. */
export const outboundTunnels: ReadonlyArray<Tunnel> = ["connect", "socks4", "socks4a", "socks5"]

/**
 * The bytes that ask for `host:port`; `host` is a dotted quad for socks4, a dotted quad, an IPv6 address or a name for
 * socks5 and connect, a name for socks4a.
 */
export const asks = (tunnel: Tunnel, host: string, port: number): Uint8Array => {
  const big = [port >> 8, port & 255]
  const quad = host.split(".").map(Number)
  const name = [...Buffer.from(host, "latin1")]
  switch (tunnel) {
    case "tcp":
      return new Uint8Array(0)
    case "connect": {
      const authority = `${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}`
      return Buffer.from(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`, "latin1")
    }
    case "socks4":
      return Uint8Array.of(4, 1, ...big, ...quad, 0)
    case "socks4a":
      return Uint8Array.of(4, 1, ...big, 0, 0, 0, 1, 0, ...name, 0)
    case "socks5":
      if (host.includes(":") && !host.startsWith("[")) return Uint8Array.of(5, 1, 0, 4, ...ipv6Bytes(host), ...big)
      return quad.length === 4 && quad.every((part) => part >= 0 && part <= 255)
        ? Uint8Array.of(5, 1, 0, 1, ...quad, ...big)
        : Uint8Array.of(5, 1, 0, 3, name.length, ...name, ...big)
  }
}

/** The sixteen bytes of an IPv6 address without a dotted part. */
const ipv6Bytes = (host: string): ReadonlyArray<number> => {
  const [front = [], back = []] = host.split("::").map((half) => half.split(":").filter((group) => group !== ""))
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => "0")
  return [...front, ...zeros, ...back].flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 255]
  })
}

/** Opens a tunnel through the listener at `proxyPort`, and checks every byte of the answer. */
export const openTunnel = async (
  tunnel: Tunnel,
  proxyPort: number,
  port: number,
  host = "127.0.0.1",
): Promise<Peer> => {
  const peer = await rawConnect(proxyPort)
  const refusal = await ask(peer, tunnel, host, port)
  if (refusal !== undefined) throw new Error(`${tunnel} to ${host}:${port} was refused: ${refusal}`)
  return peer
}

/**
 * Asks for `host:port` on a fresh connection. Undefined when the tunnel is open, else how it was refused: the HTTP
 * status, SOCKS4's code or SOCKS5's REP.
 */
export const ask = async (peer: Peer, tunnel: Tunnel, host: string, port: number): Promise<number | undefined> => {
  if (tunnel === "socks5") {
    peer.send(Uint8Array.of(5, 1, 0))
    await peer.expect(Uint8Array.of(5, 0))
  }
  peer.send(asks(tunnel, host, port))
  switch (tunnel) {
    case "tcp":
      return undefined
    case "connect": {
      const head = await peer.readUntil("\r\n\r\n", 15_000)
      return head === "HTTP/1.1 200 Connection Established\r\n\r\n" ? undefined : Number(head.split(" ")[1])
    }
    case "socks4":
    case "socks4a": {
      const [version, code] = await peer.read(8, 15_000)
      if (version !== 0) throw new Error(`a SOCKS4 answer begins with 0, this one with ${version}`)
      return code === 90 ? undefined : code
    }
    case "socks5": {
      const [version, code, reserved, type] = await peer.read(10, 15_000)
      if (version !== 5 || reserved !== 0 || type !== 1) throw new Error("not a SOCKS5 reply in the 10-byte form")
      return code === 0 ? undefined : code
    }
  }
}
