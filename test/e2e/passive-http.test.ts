/** HTTP that is carried as it is: every request is seen, and none is changed by that. */
import { expect, test } from "bun:test"
import { type Application, application } from "../support/application.ts"
import { checksum, pourBulk, receiveBulk, sendBulk } from "../support/bulk.ts"
import { openTunnel } from "../support/clients.ts"
import { readResponse, status } from "../support/http.ts"
import { scrape } from "../support/metrics.ts"
import { httpOrigin, ok, origin } from "../support/origins.ts"
import { type Peer, rawConnect } from "../support/peer.ts"
import { type AccessLine, type Pillion, pillion, startPillion } from "../support/pillion.ts"
import { makeRandom } from "../support/random.ts"
import { eventually } from "../support/within.ts"

const inboundTo = (port: number, ...more: ReadonlyArray<string>) =>
  startPillion({ flags: [`--proxy-port=${port}`, "--proxy-host=127.0.0.1", ...more] })

/** The lines of requests, as an application would log them. */
const requestsOf = (lines: ReadonlyArray<AccessLine>): ReadonlyArray<string> =>
  lines.filter((line) => line["method"] !== undefined).map(wordsOf)

const wordsOf = ({ method, path, status }: AccessLine): string => `${String(method)} ${String(path)} ${String(status)}`

/** Waits until the log has so many lines. */
const logged = async (running: Pillion, count: number): Promise<ReadonlyArray<AccessLine>> => {
  await eventually(() => Promise.resolve(running.log.length), count, "lines of the log", 10_000)
  return running.log
}

const get = (path: string, ...fields: ReadonlyArray<string>): string =>
  [`GET ${path} HTTP/1.1`, "Host: shop.example", ...fields, "", ""].join("\r\n")

test("thirty requests on one inbound connection that all fail are thirty lines, and the numbers agree", async () => {
  using workload = await httpOrigin(() => "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\noh no")
  await using running = await inboundTo(workload.port)
  using client = await rawConnect(running.ports.in)
  for (let i = 0; i < 30; i++) {
    client.send(get(`/orders/${i}?token=secret`))
    expect(status(await readResponse(client))).toBe(500)
  }
  const lines = await logged(running, 30)
  expect(requestsOf(lines)).toEqual(Array.from({ length: 30 }, (_, i) => `GET /orders/${i} 500`))
  expect(running.stdout.all.join("")).not.toContain("secret")
  for (const line of lines) {
    expect(line).toMatchObject({
      flow: lines[0]!["flow"],
      direction: "inbound",
      protocol: "http",
      client: `127.0.0.1:${client.localPort}`,
      target: workload.authority,
      address: workload.authority,
      authority: "shop.example",
      version: "1.1",
      bytes_in: 0,
      bytes_out: 5,
      phase: "data",
    })
    expect(line["end"]).toBeUndefined()
    const [dial = 0, first = 0, total = 0] = ["t_dial", "t_first_byte", "t_total"].map((name) =>
      Number(line[name] ?? 0),
    )
    expect(dial + first).toBeLessThanOrEqual(total + 0.01)
    expect(first).toBeGreaterThan(0)
  }
  // Only the first had to wait for a connection.
  expect(lines.map(({ t_dial }) => t_dial !== undefined)).toEqual(lines.map((_, i) => i === 0))

  const { samples } = await scrape(running)
  expect(samples.get('pillion_http_requests_total{direction="inbound",method="GET",status="5xx"}')).toBe(30)
  expect(samples.get('pillion_http_request_duration_seconds_count{direction="inbound",status="5xx"}')).toBe(30)
  const answer = await fetch(`http://127.0.0.1:${running.ports.admin}/connections`, { proxy: "" })
  const { connections, ended } = (await answer.json()) as { connections: ReadonlyArray<object>; ended: typeof lines }
  expect(connections).toMatchObject([{ direction: "inbound", protocol: "http", target: workload.authority }])
  expect(ended).toEqual(lines)
  const seen = JSON.parse((await pillion(["top", "--json", `--admin-port=${running.ports.admin}`])).stdout)
  expect(seen.destinations).toMatchObject([{ name: workload.authority, flows: 30, open: 1, errors: 30 }])

  client.end()
  await client.readToEnd()
  await untilClosed(running, "inbound")
  // The connection itself has no more to say.
  expect(running.log.length).toBe(30)
  // Nothing is counted twice.
  const after = (await scrape(running)).samples
  const heads = Array.from({ length: 30 }, (_, i) => get(`/orders/${i}?token=secret`).length)
  expect(after.get('pillion_bytes_total{direction="inbound",flow="to_target"}')).toBe(heads.reduce((a, b) => a + b, 0))
  const [numbers] = await told(running, "destinations")
  expect(numbers).toMatchObject({ name: workload.authority, requests: 30, tunnels: 0, status: { "500": 30 } })
  expect(numbers).toMatchObject({ routes: [{ route: "/orders/{id}", requests: 30, bytes_out: 150 }] })
  for (const way of ["to_target", "to_client"]) {
    const of = `destination="${workload.authority}",flow="${way}"`
    expect(after.get(`pillion_destination_bytes_total{direction="inbound",${of}}`)).toBe(
      after.get(`pillion_bytes_total{direction="inbound",flow="${way}"}`),
    )
  }
  const latencies = async () => (await told(running, "history")).some(({ median }) => Number(median) > 0)
  await eventually(latencies, true, "latency in the history")
}, 30_000)

