import { describe, expect, test } from "bun:test"

import { type Detected, detect, maxDetectBytes } from "../../../src/protocol/detect/detect.ts"
import { needMore } from "../../../src/protocol/handshake.ts"
import { ascii, fromHex, join } from "../../support/bytes.ts"
import { fuzz } from "../../support/random.ts"

const both = { socks: true, http: true }
const onlySocks = { socks: true, http: false }
const onlyHttp = { socks: false, http: true }

const told = (found: Detected): string =>
  found._tag === "Refuse"
    ? `${found.refusal.reason} as ${found.as === undefined || found.as.name === "unknown" ? "none" : found.as.name}`
    : found._tag === "Recognised"
      ? found.form
      : found._tag

/** What is told at last when the bytes come one by one, and how many of them were needed. */
const trickled = (bytes: Uint8Array, allowed = both): [string, number] => {
  for (let length = 0; length <= bytes.length; length++) {
    const found = detect(bytes.subarray(0, length), allowed)
    if (found._tag !== "NeedMore") return [told(found), length]
  }
  return ["NeedMore", bytes.length]
}

const tlsDetail = (allowed: Parameters<typeof detect>[1]): string => {
  const found = detect(fromHex("16 03 01"), allowed)
  return found._tag === "Refuse" ? found.refusal.detail : found._tag
}

test("whoever sends TLS to a port in the clear is told by the log what to write instead", () => {
  expect(tlsDetail(both)).toBe("a TLS handshake: this port is spoken to in the clear")
  expect(tlsDetail({ ...onlySocks, insteadOfTls: "write x" })).toBe(
    "a TLS handshake: this port is spoken to in the clear; write x",
  )
})

describe("the first bytes of a connection", () => {
  test.each([
    ["04", "Socks4", 1],
    ["05", "Socks5", 1],
    ["16 03 01 02 00", "unknown-protocol as none", 1],
    ["06", "unknown-protocol as none", 1],
    ["00 00 00 08 04 d2 16 2f", "unknown-protocol as none", 1],
    ["0a", "unknown-protocol as none", 1],
    ["7f", "unknown-protocol as none", 1],
    ["80", "unknown-protocol as none", 1],
    ["ff", "unknown-protocol as none", 1],
  ])("%s: %s, known from byte %i", (hex, expected, length) => {
    expect(trickled(fromHex(hex))).toEqual([expected, length])
    expect(told(detect(fromHex(hex), both))).toBe(expected)
  })

  test.each([
    ["CONNECT example.com:443 HTTP/1.1\r\n", "Connect", 9],
    ["CONNECT / HTTP/1.1\r\n", "Connect", 9],
    ["CONNECT  x", "Connect", 9],
    ["GET http://example.com/ HTTP/1.1\r\n", "Forward", 5],
    ["GET example.com HTTP/1.1\r\n", "Forward", 5],
    ["connect example.com:443 HTTP/1.1\r\n", "Forward", 9],
    ["CONNECTX / HTTP/1.1\r\n", "OriginForm", 10],
    ["GET / HTTP/1.1\r\n", "OriginForm", 5],
    ["OPTIONS * HTTP/1.1\r\n", "OriginForm", 9],
    ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "OriginForm", 5],
    ["GET  / HTTP/1.1\r\n", "Forward", 5],
    ["GET \r\n", "Forward", 5],
    ["!#$%&'*+-.^_`|~ /", "OriginForm", 17],
  ])("%j: %s, known from byte %i", (text, expected, length) => {
    expect(trickled(ascii(text))).toEqual([expected, length])
    expect(told(detect(ascii(text), both))).toBe(expected)
  })

  test.each([
    [",BAD, / HTTP/1.1\r\n", 1],
    [" GET / HTTP/1.1\r\n", 1],
    ["{}", 1],
    ["GET\r\n", 4],
    ["GET\t/", 4],
    ["GET\0/", 4],
    ["G\u00cbT /", 2],
    ["GET/ HTTP/1.1\r\n", 4],
  ])("%j are text but no method: a bad request, known from byte %i", (text, length) => {
    expect(trickled(ascii(text))).toEqual(["malformed-request as http", length])
  })

  test("may hold a method of 32 bytes, and no longer one", () => {
    expect(told(detect(ascii(`${"M".repeat(32)} /`), both))).toBe("OriginForm")
    expect(told(detect(ascii("M".repeat(32)), both))).toBe("NeedMore")
    expect(trickled(ascii(`${"M".repeat(40)} / HTTP/1.1`))).toEqual(["malformed-request as http", 33])
  })

  test("may hold two empty lines before a request, and nothing else", () => {
    expect(told(detect(ascii("\r\nGET / HTTP/1.1"), both))).toBe("OriginForm")
    expect(told(detect(ascii("\r\n\r\nCONNECT h:1 HTTP/1.1"), both))).toBe("Connect")
    for (const text of ["\r", "\r\n", "\r\n\r", "\r\n\r\n"]) expect(detect(ascii(text), both)).toBe(needMore)
    for (const text of ["\r\n\r\n\r", "\rG", "\nGET /", "\r\n\nGET /", "\r\n\x05", "\r\n\x16"]) {
      expect(trickled(ascii(text))[0]).toBe("unknown-protocol as none")
    }
  })
})

describe("a strict listener", () => {
  test("for SOCKS refuses HTTP in HTTP, once it is known to be HTTP", () => {
    expect(trickled(ascii("GET / HTTP/1.1"), onlySocks)).toEqual(["protocol-not-allowed as http", 5])
    expect(trickled(ascii("CONNECT h:1"), onlySocks)).toEqual(["protocol-not-allowed as http", 9])
    expect(trickled(ascii("GET http://h/"), onlySocks)[0]).toBe("protocol-not-allowed as http")
    expect(trickled(ascii("GET\0"), onlySocks)[0]).toBe("protocol-not-allowed as http")
    for (const hex of ["16 03", "06", "0d 0a 06"]) {
      expect(trickled(fromHex(hex), onlySocks)[0]).toBe("unknown-protocol as none")
    }
    expect(trickled(fromHex("04"), onlySocks)[0]).toBe("Socks4")
    expect(trickled(fromHex("05"), onlySocks)[0]).toBe("Socks5")
  })

  test("for HTTP refuses SOCKS in the version that the client speaks", () => {
    expect(trickled(fromHex("04"), onlyHttp)[0]).toBe("protocol-not-allowed as socks4")
    expect(trickled(fromHex("05"), onlyHttp)[0]).toBe("protocol-not-allowed as socks5")
    expect(trickled(ascii("GET / "), onlyHttp)[0]).toBe("OriginForm")
  })
})

test("no bytes make detection throw, wait beyond its limit, or change its mind when more arrive", () => {
  const pieces = [..."GET /*", "CONNECT ", "\r\n", "\r", "M".repeat(16), "\x04", "\x05", "\x16", "\0", "\xff"]
  fuzz(2000, (random) => {
    const text = ascii(Array.from({ length: random.below(8) }, () => random.pick(pieces)).join(""))
    const input = random.below(4) === 0 ? random.bytes(random.below(60)) : text
    const allowed = random.pick([both, onlySocks, onlyHttp])
    const before = Buffer.from(input)
    const [found, length] = trickled(input, allowed)
    expect(length).toBeLessThanOrEqual(maxDetectBytes)
    if (found !== "NeedMore") expect(told(detect(join(input, random.bytes(20)), allowed))).toBe(found)
    expect(before.equals(input)).toBe(true)
    expect(detect(join(input, new Uint8Array(maxDetectBytes).fill(0x4d)), allowed)).not.toBe(needMore)
  })
})
