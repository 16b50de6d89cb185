/** What a client leaves of its connections to origins, and which of them the next client may have. */
import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { readResponse, status } from "../support/http.ts"
import { scrape } from "../support/metrics.ts"
import { type HttpOrigin, httpOrigin, ok } from "../support/origins.ts"
import { type Peer, rawConnect } from "../support/peer.ts"
import { type Pillion, startPillion } from "../support/pillion.ts"
import { eventually } from "../support/within.ts"

const start = (...flags: ReadonlyArray<string>): Promise<Pillion> =>
  startPillion({ flags: ["--proxy-type=forward", ...flags] })

const message = (method: string, server: HttpOrigin, ...fields: ReadonlyArray<string>): string =>
  [`${method} http://${server.authority}/ HTTP/1.1`, `Host: ${server.authority}`, ...fields, "", ""].join("\r\n")

/** One request by a client that comes for it and goes; its status. */
const visit = async (pillion: Pillion, bytes: string): Promise<number> => {
  using client = await rawConnect(pillion.ports.out)
  client.send(bytes)
  const response = await readResponse(client)
  await client.end().readToEnd()
  return status(response)
}

/** Answers nobody until `count` requests are here. */
const together = (count: number) => {
  const all = Promise.withResolvers<void>()
  let here = 0
  return async (): Promise<string> => {
    if (++here === count) all.resolve()
    await all.promise
    return ok("x")
  }
}

/** How many connections to `server` it takes to serve clients who send these, one after another. */
const connectionsFor = async (
  pillion: Pillion,
  server: HttpOrigin,
  ...requests: ReadonlyArray<string>
): Promise<number> => {
  const before = server.connections.length
  for (const bytes of requests) expect(await visit(pillion, bytes)).toBe(200)
  return server.connections.length - before
}

test("the next client's request goes over the connection that the last one left, and the log says where", async () => {
  using server = await httpOrigin()
  await using pillion = await start()
  expect(await connectionsFor(pillion, server, message("GET", server), message("DELETE", server))).toBe(1)
  expect((await scrape(pillion)).samples.get("pillion_http_origins_idle")).toBe(1)
  using client = await rawConnect(pillion.ports.out)
  client.send(message("GET", server))
  expect(status(await readResponse(client))).toBe(200)
  const line = await pillion.lineOf(client)
  expect(line).toMatchObject({ target: server.authority, address: server.authority, status: 200 })
  expect(line).not.toHaveProperty("t_dial")
  expect(server.connections.length).toBe(1)
})

test("inbound too, and for a client of HTTP/1.0 or one that says close, which ends by itself", async () => {
  using server = await httpOrigin()
  await using pillion = await startPillion({ flags: ["--proxy-type=reverse", `--proxy-port=${server.port}`] })
  const target = `http://${server.authority}/`
  for (const head of [`GET ${target} HTTP/1.0\r\n\r\n`, message("GET", server, "Connection: close")]) {
    using client = await rawConnect(pillion.ports.in)
    client.send(head)
    expect((await client.readToEnd()).toString()).toStartWith("HTTP/1.1 200 OK\r\n")
  }
  expect(server.connections.length).toBe(1)
})

test("clients at once have a connection each, and max-idle-origins is how many wait; the others end with their clients", async () => {
  using server = await httpOrigin(together(3))
  await using pillion = await start("--max-idle-origins=2")
  const visits = [1, 2, 3].map(() => visit(pillion, message("GET", server)))
  expect(await Promise.all(visits)).toEqual([200, 200, 200])
  expect(server.connections.length).toBe(3)
  await Promise.race(server.connections.map((peer) => peer.readToEnd()))
  expect(server.connections.filter(({ ended }) => ended).length).toBe(1)
})

test("a request with a body neither takes such a connection nor leaves one", async () => {
  using server = await httpOrigin()
  await using pillion = await start()
  const post = `${message("POST", server, "Content-Length: 3")}abc`
  const put = `${message("PUT", server, "Transfer-Encoding: chunked")}0\r\n\r\n`
  const get = message("GET", server)
  expect(await connectionsFor(pillion, server, get, post, put, message("POST", server), get)).toBe(4)
})