/** The items of `/destinations`, or the points of `/history`. */
const told = async (running: Pillion, what: "destinations" | "history") => {
  const answer = await fetch(`http://127.0.0.1:${running.ports.admin}/${what}`, { proxy: "" })
  const body = (await answer.json()) as { readonly [list: string]: ReadonlyArray<Readonly<Record<string, unknown>>> }
  return body[what === "history" ? "points" : what] ?? []
}

const untilClosed = (running: Pillion, direction: "inbound" | "outbound"): Promise<void> =>
  eventually(
    async () => (await scrape(running)).samples.get(`pillion_connections_active{direction="${direction}"}`),
    0,
    "open connections",
  )

/** Requests that a client may pipeline, and one that switches protocols, which ends its connection. */
const asks: ReadonlyArray<(path: string) => { readonly bytes: string; readonly bodiless?: boolean }> = [
  (at) => ({ bytes: get(`/plain${at}?q=1`) }),
  (at) => ({ bytes: get(`/chunked${at}`) }),
  (at) => ({ bytes: get(`/events${at}`, "Accept: text/event-stream") }),
  (at) => ({ bytes: `POST /upload${at} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello` }),
  (at) => ({
    bytes: `PUT /upload${at} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nGET\r\n0\r\n\r\n`,
  }),
  (at) => ({ bytes: get(`/early${at}`) }),
  (at) => ({ bytes: get(`/fails${at}`) }),
  (at) => ({ bytes: get(`/not-modified${at}`, 'If-None-Match: "1"') }),
  (at) => ({ bytes: get(`/nothing${at}`) }),
  (at) => ({ bytes: get(`/moved${at}`) }),
  (at) => ({ bytes: get(`/no-such-page${at}`) }),
  (at) => ({ bytes: `HEAD /plain${at} HTTP/1.1\r\nHost: a\r\n\r\n`, bodiless: true }),
]

/** Sends `count` requests of all kinds, up to eight at a time without waiting. */
const browse = async (client: Peer, name: string, count: number, seed: number): Promise<void> => {
  const random = makeRandom(seed)
  for (let sent = 0; sent < count;) {
    const batch = Array.from({ length: Math.min(count - sent, 1 + random.below(8)) }, (_, i) =>
      random.pick(asks)(`/${name}/${sent + i}`),
    )
    sent += batch.length
    client.send(batch.map(({ bytes }) => bytes).join(""))
    for (const { bodiless = false } of batch) {
      let answer = await readResponse(client, { bodiless })
      while (status(answer) < 200) answer = await readResponse(client, { bodiless })
    }
  }
}

const switchProtocols = async (client: Peer, name: string): Promise<void> => {
  client.send(get(`/socket/${name}`, "Connection: Upgrade", "Upgrade: websocket"))
  expect(status(await readResponse(client))).toBe(101)
  // As a frame of a WebSocket, but for the mask; that it looks like HTTP changes nothing.
  client.send("GET / HTTP/1.1\r\n\r\n")
  await client.expect("GET / HTTP/1.1\r\n\r\n")
}

const sorted = (lines: ReadonlyArray<string>): ReadonlyArray<string> => lines.toSorted()

const compare = async (app: Application, running: Pillion, clients: ReadonlyArray<Peer>): Promise<void> => {
  const each = 250
  await Promise.all(clients.map((client, i) => browse(client, `c${i}`, each, i + 1)))
  await Promise.all(clients.slice(0, 2).map((client, i) => switchProtocols(client, `c${i}`)))
  for (const client of clients) client.end()
  await Promise.all(clients.map((client) => client.untilOver()))
  const count = clients.length * each + 2
  expect(app.log.length).toBe(count)
  await eventually(() => Promise.resolve(requestsOf(running.log).length), count, "requests in the log", 10_000)
  expect(sorted(requestsOf(running.log))).toEqual(sorted(app.log))
}

