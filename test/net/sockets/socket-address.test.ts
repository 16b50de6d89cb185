/** Who a client is, as the log has it, and how the kernel is told of an address. */
import { describe, expect, test } from "bun:test"
import { once } from "node:events"
import { connect } from "node:net"

import type { Peer } from "../../../src/flow/flow.ts"
import {
  AF_INET,
  AF_INET6,
  familyOf,
  nameIn,
  peerIn,
  portIn,
  socketAddress,
} from "../../../src/net/sockets/socket-address.ts"
import type { SocketEnd } from "../../../src/net/sockets/socket-end.ts"
import type { Sockets } from "../../../src/net/sockets/sockets.ts"
import { address } from "../../support/dialling.ts"
import { within } from "../../support/within.ts"
import { bothWays } from "../../support/pair.ts"

/** Where a client of a listener on `bound` that connects to `to` comes from; its port must be the client's own. */
const hostOfClient = async (sockets: Sockets, bound: string, to: string): Promise<string> => {
  const accepted = Promise.withResolvers<{ readonly end: SocketEnd; readonly peer: Peer }>()
  const listener = sockets.listen(address(bound), 0, (end, peer) => accepted.resolve({ end, peer }))
  const client = connect(listener.port, to)
  await within(once(client, "connect"), "connection")
  const { end, peer } = await within(accepted.promise, "client")
  expect(peer.port).toBe(client.localPort!)
  listener.stop()
  end.terminate()
  client.destroy()
  return peer.host
}

describe.each(bothWays)("by %s sockets,", (_, sockets) => {
  test.each([
    ["127.0.0.1", "127.0.0.1", "127.0.0.1"],
    ["::", "127.0.0.1", "127.0.0.1"],
    ["::", "127.0.0.2", "127.0.0.1"],
    ["::", "::1", "[::1]"],
    ["::1", "::1", "[::1]"],
  ])("a client of a listener on %s that connects to %s is %s", async (bound, to, name) => {
    expect(await hostOfClient(sockets, bound, to)).toBe(name)
  })
})

const addresses = [
  "0.0.0.0",
  "127.0.0.1",
  "192.168.1.2",
  "255.255.255.255",
  "::",
  "::1",
  "2001:db8::ff00:42:8329",
  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
]
const ports = [0, 1, 80, 255, 256, 443, 32768, 65535]

test.each(addresses)("%s is read as it was written, with every port", (text) => {
  for (const port of ports) {
    const name = nameIn(socketAddress(address(text), port))
    expect([name.address.text, name.port]).toEqual([text, port])
    expect(portIn(socketAddress(address(text), port))).toBe(port)
  }
})

const hex = (text: string, port: number): string => Buffer.from(socketAddress(address(text), port)).toString("hex")

test("it is laid out as the kernel wants it", () => {
  expect([familyOf(address("10.1.2.3")), familyOf(address("::1"))]).toEqual([AF_INET, AF_INET6])
  expect(hex("10.1.2.3", 0x1234)).toBe("020012340a0102030000000000000000")
  expect(hex("2001:db8::1", 0xfffe)).toBe("0a00fffe0000000020010db800000000000000000000000100000000")
})

test("nothing of one address is left in the next, of either family", () => {
  const fresh = addresses.map((text) => Buffer.from(socketAddress(address(text), 7)).toString("hex"))
  for (const before of addresses) {
    for (const [i, text] of addresses.entries()) {
      socketAddress(address(before), 65535)
      expect(Buffer.from(socketAddress(address(text), 7)).toString("hex")).toBe(fresh[i]!)
    }
  }
})

test("what was read does not change when the next name comes into the same memory", () => {
  const buffer = new Uint8Array(28)
  for (const [first, second] of [
    ["10.0.0.1", "10.0.0.2"],
    ["2001:db8::1", "2001:db8::2"],
  ] as const) {
    buffer.set(socketAddress(address(first), 1))
    const name = nameIn(buffer)
    buffer.set(socketAddress(address(second), 2))
    expect([name.address.text, name.port]).toEqual([first, 1])
    expect(name.address).toEqual(address(first))
  }
})

/** The name that the kernel has for an IPv4 client of an IPv6 socket. */
const mapped = (quad: ReadonlyArray<number>, port: number): Uint8Array =>
  Uint8Array.of(
    10,
    0,
    port >> 8,
    port & 0xff,
    0,
    0,
    0,
    0,
    ...Array<number>(10).fill(0),
    0xff,
    0xff,
    ...quad,
    0,
    0,
    0,
    0,
  )

describe("a peer", () => {
  test("is its address and port, an IPv6 address in brackets", () => {
    expect(peerIn(socketAddress(address("10.0.0.1"), 443))).toEqual({ host: "10.0.0.1", port: 443 })
    expect(peerIn(socketAddress(address("2001:db8::1"), 65535))).toEqual({ host: "[2001:db8::1]", port: 65535 })
  })

  test("of a mapped address is the IPv4 address in it", () => {
    expect(peerIn(mapped([10, 9, 8, 7], 80))).toEqual({ host: "10.9.8.7", port: 80 })
    expect(nameIn(mapped([10, 9, 8, 7], 80))).toEqual({ address: address("10.9.8.7"), port: 80 })
  })

  test("is mapped only if all of the prefix is there", () => {
    for (let i = 8; i < 20; i++) {
      const name = mapped([10, 9, 8, 7], 80)
      name[i]! ^= 1
      expect(peerIn(name).host).toStartWith("[")
    }
  })

  test("is named anew where it differs from the last one in any byte, and after one of the other family", () => {
    const names = ["0.0.0.0", "0.0.0.1", "0.0.1.0", "0.1.0.0", "1.0.0.0", "129.0.0.0", "0.0.0.0", "::", "0.0.0.0"]
    const hosts = names.map((text) => peerIn(socketAddress(address(text), 1)).host)
    expect(hosts).toEqual(names.map((text) => (text === "::" ? "[::]" : text)))
  })
})
