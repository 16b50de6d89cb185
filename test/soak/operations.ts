/**
 * Operations: what clients of the soak do. Each opens its own connection to the proxy, checks every byte that it gets
 * and how the connection ends, and throws when anything is not as it must be.
 */
import { ask, asks, outboundTunnels, type Tunnel } from "../support/clients.ts"
import { type Peer, rawConnect } from "../support/peer.ts"
import { closedPort, deniedHost, type Entry, hosts, type Operation } from "./ground.ts"
import { httpOperations } from "./http-operations.ts"
import { ipv6Operations } from "./ipv6-operations.ts"
import { longOperations } from "./long-operations.ts"
import { anyPiece, echoed, endsInOrder, endsSomehow, piece, receive } from "./payload.ts"
import { anyTunnel, open } from "./tunnels.ts"

/** The codes with which each protocol says what an operation provokes. */
const codes = {
  "connection-refused": { connect: 502, socks4: 91, socks4a: 91, socks5: 5 },
  "connection-timeout": { connect: 504, socks4: 91, socks4a: 91, socks5: 6 },
  "destination-denied": { connect: 403, socks4: 91, socks4a: 91, socks5: 2 },
} as const satisfies Record<string, Record<Exclude<Tunnel, "tcp">, number>>

const echoThrough =
  (tunnel: Tunnel): Operation =>
  async (ground, random) => {
    using peer = await open(tunnel, "echo", ground, random)
    for (let rounds = 1 + random.below(3); rounds > 0; rounds--) await echoed(peer, anyPiece(random).bytes)
    await endsInOrder(peer.end())
    return undefined
  }

const halfClose: Operation = async (ground, random) => {
  using peer = await open(anyTunnel(random), "late", ground, random)
  const { bytes } = anyPiece(random)
  peer.send(bytes).end()
  await receive(peer, bytes)
  await endsInOrder(peer)
  return undefined
}

/** Bytes sent along with the handshake, which may come byte by byte, belong to the tunnel. */
const eagerHandshake: Operation = async (ground, random) => {
  const tunnel = random.pick(["connect", "socks4"] as const)
  const { host, port } = random.pick(ground.echo)
  using peer = await rawConnect(ground.out)
  const { bytes } = anyPiece(random, 1400)
  const handshake = asks(tunnel, host, port)
  if (random.below(2) === 0) peer.send(Buffer.concat([handshake, bytes]))
  else {
    await peer.trickle(handshake)
    peer.send(bytes)
  }
  if (tunnel === "socks4") await peer.read(8, 15_000)
  else await peer.expect("HTTP/1.1 200 Connection Established\r\n\r\n", 15_000)
  await receive(peer, bytes)
  await endsInOrder(peer.end())
  return undefined
}

/** More than the buffers of the kernel and of the proxy hold together. */
const slowBytes = 3 * 2 ** 20

const slowReader: Operation = async (ground, random) => {
  using peer = await open(anyTunnel(random), "source", ground, random)
  const at = random.below(2 ** 20)
  peer.send(`${at} ${slowBytes}\n`)
  const slow = setInterval(() => {
    peer.pause()
    setTimeout(() => peer.resume(), 40)
  }, 50)
  try {
    await receive(peer, piece(at, slowBytes))
  } finally {
    clearInterval(slow)
    peer.resume()
  }
  await endsInOrder(peer)
  return undefined
}

const idleTunnel: Operation = async (ground, random) => {
  using peer = await open(anyTunnel(random), "echo", ground, random)
  await Bun.sleep(500 + random.below(3000))
  await echoed(peer, anyPiece(random, 1400).bytes)
  await endsInOrder(peer.end())
  return undefined
}

const targetResets: Operation = async (ground, random) => {
  using peer = await open(anyTunnel(random), "reset", ground, random)
  peer.send(anyPiece(random, 1400).bytes)
  await peer.untilReset(20_000)
  return undefined
}

const clientResets: Operation = async (ground, random) => {
  const tunnel = random.pick<Tunnel>(["tcp", ...outboundTunnels])
  using peer = await open(tunnel, "echo", ground, random)
  peer.send(anyPiece(random).bytes)
  await peer.untilReceived(peer.received + 1, 20_000)
  peer.reset()
  return undefined
}

/** Everything but the last byte of a handshake, then gone. */
const leavesMidHandshake: Operation = async (ground, random) => {
  using peer = await rawConnect(ground.out)
  const { host, port } = random.pick(ground.echo)
  const handshake = asks(anyTunnel(random), host, port)
  peer.send(handshake.subarray(0, random.below(handshake.length)))
  if (random.below(2) === 0) peer.reset()
  else await endsSomehow(peer.end())
  return undefined
}

const stallsInHandshake: Operation = async (ground) => {
  using peer = await rawConnect(ground.out)
  peer.send("GET http://x/")
  const words = await peer.readToEnd(10_000)
  if (!words.subarray(0, 13).equals(Buffer.from("HTTP/1.1 408 ")))
    throw new Error("a stalled head is answered with 408")
  return "request-timeout"
}

