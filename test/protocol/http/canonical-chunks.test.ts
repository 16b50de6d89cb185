import { describe, expect, test } from "bun:test"

import { CanonicalChunks, hexDigit, maxAhead } from "../../../src/protocol/http/canonical-chunks.ts"
import { ascii } from "../../support/bytes.ts"

const chunks = new CanonicalChunks()

/** What a scan from `start` finds, on an object that other scans have used. */
const scan = (text: string, { start = 0, inChunk = false, remaining = 0 } = {}) => {
  const end = chunks.scan(ascii(text), start, inChunk, remaining)
  const { framed, done } = chunks
  return end < 0 ? "other" : { end, framed, inChunk: chunks.inChunk && chunks.remaining, done }
}

describe("canonical chunks", () => {
  test("end behind the blank line of the last one, whatever follows", () => {
    const body = "3\r\nabc\r\n1f\r\n0123456789012345678901234567890\r\n0\r\n\r\n"
    for (const trailing of ["", "\r\n", "GET / HTTP/1.1"]) {
      expect(scan(body + trailing)).toEqual({ end: body.length, framed: 16, inChunk: false, done: true })
    }
  })

  test("may be cut within data, before its line end, and between two chunks", () => {
    expect(scan("5\r\nab")).toEqual({ end: 5, framed: 3, inChunk: 3, done: false })
    expect(scan("5\r\nabcde")).toEqual({ end: 8, framed: 3, inChunk: 0, done: false })
    expect(scan("5\r\nabcde\r\n")).toEqual({ end: 10, framed: 5, inChunk: false, done: false })
  })

  test("go on where the last input ended", () => {
    expect(scan("xxcde\r\n0\r\n\r\n", { start: 2, inChunk: true, remaining: 3 })).toEqual({
      end: 12,
      framed: 7,
      inChunk: false,
      done: true,
    })
    expect(scan("\r\n", { inChunk: true })).toEqual({ end: 2, framed: 2, inChunk: false, done: false })
    expect(scan("", { inChunk: true, remaining: 3 })).toEqual({ end: 0, framed: 0, inChunk: 3, done: false })
  })

  test.each([
    ["a capital digit", "A\r\n0123456789\r\n"],
    ["a zero before the size", "03\r\nabc\r\n"],
    ["an extension", "3;a\r\nabc\r\n"],
    ["a blank behind the size", "3 \r\nabc\r\n"],
    ["a trailer", "0\r\nA: b\r\n\r\n"],
    ["a size without digits", "\r\n"],
    ["a bare line feed", "3\nabc\r\n"],
    ["more data than announced", "3\r\nabcd\r\n"],
    ["a size line that is cut", "3\r"],
    ["a line end that is cut", "3\r\nabc\r"],
    ["an end that is cut", "0\r\n\r"],
    ["a chunk that a recipient could not count in 32 bits", `${(maxAhead + 1).toString(16)}\r\n`],
  ])("are not what has %s", (_, text) => {
    expect(scan(text)).toBe("other")
  })

  test("may be as large as is announced at once", () => {
    expect(scan(`${maxAhead.toString(16)}\r\n`)).toMatchObject({ inChunk: maxAhead })
  })
})

test("a hexadecimal digit has its value in both cases, and no other byte has one", () => {
  for (let byte = 0; byte < 256; byte++) {
    const text = String.fromCharCode(byte)
    expect(hexDigit(byte)).toBe(/^[0-9a-f]$/i.test(text) ? Number.parseInt(text, 16) : -1)
  }
})
