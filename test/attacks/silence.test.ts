/** Clients who begin and do not go on: each costs little, none is in another's way, all are gone at the deadline. */
import { expect, test } from "bun:test"
import { openTunnel, outboundTunnels } from "../support/clients.ts"
import { cost, idleShare } from "../support/cost.ts"
import { crowd, type Crowd } from "../support/crowd.ts"
import { echo, httpOrigin } from "../support/origins.ts"
import { type Pillion, startPillion } from "../support/pillion.ts"
import { eventually } from "../support/within.ts"

const KiB = 1024
const MiB = 1024 * KiB

/** Everybody is served as if nobody else were there, whatever protocol they speak. */
const serves = async (pillion: Pillion, port: number): Promise<void> => {
  for (const tunnel of outboundTunnels) {
    using client = await openTunnel(tunnel, pillion.ports.out, port)
    client.send("x").end()
    expect((await client.readToEnd()).toString()).toBe("x")
  }
}

const backToBase = (pillion: Pillion, base: number): Promise<void> =>
  eventually(async () => pillion.openFiles() <= base, true, `whether descriptors are back to ${base}`)

/** How far a client comes before it falls silent. */
const beginnings: ReadonlyArray<readonly [what: string, bytes: string]> = [
  ["nothing", ""],
  ["a SOCKS5 version", "\x05"],
  ["a SOCKS5 greeting", "\x05\x01\x00"],
  ["a SOCKS5 greeting and half a request", "\x05\x01\x00\x05\x01\x00\x03\x10example"],
  ["a SOCKS4 request without the end of its user id", "\x04\x01\x00\x50\x7f\x00\x00\x01user"],
  ["half a request line", "GET http://127.0.0"],
  ["half a CONNECT", "CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0"],
  ["half a head", "GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "],
]
const each = 375
const all = each * beginnings.length

test(`${all} clients who fall silent in every way hold up nobody, cost little, and are gone at the deadline`, async () => {
  using server = await echo()
  await using pillion = await startPillion({ flags: ["--handshake-timeout=8s"] })
  await serves(pillion, server.port)
  const base = pillion.openFiles()
  const crowds: Array<Crowd> = []
  try {
    const { grown, cpu } = await cost(pillion.pid, async () => {
      for (const [, bytes] of beginnings) crowds.push((await crowd(each, pillion.ports.out)).send(bytes))
      // One of the kinds has an answer to wait for; nobody was turned away for another's sake.
      await crowds[2]!.until(() => crowds[2]!.answered, each, "answers to greetings")
    })
    expect(crowds.map(({ over }) => over)).toEqual(beginnings.map(() => 0))
    // The kernel has accepted all of them; the proxy may still have some to take over.
    await eventually(async () => pillion.openFiles() - base, all, "descriptors above the base")
    expect(grown / all).toBeLessThan(16 * KiB)
    expect(cpu / all).toBeLessThan(1)

    const serving = await cost(pillion.pid, () => serves(pillion, server.port))
    expect(serving.milliseconds).toBeLessThan(1000)
    expect(await idleShare(pillion.pid)).toBeLessThan(0.1)

    for (const each of crowds) await each.untilOver()
    await backToBase(pillion, base)
    await serves(pillion, server.port)
  } finally {
    for (const each of crowds) each.reset()
  }
}, 60_000)

test("300 clients who send a byte now and then are gone at the deadline all the same", async () => {
  await using pillion = await startPillion({ flags: ["--handshake-timeout=1500ms"] })
  const base = pillion.openFiles()
  using slow = await crowd(300, pillion.ports.out)
  const head = "GET http://127.0.0.1/a HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
  slow.send(head)
  const drip = setInterval(() => slow.send("a"), 50)
  try {
    const { milliseconds, cpu, grown } = await cost(pillion.pid, () => slow.untilOver())
    expect(milliseconds).toBeWithin(1000, 5000)
    // 300 clients, 30 bytes each: a hundredth of a millisecond for each byte would be 90.
    expect(cpu).toBeLessThan(1500)
    // No more than a few heads of 64 KiB each would take; much of it is what the collector has not come to yet.
    expect(grown).toBeLessThan(40 * MiB)
  } finally {
    clearInterval(drip)
  }
  // They are told why, and their connections end in order.
  expect([slow.answered, slow.ended]).toEqual([300, 300])
  await backToBase(pillion, base)
}, 20_000)

test("a second request that does not come is ended by keep-alive-timeout, one that drips by handshake-timeout", async () => {
  using server = await httpOrigin()
  await using pillion = await startPillion({
    flags: ["--handshake-timeout=1s", "--keep-alive-timeout=2s", "--origin-reuse=2s"],
  })
  const base = pillion.openFiles()
  const request = `GET http://${server.authority}/ HTTP/1.1\r\nHost: ${server.authority}\r\n\r\n`
  using silent = await crowd(50, pillion.ports.out)
  using dripping = await crowd(50, pillion.ports.out)
  for (const each of [silent, dripping]) {
    each.send(request)
    await each.until(() => each.answered, 50, "answers")
  }
  const drip = setInterval(() => dripping.send("G"), 100)
  try {
    const ending = async (each: Crowd): Promise<number> =>
      (await cost(pillion.pid, () => each.untilOver())).milliseconds
    const [first, second] = await Promise.all([ending(dripping), ending(silent)])
    expect(first).toBeWithin(700, 1900)
    expect(second).toBeWithin(1700, 3500)
  } finally {
    clearInterval(drip)
  }
  await backToBase(pillion, base)
}, 20_000)
