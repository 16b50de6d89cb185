/** Whoever takes descriptors: storms of connections, dials that hang, origins kept. There is always one for the next client. */
import { expect, test } from "bun:test"
import { asks, openTunnel } from "../support/clients.ts"
import { cost, idleShare } from "../support/cost.ts"
import { Crowd, crowd } from "../support/crowd.ts"
import { blackHole } from "../support/dialling.ts"
import { makeNamespace } from "../support/namespace.ts"
import { needs } from "../support/needs.ts"
import { echo, httpOrigin, origin } from "../support/origins.ts"
import { type Pillion, startPillion } from "../support/pillion.ts"
import { eventually } from "../support/within.ts"

const backToBase = (pillion: Pillion, base: number): Promise<void> =>
  eventually(async () => pillion.openFiles() <= base, true, `whether descriptors are back to ${base}`)

/** A tunnel through, or what came instead. */
const serves = async (pillion: Pillion, port: number): Promise<string> => {
  try {
    using client = await openTunnel("socks5", pillion.ports.out, port)
    client.send("x").end()
    return (await client.readToEnd()).toString() === "x" ? "served" : "garbled"
  } catch (cause) {
    return String(cause)
  }
}

test("of 3000 clients at once 1000 are served, the others hear so or are reset at once, and all is quiet again", async () => {
  using server = await origin()
  await using pillion = await startPillion({ flags: ["--max-connections=1000"] })
  const base = pillion.openFiles()
  using storm = new Crowd()
  const ask = asks("connect", "127.0.0.1", server.port)
  const { cpu } = await cost(pillion.pid, async () => {
    await storm.join(3000, pillion.ports.out, ask)
    await storm.until(() => storm.served + storm.over, 3000, "clients served or turned away")
  })
  expect(storm.served).toBe(1000)
  expect(storm.over).toBe(2000)
  expect(server.connections.length).toBe(1000)
  expect(cpu / 3000).toBeLessThan(1)
  expect(await idleShare(pillion.pid)).toBeLessThan(0.1)
  storm.reset()
  await backToBase(pillion, base)
  using echoing = await echo()
  expect(await serves(pillion, echoing.port)).toBe("served")
}, 60_000)

test("1000 clients who reset while their dials hang leave nothing behind, long before the dials' deadline", async () => {
  using hole = blackHole()
  using server = await echo()
  await using pillion = await startPillion({ flags: ["--dial-timeout=60s"] })
  const base = pillion.openFiles()
  for (const tunnel of ["socks4", "connect"] as const) {
    using hanging = await crowd(1000, pillion.ports.out)
    hanging.send(asks(tunnel, "127.0.0.1", hole.port))
    await eventually(async () => pillion.openFiles() >= base + 2000, true, "whether 1000 dials hang")
    expect(await serves(pillion, server.port)).toBe("served")
    const { cpu } = await cost(pillion.pid, async () => {
      hanging.reset()
      await backToBase(pillion, base)
    })
    expect(cpu).toBeLessThan(1000)
  }
  expect(await idleShare(pillion.pid)).toBeLessThan(0.1)
}, 60_000)

needs("prlimit")(
  "with 64 open files it starts, serves one connection at a time, and stays quiet under 200",
  async () => {
    using server = await echo()
    await using pillion = await startPillion({ wrapper: ["prlimit", "--nofile=64:64", "--"] })
    const base = pillion.openFiles()
    expect(await serves(pillion, server.port)).toBe("served")
    using storm = await crowd(200, pillion.ports.out)
    storm.send(asks("connect", "127.0.0.1", server.port))
    expect(await idleShare(pillion.pid)).toBeLessThan(0.1)
    storm.reset()
    await backToBase(pillion, base)
    expect(await serves(pillion, server.port)).toBe("served")
  },
  30_000,
)

/** 50 connections may be open at once. */
const few = ["prlimit", "--nofile=164:164", "--"]

needs("prlimit")(
  "clients who keep many origins at rest take no descriptor from the next client",
  async () => {
    const origins = await Promise.all(Array.from({ length: 6 }, () => httpOrigin()))
    using server = await echo()
    try {
      await using pillion = await startPillion({ wrapper: few, flags: ["--origin-reuse=1s"] })
      const base = pillion.openFiles()
      using clients = await crowd(48, pillion.ports.out)
      for (const [i, { authority, requests }] of origins.entries()) {
        clients.send(`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
        await eventually(async () => requests.length, 48, `requests at origin ${i}`)
      }
      expect(pillion.openFiles()).toBeLessThan(130)
      expect(await serves(pillion, server.port)).toBe("served")
      expect(await idleShare(pillion.pid)).toBeLessThan(0.1)
      clients.reset()
      await backToBase(pillion, base)
    } finally {
      for (const each of origins) each[Symbol.dispose]()
    }
  },
  30_000,
)

needs("prlimit")(
  "connections to the health port, which is on every address, take no descriptor from anyone",
  async () => {
    using server = await echo()
    await using pillion = await startPillion({ wrapper: few })
    // The connection on which this test asks stays open.
    expect(await pillion.health("/readyz")).toBe(200)
    const base = pillion.openFiles()
    for (const bytes of ["", "GET /metrics HTTP/1.1\r\n"]) {
      using silent = await crowd(500, pillion.ports.health)
      silent.send(bytes)
      expect(await idleShare(pillion.pid)).toBeLessThan(0.1)
      expect(pillion.openFiles() - base).toBeLessThanOrEqual(16)
      expect(await pillion.health("/readyz")).toBe(200)
      expect(await serves(pillion, server.port)).toBe("served")
    }
    await backToBase(pillion, base)
  },
  30_000,
)

needs("prlimit", "namespace")(
  "clients who ask for a name whose sixteen addresses are all silent take no descriptor from the next client",
  async () => {
    const hosts = Array.from({ length: 16 }, (_, i) => `10.3.0.${i + 2} silent.test`).join("\\n")
    await using network = await makeNamespace(
      [
        "ip addr add 10.3.0.1/32 dev lo",
        "ip route add 10.3.0.0/16 dev lo src 10.3.0.1",
        `printf '${hosts}\\n' >/mnt/hosts`,
        "mount --bind /mnt/hosts /etc/hosts",
      ].join("; "),
    )
    await using pillion = await startPillion({
      ownPorts: true,
      flags: ["--proxy-type=forward", "--dial-timeout=20s"],
      wrapper: [...network.enter, ...few],
    })
    const script = `${import.meta.dir}/../support/ask-many.ts`
    await network.start([...network.enter, process.execPath, script, "45", "4140", "silent.test"])
    // By then each race would have taken ten descriptors of its own.
    expect(await idleShare(pillion.pid)).toBeLessThan(0.1)
    expect(pillion.openFiles()).toBeLessThan(130)
    const answer = await network.curl("--proxy", "127.0.0.1:4140", "--output", "/dev/null", "http://127.0.0.1:1/")
    expect(answer.code).toBe(0)
  },
  30_000,
)
