import { describe, expect, test } from "bun:test"
import { isIPv4, isIPv6 } from "node:net"

import {
  type Address,
  addressLiteral,
  embeddedIpv4,
  fromBytes,
  ipv4At,
  inNetwork,
  isLoopback,
  looksNumeric,
  parseAddress,
  parseIpv4,
  parseIpv6,
} from "../../src/protocol/address.ts"
import { fromHex, toHex } from "../support/bytes.ts"
import { fuzz } from "../support/random.ts"

const address = (text: string): Address => {
  const parsed = parseAddress(text)
  if (parsed === undefined) throw new Error(`${text} is no address`)
  return parsed
}

describe("an IPv4 literal", () => {
  test.each([
    ["0.0.0.0", "00000000"],
    ["127.0.0.1", "7f000001"],
    ["255.255.255.255", "ffffffff"],
  ])("%s has the bytes %s", (text, hex) => {
    const parsed = parseIpv4(text)
    expect(parsed?._tag).toBe("Ipv4")
    expect(parsed?.text).toBe(text)
    expect(toHex(parsed!.bytes)).toBe(hex)
  })

  test.each([
    "",
    "127.1",
    "127.0.0",
    "127.0.0.1.",
    ".127.0.0.1",
    "127.0.0.1.5",
    "127..0.1",
    "256.0.0.1",
    "1000.0.0.1",
    "01.2.3.4",
    "0177.0.0.1",
    "00.0.0.0",
    "0x7f.0.0.1",
    "0x7f000001",
    "2130706433",
    "1e1.0.0.1",
    "+1.2.3.4",
    " 127.0.0.1",
    "127.0.0.1 ",
    "127.0.0.1\n",
    "127.0.0.1\0",
    "127.0.0.1:80",
    "127.0.0.1/8",
    "١.1.1.1",
    "::1",
  ])("is a strict dotted quad, not %j", (text) => {
    expect(parseIpv4(text)).toBeUndefined()
  })
})

