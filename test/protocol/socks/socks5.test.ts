import { describe, expect, test } from "bun:test"

import { parseIpv4, parseIpv6 } from "../../../src/protocol/address.ts"
import { type Reason, refusal, refusals } from "../../../src/protocol/refusal.ts"
import { makeSocks5 } from "../../../src/protocol/socks/socks5.ts"
import { ascii, fromHex, join, toHex } from "../../support/bytes.ts"
import { fuzz } from "../../support/random.ts"
import { run, trickle } from "../../support/trickle.ts"

const socks5 = "socks5" as const
const chosen = "0500"
const failed = (code: string) => `05${code}0001000000000000`
const greeting = fromHex("05 01 00")

/** A greeting that insists on 02, and a login. */
const login = (user: number, password: number) =>
  join(
    fromHex("05 01 02 01"),
    Uint8Array.of(user),
    new Uint8Array(user).fill(0x75),
    Uint8Array.of(password),
    new Uint8Array(password).fill(0x70),
  )

/** A greeting, and a request for a name. */
const named = (name: Uint8Array | string) => {
  const bytes = typeof name === "string" ? ascii(name) : name
  return join(greeting, fromHex("05 01 00 03"), Uint8Array.of(bytes.length), bytes, fromHex("0050"))
}

/** A handshake whose client waits for its dial. */
const asked = () => {
  const handshake = makeSocks5()
  expect(run(handshake, [greeting, fromHex("05 01 00 01 7f000001 0050")]).end).toBe("dial 127.0.0.1:80")
  return handshake
}

describe("a SOCKS5 greeting", () => {
  test.each([
    ["only 00, as Go and .NET do", "05 01 00", "0500"],
    ["00 and GSSAPI, as curl does", "05 02 00 01", "0500"],
    ["00 and 02, as Java does", "05 02 00 02", "0500"],
    ["02 before 00", "05 02 02 00", "0500"],
    ["02 without 00", "05 01 02", "0502"],
    ["02 among others", "05 03 01 80 02", "0502"],
  ])("that offers %s is answered %s", (_, hex, sent) => {
    trickle(makeSocks5, fromHex(hex), { protocol: socks5, end: "needs more", sent })
  })

  test.each([
    ["nothing", fromHex("05 00")],
    ["only 01 and 03", fromHex("05 02 01 03")],
    [
      "253 methods without 00 and 02",
      join(
        fromHex("05 fd"),
        Uint8Array.from({ length: 253 }, (_, i) => i + 3),
      ),
    ],
  ])("that offers %s is answered 05 FF", (_, bytes) => {
    trickle(makeSocks5, bytes, { protocol: socks5, end: "refuse no-acceptable-method", sent: "05ff" })
  })

  test("that offers all 255 methods but 02 gets 00, wherever that stands", () => {
    const methods = Uint8Array.from({ length: 255 }, (_, i) => (255 - i === 2 ? 3 : (255 - i) % 255))
    trickle(makeSocks5, join(fromHex("05 ff"), methods), { protocol: socks5, end: "needs more", sent: chosen })
  })

  test("in another version is not answered", () => {
    for (const hex of ["04", "06", "47", "16", "00"]) {
      trickle(makeSocks5, fromHex(hex), { protocol: socks5, end: "refuse unknown-protocol", sent: "" })
    }
  })
})

describe("a SOCKS5 login", () => {
  const request = fromHex("05 01 00 01 7f000001 0050")

  test.each([
    [4, 6],
    [4, 0],
    [0, 0],
    [1, 255],
    [255, 1],
    [255, 255],
  ])("with a user of %i bytes and a password of %i is let in", (user, password) => {
    trickle(makeSocks5, join(login(user, password), request), {
      protocol: socks5,
      end: "dial 127.0.0.1:80",
      sent: "05020100",
    })
  })

  test("in another version is answered 01 01", () => {
    for (const hex of ["00", "02", "05"]) {
      trickle(makeSocks5, join(fromHex("05 01 02"), fromHex(hex)), {
        protocol: socks5,
        end: "refuse authentication-failed",
        sent: "05020101",
      })
    }
  })

  test("that is refused for another reason, such as a deadline, is answered 01 01 too", () => {
    const handshake = makeSocks5()
    run(handshake, [fromHex("05 01 02 01")])
    expect(toHex(handshake.refused(refusal("request-timeout", "")))).toBe("0101")
  })
})

