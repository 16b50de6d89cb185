import { expect, test } from "bun:test"

import { compactJson, jsonFault, jsonTokens, layOutJson, maxLayoutDepth } from "../../src/capture/json-layout.ts"
import { fuzz, type Random } from "../support/random.ts"

test("containers without containers stand in a line where they are short, others over lines", () => {
  const text =
    '{"amount":2000,"items":[{"id":1},{"id":2}],"card":"4000008812345671","tags":["a","b"],"none":{},"null":null}'
  expect(layOutJson(text)).toBe(
    [
      "{",
      '  "amount": 2000,',
      '  "items": [',
      '    { "id": 1 },',
      '    { "id": 2 }',
      "  ],",
      '  "card": "4000008812345671",',
      '  "tags": ["a", "b"],',
      '  "none": {},',
      '  "null": null',
      "}",
    ].join("\n"),
  )
  expect(layOutJson('{"amount":2000,"card":"4000008812345671","ref":"o-881"}')).toBe(
    ["{", '  "amount": 2000,', '  "card": "4000008812345671",', '  "ref": "o-881"', "}"].join("\n"),
  )
  expect(layOutJson("1.10")).toBe("1.10")
})

test("numbers stay the text that they are, and what looks like JSON in a string stays in it", () => {
  for (const text of ["12345678901234567890", "[1.10,-0.0,1E+2]", '{"a,:{\\"}]":"\\\\","b":"[ , ]"}', '"\\u0000"']) {
    expect(compactJson(layOutJson(text)!)).toBe(text)
  }
})

test("what is no JSON has no layout", () => {
  for (const text of ["", "{", "{a:1}", "[1,]", "NaN", '"', "1 2", "\ufeff1", '{"a":1}x']) {
    expect(layOutJson(text)).toBeUndefined()
    expect(compactJson(text)).toBeUndefined()
    expect(jsonTokens(text)).toBeUndefined()
  }
})

const nested = (depth: number) => `${"[".repeat(depth)}[1]${"]".repeat(depth)}`

test("a text nested too deep is not laid out", () => {
  expect(layOutJson(nested(maxLayoutDepth))).toContain("\n")
  expect(layOutJson(nested(maxLayoutDepth + 1))).toBeUndefined()
})

test("a string of a megabyte is one token", () => {
  const text = JSON.stringify("ab\\\n".repeat(250_000))
  expect(jsonTokens(text)?.length).toBe(1)
})

const value = (random: Random, depth: number): unknown => {
  const kind = random.below(depth > 4 ? 5 : 7)
  const many = <A>(make: () => A): Array<A> => Array.from({ length: random.below(4) }, make)
  if (kind === 0) return random.below(1000) / 8
  if (kind === 1) return random.pick([true, false, null])
  if (kind < 5) return random.pick(["", '"', "\\", "a b", "\n", "{", "é", "]:,", "x".repeat(40)])
  if (kind === 5) return many(() => value(random, depth + 1))
  return Object.fromEntries(many(() => [`k${random.below(9)} "`, value(random, depth + 1)]))
}

test("a layout means the same, and without it the text is what it was", () => {
  fuzz(300, (random) => {
    const made = value(random, 0)
    const text = JSON.stringify(made)
    const laidOut = layOutJson(text)!
    expect(JSON.parse(laidOut)).toEqual(made)
    expect(compactJson(laidOut)).toBe(text)
    expect(compactJson(JSON.stringify(made, undefined, 3))).toBe(text)
  })
})

test("a fault is found where it stands: by the text before, and at the end where the text ends too early", () => {
  const faults: ReadonlyArray<readonly [before: string, rest: string]> = [
    ['{"a": 1 ', '"b": 2}'],
    ["{", "'a': 1}"],
    ["[1, ", "]"],
    ["[", "01]"],
    ["[1.5, ", "+1]"],
    ['{"a"', "}"],
    ['{"a": 1, ', "}"],
    ["[1", "}"],
    ["1 ", "2"],
    ["", "NaN"],
    ['["a', '\tb"]'].map((part, i) => (i === 0 ? "[" : `"a${part}`)) as [string, string],
    ['{"a": {"b": [', "tru]}}"],
    ['{"a": [1, 2', ""],
    ["", ""],
    ["[\n", ""],
  ]
  for (const [before, rest] of faults)
    expect(`${before}|${rest} ${jsonFault(before + rest)}`).toBe(`${before}|${rest} ${before.length}`)
})

test("a text without a fault is JSON, and the other way round", () => {
  fuzz(500, (random) => {
    const text = JSON.stringify(value(random, 0))
    expect(jsonFault(text)).toBe(text.length)
    const at = random.below(text.length + 1)
    const broken =
      text.slice(0, at) + random.pick(["", "x", ",", "}", "]", '"', "1"]) + text.slice(at + random.below(3))
    if (compactJson(broken) !== undefined) expect(jsonFault(broken)).toBe(broken.length)
  })
})