describe("an IPv6 literal", () => {
  test.each([
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["2001:DB8::A", "2001:db8::a"],
    ["2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
    ["1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"],
    ["64:ff9b::127.0.0.1", "64:ff9b::7f00:1"],
    ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
    ["::1.2.3.4", "::102:304"],
  ])("%s is written %s", (text, canonical) => {
    const parsed = parseIpv6(text)
    expect(parsed?._tag).toBe("Ipv6")
    expect(parsed?.text).toBe(canonical)
    expect(parsed?.bytes.length).toBe(16)
  })

  test.each([
    "",
    ":",
    ":::",
    "1",
    "1:",
    ":1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1::2::3",
    "::1::",
    "12345::",
    "g::",
    "::1:",
    ":::1",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "::1.2.3",
    "::01.2.3.4",
    "::256.1.1.1",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1.2.3.4",
    "-1::",
    "[::1]",
    "fe80::1%lo",
    "fe80::1%25lo",
    "::1/128",
    " ::1",
    "::1\n",
    "::1\0",
    "::0x1",
  ])("is not %j", (text) => {
    expect(parseIpv6(text)).toBeUndefined()
  })

  test.each(["::ffff:127.0.0.1", "::FFFF:7f00:1", "0:0:0:0:0:ffff:127.0.0.1"])(
    "%s is the IPv4 address 127.0.0.1",
    (text) => {
      expect(parseAddress(text)).toEqual(address("127.0.0.1"))
    },
  )

  test("is accepted or not as node:net does it, and written as a URL writes it", () => {
    fuzz(2000, (random) => {
      const pieces = ["0", "0", "1", "ffff", "DB8", ":", ":", ":", ":", "::", ".", "1.2.3.4", "12345"]
      const text = Array.from({ length: 1 + random.below(16) }, () => random.pick(pieces)).join("")
      expect([text, parseIpv6(text) !== undefined]).toEqual([text, isIPv6(text)])
      expect([text, parseIpv4(text) !== undefined]).toEqual([text, isIPv4(text)])
    })
    fuzz(500, (random) => {
      const bytes = random.bytes(16).map((byte) => (random.below(3) === 0 ? byte : 0))
      bytes[0] = 0x20
      const { text } = fromBytes(bytes)
      expect(`[${text}]`).toBe(new URL(`http://[${text}]`).hostname)
      expect(address(text).bytes).toEqual(bytes)
    })
  })
})

describe("the address in some bytes", () => {
  test("does not change when the bytes do, even where they are a Buffer's", () => {
    for (const hex of ["7f000001", "00000000000000000000ffff7f000001", "20010db8000000000000000000000001"]) {
      const chunk = fromHex(hex)
      const made = fromBytes(chunk.subarray(0))
      const before = toHex(made.bytes)
      chunk.fill(0xaa)
      expect(toHex(made.bytes)).toBe(before)
      expect(address(made.text)).toEqual(made)
    }
  })

  test("is a programmer's error for any other number of bytes", () => {
    for (const length of [0, 3, 5, 15, 17]) expect(() => fromBytes(new Uint8Array(length))).toThrow(RangeError)
  })
})

test("loopback is 127.0.0.0/8 and ::1, also spelled as IPv4-mapped IPv6", () => {
  for (const text of ["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"])
    expect(isLoopback(address(text))).toBe(true)
  for (const text of ["126.0.0.1", "0.0.0.0", "::", "10.0.0.1", "::2"]) expect(isLoopback(address(text))).toBe(false)
})

test("a literal of this program is its address, and one that is none is a defect", () => {
  expect(addressLiteral("::1")).toEqual(address("::1"))
  expect(() => addressLiteral("127.1")).toThrow(new TypeError("127.1 is no address"))
})

describe("a name that a resolver would read as an address", () => {
  test.each([
    "127.1",
    "127.0.1",
    "0x7f000001",
    "0x7F.1",
    "2130706433",
    "0177.0.0.1",
    "127.0.0.1.",
    "1",
    "0",
    "0x",
    "00.0.0.0",
    "127.0.0.08",
    "256.256.256.256",
    "1.2.3.4.5",
    "99999999999999999999",
    "0X7f.0.0.1",
    "010.0.0.1",
    "1.2.3.4.",
  ])("looks numeric: %s", (name) => {
    expect(looksNumeric(name)).toBe(true)
  })

  test.each([
    "127.0.0.1",
    "example.com",
    "1.example.com",
    "1a",
    "0xg",
    "x7f",
    "127.0.0.1.nip.io",
    "a.1",
    "1-1",
    "1_1",
    "0x7f.example",
    "::1",
    "",
    ".",
    "1..1",
    "-1",
    "10.0.0.0.in-addr.arpa",
    "1e3",
  ])("is not %j", (name) => {
    expect(looksNumeric(name)).toBe(false)
  })
})

describe("a network", () => {
  test.each([
    ["10.1.2.3", "10.0.0.0", 8, true],
    ["11.0.0.0", "10.0.0.0", 8, false],
    ["172.31.255.255", "172.16.0.0", 12, true],
    ["172.32.0.0", "172.16.0.0", 12, false],
    ["192.168.0.1", "192.168.0.1", 32, true],
    ["192.168.0.0", "192.168.0.1", 32, false],
    ["192.168.0.0", "192.168.0.1", 31, true],
    ["255.255.255.255", "0.0.0.0", 0, true],
    ["febf::1", "fe80::", 10, true],
    ["fec0::1", "fe80::", 10, false],
    ["fd00:ec2::254", "fd00:ec2::254", 128, true],
    ["fd00:ec2::255", "fd00:ec2::254", 128, false],
    ["::1", "0.0.0.0", 0, false],
    ["127.0.0.1", "::", 0, false],
    ["::ffff:10.1.2.3", "10.0.0.0", 8, true],
  ])("%s in %s/%i: %p", (text, network, prefix, expected) => {
    expect(inNetwork(address(text), address(network), prefix)).toBe(expected)
  })

  test("with a prefix that its family has not is a programmer's error", () => {
    for (const prefix of [-1, 33, 1.5, Number.NaN]) {
      expect(() => inNetwork(address("10.0.0.1"), address("10.0.0.0"), prefix)).toThrow(RangeError)
    }
    expect(() => inNetwork(address("::1"), address("::"), 129)).toThrow(RangeError)
  })
})

describe("the IPv4 address inside an IPv6 address", () => {
  test.each([
    ["64:ff9b::169.254.169.254", "169.254.169.254"],
    ["2002:a9fe:a9fe::1", "169.254.169.254"],
    ["2002:7f00:1:ffff:ffff:ffff:ffff:ffff", "127.0.0.1"],
    ["::127.0.0.1", "127.0.0.1"],
    ["::2", "0.0.0.2"],
  ])("%s leads to %s", (text, inner) => {
    expect(embeddedIpv4(address(text))).toEqual(address(inner))
  })

  test.each(["::", "::1", "127.0.0.1", "64:ff9b:1::7f00:1", "64:ff9b::1:0:0", "2003:7f00:1::", "fe80::7f00:1"])(
    "%s leads to none",
    (text) => {
      expect(embeddedIpv4(address(text))).toBeUndefined()
    },
  )
})

test("an IPv4 address that was read before is the very same one, whatever else was read, and keeps nothing of the input", () => {
  const input = new Uint8Array(8)
  for (let round = 0; round < 3; round++)
    for (let i = 0; i < 1000; i++) {
      const quad = [10, i >> 8, i & 0xff, (i * 7) & 0xff] as const
      input.set(quad, 3)
      const read = ipv4At(input, 3)
      expect(read).toEqual({ _tag: "Ipv4", bytes: new Uint8Array(quad), text: quad.join(".") })
      expect(fromBytes(new Uint8Array(quad))).toBe(read)
      input.fill(0xff)
      expect(read.text).toBe(quad.join("."))
      expect([...read.bytes]).toEqual([...quad])
    }
})
