/** Hundreds of connections at once, more than have their turn in one: what each carries arrives whole, and nobody else's. */
import { expect, test } from "bun:test"
import { checksum, pourBulk, receiveBulk, sendBulk } from "../support/bulk.ts"
import { openTunnel, type Tunnel } from "../support/clients.ts"
import { origin } from "../support/origins.ts"
import { type Peer, rawConnect } from "../support/peer.ts"
import { startPillion } from "../support/pillion.ts"
import { makeRandom, type Random } from "../support/random.ts"

const streams = 400
/** Of the bytes that each client sends, and of others that it is sent. */
const mebibytes = 1
const length = mebibytes << 20
const milliseconds = 60_000

const all = Array.from({ length: streams }, (_, seed) => seed)

/** What a client is sent is none of what any client sends. */
const answerTo = (seed: number): number => seed + streams

/** Of what a client sends, and of what it is sent. */
const wanted = all.map((seed) => [checksum(mebibytes, seed), checksum(mebibytes, answerTo(seed))])

const sumOf = (bytes: Uint8Array): string => new Bun.CryptoHasher("sha256").update(bytes).digest("hex")

/** Reads now and then only, until the end. */
const falter = async (peer: Peer, random: Random): Promise<void> => {
  while (!peer.ended && peer.failure === undefined) {
    peer.pause()
    await new Promise((resolve) => setTimeout(resolve, random.below(20)))
    peer.resume()
    await new Promise((resolve) => setTimeout(resolve, random.below(5)))
  }
}

const tunnels = async (...flags: ReadonlyArray<string>): Promise<void> => {
  const arrived = all.map(() => Promise.withResolvers<string>())
  using server = await origin(async (peer) => {
    const seed = (await peer.read(4)).readInt32BE()
    void sendBulk(peer, mebibytes, answerTo(seed))
    receiveBulk(peer, milliseconds).then(arrived[seed]!.resolve, arrived[seed]!.reject)
  })
  await using pillion = await startPillion({
    flags: ["--proxy-protocol=tcp:http", `--proxy-port=${server.port}`, ...flags],
  })
  const random = makeRandom(1)
  const one = async (seed: number): Promise<ReadonlyArray<string>> => {
    const tunnel: Tunnel = random.pick(["tcp", "connect", "socks4", "socks5"])
    const port = tunnel === "tcp" ? pillion.ports.in : pillion.ports.out
    using client = await openTunnel(tunnel, port, server.port)
    const id = Buffer.alloc(4)
    id.writeInt32BE(seed)
    client.send(id)
    if (random.below(2) === 0) void falter(client, random)
    void sendBulk(client, mebibytes, seed)
    return await Promise.all([arrived[seed]!.promise, receiveBulk(client, milliseconds)])
  }
  expect(await Promise.all(all.map(one))).toEqual(wanted)
}

const requests = async (...flags: ReadonlyArray<string>): Promise<void> => {
  const arrived = Array.from<string>({ length: streams })
  using server = await origin(async (peer) => {
    for (;;) {
      const head = await peer.readUntil("\r\n\r\n", milliseconds).catch(() => "")
      if (head === "") return
      const seed = Number(/^PUT \/(\d+) /.exec(head)?.[1])
      arrived[seed] = sumOf(await peer.read(length, milliseconds))
      peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`)
      await pourBulk(peer, mebibytes, answerTo(seed))
    }
  })
  await using pillion = await startPillion({ flags })
  const random = makeRandom(2)
  const one = async (seed: number): Promise<ReadonlyArray<string>> => {
    using client = await rawConnect(pillion.ports.out)
    const host = `127.0.0.1:${server.port}`
    client.send(`PUT http://${host}/${seed} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${length}\r\n\r\n`)
    void pourBulk(client, mebibytes, seed)
    if (random.below(2) === 0) void falter(client, random)
    await client.readUntil("\r\n\r\n", milliseconds)
    const sum = sumOf(await client.read(length, milliseconds))
    return [arrived[seed]!, sum]
  }
  expect(await Promise.all(all.map(one))).toEqual(wanted)
}

test(`${streams} tunnels at once carry everything both ways`, () => tunnels(), milliseconds)
test(
  `${streams} tunnels at once carry everything both ways (--splice=false)`,
  () => tunnels("--splice=false"),
  milliseconds,
)
test(
  `${streams} tunnels at once carry everything both ways (--poll=false)`,
  () => tunnels("--poll=false"),
  milliseconds,
)
test(`${streams} HTTP clients at once are answered in full`, () => requests(), milliseconds)
test(
  `${streams} HTTP clients at once are answered in full (--poll=false)`,
  () => requests("--poll=false"),
  milliseconds,
)
