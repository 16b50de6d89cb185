/** Lines: the same whatever pieces they come in, and none that is cut or without end. */
import { describe, expect, test } from "bun:test"

import { Lines } from "../../../src/capture/directory/lines.ts"

const divide = (pieces: ReadonlyArray<Uint8Array>, maxBytes?: number) => {
  const lines = new Lines(maxBytes)
  const found = pieces.flatMap((piece) => [...lines.add(piece)].map((line) => Buffer.from(line).toString()))
  lines.end()
  return { found, broken: lines.broken }
}

const text = Buffer.from("one\n\ntwo ü\nthree")

describe("the same lines", () => {
  const expected = { found: ["one", "", "two ü"], broken: 1 }
  test("whole", () => {
    expect(divide([text])).toEqual(expected)
  })
  test("byte by byte", () => {
    expect(divide([...text].map((byte) => Uint8Array.of(byte)))).toEqual(expected)
  })
  test("cut in two anywhere", () => {
    for (let at = 0; at <= text.length; at++)
      expect(divide([text.subarray(0, at), text.subarray(at)])).toEqual(expected)
  })
})

test("nothing is broken where the last line ends, or there is none", () => {
  expect(divide([Buffer.from("a\n")])).toEqual({ found: ["a"], broken: 0 })
  expect(divide([])).toEqual({ found: [], broken: 0 })
})

test("a line that is too long is left out, held nowhere, and the next one is read", () => {
  const pieces = ["12345\n", "123456\n", "1234", "56", "7", "\nok\n", "1234567"]
  expect(
    divide(
      pieces.map((each) => Buffer.from(each)),
      5,
    ),
  ).toEqual({ found: ["12345", "ok"], broken: 3 })
})

test("a piece that changes after it was added changes no line", () => {
  const lines = new Lines()
  const piece = Buffer.from("ab")
  expect([...lines.add(piece)]).toEqual([])
  piece.fill(0x58)
  expect([...lines.add(Buffer.from("c\n"))].map((line) => Buffer.from(line).toString())).toEqual(["abc"])
})
