import { describe, expect, test } from "bun:test"

import { bareLineFeed, findHeadEnd, incomplete, leadingEmptyLines } from "../../../src/protocol/http/scan.ts"
import { ascii, cuts, singly } from "../../support/bytes.ts"
import { fuzz } from "../../support/random.ts"

/** What is found when the bytes come in these chunks, each searched once; and how many bytes had arrived by then. */
const scan = (chunks: ReadonlyArray<Uint8Array>): { readonly found: number; readonly received: number } => {
  const all = Buffer.concat(chunks)
  let received = 0
  for (const chunk of chunks) {
    const searched = received
    received += chunk.length
    const found = findHeadEnd(all.subarray(0, received), searched)
    if (found !== incomplete) return { found, received }
  }
  return { found: incomplete, received }
}

describe("the end of a head", () => {
  const head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  test("is just behind its blank line, however the head was cut, and whatever follows", () => {
    for (const trailing of ["", "\r", "\r\n", "\n", "body", "GET / HTTP/1.1\r\n\r\n", "\r\n\r\n"]) {
      for (const chunks of cuts(ascii(head + trailing))) expect(scan(chunks).found).toBe(head.length)
    }
  })

  test("is known as soon as its last byte is there", () => {
    const bytes = singly(ascii(`${head}GET`))
    expect(scan(bytes)).toEqual({ found: head.length, received: head.length })
  })

  test("is not there in any part of a head", () => {
    for (let length = 0; length < head.length; length++) {
      expect(findHeadEnd(ascii(head.slice(0, length)), 0)).toBe(incomplete)
    }
  })

  test.each([
    "GET / HTTP/1.1\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\n",
    "\nGET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\n\n",
    "\n",
    "GET / HTTP/1.1\r\nA: b\nX: y\r\n\r\n",
  ])("is never found behind a bare LF: %j", (text) => {
    for (const chunks of cuts(ascii(text))) expect(scan(chunks).found).toBe(bareLineFeed)
  })

  test("a bare LF behind the head is not the head's affair", () => {
    expect(findHeadEnd(ascii(`${head}\n`), 0)).toBe(head.length)
  })

  test("bytes that were searched are not searched again", () => {
    expect(findHeadEnd(ascii("a\nb"), 2)).toBe(incomplete)
    expect(findHeadEnd(ascii("a\r\n\r\n"), 4)).toBe(5)
  })

  test("is the same for every cut of any bytes", () => {
    fuzz(3000, (random) => {
      const text = Array.from({ length: random.below(14) }, () => random.pick(["\r", "\n", "\r\n", "a"])).join("")
      const bytes = ascii(text)
      const { found } = scan([bytes])
      for (const chunks of cuts(bytes)) expect(scan(chunks).found).toBe(found)
      const reference = /^(?:[^\n]*\r\n)+?\r\n/.exec(text)
      if (found >= 0) expect(found).toBe(reference?.[0].length ?? Number.NaN)
      else expect(reference).toBeNull()
    })
  })
})

describe("empty lines before a request", () => {
  test.each([
    ["GET", 0],
    ["", 0],
    ["\r", 0],
    ["\r\n", 2],
    ["\r\nGET", 2],
    ["\r\n\r", 2],
    ["\r\n\r\n", 4],
    ["\r\n\r\nGET", 4],
    ["\r\n\r\n\r\nGET", 4],
    ["\n\nGET", 0],
    ["\r\rGET", 0],
    [" \r\nGET", 0],
  ])("%j: %i bytes", (text, length) => {
    expect(leadingEmptyLines(ascii(text))).toBe(length)
  })
})
