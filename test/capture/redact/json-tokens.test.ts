import { expect, test } from "bun:test"

import { JsonTokens, maxJsonDepth, Token } from "../../../src/capture/redact/json-tokens.ts"
import { fuzz } from "../../support/random.ts"

const names = new Map<number, string>(Object.entries(Token).map(([name, kind]) => [kind, name]))

/** All tokens of a text, as `kind:span`, with `!` where the text was cut within one. */
const tokensOf = (text: string): ReadonlyArray<string> => {
  const tokens = new JsonTokens(text)
  const found: Array<string> = []
  for (;;) {
    const kind = tokens.next()
    found.push(`${names.get(kind)}:${text.slice(tokens.start, tokens.end)}${tokens.cut ? "!" : ""}`)
    if (kind === Token.end || kind === Token.broken) return found
  }
}

test("tokens are the spans of the text, with numbers as they are written", () => {
  expect(
    tokensOf(' {"a" : [1.10, 12345678901234567890,-0.5e+3],"b\\"":{"c":"\\u0041"} ,"d":true, "e":null}\n'),
  ).toEqual([
    "objectStart:{",
    'key:"a"',
    "arrayStart:[",
    "number:1.10",
    "number:12345678901234567890",
    "number:-0.5e+3",
    "arrayEnd:]",
    'key:"b\\""',
    "objectStart:{",
    'key:"c"',
    'string:"\\u0041"',
    "objectEnd:}",
    'key:"d"',
    "literal:true",
    'key:"e"',
    "literal:null",
    "objectEnd:}",
    "end:",
  ])
})

test("several values in a row are several values, with record separators and a byte order mark between them", () => {
  expect(tokensOf('\ufeff{"a":1}\n[2]\u001e3 "x"NaN')).toEqual([
    "objectStart:{",
    'key:"a"',
    "number:1",
    "objectEnd:}",
    "arrayStart:[",
    "number:2",
    "arrayEnd:]",
    "number:3",
    'string:"x"',
    "literal:NaN",
    "end:",
  ])
})

test("a text that ends anywhere says what was cut", () => {
  expect(tokensOf('{"a":"b')).toEqual(["objectStart:{", 'key:"a"', 'string:"b!', "end:!"])
  expect(tokensOf('{"a')).toEqual(["objectStart:{", 'key:"a!', "end:!"])
  expect(tokensOf('["\\')).toEqual(["arrayStart:[", 'string:"\\!', "end:!"])
  expect(tokensOf("[12")).toEqual(["arrayStart:[", "number:12!", "end:!"])
  expect(tokensOf("[-Inf")).toEqual(["arrayStart:[", "literal:-Inf!", "end:!"])
  expect(tokensOf('{"a":')).toEqual(["objectStart:{", 'key:"a"', "end:!"])
  expect(tokensOf("[]")).toEqual(["arrayStart:[", "arrayEnd:]", "end:"])
  expect(tokensOf("")).toEqual(["end:"])
})

test("what is no JSON is broken from there on", () => {
  for (const [text, rest] of [
    ["{a:1}", "a:1}"],
    ["[1,]", "]"],
    ["{,}", ",}"],
    ['{"a" 1}', "1}"],
    ['{"a":1 "b":2}', '"b":2}'],
    ["[1}", "}"],
    ["]", "]"],
    ["[tru]", "tru]"],
    ["[1x2]", "1x2]"],
    ["undefined", "undefined"],
    ["'a'", "'a'"],
  ] as const) {
    const tokens = new JsonTokens(text)
    while (tokens.next() !== Token.broken) expect(tokens.kind).not.toBe(Token.end)
    expect([text, text.slice(tokens.start)]).toEqual([text, rest])
    expect(tokens.next()).toBe(Token.broken)
  }
})

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth)

test("nesting has a limit", () => {
  expect(tokensOf(nested(maxJsonDepth)).at(-1)).toBe("end:")
  expect(tokensOf(nested(maxJsonDepth + 1)).at(-1)).toBe("broken:")
})

test("whatever JSON.parse accepts has tokens to its end, and cut anywhere no broken one", () => {
  fuzz(50, (random) => {
    const make = (depth: number): unknown =>
      random.pick<() => unknown>([
        () => random.below(1000) / 8 - 20,
        () => random.pick([true, false, null]),
        () => String.fromCharCode(...random.bytes(random.below(8))),
        () => (depth > 4 ? [] : Array.from({ length: random.below(4) }, () => make(depth + 1))),
        () => (depth > 4 ? {} : { a: make(depth + 1), '"\\': make(depth + 1) }),
      ])()
    const text = JSON.stringify(make(0), undefined, random.below(3))
    for (let end = 0; end <= text.length; end++) {
      const tokens = new JsonTokens(text.slice(0, end))
      while (tokens.next() > Token.broken) expect(tokens.end).toBeGreaterThan(tokens.start)
      expect([text.slice(0, end), tokens.kind]).toEqual([text.slice(0, end), Token.end])
    }
  })
})