test("a connection that NTLM or Negotiate speaks for goes with its client, whoever named it first", async () => {
  using server = await httpOrigin(({ fields }) =>
    fields.some(([name]) => name === "X-Ask") ? ok("", "WWW-Authenticate: Basic realm=x, NTLM") : ok(""),
  )
  await using pillion = await start()
  const get = message("GET", server)
  const negotiate = message("GET", server, "Authorization: Negotiate YII=")
  const basic = message("GET", server, "Authorization: Basic YTpi")
  const asked = message("GET", server, "X-Ask: 1")
  // The first leaves none, the second leaves one that the third uses but does not leave; the last is alone again.
  expect(await connectionsFor(pillion, server, negotiate, get, asked, basic)).toBe(3)
})

test("an origin that closes as the next request comes does not fail it: it is sent again on a new connection", async () => {
  let closing: Peer | undefined
  using server = await httpOrigin((_, peer) => {
    if (peer === closing) {
      peer.reset()
      return undefined
    }
    closing = peer
    return ok("x")
  })
  await using pillion = await start()
  expect(await connectionsFor(pillion, server, message("GET", server), message("GET", server))).toBe(2)
  expect(server.requests.length).toBe(3)
})

test("what an origin says unasked reaches no client: that connection is reset", async () => {
  using server = await httpOrigin()
  await using pillion = await start()
  expect(await visit(pillion, message("GET", server))).toBe(200)
  const left = await server.accepted()
  left.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
  await left.untilReset()
  using client = await rawConnect(pillion.ports.out)
  client.send(message("GET", server))
  expect((await readResponse(client)).body).toBe("hello")
})

test("an origin that ends its connection is answered with an end, and the next client has another one", async () => {
  using server = await httpOrigin()
  await using pillion = await start()
  expect(await visit(pillion, message("GET", server))).toBe(200)
  const left = await server.accepted()
  left.end()
  await left.readToEnd()
  expect(await connectionsFor(pillion, server, message("GET", server))).toBe(1)
})

test("origin-reuse ends it in order, though it was used meanwhile; 0 shares none", async () => {
  using server = await httpOrigin()
  await using pillion = await start("--origin-reuse=1s")
  expect(await connectionsFor(pillion, server, message("GET", server), message("GET", server))).toBe(1)
  await (await server.accepted()).readToEnd()
  expect(await connectionsFor(pillion, server, message("GET", server))).toBe(1)
  await using none = await start("--origin-reuse=0")
  expect(await connectionsFor(none, server, message("GET", server), message("GET", server))).toBe(2)
})

test("a reload that denies the destination holds for connections that wait, and for the client's own", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-test-"))
  const config = join(folder, "config.yaml")
  await Bun.write(config, "deny-destinations: []\n")
  using server = await httpOrigin()
  {
    await using pillion = await start(`--config=${config}`)
    using client = await rawConnect(pillion.ports.out)
    client.send(message("GET", server))
    expect(status(await readResponse(client))).toBe(200)
    await Bun.write(config, "deny-destinations: [127.0.0.0/8]\n")
    pillion.reload()
    await eventually(() => visit(pillion, message("GET", server)), 403, "the next client's answer")
    client.send(message("GET", server))
    expect(status(await readResponse(client))).toBe(403)
  }
  await rm(folder, { recursive: true, force: true })
})

test("a drain ends those that wait at once, and shares none any more", async () => {
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()]
  using server = await httpOrigin(({ line }) => {
    if (line !== "DELETE / HTTP/1.1") return ok("x")
    asked.resolve()
    return answer.promise
  })
  await using pillion = await start()
  using last = await rawConnect(pillion.ports.out)
  last.send(message("GET", server))
  expect(status(await readResponse(last))).toBe(200)
  expect(await visit(pillion, message("GET", server))).toBe(200)
  const [its, left] = [await server.accepted(), await server.accepted()]
  last.send(message("DELETE", server))
  await asked.promise
  pillion.signal("SIGTERM")
  await left.readToEnd()
  expect(its.ended).toBe(false)
  answer.resolve(ok("y"))
  expect((await readResponse(last)).body).toBe("y")
  await last.end().readToEnd()
  await its.readToEnd()
  expect(await pillion.exited).toBe(0)
})
