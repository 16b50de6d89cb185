/** Tunnels carry bytes exactly: both ways at once, one way after the other has ended, and resets as resets. */
import { expect, test } from "bun:test"
import { checksum, receiveBulk, sendBulk } from "../support/bulk.ts"
import { asks, openTunnel, outboundTunnels, type Tunnel } from "../support/clients.ts"
import { origin } from "../support/origins.ts"
import { rawConnect } from "../support/peer.ts"
import { type Pillion, startPillion } from "../support/pillion.ts"

/** 1 GiB each way in CI; enough to show growth elsewhere. */
const mebibytes = process.env["CI"] === "true" ? 1024 : 256
const bulkMilliseconds = 120_000
const flatMemory = 80 * 1024 * 1024

/** Opaque TCP inbound, everything outbound. */
const start = (workload: number, ...flags: ReadonlyArray<string>): Promise<Pillion> =>
  startPillion({ flags: ["--proxy-protocol=tcp:http", `--proxy-port=${workload}`, ...flags] })

const open = (pillion: Pillion, tunnel: Tunnel, port: number) =>
  openTunnel(tunnel, tunnel === "tcp" ? pillion.ports.in : pillion.ports.out, port)

const everyTunnel: ReadonlyArray<Tunnel> = ["tcp", ...outboundTunnels]

const sums = { up: checksum(mebibytes, 1), down: checksum(mebibytes, 2) }

for (const [tunnel, ...flags] of [
  ["tcp"],
  ["socks5"],
  ["connect"],
  ["tcp", "--splice=false"],
  ["tcp", "--poll=false"],
] as const) {
  test(
    `${mebibytes} MiB each way at once through ${tunnel} arrive intact, in flat memory${flags.map((flag) => ` (${flag})`).join("")}`,
    async () => {
      using server = await origin()
      await using pillion = await start(server.port, ...flags)
      using client = await open(pillion, tunnel, server.port)
      const accepted = await server.accepted()
      let most = 0
      const watching = setInterval(() => (most = Math.max(most, pillion.residentBytes())), 50)
      const [up, down] = await Promise.all([
        receiveBulk(accepted, bulkMilliseconds),
        receiveBulk(client, bulkMilliseconds),
        sendBulk(client, mebibytes, 1),
        sendBulk(accepted, mebibytes, 2),
      ]).finally(() => clearInterval(watching))
      expect({ up, down }).toEqual(sums)
      expect(most).toBeGreaterThan(0)
      expect(most).toBeLessThan(flatMemory)
      const line = await pillion.waitForLog((each) => each["protocol"] === tunnel)
      expect([line["bytes_in"], line["bytes_out"]]).toEqual([mebibytes * 2 ** 20, mebibytes * 2 ** 20])
    },
    bulkMilliseconds + 10_000,
  )
}

for (const tunnel of everyTunnel) {
  test(`half-close keeps return traffic, either way round (${tunnel})`, async () => {
    using server = await origin()
    await using pillion = await start(server.port)

    using first = await open(pillion, tunnel, server.port)
    const answering = await server.accepted()
    first.send("question").end()
    expect((await answering.readToEnd()).toString()).toBe("question")
    await sendBulk(answering, 4, 3)
    expect(await receiveBulk(first, 5000)).toBe(checksum(4, 3))

    using second = await open(pillion, tunnel, server.port)
    const asking = await server.accepted()
    asking.send("goodbye").end()
    expect((await second.readToEnd()).toString()).toBe("goodbye")
    await sendBulk(second, 4, 4)
    expect(await receiveBulk(asking, 5000)).toBe(checksum(4, 4))
  })

  test(`a reset arrives as a reset, either way round (${tunnel})`, async () => {
    using server = await origin()
    await using pillion = await start(server.port)

    using first = await open(pillion, tunnel, server.port)
    const toReset = await server.accepted()
    first.send("x")
    await toReset.expect("x")
    first.reset()
    await toReset.untilReset()

    using second = await open(pillion, tunnel, server.port)
    const resetting = await server.accepted()
    second.send("x")
    await resetting.expect("x")
    resetting.reset()
    await second.untilReset()
  })

  test(`bytes sent together with the handshake reach the target, whole or byte by byte (${tunnel})`, async () => {
    using server = await origin()
    await using pillion = await start(server.port)
    const greeting = tunnel === "socks5" ? Uint8Array.of(5, 1, 0) : new Uint8Array(0)
    const bytes = Buffer.concat([greeting, asks(tunnel, "127.0.0.1", server.port), Buffer.from("EARLY")])
    const port = tunnel === "tcp" ? pillion.ports.in : pillion.ports.out
    using whole = await rawConnect(port)
    whole.send(bytes)
    await (await server.accepted()).expect("EARLY")
    using trickling = await rawConnect(port)
    await trickling.trickle(bytes)
    await (await server.accepted()).expect("EARLY")
  })
}

test("a paused reader holds back its sender, and memory stays flat", async () => {
  using server = await origin()
  await using pillion = await start(server.port)
  const clients = await Promise.all(Array.from({ length: 16 }, () => open(pillion, "connect", server.port)))
  try {
    const before = pillion.residentBytes()
    for (const client of clients) client.pause()
    const senders = await Promise.all(clients.map(() => server.accepted()))
    const sending = senders.map((sender) => sendBulk(sender, 64, 5))
    const early = await Promise.race([Promise.all(sending).then(() => "sent"), Bun.sleep(500).then(() => "stalled")])
    expect(early).toBe("stalled")
    // 16 connections that hold one chunk of at most 512 KiB each; anything that buffers freely would hold 1 GiB.
    expect(pillion.residentBytes() - before).toBeLessThan(48 * 1024 * 1024)
    for (const client of clients) client.resume()
    const wanted = checksum(64, 5)
    for (const each of clients.map((client) => receiveBulk(client, 20_000))) expect(await each).toBe(wanted)
    await Promise.all(sending)
  } finally {
    for (const client of clients) client.socket.destroy()
  }
}, 30_000)

test("a connection of which one side has ended is cut at the half-close deadline, and no earlier", async () => {
  using server = await origin()
  await using pillion = await start(server.port, "--half-close-timeout=700ms")
  using client = await open(pillion, "tcp", server.port)
  const accepted = await server.accepted()
  const started = performance.now()
  client.end()
  await accepted.readToEnd()
  // A trickle does not extend the deadline.
  const trickle = setInterval(() => accepted.send("."), 50)
  await client.untilOver().finally(() => clearInterval(trickle))
  expect(performance.now() - started).toBeGreaterThan(600)
  expect(performance.now() - started).toBeLessThan(3000)
  expect((await pillion.waitForLog(() => true))["end"]).toBe("timeout")
})

test("nothing is left open when connections have come and gone", async () => {
  using server = await origin((peer) => peer.send("hi").end())
  await using pillion = await start(server.port)
  const visit = async (tunnel: Tunnel): Promise<void> => {
    using client = await open(pillion, tunnel, server.port)
    await client.readToEnd()
    client.end()
  }
  for (const tunnel of everyTunnel) await visit(tunnel)
  await pillion.waitForLog((line) => line["protocol"] === "socks5")
  const before = pillion.openFiles()
  for (let i = 0; i < 40; i++) await Promise.all(everyTunnel.map(visit))
  await pillion.stdout.until(
    () => (pillion.stdout.all.length >= everyTunnel.length * 41 ? true : undefined),
    "205 lines",
  )
  expect(pillion.openFiles()).toBeLessThanOrEqual(before)
})
