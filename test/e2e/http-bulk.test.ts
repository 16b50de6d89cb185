/** Bodies of many megabytes, which go past the program where they may: whole, counted, and never more than whole. */
import { expect, test } from "bun:test"

import { checksum, pourBulk, receiveBulk, sendBulk } from "../support/bulk.ts"
import { field, readResponse, status } from "../support/http.ts"
import { httpOrigin, ok, type Origin, origin } from "../support/origins.ts"
import { type Peer, rawConnect } from "../support/peer.ts"
import { startPillion } from "../support/pillion.ts"
import { eventually } from "../support/within.ts"

const mebibytes = 96
const length = mebibytes << 20

const head = (method: string, { authority }: Origin, ...fields: ReadonlyArray<string>): string =>
  [`${method} http://${authority}/ HTTP/1.1`, `Host: ${authority}`, ...fields, "", ""].join("\r\n")

/** The sha256 of exactly `count` bytes, which may be followed by others. */
const sumOf = async (peer: Peer, count: number): Promise<string> => {
  const hasher = new Bun.CryptoHasher("sha256")
  for (let left = count; left > 0;) {
    const bytes = await peer.read(Math.min(left, 1 << 20), 20_000)
    hasher.update(bytes)
    left -= bytes.length
  }
  return hasher.digest("hex")
}

test("a download by length is whole, and the connections go on with the next request", async () => {
  using server = await origin(async (peer) => {
    await peer.readUntil("\r\n\r\n")
    peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`)
    await pourBulk(peer, mebibytes, 5)
    await peer.readUntil("\r\n\r\n", 20_000)
    peer.send(ok("next"))
  })
  await using pillion = await startPillion()
  using client = await rawConnect(pillion.ports.out)
  client.send(head("GET", server))
  expect(await client.readUntil("\r\n\r\n")).toStartWith("HTTP/1.1 200 OK\r\n")
  expect(await sumOf(client, length)).toBe(checksum(mebibytes, 5))
  expect((await pillion.lineOf(client))["bytes_out"]).toBe(length)
  client.send(head("GET", server))
  expect((await readResponse(client)).body).toBe("next")
  expect(server.connections.length).toBe(1)
}, 60_000)

test("a download until the connection closes is whole, and ends", async () => {
  using server = await origin(async (peer) => {
    await peer.readUntil("\r\n\r\n")
    peer.send("HTTP/1.1 200 OK\r\n\r\n")
    await sendBulk(peer, mebibytes, 6)
  })
  await using pillion = await startPillion()
  using client = await rawConnect(pillion.ports.out)
  client.send(head("GET", server))
  await client.readUntil("\r\n\r\n")
  expect(await receiveBulk(client, 20_000)).toBe(checksum(mebibytes, 6))
  expect((await pillion.lineOf(client))["bytes_out"]).toBe(length)
}, 60_000)

test("a download that its reader takes slowly is whole", async () => {
  using server = await origin(async (peer) => {
    await peer.readUntil("\r\n\r\n")
    peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`)
    await pourBulk(peer, mebibytes, 7)
  })
  await using pillion = await startPillion()
  using client = await rawConnect(pillion.ports.out)
  client.send(head("GET", server))
  await client.readUntil("\r\n\r\n")
  const hasher = new Bun.CryptoHasher("sha256")
  let left = length
  while (left > 0) {
    client.resume()
    const bytes = await client.read(Math.min(left, 3 << 20), 20_000)
    client.pause()
    hasher.update(bytes)
    left -= bytes.length
    await new Promise(setImmediate)
  }
  expect(hasher.digest("hex")).toBe(checksum(mebibytes, 7))
}, 60_000)

