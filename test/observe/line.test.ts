/** A line is what JSON.stringify and `jsonLine` would make of the same entry, byte for byte. */
import { expect, test } from "bun:test"

import type { Answered } from "../../src/observe/answered.ts"
import { connectionEntry, requestEntry, writeEntry } from "../../src/observe/entry.ts"
import { fieldName, Line } from "../../src/observe/line.ts"
import { jsonLine } from "../../src/observe/text.ts"
import { refusal } from "../../src/protocol/refusal.ts"
import { flowOf } from "../support/flows.ts"
import { fuzz } from "../support/random.ts"

const texts = [
  "",
  "plain",
  'a "quoted" one',
  "back\\slash",
  "line\nend",
  "\x7f\x00\x1b[31m",
  "é€😀",
  "\u202e\u200b",
  "x".repeat(3000),
]
const numbers = [0, 1, 9, 10, 12.5, 0.001, 999.999, 1.5e-7, 2_147_483.647, 2_147_483.648, 4e12, 2 ** 53, -1, 1e21]

const written = (fill: (line: Line) => void): string => {
  const line = new Line()
  line.begin()
  fill(line)
  line.end()
  return line.toString()
}

test("texts are written as JSON writes them, with what could harm a terminal escaped", () => {
  for (const a of texts)
    for (const b of texts) {
      expect(written((line) => (line.text(fieldName("a"), a), line.text(fieldName("b"), b)))).toBe(jsonLine({ a, b }))
    }
})

test("numbers are written as JSON writes them", () => {
  for (const a of numbers)
    for (const b of numbers) {
      expect(written((line) => (line.number(fieldName("a"), a), line.number(fieldName("b"), b)))).toBe(
        jsonLine({ a, b }),
      )
    }
  for (let i = 0; i < 20_000; i += 7) {
    const milliseconds = i / 1000
    expect(written((line) => line.number(fieldName("t"), milliseconds))).toBe(jsonLine({ t: milliseconds }))
  }
})

test("what is undefined is left out, and nothing of the line before stays", () => {
  const line = new Line()
  for (const value of ["a long one".repeat(1000), undefined, "short"]) {
    line.begin()
    line.text(fieldName("first"), "1")
    line.text(fieldName("value"), value)
    line.number(fieldName("count"), undefined)
    line.end()
    expect(line.toString()).toBe(jsonLine({ first: "1", value }))
  }
})

test("every field of an entry is in its line, in the entry's order", () => {
  const line = new Line()
  fuzz(500, ({ below, pick }) => {
    const maybe = <A>(value: A): A | undefined => (below(2) === 0 ? undefined : value)
    const time = (): number | undefined => maybe(below(100_000) / 7)
    const flow = flowOf({
      id: below(1e9),
      clientHost: pick(texts),
      target: maybe(pick(texts)),
      address: maybe(pick(texts)),
      sni: maybe(pick(texts)),
      detectedAt: time(),
      handshakeAt: time(),
      dialledAt: time(),
      firstByteAt: time(),
      endedBy: maybe("client"),
      code: maybe("ECONNRESET"),
      refusal: maybe(refusal("connection-refused", pick(texts))),
      bytesIn: below(1e15),
      bytesOut: below(1000),
    })
    const answered: Answered = {
      method: pick(texts),
      authority: pick(texts),
      target: maybe(pick(texts)),
      path: pick(texts),
      version: maybe("1.1" as const),
      status: below(600),
      elapsed: below(100_000) / 7,
      dialled: time(),
      firstByte: time(),
      bytesIn: below(1000),
      bytesOut: below(1e15),
      endedBy: maybe("target"),
      phase: "data",
      error: maybe(pick(texts)),
      refusal: maybe(refusal("connection-timeout", pick(texts))),
    }
    for (const entry of [connectionEntry(flow, below(1e12)), requestEntry(flow, answered, below(1e12))]) {
      writeEntry(entry, line)
      expect(line.toString()).toBe(jsonLine(entry))
    }
  })
})
