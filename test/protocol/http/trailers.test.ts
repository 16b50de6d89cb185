import { describe, expect, test } from "bun:test"

import { type TrailerLimits, Trailers } from "../../../src/protocol/http/trailers.ts"
import { ascii, cuts } from "../../support/bytes.ts"
import { limits } from "../../support/messages.ts"

/** What a section becomes: the lines to pass on, or what is wrong; and what of the bytes it left. */
const run = (chunks: Iterable<Uint8Array>, trailerLimits: TrailerLimits = limits): readonly [string, string] => {
  const trailers = new Trailers()
  let result = "waiting"
  let left = ""
  for (const chunk of chunks) {
    const input = Buffer.from(chunk)
    let used = 0
    if (result === "waiting") {
      const kept = trailers.pass(input, 0, trailerLimits)
      used = trailers.consumed
      expect(used).toBeWithin(0, input.length + 1)
      if (trailers.problem !== undefined) result = `problem: ${trailers.problem}`
      else if (kept !== undefined) result = `kept: ${Buffer.from(kept).toString("latin1")}`
      else expect(used).toBe(input.length)
    }
    left += input.toString("latin1", used)
    input.fill(0xaa)
  }
  return [result, left]
}

const expectRun = (text: string, result: string, trailerLimits?: TrailerLimits): void => {
  const trailing = result.startsWith("kept") ? ["", "\r", "\r\n", "GET http://h/ HTTP/1.1\r\n\r\n"] : [""]
  for (const after of trailing) {
    for (const chunks of cuts(ascii(text + after))) {
      const [found, left] = run(chunks, trailerLimits)
      expect(found).toBe(result)
      if (result.startsWith("kept")) expect(left).toBe(after)
    }
  }
}

const text = (length: number): string => `X: ${"y".repeat(length - 7)}\r\n\r\n`

describe("a trailer section (RFC 9112 section 7.1.2)", () => {
  test("may be empty", () => {
    expectRun("\r\n", "kept: ")
  })

  test("is passed on as it came: names, case, spaces and order", () => {
    expectRun("X-B:1\r\nx-a: \t2 \r\nX-B: 3\r\n\r\n", "kept: X-B:1\r\nx-a: \t2 \r\nX-B: 3\r\n")
  })

  test.each(["Host", "content-length", "TRANSFER-ENCODING", "Authorization", "Connection", "Set-Cookie", "Via", "TE"])(
    "loses %s, which must not come late (RFC 9110 section 6.5.1)",
    (name) => {
      expectRun(`X: 1\r\n${name}: x\r\nY: 2\r\n\r\n`, "kept: X: 1\r\nY: 2\r\n")
      expectRun(`${name}: x\r\n\r\n`, "kept: ")
      expectRun(`X-${name}: x\r\n\r\n`, `kept: X-${name}: x\r\n`)
    },
  )

  test("is not over before its blank line", () => {
    for (const text of ["\r", "X", "X: y", "X: y\r", "X: y\r\n", "X: y\r\n\r"]) expectRun(text, "waiting")
  })

  test.each([
    ["\n", "invalid trailers"],
    ["X: y\n\r\n", "invalid trailers"],
    ["X: y\r\n\n", "invalid trailers"],
    ["\rX", "invalid trailers"],
    ["\r\r\n", "invalid trailers"],
    [": y\r\n\r\n", "invalid field name"],
    ["X y\r\n\r\n", "invalid field name"],
    ["X : y\r\n\r\n", "invalid field name"],
    ["X: y\r\n z\r\n\r\n", "folded line"],
    ["X: \0\r\n\r\n", "invalid field value"],
    ["X: a\rb\r\n\r\n", "invalid field value"],
  ])("%j is refused: %s", (text, problem) => {
    expectRun(text, `problem: ${problem}`)
  })

  test("is as large as a head may be, and not a byte larger", () => {
    const small = { ...limits, maxHeadBytes: 100 }
    expectRun(text(100), `kept: ${text(100).slice(0, -2)}`, small)
    expectRun(text(101), "problem: trailers too large", small)
    expect(run([ascii("X: ".padEnd(101, "y"))], small)).toEqual(["problem: trailers too large", ""])
    expect(run([ascii("X: ".padEnd(100, "y"))], small)).toEqual(["waiting", ""])
  })

  test("has as many fields as a head may have", () => {
    const few = { ...limits, maxHeadFields: 2 }
    expectRun("A: b\r\nC: d\r\n\r\n", "kept: A: b\r\nC: d\r\n", few)
    expectRun("A: b\r\nC: d\r\nE: f\r\n\r\n", "problem: too many fields", few)
  })
})