test("an upload by length is whole, and what follows it is the next request", async () => {
  const sum = Promise.withResolvers<string>()
  using server = await origin(async (peer) => {
    await peer.readUntil("\r\n\r\n")
    sum.resolve(await sumOf(peer, length))
    peer.send(ok("stored"))
    expect(await peer.readUntil("\r\n\r\n")).toStartWith("GET / HTTP/1.1\r\n")
    peer.send(ok("next"))
  })
  await using pillion = await startPillion()
  using client = await rawConnect(pillion.ports.out)
  client.send(head("PUT", server, `Content-Length: ${length}`))
  await pourBulk(client, mebibytes, 8)
  client.send(head("GET", server))
  expect(await sum.promise).toBe(checksum(mebibytes, 8))
  expect((await readResponse(client)).body).toBe("stored")
  expect((await readResponse(client)).body).toBe("next")
  expect((await pillion.lineOf(client))["bytes_in"]).toBe(length)
}, 60_000)

test("a download whose origin resets in the middle never looks whole", async () => {
  await using pillion = await startPillion()
  const chunk = `Transfer-Encoding: chunked\r\n\r\n${length.toString(16)}\r\n`
  for (const framing of [`Content-Length: ${length}\r\n\r\n`, "\r\n", chunk]) {
    using server = await origin(async (peer) => {
      await peer.readUntil("\r\n\r\n")
      peer.send(`HTTP/1.1 200 OK\r\n${framing}`)
      peer.socket.write(new Uint8Array(8 << 20))
    })
    for (let i = 0; i < 8; i++) {
      using client = await rawConnect(pillion.ports.out)
      client.sink = () => {}
      client.send(head("GET", server))
      await client.untilReceived((1 + i) << 18)
      const serving = await server.accepted()
      serving.reset()
      expect(await client.untilOver()).toBe("reset")
    }
  }
}, 60_000)

test("an upload whose client resets in the middle never looks whole", async () => {
  await using pillion = await startPillion()
  using server = await origin((peer) => {
    peer.sink = () => {}
  })
  for (let i = 0; i < 8; i++) {
    using client = await rawConnect(pillion.ports.out)
    client.send(head("PUT", server, `Content-Length: ${length}`))
    client.socket.write(new Uint8Array(16 << 20))
    const serving = await server.accepted()
    await serving.untilReceived((1 + i) << 18)
    client.reset()
    expect(await serving.untilOver()).toBe("reset")
  }
}, 60_000)

/** No two pieces of it are alike, wherever a chunk or a page begins. */
const content = Buffer.from(Uint8Array.from({ length: 12 << 20 }, (_, i) => Math.imul(i, 2654435761) >>> 23)).toString(
  "latin1",
)

const inChunks = (body: string, size: number, extension: string): string => {
  const chunks: Array<string> = []
  for (let at = 0; at < body.length; at += size) {
    const data = body.slice(at, at + size)
    chunks.push(`${data.length.toString(16)}${extension}\r\n${data}\r\n`)
  }
  return `${chunks.join("")}0\r\n\r\n`
}

test.each([
  ["that go past the program", content.length, 3 << 20, ""],
  ["that go on as they are", content.length, 32 * 1024, ""],
  ["of an odd size", content.length, 4093, ""],
  ["that are framed anew for what they carry", content.length, 1 << 20, ";x"],
  ["that are framed anew for their size", 200_000, 10, ""],
])(
  "a body in chunks %s is whole, up and down",
  async (_, bytes, size, extension) => {
    const body = content.slice(0, bytes)
    const chunks = inChunks(body, size, extension)
    using server = await httpOrigin(() => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`)
    await using pillion = await startPillion()
    using client = await rawConnect(pillion.ports.out)
    for (const number of [0, 1]) {
      client.send(`${head("POST", server, "Transfer-Encoding: chunked")}${chunks}`)
      const response = await readResponse(client)
      expect([status(response), field(response, "Transfer-Encoding")]).toEqual([200, "chunked"])
      expect(response.body === body).toBe(true)
      expect(server.requests[number]!.body === body).toBe(true)
    }
    const counted = async () => pillion.log.map((line) => `${line["bytes_in"]} ${line["bytes_out"]}`).join()
    await eventually(counted, `${bytes} ${bytes},${bytes} ${bytes}`, "the log")
    expect(server.connections.length).toBe(1)
  },
  60_000,
)
