/** Sandboxes that deny a part of the system: what can be done without is done without, and all of it is told. */
import { describe, expect, test } from "bun:test"
import { networkInterfaces } from "node:os"

import { build } from "../../scripts/build.ts"
import { unusedPort } from "../../scripts/unused-port.ts"
import { checksum, receiveBulk, sendBulk } from "../support/bulk.ts"
import { ask, openTunnel, outboundTunnels } from "../support/clients.ts"
import { idleShare } from "../support/cost.ts"
import { field, readResponse, status } from "../support/http.ts"
import { parseMetrics } from "../support/metrics.ts"
import { makeNamespace } from "../support/namespace.ts"
import { needs } from "../support/needs.ts"
import { echo, httpOrigin, type Origin, origin } from "../support/origins.ts"
import { rawConnect, type Peer } from "../support/peer.ts"
import { type Pillion, startPillion } from "../support/pillion.ts"
import { type Rule, sandbox, unwatchedFrom } from "../support/sandbox.ts"
import { runCommand } from "../support/process.ts"
import { eventually } from "../support/within.ts"

const linux = process.platform === "linux" ? test : test.skip

/** Of this machine; not loopback, if there is another. */
const ownAddress =
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1"

/** What it said of itself that has this option. */
const warningOf = (running: Pillion, option: string): Record<string, unknown> | undefined =>
  running.stderr.all.map((line) => JSON.parse(line)).find((line) => line.option === option)

const settingOf = async (running: Pillion, option: string): Promise<Record<string, unknown> | undefined> => {
  const answer = await fetch(`http://127.0.0.1:${running.ports.admin}/config`, { proxy: "" })
  const settings = (await answer.json()) as ReadonlyArray<Record<string, unknown>>
  return settings.find((setting) => setting["option"] === option)
}

const samplesOf = async (running: Pillion): Promise<ReadonlyMap<string, number>> => {
  const answer = await fetch(`http://127.0.0.1:${running.ports.health}/metrics`, { proxy: "" })
  return parseMetrics(await answer.text()).samples
}

/** An origin that takes what comes and answers with as much of its own. */
const swap = (mebibytes: number): Promise<Origin> => origin((peer) => void sendBulk(peer, mebibytes, 2))

/** Traffic of every kind, in and out, whole; and the health listener. */
const expectService = async (running: Pillion, server: Origin): Promise<void> => {
  expect(await running.health("/readyz")).toBe(200)
  for (const tunnel of outboundTunnels) {
    using client = await openTunnel(tunnel, running.ports.out, server.port)
    client.send("alive").end()
    expect((await client.readToEnd()).toString()).toBe("alive")
  }
  using inbound = await openTunnel("tcp", running.ports.in, 0)
  inbound.send("alive").end()
  expect((await inbound.readToEnd()).toString()).toBe("alive")
  using bulk = await swap(4)
  using client = await openTunnel("socks5", running.ports.out, bulk.port)
  const received = receiveBulk(client, 10_000)
  await sendBulk(client, 4, 1)
  expect(await received).toBe(checksum(4, 2))
}

const startIn = (rules: ReadonlyArray<Rule>, server: Origin, ...flags: ReadonlyArray<string>): Promise<Pillion> =>
  startPillion({
    flags: ["--proxy-protocol=tcp:http", `--proxy-port=${server.port}`, ...flags],
    wrapper: sandbox(...rules),
  })

