import { describe, expect, test } from "bun:test"

import {
  type HeadKind,
  HeadScanner,
  refusedEarly,
  requestHeads,
  responseHeads,
  tooLong,
} from "../../../src/protocol/http/head-scanner.ts"
import { maxRequestLineBytes } from "../../../src/protocol/http/request.ts"
import { incomplete, leadingEmptyLines } from "../../../src/protocol/http/scan.ts"
import { limits } from "../../support/messages.ts"
import { ascii, cuts, singly } from "../../support/bytes.ts"

const { maxHeadBytes } = limits

/** Scans after each chunk, as a reader does; returns the first result that is not `incomplete`. */
const scanned = (kind: HeadKind, chunks: ReadonlyArray<Uint8Array>, max = maxHeadBytes): number | string => {
  const scanner = new HeadScanner(kind)
  let received: Uint8Array = new Uint8Array(0)
  for (const chunk of chunks) {
    received = Buffer.concat([received, chunk])
    const skipped = kind === requestHeads ? leadingEmptyLines(received) : 0
    const end = scanner.scan(received.subarray(skipped), skipped, max)
    if (typeof end !== "number") return end.reason
    if (end !== incomplete) return skipped + end
  }
  return incomplete
}

describe("the end of a head", () => {
  const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
  const response = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n"

  test.each([
    ["a request", requestHeads, request],
    ["a request behind empty lines", requestHeads, `\r\n\r\n${request}`],
    ["an answer", responseHeads, response],
  ] as const)("of %s is found in every cut, whatever follows", (_, kind, head) => {
    for (const trailing of ["", "\n", "\r\n\r\n", request]) {
      for (const chunks of cuts(ascii(head + trailing))) expect(scanned(kind, chunks)).toBe(head.length)
    }
  })

  test("is not there before its last byte", () => {
    for (const chunks of cuts(ascii(request.slice(0, -1)))) expect(scanned(requestHeads, chunks)).toBe(incomplete)
  })

  test("is found again for the next head of the same connection", () => {
    const scanner = new HeadScanner(requestHeads)
    expect(scanner.scan(ascii(request.slice(0, 20)), 0, maxHeadBytes)).toBe(incomplete)
    expect(scanner.scan(ascii(request), 0, maxHeadBytes)).toBe(request.length)
    expect(scanner.scan(ascii(request), 0, maxHeadBytes)).toBe(request.length)
  })
})

describe("a head is refused", () => {
  test.each([
    ["a request", requestHeads, "GET / HTTP/1.1\r\nA: b\n\r\n", "malformed-request"],
    ["a request, behind an empty line", requestHeads, "\r\n\n", "malformed-request"],
    ["an answer", responseHeads, "HTTP/1.1 200 OK\nA: b\r\n\r\n", "response-malformed"],
  ] as const)("for a bare line feed in %s, in every cut", (_, kind, head, reason) => {
    for (const chunks of cuts(ascii(head))) expect(scanned(kind, chunks)).toBe(reason)
  })

  test.each([
    ["a request", requestHeads, "GET / HTTP/1.1\r\nA: ", "head-too-large"],
    ["an answer", responseHeads, "HTTP/1.1 200 OK\r\nA: ", "response-too-large"],
  ] as const)("for a byte over the limit in %s, whether it has ended or not", (_, kind, start, reason) => {
    const head = ascii(`${start.padEnd(96, "x")}\r\n\r\n`)
    expect(scanned(kind, [head], 100)).toBe(100)
    expect(scanned(kind, [head], 99)).toBe(reason)
    expect(scanned(kind, [head.subarray(0, 99)], 99)).toBe(incomplete)
    expect(scanned(kind, [head.subarray(0, 99)], 98)).toBe(reason)
  })

  test("for a request line that is whole and has no version, without waiting for more", () => {
    expect(scanned(requestHeads, [ascii("GET /\r\n")])).toBe("malformed-request")
    expect(refusedEarly(ascii("GET /\r\n"), maxHeadBytes)?.detail).toBe("no HTTP version")
    expect(refusedEarly(ascii("GET / HTTP/1.1\r\n"), maxHeadBytes)).toBeUndefined()
    expect(scanned(responseHeads, [ascii("200 OK\r\n")])).toBe(incomplete)
  })

  test("for its request line before its length, however much of it has arrived", () => {
    const line = ascii(`${"x".repeat(20_000)}\r\n`)
    expect(tooLong(line, maxHeadBytes)?.reason).toBe("target-too-long")
    expect(tooLong(line.subarray(0, maxRequestLineBytes + 1), maxHeadBytes)?.reason).toBe("target-too-long")
    expect(tooLong(line.subarray(0, maxRequestLineBytes), maxHeadBytes)).toBeUndefined()
    const fields = ascii(`x\r\n${"y".repeat(20_000)}`)
    expect(tooLong(fields, 64 * 1024)).toBeUndefined()
    expect(tooLong(fields, 20_002)?.reason).toBe("head-too-large")
    expect(tooLong(fields, 20_003)).toBeUndefined()
  })
})

const earlyReason = (text: string): string | undefined => refusedEarly(ascii(text), maxHeadBytes)?.reason

describe("a head that is not whole is refused", () => {
  test.each([
    "GET /\r\n",
    "GET / HTTP/1.1 \r\n",
    "GET / HTTP/1.1\r\r\n",
    "GET / HTTP/1.x\r\n",
    "GET / HTTP/11\r\n",
    "GET / http/1.1\r\n",
    "GET /HTTP/1.1\r\n",
    "HTTP/1.1\r\n",
    "\r\n",
    "\n",
    "GET / RTSP/1.0\r\nHost: h\r\n",
  ])("when its request line is whole and ends with no version: %j", (text) => {
    expect(earlyReason(text)).toBe("malformed-request")
  })

  test.each([
    "",
    "GET / HTTP/1.1",
    "GET / HTTP/1.1\r",
    "GET / HTTP/1.1\r\n",
    "GET / HTTP/1.0\r\nHost",
    " HTTP/1.1\r\n",
    "GET / HTTP/2.0\r\n",
    "anything at all",
  ])("not while it may still become one, or something else to be refused for: %j", (text) => {
    expect(earlyReason(text)).toBeUndefined()
  })

  test("for the same reason whether its request line came at once or byte by byte", () => {
    for (const line of [`GET /${"x".repeat(maxRequestLineBytes)}\r\n`, "GET /\r\n"]) {
      expect(scanned(requestHeads, [ascii(line)])).toBe(scanned(requestHeads, singly(ascii(line))))
    }
  })
})
