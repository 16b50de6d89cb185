/** What the running proxy tells of its traffic: metrics to the last one, the access log, who is connected now. */
import { expect, test } from "bun:test"
import { closeSync, openSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { build } from "../../scripts/build.ts"
import { unusedPort } from "../../scripts/unused-port.ts"
import { allFamilies } from "../../src/observe/metrics/metrics-table.ts"
import { Crowd } from "../support/crowd.ts"
import { openTunnel } from "../support/clients.ts"
import { parseMetrics, scrape } from "../support/metrics.ts"
import { echo, httpOrigin, ok, origin } from "../support/origins.ts"
import { rawConnect } from "../support/peer.ts"
import { type Pillion, startPillion } from "../support/pillion.ts"
import { readResponse } from "../support/http.ts"
import { Lines, residentBytes } from "../support/process.ts"
import { eventually, within } from "../support/within.ts"

interface Connections {
  readonly total: number
  readonly connections: ReadonlyArray<object>
  readonly first: number
  readonly ended: ReadonlyArray<object>
}

const connections = async (running: Pillion): Promise<Connections> => {
  const answer = await fetch(`http://127.0.0.1:${running.ports.admin}/connections`, { proxy: "" })
  return (await answer.json()) as Connections
}

const quiet = (running: Pillion): Promise<void> =>
  eventually(
    async () => (await scrape(running)).samples.get('pillion_connections_active{direction="outbound"}'),
    0,
    "open connections",
  )

test("every documented metric is served under load, and agrees with what the load did, to the last one", async () => {
  using server = await echo()
  using web = await httpOrigin(() => ok("12345"))
  const nobody = unusedPort()
  await using running = await startPillion()
  const tunnels = 40
  const words = "x".repeat(1000)
  const kinds = ["connect", "socks5", "socks4", "socks4a"] as const
  let scrapes = 0
  const loading = new AbortController()
  const scraping = (async () => {
    while (!loading.signal.aborted) {
      await scrape(running)
      scrapes++
    }
  })()
  for (let i = 0; i < tunnels; i++) {
    using tunnel = await openTunnel(kinds[i % kinds.length]!, running.ports.out, server.port)
    tunnel.send(words)
    await tunnel.expect(words)
    tunnel.end()
    await tunnel.readToEnd()
  }
  const requests = 30
  using client = await rawConnect(running.ports.out)
  for (let i = 0; i < requests; i++) {
    client.send(`POST http://${web.authority}/ HTTP/1.1\r\nHost: ${web.authority}\r\nContent-Length: 3\r\n\r\nabc`)
    expect((await readResponse(client)).body).toBe("12345")
  }
  client.end()
  await client.readToEnd()
  const refused = 10
  for (let i = 0; i < refused; i++) {
    using lost = await rawConnect(running.ports.out)
    lost.send(`CONNECT 127.0.0.1:${nobody} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
    expect((await readResponse(lost)).line).toContain("502")
  }
  await quiet(running)
  loading.abort()
  await scraping
  expect(scrapes).toBeGreaterThan(0)

  const { types, samples } = await scrape(running)
  expect([...types]).toEqual(allFamilies.map(({ name, type }) => [name, type]))
  const all = tunnels + refused + 1
  const each = tunnels / kinds.length
  const wanted: Record<string, number> = {
    'pillion_connections_total{direction="outbound"}': all,
    'pillion_connections_total{direction="inbound"}': 0,
    'pillion_bytes_total{direction="outbound",flow="to_target"}': tunnels * words.length + requests * 3,
    'pillion_bytes_total{direction="outbound",flow="to_client"}': tunnels * words.length + requests * 5,
    'pillion_http_requests_total{direction="outbound",method="POST",status="2xx"}': requests,
    'pillion_http_request_duration_seconds_count{direction="outbound",status="2xx"}': requests,
    'pillion_refusals_total{direction="outbound",reason="connection-refused"}': refused,
    'pillion_connection_duration_seconds_count{direction="outbound"}': all,
    'pillion_dial_duration_seconds_count{direction="outbound"}': tunnels + 1,
    [`pillion_destination_requests_total{direction="outbound",destination="${web.authority}",status="2xx"}`]: requests,
    [`pillion_destination_connections_total{direction="outbound",destination="${server.authority}"}`]: tunnels,
    [`pillion_destination_bytes_total{direction="outbound",destination="${server.authority}",flow="to_client"}`]:
      tunnels * words.length,
    [`pillion_destination_errors_total{direction="outbound",destination="127.0.0.1:${nobody}",kind="refusal"}`]:
      refused,
    'pillion_protocol_detected_total{direction="outbound",protocol="connect"}': each + refused,
    'pillion_protocol_detected_total{direction="outbound",protocol="http"}': 1,
    'pillion_protocol_detected_total{direction="outbound",protocol="socks5"}': each,
    'pillion_socks_replies_total{version="socks4",code="90"}': each,
    'pillion_socks_replies_total{version="socks4a",code="90"}': each,
    'pillion_socks_replies_total{version="socks5",code="0"}': each,
    'pillion_log_lines_dropped_total{output="stdout"}': 0,
    'pillion_listener_up{listener="outbound"}': 1,
    pillion_defects_total: 0,
    pillion_draining: 0,
  }
  expect(Object.fromEntries(Object.keys(wanted).map((name) => [name, samples.get(name)]))).toEqual(wanted)
  const closed = [...samples].filter(([name]) => name.startsWith("pillion_connections_closed_total"))
  expect(closed.reduce((sum, [, count]) => sum + count, 0)).toBe(all)
  expect(samples.get("process_max_fds")).toBeGreaterThan(samples.get("process_open_fds") ?? 0)
  // The log has the same to say.
  const logged = async (): Promise<string> => {
    const lines = running.log
    const refusals = lines.filter(({ refusal }) => refusal === "connection-refused")
    return `${lines.length}: ${lines.filter(({ method }) => method === "POST").length}, ${refusals.length}`
  }
  await eventually(logged, `${tunnels + requests + refused}: ${requests}, ${refused}`, "the log")
}, 30_000)

test("/destinations counts what the load did by destination and route, and says nothing of queries", async () => {
  using web = await httpOrigin(() => ok("12345"))
  const nobody = unusedPort()
  await using running = await startPillion({ flags: ["--metrics-destinations=1"] })
  const ask = async (authority: string, path: string): Promise<void> => {
    using client = await rawConnect(running.ports.out)
    client.send(`GET http://${authority}${path} HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`)
    await readResponse(client)
  }
  for (let i = 0; i < 5; i++) await ask(web.authority, `/orders/${i}?secret=1`)
  await ask(`127.0.0.1:${nobody}`, "/lost")
  await quiet(running)
  const get = async (query: string): Promise<object> => {
    const answer = await fetch(`http://127.0.0.1:${running.ports.admin}/destinations${query}`, { proxy: "" })
    return (await answer.json()) as object
  }
  expect(await get("")).toMatchObject({
    max: 1,
    destinations: [
      {
        direction: "outbound",
        name: web.authority,
        open: 0,
        requests: 5,
        success: 1,
        p50: expect.any(Number),
        status: { "200": 5 },
        errors: {},
        last_error: null,
        routes: [{ method: "GET", route: "/orders/{id}", requests: 5, success: 1 }],
      },
      {
        name: "other",
        requests: 1,
        success: 0,
        errors: { "connection-refused": 1 },
        last_error: { reason: "connection-refused" },
        routes: [{ method: "GET", route: "/lost", p50: null }],
      },
    ],
  })
  expect(JSON.stringify(await get(""))).not.toContain("secret")
  expect(await get("?routes=")).toMatchObject({ destinations: [{ routes: [] }, { routes: [] }] })
}, 30_000)

/** A TLS hello for `a.example`, of the least that has a name. */
const hello = Buffer.from(
  "16030100430100003f0303" +
    "07".repeat(32) +
    "000002130101000014" +
    "0000000e000c000009612e6578616d706c65" +
    "000a0000",
  "hex",
)

test("a tunnel's line has its times, its bytes, the name of its TLS hello, and who ended it where", async () => {
  using server = await origin((peer) => {
    peer.send("later")
  })
  await using running = await startPillion()
  using tunnel = await openTunnel("connect", running.ports.out, server.port)
  tunnel.send(hello)
  await tunnel.expect("later")
  const target = await server.accepted()
  await target.read(hello.length)
  target.end()
  tunnel.end()
  const line = await running.waitForLog(({ protocol }) => protocol === "connect")
  expect(line).toMatchObject({
    direction: "outbound",
    client: `127.0.0.1:${tunnel.localPort}`,
    target: server.authority,
    address: server.authority,
    sni: "a.example",
    bytes_in: hello.length,
    bytes_out: 5,
    phase: "data",
  })
  expect(["client", "target"]).toContain(String(line["end"]))
  const times = ["t_detect", "t_handshake", "t_dial", "t_first_byte"].map((name) => Number(line[name]))
  for (const time of times) expect(time).toBeGreaterThanOrEqual(0)
  expect(times.reduce((sum, time) => sum + time, 0)).toBeLessThanOrEqual(Number(line["t_total"]) + 0.01)
})

test("a request's line says how long its target took, and who ended it before it was whole", async () => {
  using server = await httpOrigin(({ line }, peer) => {
    if (line.includes("/whole")) return ok("hello")
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    peer.end()
    return undefined
  })
  await using running = await startPillion()
  using client = await rawConnect(running.ports.out)
  const get = (path: string): string => `GET http://${server.authority}${path}?secret=1 HTTP/1.1\r\nHost: x\r\n\r\n`
  client.send(get("/whole"))
  await readResponse(client)
  client.send(get("/cut"))
  const whole = await running.waitForLog(({ path }) => path === "/whole")
  expect(whole).toMatchObject({ method: "GET", status: 200, bytes_out: 5, version: "1.1", phase: "data" })
  expect(whole["end"]).toBeUndefined()
  expect(Number(whole["t_dial"]) + Number(whole["t_first_byte"])).toBeLessThanOrEqual(Number(whole["t_total"]) + 0.01)
  expect(await running.waitForLog(({ path }) => path === "/cut")).toMatchObject({ end: "target", phase: "data" })
  expect(running.stdout.all.join("")).not.toContain("secret")
})

test("who is connected can be seen with what was carried so far, and afterwards among what ended", async () => {
  using server = await echo()
  await using running = await startPillion()
  const tunnel = await openTunnel("socks5", running.ports.out, server.port)
  tunnel.send("x".repeat(1234))
  await tunnel.read(1234)
  const open = await connections(running)
  expect(open).toMatchObject({ total: 1, ended: [] })
  expect(open.connections[0]).toMatchObject({
    protocol: "socks5",
    phase: "data",
    target: server.authority,
    bytes_in: 1234,
    bytes_out: 1234,
  })
  const { samples } = await scrape(running)
  expect(samples.get('pillion_bytes_total{direction="outbound",flow="to_target"}')).toBe(1234)
  tunnel.end()
  await tunnel.readToEnd()
  await quiet(running)
  const after = await connections(running)
  expect(after).toMatchObject({ total: 0, connections: [], first: 1 })
  const line = await running.waitForLog(({ protocol }) => protocol === "socks5")
  expect(after.ended).toEqual([line])
})

/** The executable with a standard output that nobody reads until `read` is called: a pipe of 64 KiB. */
const startUnread = async (...flags: ReadonlyArray<string>) => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-unread-"))
  const pipe = join(folder, "stdout")
  Bun.spawnSync(["mkfifo", pipe])
  // Both ends at once: neither waits for somebody at the other.
  const descriptor = openSync(pipe, "r+")
  const portsFile = join(folder, "ports.json")
  const listeners = ["--proxy-out-port=0", "--health-port=0", "--admin-port=0", `--ports-file=${portsFile}`]
  const child = Bun.spawn([await build(), "--proxy-type=forward", ...listeners, ...flags], {
    cwd: "/",
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", descriptor, "ignore"],
  })
  await eventually(() => Bun.file(portsFile).exists(), true, "whether it listens")
  const { out: port, health } = (await Bun.file(portsFile).json()) as { readonly out: number; readonly health: number }
  const url = `http://127.0.0.1:${health}`
  const readers: Array<Bun.Subprocess> = []
  return {
    port,
    child,
    metrics: async () => parseMetrics(await (await fetch(`${url}/metrics`, { proxy: "" })).text()).samples,
    read: (): Lines => {
      const reader = Bun.spawn(["cat", pipe], { stdout: "pipe" })
      readers.push(reader)
      return new Lines(reader.stdout)
    },
    [Symbol.asyncDispose]: async (): Promise<void> => {
      child.kill("SIGTERM")
      await within(child.exited, "end of pillion").finally(() => child.kill("SIGKILL"))
      for (const reader of readers) reader.kill("SIGKILL")
      closeSync(descriptor)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

test.each(["tcp:http", "http"])(
  "probes of a %s proxy have no line in the log, and are listed and counted",
  async (protocol) => {
    using web = await httpOrigin(() => ok("12345"))
    await using running = await startPillion({ flags: [`--proxy-protocol=${protocol}`, `--proxy-port=${web.port}`] })
    const proxy = `http://127.0.0.1:${running.ports.out}`
    const get = async (agent: string): Promise<number> =>
      (await fetch(`http://${web.authority}/${agent}`, { proxy, headers: { "User-Agent": agent } })).status
    {
      using silent = await rawConnect(running.ports.in)
      silent.end()
      await silent.readToEnd()
    }
    expect([await get("kube-probe/1.34"), await get("curl")]).toEqual([200, 200])
    await running.waitForLog(({ path }) => path === "/curl")
    expect(running.log.map(({ path }) => path)).toEqual(["/curl"])
    const { ended } = await connections(running)
    expect(ended.map((entry) => "probe" in entry && entry.probe)).toEqual([true, true, false])
    const { samples } = await scrape(running)
    expect(samples.get('pillion_connections_total{direction="inbound"}')).toBe(1)
    expect(samples.get('pillion_http_requests_total{direction="outbound",method="GET",status="2xx"}')).toBe(2)
  },
)

test("with its log stalled, thousands of connections are served all the same: memory stays, what is dropped is counted", async () => {
  const nobody = unusedPort()
  await using running = await startUnread()
  const before = residentBytes(running.child.pid)
  const rounds = 24
  const each = 250
  for (let round = 0; round < rounds; round++) {
    using clients = await new Crowd().join(each, running.port)
    clients.send(`CONNECT 127.0.0.1:${nobody} HTTP/1.1\r\nHost: x\r\n\r\n`)
    await clients.untilOver()
    expect(clients.answered).toBe(each)
  }
  const active = async () => (await running.metrics()).get('pillion_connections_active{direction="outbound"}')
  await eventually(active, 0, "open connections")
  const samples = await running.metrics()
  const all = rounds * each
  expect(samples.get('pillion_connections_total{direction="outbound"}')).toBe(all)
  expect(samples.get('pillion_refusals_total{direction="outbound",reason="connection-refused"}')).toBe(all)
  const dropped = samples.get('pillion_log_lines_dropped_total{output="stdout"}') ?? 0
  expect(dropped).toBeGreaterThan(0)
  expect(residentBytes(running.child.pid) - before).toBeLessThan(48 * 1024 * 1024)
  // Now somebody reads: every connection is either there or among those that the notice counts.
  const lines = running.read()
  const told = await lines.until((line) => (JSON.parse(line).lines === dropped ? dropped : undefined), "the notice")
  expect(lines.all.filter((line) => "flow" in JSON.parse(line)).length + told).toBe(all)
}, 60_000)

for (const [format, wanted] of [
  [
    "logfmt",
    /^time=\S+ flow=1 direction=outbound protocol=connect client=\S+ target=127\.0\.0\.1:\d+ .*refusal=connection-refused/,
  ],
  ["clf", /^127\.0\.0\.1 - - \[\d\d\/[A-Z][a-z]{2}\/\d{4}:[\d:]{8} \+0000\] "CONNECT 127\.0\.0\.1:\d+" 502 0$/],
  ["istio-json", /^\{"start_time":"[^"]+",.*"response_flags":"UF"/],
  ["pretty", /^[\d:.]+Z {2}out connect .* connection-refused, /],
] as const) {
  test(`the access log can be ${format}`, async () => {
    const nobody = unusedPort()
    await using running = await startUnread(`--access-log-format=${format}`)
    const client = await rawConnect(running.port)
    client.send(`CONNECT 127.0.0.1:${nobody} HTTP/1.1\r\nHost: x\r\n\r\n`)
    await client.readToEnd()
    client.socket.destroy()
    expect(await running.read().until((each) => each, "line")).toMatch(wanted)
  })
}
