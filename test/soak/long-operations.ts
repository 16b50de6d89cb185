/**
 * Long operations: large transfers at full speed, and smaller ones whose receiver is slow, so that their end comes long
 * after the sender's: what was taken must arrive whole, though every deadline of the proxy is shorter than that.
 */
import { type Peer, rawConnect } from "../support/peer.ts"
import type { Random } from "../support/random.ts"
import { type Entry, type Ground, type Operation, type Place } from "./ground.ts"
import { authority } from "./http-operations.ts"
import { anyPlace, digestOf, endsInOrder, longPiece, piece, receiveLong } from "./payload.ts"
import { anyTunnel, open } from "./tunnels.ts"

/** Bytes: more than all buffers between the two ends hold together. */
const large = (random: Random): number => 8 * 2 ** 20 + random.below(16 * 2 ** 20)

/** Bytes a second of a slow receiver, and what it gets: nearly twice as long as the longest deadline. */
const slowRate = 400_000
const slowLength = 3_000_000

/** An answer's head, which must be a 200 of the proxy's. */
const headOf = async (peer: Peer): Promise<void> => {
  const head = await peer.readUntil("\r\n\r\n", 15_000)
  if (!head.startsWith("HTTP/1.1 200 ") || !/^via: /im.test(head))
    throw new Error(`answered with ${head.split("\r\n")[0]}`)
}

const downloaded = async (ground: Ground, random: Random, length: number, rate?: number): Promise<void> => {
  using peer = await open(anyTunnel(random), "source", ground, random)
  const at = anyPlace(random)
  peer.send(`${at} ${length}\n`)
  await receiveLong(peer, at, length, rate)
  await endsInOrder(peer)
}

const largeDownload: Operation = async (ground, random) => {
  await downloaded(ground, random, large(random))
  return undefined
}

