/** Bytes that are cheap to send and would be dear to take: each is refused early, for little time and memory. */
import { expect, test } from "bun:test"
import { cost } from "../support/cost.ts"
import { crowd } from "../support/crowd.ts"
import { origin } from "../support/origins.ts"
import { rawConnect } from "../support/peer.ts"
import { startPillion } from "../support/pillion.ts"
import { eventually } from "../support/within.ts"

const MiB = 1024 * 1024
const bombers = 40

const get = (fields: string): string => `GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\n${fields}\r\n`
const post = (rest: string): string =>
  `POST http://127.0.0.1:@/ HTTP/1.1\r\nHost: 127.0.0.1:@\r\nTransfer-Encoding: chunked\r\n\r\n${rest}`

/** What is sent, with @ for the origin's port, and how the answer begins; nothing for bytes that are of no protocol. */
const bombs: ReadonlyArray<readonly [what: string, bytes: string, told: string]> = [
  ["a request line of 1 MiB", `GET http://127.0.0.1:1/${"a".repeat(MiB)} HTTP/1.1\r\n\r\n`, "HTTP/1.1 414 "],
  ["a method of 1 MiB", "A".repeat(MiB), "HTTP/1.1 400 "],
  ["a field of 1 MiB", get(`X: ${"a".repeat(MiB)}\r\n`), "HTTP/1.1 431 "],
  ["a field name of 1 MiB", get(`${"a".repeat(MiB)}: x\r\n`), "HTTP/1.1 431 "],
  ["5000 fields", get("X: y\r\n".repeat(5000)), "HTTP/1.1 431 "],
  ["a Connection field with 10000 tokens", get(`Connection: ${"a, ".repeat(10_000)}b\r\n`), "HTTP/1.1 431 "],
  ["a hundred Connection fields", get(`Connection: ${"a, ".repeat(99)}b\r\n`.repeat(100)), "HTTP/1.1 431 "],
  ["a CONNECT head without end", `CONNECT 127.0.0.1:1 HTTP/1.1\r\n${"X: y\r\n".repeat(50_000)}`, "HTTP/1.1 431 "],
  ["1 MiB of empty lines", "\r\n".repeat(MiB / 2), ""],
  ["a SOCKS4 user id of 1 MiB", `\x04\x01\x00\x50\x7f\x00\x00\x01${"u".repeat(MiB)}`, "\x00\x5b"],
  ["a SOCKS4a name of 1 MiB", `\x04\x01\x00\x50\x00\x00\x00\x01\x00${"n".repeat(MiB)}`, "\x00\x5b"],
  ["a chunk extension of 1 MiB", post(`5;${"a".repeat(MiB)}\r\n`), "HTTP/1.1 400 "],
  ["20000 chunks with an extension each", post("1;aaaaaaaaaaaaaaaa\r\nx\r\n".repeat(20_000)), "HTTP/1.1 400 "],
  ["a chunk size of 1 MiB", post("0".repeat(MiB)), "HTTP/1.1 400 "],
  ["trailers without end", post(`0\r\n${"X: y\r\n".repeat(200_000)}`), "HTTP/1.1 400 "],
]

for (const [what, bytes, told] of bombs) {
  test(`${what}, from ${bombers} clients at once, costs less than 10 ms and 1 MiB each`, async () => {
    // An origin that takes all and answers nothing: what is refused must be refused by the proxy.
    using server = await origin((peer) => (peer.sink = () => {}))
    await using pillion = await startPillion()
    const bomb = Buffer.from(bytes.replaceAll("@", `${server.port}`), "latin1")
    // One beforehand, so that what is measured is no first time; and to see what it is told.
    using first = await rawConnect(pillion.ports.out)
    first.send(bomb)
    expect((await first.read(told.length)).toString("latin1")).toBe(told)
    first.end()
    await first.untilOver()
    const base = pillion.openFiles()

    const { cpu, grown } = await cost(pillion.pid, async () => {
      using attackers = await crowd(bombers, pillion.ports.out)
      await attackers.sendAll(bomb)
      await attackers.untilOver()
    })
    expect(cpu / bombers).toBeLessThan(10)
    expect(grown / bombers).toBeLessThan(MiB)
    await eventually(async () => pillion.openFiles() <= base, true, `whether descriptors are back to ${base}`)
  }, 20_000)
}
