import { describe, expect, test } from "bun:test"

import { fromLatin1 } from "../../src/protocol/bytes.ts"
import {
  comparableName,
  formatTarget,
  hostText,
  parseAuthority,
  parseDomain,
  parseHost,
  parsePort,
  uriHost,
} from "../../src/protocol/target.ts"
import { fuzz } from "../support/random.ts"

const label63 = "a".repeat(63)
const name253 = `${label63}.${label63}.${label63}.${"b".repeat(61)}`

describe("a host", () => {
  test.each([
    "localhost",
    "example.com",
    "EXAMPLE.com",
    "a",
    "_srv._tcp.example",
    "1.example",
    "xn--bcher-kva.example",
  ])("%s is a name, kept as it was written", (name) => {
    expect(parseHost(name)).toEqual({ _tag: "Name", name })
  })

  test("may be 253 characters with labels of 63, and a trailing dot may follow", () => {
    for (const name of [name253, `${name253}.`, "example.com."]) expect(parseHost(name)).toEqual({ _tag: "Name", name })
    for (const name of [`${name253}b`, `${name253}b.`, `${label63}a`, `x.${label63}a.y`]) {
      expect(parseHost(name)).toBeUndefined()
    }
  })

  test.each([
    ["127.0.0.1", "Ipv4", "127.0.0.1"],
    ["::1", "Ipv6", "::1"],
    ["0:0:0:0:0:0:0:1", "Ipv6", "::1"],
    ["::ffff:10.0.0.1", "Ipv4", "10.0.0.1"],
  ])("%s is an address", (text, tag, canonical) => {
    expect(parseHost(text)).toMatchObject({ _tag: tag, text: canonical })
  })

  test.each([
    "",
    ".",
    "..",
    ".a",
    "a..b",
    "a..",
    "a b",
    "a\0b",
    "a\r\nb",
    "a\tb",
    "a%b",
    "a/b",
    "bücher.example",
    "\u00ff",
    "ⓔxample",
    "a:b",
    "a@b",
    "*.example",
    "127.1",
    "0x7f000001",
    "2130706433",
    "0177.0.0.1",
    "127.0.0.1.",
    "127.0.0.1 ",
    "[::1]",
    "fe80::1%lo",
    "fe80::1%25lo",
    "::1.",
    "::g",
    "localhost\n",
  ])("is never %j", (text) => {
    expect(parseHost(text)).toBeUndefined()
  })
})

describe("the name field of a SOCKS request", () => {
  test.each([
    ["localhost", "localhost"],
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
    ["[::1]", "::1"],
    ["[::ffff:127.0.0.1]", "127.0.0.1"],
  ])("%s is %s", (text, expected) => {
    const host = parseDomain(text)
    expect(host && hostText(host)).toBe(expected)
  })

  test.each(["[]", "[", "]", "[127.0.0.1]", "[localhost]", "[::1", "[fe80::1%lo]", "[[::1]]", "127.1", ""])(
    "is never %j",
    (text) => {
      expect(parseDomain(text)).toBeUndefined()
    },
  )
})

describe("an authority", () => {
  test.each([
    ["example.com:443", "example.com:443"],
    ["example.com", "example.com:80"],
    ["example.com.:1", "example.com.:1"],
    ["127.0.0.1:65535", "127.0.0.1:65535"],
    ["127.0.0.1", "127.0.0.1:80"],
    ["[::1]:443", "[::1]:443"],
    ["[::1]", "[::1]:80"],
    ["[::FFFF:1.2.3.4]:5", "1.2.3.4:5"],
    ["::1:443", "[::1]:443"],
    ["2001:db8::a:443", "[2001:db8::a]:443"],
    ["1:2:3:4:5:6:7:8:443", "[1:2:3:4:5:6:7:8]:443"],
    ["h:00080", "h:80"],
    [`${name253}.:65535`, `${name253}.:65535`],
  ])("%s is the target %s, as text and as bytes", (text, expected) => {
    for (const authority of [text, fromLatin1(text)]) {
      const target = parseAuthority(authority, 80)
      expect(target && formatTarget(target)).toBe(expected)
    }
  })

  test.each([
    "",
    ":80",
    ":",
    "h:",
    "h:0",
    "h:65536",
    "h:99999",
    "h:000080",
    "h:+1",
    "h:-1",
    "h: 1",
    "h:1 ",
    "h:0x50",
    "h:80:80",
    "u@h:1",
    "u:p@h:1",
    "@h:1",
    "h/:1",
    "[::1]:",
    "[::1]x",
    "[::1]x:5",
    "[::1",
    "::1]:5",
    "[]:5",
    "[127.0.0.1]:5",
    "[h]:5",
    "[fe80::1%lo]:5",
    "[fe80::1%25lo]:5",
    "[::1]:5:6",
    "[::1]]:5",
    "::1",
    "127.1:80",
    "0x7f.1:80",
    "2130706433:80",
    "127.0.0.1.:80",
    "h\0:80",
    "http://h:1",
    "h#:1",
    "h?:1",
    "h,i:1",
    " h:1",
    "bücher:1",
  ])("is never %j", (text) => {
    expect(parseAuthority(text, 80)).toBeUndefined()
    expect(parseAuthority(fromLatin1(text), 80)).toBeUndefined()
  })

  test("without a port is malformed where no port is the default", () => {
    for (const text of ["h", "[::1]", "127.0.0.1"]) expect(parseAuthority(text, undefined)).toBeUndefined()
  })

  test("longer than any valid one is not even read", () => {
    expect(parseAuthority(new Uint8Array(1 << 20).fill(0x61), 80)).toBeUndefined()
    expect(parseAuthority(`${name253}.:065535`, 80)).toBeUndefined()
  })

  test("made of any bytes is refused or is one that reads back as itself", () => {
    fuzz(2000, (random) => {
      const pieces = ["a", "1", ".", ":", ":", "[", "]", "::", "ffff", "127.0.0.1", "80", "-", "@", "%", " ", "\0", "é"]
      const text = Array.from({ length: random.below(10) }, () => random.pick(pieces)).join("")
      const target = parseAuthority(text, 80)
      if (target !== undefined) expect(parseAuthority(formatTarget(target), undefined)).toEqual(target)
    })
  })
})

test("a port is 1 to 65535 in digits", () => {
  expect(["1", "80", "65535", "0", "65536", "", "8a", "1e3", "000001"].map(parsePort)).toEqual([
    1,
    80,
    65535,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

test("only an IPv6 host is written in brackets, and only where a port may follow", () => {
  const texts = ["example.com", "127.0.0.1", "::1"].map((text) => {
    const host = parseHost(text)
    return host && [hostText(host), uriHost(host), formatTarget({ host, port: 80 })]
  })
  expect(texts).toEqual([
    ["example.com", "example.com", "example.com:80"],
    ["127.0.0.1", "127.0.0.1", "127.0.0.1:80"],
    ["::1", "[::1]", "[::1]:80"],
  ])
})

test("names compare without their case and their trailing dot", () => {
  expect(comparableName("LocalHost.")).toBe("localhost")
  expect(comparableName("localhost")).toBe("localhost")
})