for (const protocol of ["http", "tcp:http"]) {
  test(`every request of an application's own log stands in ours, and no other: dual, ${protocol}`, async () => {
    using app = await application()
    await using running = await inboundTo(app.port, "--proxy-type=dual", `--proxy-protocol=${protocol}`)
    const clients = await Promise.all(Array.from({ length: 8 }, () => rawConnect(running.ports.in)))
    await compare(app, running, clients)
    await untilClosed(running, "inbound")
    // Beside them only the two that became something else.
    const others = running.log.filter(({ method }) => method === undefined)
    expect(others).toMatchObject([{ unfollowed: "upgrade" }, { unfollowed: "upgrade" }])
    const { samples } = await scrape(running)
    expect(samples.get('pillion_http_unfollowed_total{direction="inbound",reason="upgrade"}')).toBe(2)
    for (const client of clients) client[Symbol.dispose]()
  }, 60_000)
}

for (const kind of ["connect", "socks5"] as const) {
  test(`every request inside of a tunnel by ${kind} has its line, and the tunnel has its own`, async () => {
    using app = await application()
    await using running = await startPillion()
    const clients = await Promise.all(Array.from({ length: 4 }, () => openTunnel(kind, running.ports.out, app.port)))
    await compare(app, running, clients)
    await untilClosed(running, "outbound")
    const tunnels = running.log.filter(({ method }) => method === undefined)
    expect(tunnels.length).toBe(4)
    for (const line of tunnels) expect(line).toMatchObject({ protocol: kind, target: `127.0.0.1:${app.port}` })
    expect(tunnels.filter(({ unfollowed }) => unfollowed === "upgrade").length).toBe(2)
    expect(requestsOf(running.log).length).toBe(running.log.length - 4)
    for (const client of clients) client[Symbol.dispose]()
  }, 60_000)
}

test("a tunnel of something else has its one line, and nothing is counted as HTTP", async () => {
  const hello = Buffer.from("160301004001000000", "hex")
  using server = await origin((peer) => void peer.socket.pipe(peer.socket))
  await using running = await startPillion()
  using tunnel = await openTunnel("connect", running.ports.out, server.port)
  tunnel.send(hello)
  await tunnel.expect(hello)
  tunnel.end()
  await tunnel.readToEnd()
  const line = await running.waitForLog(({ protocol }) => protocol === "connect")
  expect(line["bytes_in"]).toBe(hello.length)
  expect(line).not.toHaveProperty("unfollowed")
  expect(running.log.length).toBe(1)
  const { samples } = await scrape(running)
  for (const [name, value] of samples) if (name.startsWith("pillion_http_")) expect([name, value]).toEqual([name, 0])
})

test("with follow-http=false nothing is read: one line a connection", async () => {
  using workload = await httpOrigin(() => ok("hi"))
  await using running = await startPillion({
    flags: [`--proxy-port=${workload.port}`, "--proxy-host=127.0.0.1"],
    annotations: { "follow-http": "false" },
  })
  using client = await rawConnect(running.ports.in)
  client.send(get("/a") + get("/b"))
  await readResponse(client)
  await readResponse(client)
  client.end()
  await client.readToEnd()
  const [line] = await logged(running, 1)
  expect(line).toMatchObject({ direction: "inbound", protocol: "http", bytes_in: get("/a").length * 2 })
  expect(line).not.toHaveProperty("method")
})

test("bytes that are no HTTP are carried all the same, and the line says why they were not read", async () => {
  using workload = await origin((peer) => void peer.socket.pipe(peer.socket))
  await using running = await inboundTo(workload.port)
  using client = await rawConnect(running.ports.in)
  const bytes = `${get("/a")}\0\x01 no answer is like this\r\n`
  client.send(bytes)
  await client.expect(bytes)
  client.end()
  await client.readToEnd()
  const line = await running.waitForLog(({ method }) => method === undefined)
  expect(line).toMatchObject({
    protocol: "http",
    unfollowed: "malformed",
    bytes_in: bytes.length,
    bytes_out: bytes.length,
  })
  const { samples } = await scrape(running)
  expect(samples.get('pillion_http_unfollowed_total{direction="inbound",reason="malformed"}')).toBe(1)
})

test("the preface of HTTP/2 is carried, and the line says that it is not read", async () => {
  using workload = await origin((peer) => void peer.socket.pipe(peer.socket))
  await using running = await inboundTo(workload.port)
  using client = await rawConnect(running.ports.in)
  const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
  client.send(preface)
  await client.expect(preface)
  client.end()
  await client.readToEnd()
  expect(await running.waitForLog(() => true)).toMatchObject({ protocol: "http", unfollowed: "http2" })
})