describe("a SOCKS5 request", () => {
  const label = "a".repeat(63)

  test.each([
    ["an IPv4 address", "05 01 00 01 7f000001 0050", "dial 127.0.0.1:80"],
    ["an IPv6 address", "05 01 00 04 20010db8000000000000000000000001 01bb", "dial [2001:db8::1]:443"],
    ["an IPv4-mapped address", "05 01 00 04 00000000000000000000ffff7f000001 0050", "dial 127.0.0.1:80"],
    ["a reserved byte that is not 0", "05 01 ff 01 7f000001 ffff", "dial 127.0.0.1:65535"],
  ])("for %s is dialled", (_, hex, end) => {
    trickle(makeSocks5, join(greeting, fromHex(hex)), { protocol: socks5, end, sent: chosen })
  })

  test.each([
    ["example.com", "dial example.com:80"],
    ["example.com.", "dial example.com.:80"],
    ["a_b", "dial a_b:80"],
    [`${label}.${label}.${label}.${"b".repeat(61)}.`, `dial ${label}.${label}.${label}.${"b".repeat(61)}.:80`],
    ["127.0.0.1", "dial 127.0.0.1:80"],
    ["::1", "dial [::1]:80"],
    ["[::1]", "dial [::1]:80"],
    ["::ffff:169.254.169.254", "dial 169.254.169.254:80"],
  ])("for the name %s is a %s", (name, end) => {
    trickle(makeSocks5, named(name), { protocol: socks5, end, sent: chosen })
  })

  test.each([
    "",
    "a\0",
    "a\r\nb",
    "a b",
    "fe80::1%lo",
    "[fe80::1%lo]",
    "bücher",
    "a".repeat(255),
    "127.1",
    "0x7f000001",
    "2130706433",
    "127.0.0.1.",
    ".",
    "a..b",
    "a:80",
    "[127.0.0.1]",
  ])("for the name %j is malformed: REP 01", (name) => {
    trickle(makeSocks5, named(name), {
      protocol: socks5,
      end: "refuse malformed-handshake",
      sent: chosen + failed("01"),
    })
  })

  test.each<[string, string, Reason, string]>([
    ["BIND", "05 02 00 01 7f000001 0050", "command-not-supported", "07"],
    ["UDP ASSOCIATE", "05 03 00 01 00000000 0000", "command-not-supported", "07"],
    ["command 00", "05 00 00 01 7f000001 0050", "command-not-supported", "07"],
    ["command ff", "05 ff 00 01 7f000001 0050", "command-not-supported", "07"],
    ["address type 00", "05 01 00 00 7f000001 0050", "address-type-not-supported", "08"],
    ["address type 02", "05 01 00 02 7f000001 0050", "address-type-not-supported", "08"],
    ["address type 05", "05 01 00 05 7f000001 0050", "address-type-not-supported", "08"],
    ["address type ff", "05 01 00 ff 7f000001 0050", "address-type-not-supported", "08"],
    ["port 0", "05 01 00 01 7f000001 0000", "malformed-handshake", "01"],
    ["port 0 of a name", "05 01 00 03 01 61 0000", "malformed-handshake", "01"],
    ["another version", "06 01 00 01 7f000001 0050", "malformed-handshake", "01"],
  ])("for %s is refused", (_, hex, reason, code) => {
    trickle(makeSocks5, join(greeting, fromHex(hex)), {
      protocol: socks5,
      end: `refuse ${reason}`,
      sent: chosen + failed(code),
    })
  })

  test("that is cut short waits for the rest", () => {
    const cut = join(greeting, fromHex("05 01 00 03 ff"), new Uint8Array(256).fill(0x61))
    trickle(makeSocks5, cut, { protocol: socks5, end: "needs more", sent: chosen })
  })
})

