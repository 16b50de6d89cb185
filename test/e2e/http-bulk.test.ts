/** Bodies of many megabytes, which go past the program where they may: whole, counted, and never more than whole. */
import { expect, test } from "bun:test"

import { checksum, pourBulk, receiveBulk, sendBulk } from "../support/bulk.ts"
import { field, readResponse, status } from "../support/http.ts"
import { httpOrigin, ok, type Origin, origin } from "../support/origins.ts"
import { type Peer, rawConnect } from "../support/peer.ts"
import { startPillion } from "../support/pillion.ts"

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
  for (const fields of [`Content-Length: ${length}\r\n`, ""]) {
    using server = await origin(async (peer) => {
      await peer.readUntil("\r\n\r\n")
      peer.send(`HTTP/1.1 200 OK\r\n${fields}\r\n`)
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

test("a chunked download stays framed", async () => {
  using server = await httpOrigin(() => {
    const chunk = `100000\r\n${"x".repeat(1 << 20)}\r\n`
    return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(8)}0\r\n\r\n`
  })
  await using pillion = await startPillion()
  using client = await rawConnect(pillion.ports.out)
  client.send(head("GET", server))
  const response = await readResponse(client)
  expect([status(response), field(response, "Transfer-Encoding"), response.body.length]).toEqual([
    200,
    "chunked",
    8 << 20,
  ])
})
