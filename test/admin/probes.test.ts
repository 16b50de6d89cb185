/** The health listener against those who do not behave; what it answers to others is in health.test.ts. */
import { afterEach, beforeEach, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

import { maxHead, maxVisitors, serveProbes } from "../../src/admin/probes.ts"
import { type Peer, rawConnect } from "../support/peer.ts"
import { readResponse, status } from "../support/http.ts"

const long = "x".repeat(8 << 20)
const answer = async ({ url, method }: Request): Promise<Response> => {
  const { pathname } = new URL(url)
  return new Response(pathname === "/long" ? long : `${method} ${pathname}`)
}

let scope: Scope.Closeable
let port = 0

beforeEach(async () => {
  scope = Effect.runSync(Scope.make())
  const served = serveProbes("127.0.0.1", 0, answer)
  port = (await Effect.runPromise(Scope.provide(served, scope))).port
})

afterEach(() => Effect.runPromise(Scope.close(scope, Exit.void)))

const asks = async (client: Peer, request: string): Promise<string> => {
  client.send(request)
  const response = await readResponse(client)
  return `${status(response)} ${response.body}`
}

test("requests are answered one after another on one connection, whole, byte by byte and together", async () => {
  using client = await rawConnect(port)
  expect(await asks(client, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n")).toBe("200 GET /a")
  await client.trickle("GET /b HTTP/1.1\r\nHost: h\r\n\r\n")
  expect((await readResponse(client)).body).toBe("GET /b")
  client.send("GET /c HTTP/1.1\r\nHost: h\r\n\r\nGET http://h/d HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").end()
  expect((await readResponse(client)).body).toBe("GET /c")
  expect((await readResponse(client)).body).toBe("GET /d")
  expect((await client.readToEnd()).length).toBe(0)
})

test("a long answer is sent at the pace of who reads it", async () => {
  using client = await rawConnect(port)
  client.pause()
  client.send("GET /long HTTP/1.0\r\n\r\n")
  client.resume()
  const response = await readResponse(client)
  expect(response.body).toBe(long)
  expect((await client.readToEnd()).length).toBe(0)
})

for (const [what, bytes] of [
  ["no HTTP", "\x16\x03\x01\r\n\r\n"],
  ["a method that cannot be", "CONNECT h:1 HTTP/1.1\r\n\r\n"],
  ["a field without a name", "GET / HTTP/1.1\r\n: x\r\n\r\n"],
  ["another version", "GET / HTTP/2.0\r\n\r\n"],
  ["a head without end", `GET / HTTP/1.1\r\nX: ${"x".repeat(maxHead)}`],
] as const) {
  test(`${what} is answered with 400, and the connection ends`, async () => {
    using client = await rawConnect(port)
    expect(await asks(client, bytes)).toBe("400 this is no request\n")
    expect((await client.readToEnd()).length).toBe(0)
  })
}

test("who asks on and on while an answer is on its way is reset", async () => {
  using client = await rawConnect(port)
  client.send(`GET /long HTTP/1.1\r\n\r\n${"GET /a HTTP/1.1\r\n\r\n".repeat(maxHead)}`)
  await client.untilReset()
})

test("a body is not read: the answer is the last one", async () => {
  using client = await rawConnect(port)
  const answer = await asks(client, "POST /a HTTP/1.1\r\nContent-Length: 30\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n")
  expect(answer).toBe("200 POST /a")
  expect((await client.readToEnd()).length).toBe(0)
})

test("the oldest connection gives way to the next, so silence keeps nobody out", async () => {
  const silent: Array<Peer> = []
  try {
    for (let i = 0; i < 2 * maxVisitors; i++) {
      silent.push(await rawConnect(port))
      using client = await rawConnect(port)
      expect(await asks(client, "GET /a HTTP/1.0\r\n\r\n")).toBe("200 GET /a")
      client.end()
      await client.untilOver()
    }
    await silent[0]!.untilReset()
    expect(silent.filter(({ failure }) => failure === undefined).length).toBeLessThanOrEqual(maxVisitors)
  } finally {
    for (const each of silent) each.socket.destroy()
  }
})
