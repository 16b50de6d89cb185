import { describe, expect, test } from "bun:test"

import { chunked } from "../../../src/protocol/http/survey.ts"
import { decode, run, trailing } from "../../support/bodies.ts"
import { ascii } from "../../support/bytes.ts"
import { fuzz, type Random } from "../../support/random.ts"

const randomContent = (random: Random): string =>
  Array.from({ length: random.below(80) }, () =>
    random.pick(["a", "0", "\r\n", "\r", "\n", "\0", "\xff", "0\r\n\r\n"]),
  ).join("")

/** The content in chunks of any size, with what the grammar allows around them, up to the last chunk's line. */
const encode = (random: Random, content: string, usual = 5, strange = true): string => {
  let rest = content
  let encoded = ""
  while (rest.length > 0) {
    const length = 1 + random.below(random.below(4) === 0 ? rest.length : usual)
    const size = Math.min(length, rest.length).toString(16)
    if (strange) {
      encoded += random.pick(["", "0", "0".repeat(15)]) + random.pick([size, size.toUpperCase()])
      encoded += random.pick(["", "", " ", "\t   "]) + random.pick(["", "", ";x", ';x="\\"1"'])
    } else encoded += size
    encoded += `\r\n${rest.slice(0, length)}\r\n`
    rest = rest.slice(length)
  }
  return `${encoded}0\r\n`
}

const split = (random: Random, bytes: Uint8Array): ReadonlyArray<Uint8Array> => {
  const chunks: Array<Uint8Array> = []
  let rest = bytes
  while (rest.length > 0) {
    const length = 1 + random.below(random.below(3) === 0 ? bytes.length : 6)
    chunks.push(rest.subarray(0, length))
    rest = rest.subarray(length)
  }
  return chunks
}

describe("any chunked body", () => {
  test("comes out with its content, its allowed trailers and nothing else, and uses its own bytes only", () => {
    fuzz(5000, (random) => {
      const content = randomContent(random)
      const kept = random.pick(["", "X-T: 1\r\n", "a:b\r\nC: d e\r\n"])
      const dropped = random.pick(["", "Host: evil\r\n", "content-length: 9\r\n", "COOKIE:x\r\n"])
      const sent = `${encode(random, content)}${random.pick([kept + dropped, dropped + kept])}\r\n`
      const after = random.pick(trailing)
      const chunks = split(random, ascii(sent + after))
      const expected = { passed: content.length, done: true, problem: undefined, left: after }
      const { sent: forwarded, ...rest } = run(chunked, "chunks", chunks)
      expect(rest).toEqual(expected)
      expect(decode(forwarded)).toEqual({ content, trailers: `${kept}\r\n` })
      expect(run(chunked, "plain", chunks)).toEqual({ ...expected, sent: content })
    })
  })

  test("of large chunks likewise, whether they are framed as we would or not", () => {
    fuzz(1000, (random) => {
      const content = randomContent(random).repeat(50)
      const sent = encode(random, content, random.pick([200, 2000]), random.pick([true, false]))
      const after = random.pick(trailing)
      const bytes = ascii(`${sent}\r\n${after}`)
      const chunks = Array.from({ length: Math.ceil(bytes.length / 700) }, (_, i) =>
        bytes.subarray(i * 700, i * 700 + 700),
      )
      const { sent: forwarded, ...rest } = run(chunked, "chunks", chunks)
      expect(rest).toEqual({ passed: content.length, done: true, problem: undefined, left: after })
      expect(decode(forwarded)).toEqual({ content, trailers: "\r\n" })
    })
  })

  test("that is spoilt somewhere has the same problem, or the same content, in every cut", () => {
    fuzz(1000, (random) => {
      const bytes = new Uint8Array(ascii(`${encode(random, randomContent(random))}X: y\r\n\r\n`))
      bytes[random.below(bytes.length)] = random.pick([0x0d, 0x0a, 0x20, 0x30, 0x3b, 0x22, 0x66, 0x00])
      const whole = run(chunked, "plain", [bytes])
      const cut = run(chunked, "plain", split(random, bytes))
      expect([cut.problem, cut.done]).toEqual([whole.problem, whole.done])
      if (whole.problem === undefined) expect(cut).toEqual(whole)
    })
  })
})