test("a request under way when its connection ends is reported once, and says who left", async () => {
  using workload = await origin((peer) => {
    peer.sink = () => peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
  })
  await using running = await inboundTo(workload.port)
  using left = await rawConnect(running.ports.in)
  left.send(get("/left"))
  await left.readUntil("half")
  left.reset()
  using kept = await rawConnect(running.ports.in)
  kept.send(get("/cut"))
  await kept.readUntil("half")
  for (const peer of workload.connections) peer.end()
  kept.end()
  await kept.readToEnd()
  const lines = await logged(running, 2)
  expect(lines.find(({ path }) => path === "/left")).toMatchObject({
    status: 200,
    end: "client",
    error: "the client closed (ECONNRESET)",
    bytes_out: 4,
  })
  expect(lines.find(({ path }) => path === "/cut")).toMatchObject({
    status: 200,
    end: "target",
    error: "the target ended its answer early",
  })
  await untilClosed(running, "inbound")
  expect(running.log.length).toBe(2)
})

test("a health check is a probe, and so is a connection that closes in order without a byte", async () => {
  using workload = await httpOrigin(() => ok("fine"))
  // The filter that hides them is not what this is about.
  await using running = await inboundTo(workload.port)
  using probe = await rawConnect(running.ports.in)
  probe.send(get("/healthz", "User-Agent: kube-probe/1.31", "Connection: close"))
  await readResponse(probe)
  probe.end()
  await probe.readToEnd()
  using silent = await rawConnect(running.ports.in)
  silent.end()
  await silent.readToEnd()
  await untilClosed(running, "inbound")
  const { samples } = await scrape(running)
  expect(samples.get('pillion_probes_total{direction="inbound"}')).toBe(2)
  for (const { probe } of running.log) expect(probe).toBe(true)
})

test("a trace that a request belongs to stands in its line", async () => {
  using workload = await httpOrigin(() => ok("fine"))
  await using running = await inboundTo(workload.port)
  using client = await rawConnect(running.ports.in)
  client.send(get("/", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"))
  await readResponse(client)
  const [line] = await logged(running, 1)
  expect(line).toMatchObject({ direction: "inbound", trace: "4bf92f3577b34da6a3ce929d0e0e4736" })
})

test("much goes through whole, by length and in chunks, both ways, and is one line each", async () => {
  const mebibytes = 200
  const sums: Array<string> = []
  using workload = await origin(async (peer) => {
    const head = await peer.readUntil("\r\n\r\n")
    if (head.startsWith("PUT")) {
      sums.push(await receiveBulk(peer, 60_000))
      peer.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").end()
      return
    }
    peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${mebibytes << 20}\r\n\r\n`)
    await sendBulk(peer, mebibytes, 2)
  })
  await using running = await inboundTo(workload.port)
  using down = await rawConnect(running.ports.in)
  down.send(get("/down"))
  await down.readUntil("\r\n\r\n")
  expect(await receiveBulk(down, 60_000)).toBe(checksum(mebibytes, 2))
  down.end()
  using up = await rawConnect(running.ports.in)
  up.send(`PUT /up HTTP/1.1\r\nHost: a\r\nContent-Length: ${mebibytes << 20}\r\n\r\n`)
  await pourBulk(up, mebibytes, 1)
  up.end()
  await up.readUntil("201 Created\r\n")
  expect(sums).toEqual([checksum(mebibytes, 1)])
  await up.readToEnd()
  const lines = await logged(running, 2)
  expect(lines.map(wordsOf).toSorted()).toEqual(["GET /down 200", "PUT /up 201"])
  expect(lines.find(({ path }) => path === "/down")).toMatchObject({ bytes_out: mebibytes << 20 })
  expect(lines.find(({ path }) => path === "/up")).toMatchObject({ bytes_in: mebibytes << 20 })
}, 120_000)

test("a large body in chunks goes through whole, and is one line", async () => {
  const chunk = "x".repeat(100_000)
  const count = 400
  using workload = await origin(async (peer) => {
    await peer.readUntil("\r\n\r\n")
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for (let i = 0; i < count; i++) peer.send(`${chunk.length.toString(16)}\r\n${chunk}\r\n`)
    peer.send("0\r\n\r\n")
  })
  await using running = await inboundTo(workload.port)
  using client = await rawConnect(running.ports.in)
  client.send(get("/chunks"))
  const { body } = await readResponse(client)
  expect(body.length).toBe(chunk.length * count)
  const [line] = await logged(running, 1)
  expect(line).toMatchObject({ path: "/chunks", status: 200, bytes_out: chunk.length * count })
}, 60_000)