/** The other side never answers the dial: the client leaves at once, or waits to be told. */
const dialsHole: Operation = async ({ out, hole }, random) => {
  const tunnel = anyTunnel(random)
  const host = tunnel === "socks4a" ? "localhost" : hole.host
  using peer = await rawConnect(out)
  if (random.below(10) > 0) {
    if (tunnel === "socks5") peer.send(Uint8Array.of(5, 1, 0))
    peer.send(asks(tunnel, host, hole.port))
    await Bun.sleep(random.below(60))
    if (random.below(2) === 0) peer.reset()
    return undefined
  }
  return refusedAs("connection-timeout", tunnel, await ask(peer, tunnel, host, hole.port), peer)
}

const dialsClosedPort: Operation = async ({ out }, random) => {
  const tunnel = anyTunnel(random)
  using peer = await rawConnect(out)
  return refusedAs("connection-refused", tunnel, await ask(peer, tunnel, random.pick(hosts), closedPort), peer)
}

const dialsDenied: Operation = async ({ out }, random) => {
  const tunnel = anyTunnel(random)
  using peer = await rawConnect(out)
  return refusedAs("destination-denied", tunnel, await ask(peer, tunnel, deniedHost, 80), peer)
}

const refusedAs = async (
  reason: keyof typeof codes,
  tunnel: Exclude<Tunnel, "tcp">,
  code: number | undefined,
  peer: Peer,
): Promise<string> => {
  const wanted = codes[reason][tunnel]
  if (code !== wanted) throw new Error(`${tunnel} said ${code} and not ${wanted} for ${reason}`)
  await endsSomehow(peer.end())
  return reason
}

/** Bytes that are no proxy protocol, or one spoilt, with how the answer must begin. */
const badInputs: ReadonlyArray<readonly [bytes: string, answer: string]> = [
  ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", ""],
  ["\x80\x81\x82 noise", ""],
  ["\0", ""],
  ["\x05\x01\x02\x01\x00", "\x05\x02\x01\x01"],
  ["\x05\x00", "\x05\xff"],
  ["\x05\x01\x00\x05\x02\x00\x01\x7f\x00\x00\x02\x00\x50", "\x05\x00\x05\x07"],
  ["\x05\x01\x00\x05\x01\x00\x09", "\x05\x00\x05\x08"],
  ["\x04\x02\x00\x50\x7f\x00\x00\x02\x00", "\0\x5b"],
  ["\x04\x01\x00\x00\x7f\x00\x00\x02\x00", "\0\x5b"],
  ["CONNECT 127.0.0.2:0 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 "],
  ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 "],
  ["GET http://127.0.0.2/ HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "],
  ["GET http://127.0.0.2/ HTTP/1.1\nHost: x\n\n", "HTTP/1.1 400 "],
  ["GET http://127.0.0.2/ HTTP/2.0\r\nHost: x\r\n\r\n", "HTTP/1.1 505 "],
  ["POST http://127.0.0.2/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 400 "],
  [
    "POST http://127.0.0.2/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 400 ",
  ],
  [`GET http://127.0.0.2/ HTTP/1.1\r\nHost: x\r\n${"X: y\r\n".repeat(200)}\r\n`, "HTTP/1.1 431 "],
]

const badInput: Operation = async ({ out }, random) => {
  using peer = await rawConnect(out)
  const [bytes, wanted] = random.pick(badInputs)
  peer.send(bytes)
  const words = (await peer.readToEnd(10_000)).toString("latin1")
  if (!words.startsWith(wanted) || (wanted === "" && words !== "")) {
    throw new Error(`${JSON.stringify(bytes.slice(0, 40))} was answered with ${JSON.stringify(words.slice(0, 40))}`)
  }
  return "bad input"
}

export const operations: Readonly<Record<string, Entry>> = {
  "echo, opaque tcp": { weight: 10, run: echoThrough("tcp") },
  "echo, CONNECT": { weight: 10, run: echoThrough("connect") },
  "echo, SOCKS4": { weight: 10, run: echoThrough("socks4") },
  "echo, SOCKS4a": { weight: 10, run: echoThrough("socks4a") },
  "echo, SOCKS5": { weight: 10, run: echoThrough("socks5") },
  "bytes along with the handshake": { weight: 5, run: eagerHandshake },
  "half-close": { weight: 6, run: halfClose },
  "slow reader": { weight: 0.5, run: slowReader },
  "idle tunnel": { weight: 1, run: idleTunnel },
  "reset by the target": { weight: 4, run: targetResets },
  "reset by the client": { weight: 4, run: clientResets },
  "leaves in its handshake": { weight: 4, run: leavesMidHandshake },
  "stalls in its handshake": { weight: 0.5, run: stallsInHandshake },
  "dials what never answers": { weight: 2, run: dialsHole },
  "dials a closed port": { weight: 4, run: dialsClosedPort },
  "dials what is denied": { weight: 2, run: dialsDenied },
  "bad input": { weight: 5, run: badInput },
  ...httpOperations,
  ...longOperations,
  ...ipv6Operations,
}
