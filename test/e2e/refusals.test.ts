/** Refusals: the true reason, in the client's own protocol, and in the log. */
import { expect, test } from "bun:test"
import { unusedPort } from "../../scripts/unused-port.ts"
import { ask, openTunnel, outboundTunnels, type Tunnel } from "../support/clients.ts"
import { field, readResponse, status } from "../support/http.ts"
import { httpOrigin, origin } from "../support/origins.ts"
import { makeNamespace } from "../support/namespace.ts"
import { needs } from "../support/needs.ts"
import { rawConnect } from "../support/peer.ts"
import { type Pillion, startPillion } from "../support/pillion.ts"

/** Reason → HTTP status, Proxy-Status error, SOCKS5 REP. SOCKS4 has one code for all of them, 91. */
const reasons = {
  "connection-refused": [502, "connection_refused", 5],
  "name-not-found": [502, "dns_error", 4],
  "name-timeout": [504, "dns_timeout", 4],
  "connection-timeout": [504, "connection_timeout", 6],
  "network-unreachable": [502, "destination_ip_unroutable", 3],
  "host-unreachable": [502, "destination_ip_unroutable", 4],
  "dial-denied": [502, "destination_ip_prohibited", 2],
  "destination-denied": [403, "destination_ip_prohibited", 2],
  "loop-detected": [502, "proxy_loop_detected", 2],
} as const satisfies Record<string, readonly [status: number, error: string, rep: number]>

type Reason = keyof typeof reasons

/** What a client of this protocol is told for this reason. */
const told = (tunnel: Tunnel, reason: Reason): number => {
  const [code, , rep] = reasons[reason]
  return tunnel === "connect" ? code : tunnel === "socks5" ? rep : 91
}

/** Which protocols can name this host: SOCKS4 needs an address. */
const able = (host: string): ReadonlyArray<Tunnel> =>
  outboundTunnels.filter((tunnel) => tunnel !== "socks4" || /^[\d.]+$/.test(host))

/** Every protocol gets this reason for this destination, in its own words, once; so does an absolute-form request. */
const isRefused = async (pillion: Pillion, host: string, port: number, reason: Reason): Promise<void> => {
  for (const tunnel of able(host)) {
    using client = await rawConnect(pillion.ports.out)
    expect([tunnel, host, await ask(client, tunnel, host, port)]).toEqual([tunnel, host, told(tunnel, reason)])
    // After its answer the connection is over, for every protocol. The log's line comes when both sides have ended.
    expect(await client.untilOver()).toBe("end")
    client.end()
    const line = await pillion.lineOf(client)
    expect(line["refusal"]).toBe(reason)
  }
  using client = await rawConnect(pillion.ports.out)
  client.send(`GET http://${host}:${port}/ HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`)
  const response = await readResponse(client)
  expect(status(response)).toBe(reasons[reason][0])
  expect(field(response, "Proxy-Status")).toContain(`error=${reasons[reason][1]}`)
}

test("a port where nobody listens is connection-refused", async () => {
  await using pillion = await startPillion()
  await isRefused(pillion, "127.0.0.1", unusedPort(), "connection-refused")
})

test("a denied destination is told so, by address and by name", async () => {
  await using pillion = await startPillion({
    flags: ["--deny-destinations=127.0.0.2/32,.internal.test", "--resolve=a.internal.test:80=127.0.0.1:1"],
  })
  await isRefused(pillion, "127.0.0.2", 80, "destination-denied")
  await isRefused(pillion, "a.internal.test", 80, "destination-denied")
})

test("metadata addresses are denied as soon as others than this machine may connect", async () => {
  await using pillion = await startPillion({ flags: ["--proxy-out-bind=0.0.0.0", "--dial-timeout=1s"] })
  for (const host of ["169.254.169.254", "169.254.0.1"]) await isRefused(pillion, host, 80, "destination-denied")
})