/** Asks for so many bytes on a connection that is kept; its end follows at the deadline for the next request. */
const keptAnswer = async (ground: Ground, random: Random, length: number, rate?: number): Promise<void> => {
  using peer = await rawConnect(ground.out)
  const [at, host] = [anyPlace(random), authority(ground, random)]
  peer.send(`GET http://${host}/long?at=${at}&length=${length} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  await headOf(peer)
  await receiveLong(peer, at, length, rate)
  await endsInOrder(peer)
}

const largeAnswer: Operation = async (ground, random) => {
  await keptAnswer(ground, random, large(random))
  return undefined
}

/** What a server of uploads reads before the bytes; `first` is a request line, or any other. */
const uploadHead = (first: string, host: string, length: number, rate: number): string =>
  `${first}\r\nHost: ${host}\r\nContent-Length: ${length}\r\nRate: ${rate}\r\n\r\n`

/** The server got all, and nothing else. */
const judged = async (peer: Peer, at: number, length: number): Promise<void> => {
  const head = await peer.readUntil("\r\n\r\n", 60_000)
  if (!/^\.*HTTP\/1\.1 200 /.test(head)) throw new Error(`an upload was answered with ${head.split("\r\n")[0]}`)
  const wanted = `${length}:${digestOf(at, length)}`
  await peer.expect(wanted)
  await endsInOrder(peer)
}

const uploadedThroughTunnel = async (ground: Ground, random: Random, length: number, rate: number): Promise<void> => {
  using peer = await open(anyTunnel(random), "upload", ground, random)
  const at = anyPlace(random)
  peer.send(uploadHead("upload", "tunnel", length, rate))
  for (const part of longPiece(at, length)) peer.send(part)
  peer.end()
  await judged(peer, at, length)
}

const uploadedByHttp = async (ground: Ground, random: Random, length: number, rate: number): Promise<void> => {
  using peer = await rawConnect(ground.out)
  const at = anyPlace(random)
  const { host, port } = random.pick<Place>(ground.upload)
  const head = uploadHead(`POST http://${host}:${port}/ HTTP/1.1`, `${host}:${port}`, length, rate)
  peer.send(head.replace("\r\nRate", "\r\nConnection: close\r\nRate"))
  for (const part of longPiece(at, length)) peer.send(part)
  await judged(peer, at, length)
}

const largeUpload: Operation = async (ground, random) => {
  await random.pick([uploadedThroughTunnel, uploadedByHttp])(ground, random, large(random), 0)
  return undefined
}

const slowTunnel: Operation = async (ground, random) => {
  await downloaded(ground, random, slowLength, slowRate)
  return undefined
}

/** Its own bytes, on their way back from the workload when its client has ended long since. */
const slowInbound: Operation = async (ground, random) => {
  using peer = await open("tcp", "echo", ground, random)
  const at = anyPlace(random)
  for (const part of longPiece(at, slowLength)) peer.send(part)
  peer.end()
  await receiveLong(peer, at, slowLength, slowRate)
  await endsInOrder(peer)
  return undefined
}

const slowKeptAnswer: Operation = async (ground, random) => {
  await keptAnswer(ground, random, slowLength, slowRate)
  return undefined
}

/** Path, version and fields of requests whose answer is the last of its connection. */
const closing = [
  ["/piece", "HTTP/1.1", "Connection: close\r\n"],
  ["/chunked", "HTTP/1.1", "Connection: close\r\n"],
  ["/until-close", "HTTP/1.1", ""],
  ["/piece", "HTTP/1.0", ""],
] as const

const slowClosingAnswer: Operation = async (ground, random) => {
  using peer = await rawConnect(ground.out)
  const [at, host] = [random.below(2 ** 20), authority(ground, random)]
  const [path, version, fields] = random.pick(closing)
  peer.send(`GET http://${host}${path}?at=${at}&length=${slowLength} ${version}\r\nHost: ${host}\r\n${fields}\r\n`)
  const answer = await readSlowly(peer)
  const head = answer.subarray(0, answer.indexOf("\r\n\r\n") + 4).toString("latin1")
  const raw = answer.subarray(head.length)
  const body = /^transfer-encoding: chunked\r$/im.test(head) ? unchunked(raw) : raw
  if (!head.includes(" 200 ")) throw new Error(`${path} was answered with ${head.split("\r\n")[0]}`)
  if (!body.equals(piece(at, slowLength))) {
    throw new Error(`${path} ${version}: ${body.length} bytes of ${slowLength}, or wrong ones`)
  }
  return undefined
}

/** Everything up to an orderly end, no faster than a slow receiver reads. */
const readSlowly = async (peer: Peer): Promise<Buffer> => {
  const chunks: Array<Uint8Array> = []
  const began = performance.now()
  peer.sink = (chunk) => {
    chunks.push(chunk)
    const early = (peer.received / slowRate) * 1000 - (performance.now() - began)
    if (early <= 0) return
    peer.pause()
    setTimeout(() => peer.resume(), early)
  }
  await peer.readToEnd(60_000)
  return Buffer.concat(chunks)
}

const unchunked = (raw: Buffer): Buffer => {
  const parts: Array<Buffer> = []
  for (let at = 0; ;) {
    const line = raw.indexOf("\r\n", at)
    const size = Number.parseInt(raw.subarray(at, line).toString("latin1"), 16)
    if (!(size > 0)) return Buffer.concat(parts)
    parts.push(raw.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}

/** The client has sent all and is done, while its server still reads. */
const slowUpload: Operation = async (ground, random) => {
  await random.pick([uploadedThroughTunnel, uploadedByHttp])(ground, random, slowLength, slowRate)
  return undefined
}

/** Those that are under way for some seconds whatever their server does: what a drain waits for. */
export const drainable: ReadonlyArray<Operation> = [
  slowTunnel,
  slowInbound,
  slowClosingAnswer,
  slowKeptAnswer,
  slowUpload,
]

export const longOperations: Readonly<Record<string, Entry>> = {
  "large download, tunnel": { weight: 0.06, run: largeDownload },
  "large download, HTTP": { weight: 0.06, run: largeAnswer },
  "large upload": { weight: 0.08, run: largeUpload },
  "slow reader, end of a tunnel": { weight: 0.2, run: slowTunnel },
  "slow reader, end of inbound tcp": { weight: 0.2, run: slowInbound },
  "slow reader, kept alive": { weight: 0.2, run: slowKeptAnswer },
  "slow reader, last answer": { weight: 0.3, run: slowClosingAnswer },
  "slow server, end of an upload": { weight: 0.2, run: slowUpload },
}
