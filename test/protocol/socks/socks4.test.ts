import { describe, expect, test } from "bun:test"

import { parseIpv4, parseIpv6 } from "../../../src/protocol/address.ts"
import { type Reason, refusal, refusals } from "../../../src/protocol/refusal.ts"
import { makeSocks4 } from "../../../src/protocol/socks/socks4.ts"
import { ascii, fromHex, join, toHex } from "../../support/bytes.ts"
import { fuzz } from "../../support/random.ts"
import { run, trickle } from "../../support/trickle.ts"

const rejected = "005b000000000000"
const bytes = (count: number, value = 0x61): Uint8Array => new Uint8Array(count).fill(value)

const requestFor = (name: Uint8Array | string, address = "00000001", user = "") =>
  join(
    fromHex("04 01 0050"),
    fromHex(address),
    ascii(user),
    fromHex("00"),
    typeof name === "string" ? ascii(name) : name,
    fromHex("00"),
  )

describe("a SOCKS4 request", () => {
  test.each([
    ["without a user id", "04 01 0050 7f000001 00", "dial 127.0.0.1:80"],
    ["with Java's user name", "04 01 01bb 0a000001 726f6f74 00", "dial 10.0.0.1:443"],
    ["with a user id of any bytes but NUL", "04 01 ffff 01020304 ff0d0a20 00", "dial 1.2.3.4:65535"],
  ])("%s is dialled", (_, hex, end) => {
    trickle(makeSocks4, fromHex(hex), { protocol: "socks4", end, sent: "" })
  })

  test("may have a user id of 255 bytes", () => {
    const request = join(fromHex("04 01 0050 7f000001"), bytes(255), fromHex("00"))
    trickle(makeSocks4, request, { protocol: "socks4", end: "dial 127.0.0.1:80", sent: "" })
  })

  test.each<[string, string, Reason]>([
    ["BIND", "04 02 0050 7f000001 00", "command-not-supported"],
    ["command 9", "04 09 0050 7f000001 00", "command-not-supported"],
    ["port 0", "04 01 0000 7f000001 00", "malformed-handshake"],
    ["address 0.0.0.0", "04 01 0050 00000000 00", "malformed-handshake"],
  ])("for %s is rejected with 5b", (_, hex, reason) => {
    trickle(makeSocks4, fromHex(hex), { protocol: "socks4", end: `refuse ${reason}`, sent: rejected })
  })

  test("whose user id does not end is rejected at its 256th byte, and waits until then", () => {
    const head = fromHex("04 01 0050 7f000001")
    expect(run(makeSocks4(), [head, bytes(255)]).end).toBe("needs more")
    const expected = { protocol: "socks4", end: "refuse malformed-handshake", sent: rejected } as const
    trickle(makeSocks4, join(head, bytes(256)), expected)
    expect(run(makeSocks4(), [join(head, bytes(1 << 20))])).toMatchObject(expected)
  })

  test("that is cut short waits for the rest", () => {
    trickle(makeSocks4, fromHex("04 01 0050 7f000001 61"), { protocol: "socks4", end: "needs more", sent: "" })
  })
})

describe("a SOCKS4a request", () => {
  const labels = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61)].join(".")

  test.each([
    ["curl's 0.0.0.1", requestFor("example.com"), "dial example.com:80"],
    [".NET's 0.0.0.255", requestFor("example.com", "000000ff"), "dial example.com:80"],
    ["a user id", requestFor("example.com", "00000001", "root"), "dial example.com:80"],
    ["a name of 253 characters", requestFor(labels), `dial ${labels}:80`],
    ["an IPv4 literal as its name", requestFor("127.0.0.1"), "dial 127.0.0.1:80"],
    ["an IPv6 literal as its name", requestFor("::1"), "dial [::1]:80"],
    ["an IPv6 literal in brackets", requestFor("[::ffff:127.0.0.1]"), "dial 127.0.0.1:80"],
  ])("with %s is dialled", (_, hex, end) => {
    trickle(makeSocks4, hex, { protocol: "socks4a", end, sent: "" })
  })

  test.each([
    ["empty", ""],
    ["254 characters long", `${labels}d`],
    ["with a space", "a b"],
    ["with a line end", "a\r\nb"],
    ["with a zone", "fe80::1%lo"],
    ["not ASCII", "b\u00fccher.example"],
    ["a disguised address", "0x7f.1"],
    ["255 bytes of no name", bytes(255, 0x2e)],
  ])("whose name is %s is rejected with 5b", (_, name) => {
    trickle(makeSocks4, requestFor(name), {
      protocol: "socks4a",
      end: "refuse malformed-handshake",
      sent: rejected,
    })
  })

  test("whose name does not end is rejected at its 256th byte, and waits until then", () => {
    const head = fromHex("04 01 0050 00000001 00")
    expect(run(makeSocks4(), [head, bytes(255)]).end).toBe("needs more")
    trickle(makeSocks4, join(head, bytes(256)), {
      protocol: "socks4a",
      end: "refuse malformed-handshake",
      sent: rejected,
    })
  })
})

describe("the answer to a SOCKS4 client", () => {
  test("has version 0 and the bound address where that is IPv4", () => {
    const { accepted } = makeSocks4()
    expect(toHex(accepted({ address: parseIpv4("10.1.2.3"), port: 0x1234 }))).toBe("005a12340a010203")
    expect(toHex(accepted({ address: parseIpv6("::1"), port: 0x1234 }))).toBe("005a000000000000")
    expect(toHex(accepted({ address: undefined, port: 0x1234 }))).toBe("005a000000000000")
  })

  test("is 5b for every reason, and nothing for a client that speaks something else", () => {
    for (const reason of Object.keys(refusals) as Array<Reason>) {
      const expected = reason === "unknown-protocol" ? "" : rejected
      expect([reason, toHex(makeSocks4().refused(refusal(reason, "")))]).toEqual([reason, expected])
    }
    for (const hex of ["05", "00", "47", "16"]) {
      trickle(makeSocks4, fromHex(hex), { protocol: "socks4", end: "refuse unknown-protocol", sent: "" })
    }
  })
})

test("no bytes make a SOCKS4 handshake throw, depend on how they were cut, or wait beyond 600 of them", () => {
  fuzz(500, (random) => {
    const address = random.pick(["7f000001", "00000000", "00000001", "000000ff", "0a000001"])
    const strings = join(random.bytes(random.below(400)), fromHex("00"), random.bytes(random.below(300)))
    const input = join(fromHex(random.pick(["04 01 0050", "04 01 0000", "04 02 0050"])), fromHex(address), strings)
    if (random.below(2) === 0) input[random.below(input.length)] = random.below(256)
    const whole = run(makeSocks4(), [input])
    const cut = random.below(input.length)
    expect(run(makeSocks4(), [input.subarray(0, cut), input.subarray(cut)])).toMatchObject({
      ...whole,
      left: expect.any(String),
    })
    expect(run(makeSocks4(), [join(input, random.bytes(600))]).end).not.toBe("needs more")
  })
})