test("the proxy never dials a listener of its own, however it is spelled", async () => {
  await using pillion = await startPillion({
    flags: ["--proxy-type=dual", "--resolve=me.test:80=127.0.0.1:80"],
  })
  const { in: inbound, out, health, admin } = pillion.ports
  for (const port of [inbound, out, health, admin]) await isRefused(pillion, "127.0.0.1", port, "loop-detected")
  for (const host of ["localhost", "LOCALHOST.", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"]) {
    using client = await rawConnect(pillion.ports.out)
    expect([host, await ask(client, "connect", host, out)]).toEqual([host, 502])
    client.end()
    const line = await pillion.lineOf(client)
    expect(line["refusal"]).toBe("loop-detected")
  }
  // Inbound is on every address, so every address of this machine is the proxy there.
  await isRefused(pillion, "127.0.0.2", inbound, "loop-detected")
})

test("a request that has been through this proxy is a loop", async () => {
  using server = await httpOrigin()
  await using pillion = await startPillion()
  using client = await rawConnect(pillion.ports.out)
  const get = (via: string): string =>
    `GET http://${server.authority}/ HTTP/1.1\r\nHost: ${server.authority}\r\n${via}\r\n`
  client.send(get(""))
  expect(status(await readResponse(client))).toBe(200)
  const via = field(server.requests[0]!, "Via")
  client.send(get(`Via: ${via}\r\n`))
  const response = await readResponse(client)
  expect([status(response), field(response, "Proxy-Status")]).toEqual([
    502,
    expect.stringContaining("proxy_loop_detected"),
  ])
})

test("inbound, a workload that is not there is told in the client's protocol; an opaque client gets a reset", async () => {
  const port = unusedPort()
  await using http = await startPillion({ flags: ["--proxy-type=reverse", `--proxy-port=${port}`] })
  for (const tunnel of outboundTunnels) {
    using client = await rawConnect(http.ports.in)
    expect(await ask(client, tunnel, "127.0.0.1", 9)).toBe(told(tunnel, "connection-refused"))
  }
  await using tcp = await startPillion({
    flags: ["--proxy-type=reverse", "--proxy-protocol=tcp", `--proxy-port=${port}`],
  })
  using client = await rawConnect(tcp.ports.in)
  await client.untilReset()
})

test("bytes of no proxy protocol are closed on at once, and logged", async () => {
  await using pillion = await startPillion()
  for (const bytes of [Uint8Array.of(6, 1, 0), Uint8Array.of(0x16, 3, 1, 0, 5), Uint8Array.of(0)]) {
    using client = await rawConnect(pillion.ports.out)
    client.send(bytes)
    await client.untilOver()
    client.end()
    const line = await pillion.lineOf(client)
    expect(line["refusal"]).toBe("unknown-protocol")
  }
})

test("a handshake that stalls is ended at the deadline, which a trickle does not extend", async () => {
  await using pillion = await startPillion({ flags: ["--handshake-timeout=600ms"] })
  using silent = await rawConnect(pillion.ports.out)
  using trickling = await rawConnect(pillion.ports.out)
  const started = performance.now()
  const timer = setInterval(() => trickling.send("G"), 50)
  await Promise.all([silent.untilOver(), trickling.untilOver()]).finally(() => clearInterval(timer))
  expect(performance.now() - started).toBeWithin(500, 3000)
})

test("clients beyond the limit are told so in their own protocol, and room is made when others end", async () => {
  using server = await origin()
  await using pillion = await startPillion({ flags: ["--max-connections=2", "--proxy-protocol=tcp:http"] })
  using first = await openTunnel("connect", pillion.ports.out, server.port)
  using _ = await openTunnel("socks5", pillion.ports.out, server.port)
  for (const [tunnel, code] of [
    ["connect", 503],
    ["socks4", 91],
    ["socks5", 1],
  ] as const) {
    using client = await rawConnect(pillion.ports.out)
    expect([tunnel, await ask(client, tunnel, "127.0.0.1", server.port)]).toEqual([tunnel, code])
    client.end()
    const line = await pillion.lineOf(client)
    expect(line["refusal"]).toBe("connection-limit")
  }
  // An opaque client knows no words to be refused with.
  using opaque = await rawConnect(pillion.ports.in)
  await opaque.untilReset()
  first.reset()
  await pillion.lineOf(first)
  using next = await openTunnel("connect", pillion.ports.out, server.port)
  expect(next.failure).toBeUndefined()
})

needs("namespace", "curl")(
  "what the network says is what the client hears",
  async () => {
    // Each block fails in its own way; what is routed to loopback but nobody's address there goes nowhere.
    await using network = await makeNamespace(
      [
        "ip route add unreachable 10.1.0.0/16",
        "ip route add prohibit 10.2.0.0/16",
        "ip addr add 10.3.0.1/32 dev lo",
        "ip route add 10.3.0.0/16 dev lo src 10.3.0.1",
      ].join("; "),
    )
    await network.workload("nxdomain:53")
    await using _ = await startPillion({
      wrapper: network.enter,
      ownPorts: true,
      flags: ["--proxy-type=forward", "--dial-timeout=1s"],
    })
    const cases: ReadonlyArray<readonly [host: string, reason: Reason]> = [
      ["10.1.0.1", "host-unreachable"],
      ["10.2.0.1", "dial-denied"],
      ["10.3.0.2", "connection-timeout"],
      ["10.9.0.1", "network-unreachable"],
      ["missing.example", "name-not-found"],
    ]
    for (const [host, reason] of cases) {
      const [code, error, rep] = reasons[reason]
      const http = await network.curl("--include", "--proxy", "127.0.0.1:4140", `http://${host}/`)
      expect([host, http.stdout]).toEqual([host, expect.stringContaining(`HTTP/1.1 ${code} `)])
      expect([host, http.stdout]).toEqual([host, expect.stringContaining(`error=${error}`)])
      // curl's exit code 97 is a SOCKS refusal; its text ends with the REP in brackets.
      const socks = await network.curl("--socks5-hostname", "127.0.0.1:4140", `http://${host}/`)
      expect([host, socks.code, socks.stderr.trim()]).toEqual([
        host,
        97,
        expect.stringMatching(new RegExp(`\\(${rep}\\)$`)),
      ])
      const socks4 = await network.curl("--socks4a", "127.0.0.1:4140", `http://${host}/`)
      expect([host, socks4.code, socks4.stderr]).toEqual([host, 97, expect.stringContaining("91")])
    }
  },
  30_000,
)

needs("namespace", "curl")(
  "a name server that never answers is a timeout of the name, at the dial deadline",
  async () => {
    await using network = await makeNamespace()
    await network.workload("silent:53")
    await using _ = await startPillion({
      wrapper: network.enter,
      ownPorts: true,
      flags: ["--proxy-type=forward", "--dial-timeout=600ms"],
    })
    const started = performance.now()
    const { stdout } = await network.curl("--include", "--proxy", "127.0.0.1:4140", "http://slow.example/")
    expect(stdout).toContain(`HTTP/1.1 ${reasons["name-timeout"][0]} `)
    expect(stdout).toContain(`error=${reasons["name-timeout"][1]}`)
    expect(performance.now() - started).toBeWithin(500, 3000)
  },
)