describe("a client that falls back to SOCKS4 on the same connection", () => {
  test.each([
    ["after 00 was chosen", "05 02 00 02", "0500"],
    ["after 02 was chosen", "05 01 02", "0502"],
    ["after its login", "05 01 02 01 01 61 00", "05020100"],
  ])("%s is served as SOCKS4", (_, start, sent) => {
    const request = join(fromHex(start), fromHex("04 01 0050 7f000001 726f6f74 00"))
    trickle(makeSocks5, request, { protocol: "socks4", end: "dial 127.0.0.1:80", sent })
  })

  test("may use SOCKS4a, and is answered as a SOCKS4 client", () => {
    const handshake = makeSocks5()
    const request = join(fromHex("05 02 00 02 04 01 0050 00000001 00"), ascii("example.com"), fromHex("00"))
    expect(run(handshake, [request])).toMatchObject({ protocol: "socks4a", end: "dial example.com:80" })
    expect(toHex(handshake.accepted({ address: parseIpv4("10.1.2.3"), port: 0x1234 }))).toBe("005a12340a010203")
    expect(toHex(handshake.refused(refusal("connection-refused", "")))).toBe("005b000000000000")
    trickle(makeSocks5, fromHex("05 02 00 02 04 02"), {
      protocol: "socks4",
      end: "refuse command-not-supported",
      sent: "0500005b000000000000",
    })
  })
})

describe("the answer to a SOCKS5 client", () => {
  test("has 10 bytes and the bound address where that is IPv4", () => {
    expect(toHex(asked().accepted({ address: parseIpv4("10.1.2.3"), port: 0x1234 }))).toBe("050000010a0102031234")
    expect(toHex(asked().accepted({ address: parseIpv6("::1"), port: 0x1234 }))).toBe("05000001000000000000")
    expect(toHex(asked().accepted({ address: undefined, port: 0x1234 }))).toBe("05000001000000000000")
  })

  test("names the reason with the code of the table", () => {
    const codes: Array<[Reason, string]> = [
      ["proxy-error", "01"],
      ["destination-denied", "02"],
      ["network-unreachable", "03"],
      ["host-unreachable", "04"],
      ["name-not-found", "04"],
      ["connection-refused", "05"],
      ["connection-timeout", "06"],
    ]
    for (const [reason, code] of codes) expect(toHex(asked().refused(refusal(reason, "")))).toBe(failed(code))
    for (const reason of Object.keys(refusals) as Array<Reason>) {
      const { length } = asked().refused(refusal(reason, ""))
      expect([reason, length]).toEqual([reason, reason === "unknown-protocol" ? 0 : 10])
    }
  })

  test("is 05 FF before its greeting was answered", () => {
    for (const reason of ["protocol-not-allowed", "request-timeout", "connection-limit"] as const) {
      expect(toHex(makeSocks5().refused(refusal(reason, "")))).toBe("05ff")
    }
  })
})

test("no bytes make a SOCKS5 handshake throw, depend on how they were cut, or wait beyond 600 of them", () => {
  const starts = ["05 01 00", "05 02 00 02", "05 01 02 01 03 616263 03 616263", "05 01 02 01 00 00", "05 01 00 04"]
  const requests = [
    "05 01 00 01 7f000001 0050",
    "05 01 00 03 0b",
    "05 01 00 04",
    "05 01 00 03 ff",
    "04 01 0050 00000001",
  ]
  fuzz(500, (random) => {
    const input = join(
      fromHex(random.pick(starts)),
      fromHex(random.pick(requests)),
      random.below(2) === 0 ? ascii("example.com\0\x50") : random.bytes(random.below(300)),
    )
    if (random.below(2) === 0) input[random.below(input.length)] = random.below(256)
    const whole = run(makeSocks5(), [input])
    const cut = random.below(input.length)
    expect(run(makeSocks5(), [input.subarray(0, cut), input.subarray(cut)])).toMatchObject({
      ...whole,
      left: expect.any(String),
    })
    expect(run(makeSocks5(), [join(input, random.bytes(1200))]).end).not.toBe("needs more")
  })
})
