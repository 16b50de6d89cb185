import { describe, expect, test } from "bun:test"

import { unusedPort } from "../../scripts/unused-port.ts"
import { boundTo, isListenedOn } from "../../src/system/listening.ts"
import { type Address, parseAddress } from "../../src/protocol/address.ts"

const address = (text: string): Address => parseAddress(text) ?? expect.unreachable(text)
const loopback = [address("127.0.0.1"), address("::1")]
const texts = (table: string, port: number): ReadonlyArray<string> => boundTo(table, port).map(({ text }) => text)

const heading = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
const row = (local: string, state: string, remote = "00000000:0000"): string =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 12345 1 0 100 0 0 10 0`

describe("the kernel's list", () => {
  test("names the addresses that sockets listen on", () => {
    const table = [heading, row("0100007F:1F90", "0A"), row("00000000:1F90", "0A"), row("0200000A:0050", "0A")]
    expect(texts(table.join("\n"), 8080)).toEqual(["127.0.0.1", "0.0.0.0"])
    expect(texts(table.join("\n"), 80)).toEqual(["10.0.0.2"])
    expect(texts(table.join("\n"), 81)).toEqual([])
  })

  test("names those of IPv6, and an IPv4 address that one of its sockets took as that", () => {
    const one = "00000000000000000000000001000000"
    const mapped = "0000000000000000FFFF00000100007F"
    const table = [
      heading,
      ...[one, mapped, "0".repeat(32)].map((bytes) => row(`${bytes}:1F90`, "0A", `${"0".repeat(32)}:0000`)),
    ]
    expect(texts(table.join("\n"), 8080)).toEqual(["::1", "127.0.0.1", "::"])
  })

  test("has connections too, which listen on nothing", () => {
    expect(texts([heading, row("0100007F:1F90", "01", "0100007F:A000"), "nonsense 1F90"].join("\n"), 8080)).toEqual([])
  })
})

test.if(process.platform === "linux")("a listener of this machine is seen, from its start to its end", () => {
  const port = unusedPort()
  expect(isListenedOn(loopback, port)).toBe(false)
  for (const hostname of ["127.0.0.1", "0.0.0.0"]) {
    const listener = Bun.listen({ hostname, port, socket: { data: () => {} } })
    expect([hostname, isListenedOn(loopback, port)]).toEqual([hostname, true])
    listener.stop(true)
  }
  const elsewhere = Bun.listen({ hostname: "127.0.0.2", port, socket: { data: () => {} } })
  expect(isListenedOn(loopback, port)).toBe(false)
  elsewhere.stop(true)
})
