/** Peers that take slowly or in crumbs: they hold back whoever sends to them, and cost the proxy next to nothing. */
import { expect, test } from "bun:test"
import { lingerTimeout } from "../../src/net/common/linger.ts"
import { openTunnel, type Tunnel } from "../support/clients.ts"
import { cost, idleShare } from "../support/cost.ts"
import { blackHole } from "../support/dialling.ts"
import { type Message, readRequest, readResponse } from "../support/http.ts"
import { origin } from "../support/origins.ts"
import { type Peer, rawConnect } from "../support/peer.ts"
import { type Pillion, startPillion } from "../support/pillion.ts"
import { eventually } from "../support/within.ts"

const MiB = 1024 * 1024
const streams = 50
const slowReaders = 100
/** More than every buffer of the kernel between two ends together. */
const length = 100 * MiB
const block = new Uint8Array(MiB)

/** What a stream may keep: a chunk of 512 KiB for a reader, and for a body that is sent as much again in the inbox. */
const reading = 0.5 * MiB
const sending = 1.1 * MiB

/**
 * Once nothing moves. The collector is in no hurry with the chunks that went through before: it comes when there is
 * about as much again, so twice the bound is resident at most, and a little more on the way there. What it does with
 * 16 MiB is its own affair, however many streams there are.
 */
const isBounded = (pillion: Pillion, before: number, most: number, bound: number): void => {
  expect((pillion.residentBytes() - before) / streams).toBeLessThan(2 * bound + (16 * MiB) / streams)
  expect(most / streams).toBeLessThan(2 * bound + MiB)
}

/** Sends up to `length` bytes as fast as they are taken; returns how many were. */
const pour = (peer: Peer): (() => number) => {
  let sent = 0
  const more = (): void => {
    while (sent < length && !peer.socket.destroyed) {
      sent += block.length
      if (!peer.socket.write(block)) return
    }
  }
  peer.socket.on("drain", more)
  more()
  return () => sent - peer.socket.writableLength
}

/** How many bytes all have passed on; asked until it is the same for half a second. */
const standstill = async (poured: ReadonlyArray<() => number>): Promise<number> => {
  const total = (): number => poured.reduce((sum, each) => sum + each(), 0)
  let before = -1
  for (let now = total(); now !== before; now = total()) {
    before = now
    await Bun.sleep(500)
  }
  return before
}

const open = async (tunnel: Tunnel | "http", port: number, originPort: number): Promise<Peer> => {
  if (tunnel !== "http") return openTunnel(tunnel, port, originPort)
  const client = await rawConnect(port)
  return client.send(`GET http://127.0.0.1:${originPort}/ HTTP/1.1\r\nHost: 127.0.0.1:${originPort}\r\n\r\n`)
}

for (const tunnel of ["http", "socks5"] as const) {
  test(`${streams} readers of 100 MiB who stop reading stall their origins, in bounded memory (${tunnel})`, async () => {
    const poured: Array<() => number> = []
    using server = await origin((peer) => {
      peer.sink = () => {}
      if (tunnel === "http") peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`)
      poured.push(pour(peer))
    })
    await using pillion = await startPillion({ flags: ["--origin-reuse=1s"] })
    const base = pillion.openFiles()
    const before = pillion.residentBytes()
    const clients: Array<Peer> = []
    try {
      const { grown, value } = await cost(pillion.pid, async () => {
        for (let i = 0; i < streams; i++) {
          const client = await open(tunnel, pillion.ports.out, server.port)
          client.pause()
          clients.push(client)
        }
        for (let i = 0; i < streams; i++) await server.accepted()
        return standstill(poured)
      })
      expect(value).toBeLessThan((streams * length) / 2)
      isBounded(pillion, before, grown, reading)
      expect(await idleShare(pillion.pid)).toBeLessThan(0.1)
      // Whoever reads on gets on: nothing is stuck.
      const reader = clients[0]!
      reader.sink = () => {}
      reader.resume()
      await reader.untilReceived(length, 15_000)
    } finally {
      for (const client of clients) client.reset()
    }
    // The one that read on has an origin that does not close: that is waited for.
    const what = `whether descriptors are back to ${base}`
    await eventually(async () => pillion.openFiles() <= base, true, what, 2 * lingerTimeout)
  }, 60_000)
}

for (const tunnel of ["http", "socks5"] as const) {
  test(`${slowReaders} readers who are slower than their origins leave next to nothing in memory (${tunnel})`, async () => {
    using server = await origin()
    await using pillion = await startPillion()
    const clients: Array<Peer> = []
    const origins: Array<Peer> = []
    try {
      for (let i = 0; i < slowReaders; i++) {
        const client = await open(tunnel, pillion.ports.out, server.port)
        clients.push(client)
        origins.push(await server.accepted())
        client.sink = () => {
          client.pause()
          setTimeout(() => client.resume(), 10)
        }
      }
      const { grown } = await cost(pillion.pid, async () => {
        for (const peer of origins) {
          if (tunnel === "http") peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`)
          pour(peer)
        }
        await Promise.all(clients.map((client) => client.untilReceived(16 * MiB, 30_000)))
      })
      // A chunk or two for each, and as much again before the collector comes.
      expect(grown).toBeLessThan(80 * MiB)
    } finally {
      for (const client of clients) client.reset()
    }
  }, 60_000)
}