describe.each([true, false])("polled: %p,", (poll) => {
  linux.each([[["netlink"]], [["inet6"]], [["netlink", "inet6"]]] as const)(
    "without %p it starts, is healthy, dials, and warns of nothing",
    async (rules) => {
      using server = await echo()
      await using running = await startIn(rules, server, `--poll=${poll}`)
      await expectService(running, server)
      // Which addresses are this machine's is known without netlink too.
      using itself = await rawConnect(running.ports.out)
      expect(await ask(itself, "socks5", ownAddress, running.ports.health)).toBe(2)
      itself.end()
      using unknown = await rawConnect(running.ports.out)
      expect(await ask(unknown, "socks5", "nowhere.test", 80)).toBe(4)
      unknown.end()
      expect(running.stderr.all.filter((line) => !line.includes('"level":"info"'))).toEqual([])
      expect(await settingOf(running, "poll")).toEqual({
        option: "poll",
        value: poll,
        origin: poll ? expect.any(String) : "flag --poll",
      })
      expect(await running.stop()).toBe(0)
    },
    20_000,
  )

  linux("without IPv6 sockets a name with both families is dialled, and an IPv6 address has no route", async () => {
    using web = await httpOrigin()
    await using running = await startIn(["inet6"], web, `--poll=${poll}`)
    using both = await rawConnect(running.ports.out)
    both.send(`GET http://localhost:${web.port}/ HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    expect((await readResponse(both)).body).toBe("hello")
    using alone = await rawConnect(running.ports.out)
    alone.send("GET http://[2001:db8::1]/ HTTP/1.1\r\nHost: x\r\n\r\n")
    const answer = await readResponse(alone)
    const error = poll ? "destination_ip_unroutable" : "connection_refused"
    expect([status(answer), field(answer, "Proxy-Status")]).toEqual([502, expect.stringContaining(`error=${error}`)])
  })
})

linux(
  "where no memory becomes executable it serves without the JIT, and says what it goes without",
  async () => {
    using server = await echo()
    await using running = await startIn(["write-execute"], server)
    await expectService(running, server)
    for (const option of ["poll", "splice"]) {
      expect(warningOf(running, option)).toMatchObject({ level: "warn", option, reason: "no-jit" })
      expect(await settingOf(running, option)).toMatchObject({ value: true, inForce: false, reason: "no-jit" })
      expect((await samplesOf(running)).get(`pillion_fallback{option="${option}",reason="no-jit"}`)).toBe(1)
    }
    expect(running.stdout.all.every((line) => line.startsWith("{"))).toBe(true)
    expect(await running.stop()).toBe(0)
  },
  20_000,
)

needs("namespace")("where /proc/self/fdinfo does not tell of the runtime's epoll, poll is not in use", async () => {
  const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"]
  const hidden = 'mount -t tmpfs none /proc/$$/fdinfo; exec "$@"'
  using server = await echo()
  await using running = await startPillion({
    flags: ["--proxy-protocol=tcp:http", `--proxy-port=${server.port}`],
    wrapper: ["unshare", ...user, "--mount", "--", "sh", "-ec", hidden, "sh"],
  })
  await expectService(running, server)
  expect(warningOf(running, "poll")).toMatchObject({ level: "warn", reason: "no-epoll" })
  expect(await settingOf(running, "poll")).toMatchObject({ inForce: false, reason: "no-epoll" })
  expect(await settingOf(running, "splice")).not.toHaveProperty("inForce")
})

linux("what is not wanted is not missed", async () => {
  using server = await echo()
  await using running = await startIn(["write-execute"], server, "--poll=false", "--splice=false")
  expect([warningOf(running, "poll"), warningOf(running, "splice")]).toEqual([undefined, undefined])
  expect(await settingOf(running, "poll")).not.toHaveProperty("inForce")
})

linux(
  "where splice(2) is refused every byte arrives all the same, and it is told once",
  async () => {
    using server = await echo()
    await using running = await startIn(["splice"], server)
    expect(await settingOf(running, "splice")).not.toHaveProperty("inForce")
    await expectService(running, server)
    await expectService(running, server)
    const told = running.stderr.all.filter((line) => line.includes('"option":"splice"'))
    expect(told.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: "warn", reason: "denied", code: "EPERM" }),
    ])
    expect(await settingOf(running, "splice")).toMatchObject({ inForce: false, reason: "denied", code: "EPERM" })
    expect((await samplesOf(running)).get('pillion_fallback{option="splice",reason="denied"}')).toBe(1)
  },
  20_000,
)

linux.each([true, false])(
  "where nothing may be accepted the start is refused, and says why; polled: %p",
  async (poll) => {
    const flags = ["run", `--poll=${poll}`, `--proxy-in-port=${unusedPort()}`, "--health-port=0", "--admin-port=0"]
    const { code, stdout, stderr } = await runCommand([...sandbox("accept"), await build(), ...flags])
    expect([code, stdout, stderr.trimEnd().split("\n").length]).toEqual([69, "", 1])
    expect(stderr).toContain("connections cannot be accepted: a sandbox refuses accept4(2)")
  },
)

linux(
  "a client whose socket epoll does not take is told so in its protocol, and later ones are served again",
  async () => {
    using server = await echo()
    await using running = await startIn(["epoll"], server)
    const idle: Array<Peer> = []
    try {
      for (let open = running.openFiles(); open < unwatchedFrom + 4; open++) {
        idle.push(await rawConnect(running.ports.out))
        await eventually(async () => running.openFiles() > open, true, "that it was accepted")
      }
      for (const [tunnel, code] of [
        ["connect", 500],
        ["socks4", 91],
        ["socks5", 1],
      ] as const) {
        using client = await rawConnect(running.ports.out)
        expect([tunnel, await ask(client, tunnel, "127.0.0.1", server.port)]).toEqual([tunnel, code])
      }
      using opaque = await rawConnect(running.ports.in)
      await opaque.untilReset()
      // Where too many wait already a client is reset.
      const many = await Promise.all(Array.from({ length: 50 }, () => rawConnect(running.ports.out)))
      idle.push(...many)
      await eventually(async () => many.some(({ failure }) => failure !== undefined), true, "that one was reset")
      const lines = running.stderr.all.filter((line) => line.includes("epoll takes no more sockets"))
      expect(lines.map((line) => JSON.parse(line))).toEqual([
        expect.objectContaining({ level: "error", code: "ENOSPC" }),
      ])
    } finally {
      for (const peer of idle) peer.socket.resetAndDestroy()
    }
    await eventually(async () => running.openFiles() < unwatchedFrom - 8, true, "that there is room again")
    // Health has sockets too, and those were refused likewise.
    const samples = await samplesOf(running)
    for (const told of [true, false]) {
      expect(samples.get(`pillion_unwatched_sockets_total{told="${told}"}`)).toBeGreaterThan(0)
    }
    await expectService(running, server)
    expect(await idleShare(running.pid)).toBeLessThan(0.1)
  },
  30_000,
)

needs("namespace", "curl").each([true, false])(
  "IPv6 that is switched off is a destination without a route, and no error of ours; polled: %p",
  async (poll) => {
    const off = ["all", "default", "lo"].map((name) => `net.ipv6.conf.${name}.disable_ipv6=1`).join(" ")
    await using network = await makeNamespace(
      `sysctl -qw ${off}; ip link add d0 type veth peer name d1; ip link set d1 up; ip link set d0 up; ip addr add 10.77.0.1/24 dev d0; ip route add default via 10.77.0.2`,
    )
    await using running = await startPillion({
      wrapper: network.enter,
      flags: ["--proxy-type=forward", `--poll=${poll}`],
    })
    const proxy = `http://127.0.0.1:${running.ports.out}`
    for (const host of ["[2001:db8::1]", "[fd00::1]", "[::1]:81", "[fe80::1]"]) {
      const { stdout } = await network.curl(
        "--globoff",
        "--proxy",
        proxy,
        "--write-out",
        "%{http_code} %header{proxy-status}",
        "--output",
        "/dev/null",
        `http://${host}/`,
      )
      expect([host, stdout]).toEqual([host, expect.stringMatching(/^502 .*error=destination_ip_unroutable/)])
    }
    const socks = `socks5h://127.0.0.1:${running.ports.out}`
    const { stderr } = await network.curl("--globoff", "--proxy", socks, "http://[2001:db8::1]/")
    expect(stderr).toContain("(3)")
  },
  20_000,
)