test(`${streams} clients who upload to origins that do not read are held back, in bounded memory`, async () => {
  using server = await origin((peer) => peer.pause())
  await using pillion = await startPillion()
  const base = pillion.openFiles()
  const before = pillion.residentBytes()
  const clients: Array<Peer> = []
  try {
    const { grown, value } = await cost(pillion.pid, async () => {
      const poured: Array<() => number> = []
      for (let i = 0; i < streams; i++) {
        const client = await rawConnect(pillion.ports.out)
        clients.push(client)
        const host = `127.0.0.1:${server.port}`
        client.send(`PUT http://${host}/ HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${length}\r\n\r\n`)
        poured.push(pour(client))
      }
      return standstill(poured)
    })
    expect(value).toBeLessThan((streams * length) / 2)
    isBounded(pillion, before, grown, sending)
    expect(await idleShare(pillion.pid)).toBeLessThan(0.1)
    // And whoever gives up takes along what he has sent: nobody reads that, to keep it.
    const end = await cost(pillion.pid, async () => {
      for (const client of clients) client.reset()
      await eventually(async () => pillion.openFiles() <= base, true, `whether descriptors are back to ${base}`)
    })
    expect(end.grown).toBeLessThan(16 * MiB)
    expect(end.cpu).toBeLessThan(1000)
  } finally {
    for (const client of clients) client.reset()
  }
}, 60_000)

test("an upload while its target is dialled waits in the client: 64 KiB and a chunk are held", async () => {
  using hole = blackHole()
  await using pillion = await startPillion({ flags: ["--dial-timeout=3s"] })
  const before = pillion.residentBytes()
  const clients: Array<Peer> = []
  try {
    const { grown } = await cost(pillion.pid, async () => {
      const poured: Array<() => number> = []
      for (let i = 0; i < streams; i++) {
        const client = await rawConnect(pillion.ports.out)
        clients.push(client)
        client.send(`CONNECT 127.0.0.1:${hole.port} HTTP/1.1\r\nHost: 127.0.0.1:${hole.port}\r\n\r\n`)
        poured.push(pour(client))
      }
      await standstill(poured)
    })
    isBounded(pillion, before, grown, sending)
  } finally {
    for (const client of clients) client.reset()
  }
}, 30_000)

test("a body in 200000 chunks of one byte is carried whole, either way, in little time and flat memory", async () => {
  const count = 200_000
  const body = `${"1\r\nx\r\n".repeat(count)}0\r\n\r\n`
  const received: Array<Message> = []
  using server = await origin(async (peer) => {
    const request = await readRequest(peer, 15_000)
    if (request !== undefined) received.push(request)
    peer.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`)
  })
  await using pillion = await startPillion()
  using client = await rawConnect(pillion.ports.out)
  const { cpu, grown, value } = await cost(pillion.pid, async () => {
    const host = `127.0.0.1:${server.port}`
    client.send(`POST http://${host}/ HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n${body}`)
    return await readResponse(client)
  })
  expect([received[0]?.body.length, value.body.length]).toEqual([count, count])
  // Two hundred thousand chunks each way: 5 microseconds for each.
  expect(cpu).toBeLessThan(2000)
  expect(grown).toBeLessThan(48 * MiB)
}, 30_000)
