import { describe, expect, test } from "bun:test"
import * as Result from "effect/Result"
import { parseAnnotations } from "../../src/config/annotations.ts"
import { formatAnnotations } from "../support/annotations-file.ts"
import { fuzz, type Random } from "../support/random.ts"

const values = (text: string) => Object.fromEntries(Result.getOrThrow(parseAnnotations(text)).values)
const failure = (text: string) => Result.getOrThrow(Result.flip(parseAnnotations(text)))

describe("the downward API's file", () => {
  test("is read as the kubelet writes it: sorted keys, Go quotes, no last newline", () => {
    expect(
      values(
        [
          'kubernetes.io/config.source="api"',
          'kubernetes.io/created-by="{\\"kind\\":\\"Pod\\"}\\n"',
          'sidecar.speedscale.com/inject="true"',
          'sidecar.speedscale.com/proxy-port="8080"',
        ].join("\n"),
      ),
    ).toEqual({
      "kubernetes.io/config.source": "api",
      "kubernetes.io/created-by": '{"kind":"Pod"}\n',
      "sidecar.speedscale.com/inject": "true",
      "sidecar.speedscale.com/proxy-port": "8080",
    })
  })

  test.each([
    ["\\a", "\x07"],
    ["\\b", "\b"],
    ["\\f", "\f"],
    ["\\n", "\n"],
    ["\\r", "\r"],
    ["\\t", "\t"],
    ["\\v", "\v"],
    ["\\\\", "\\"],
    ['\\"', '"'],
    ["\\'", "'"],
    ["\\x07", "\x07"],
    ["\\x7F", "\x7f"],
    ["\\007", "\x07"],
    ["\\101", "A"],
    ["\\u00a0", "\u00a0"],
    ["\\ufeff", "\ufeff"],
    ["\\U0001f600", "\u{1f600}"],
    ["\\xc3\\xa9", "é"],
    ["\\303\\251", "é"],
    ["\\xff", "\ufffd"],
    ["é😀", "é😀"],
    ["a=b", "a=b"],
    ["'", "'"],
    ["", ""],
  ])("%s means %j, also between other characters", (escape, value) => {
    expect(values(`k="${escape}"`)).toEqual({ k: value })
    expect(values(`k="<${escape}>"`)).toEqual({ k: `<${value}>` })
  })

  test("may have any order, blank lines, CRLF, a last newline and a byte order mark", () => {
    expect(values('\ufeffb="2"\r\n\r\n  \na="1"\r\n')).toEqual({ b: "2", a: "1" })
    expect(values("")).toEqual({})
    expect(values("\n\n")).toEqual({})
  })

  test("keeps the last of two equal keys, and says so", () => {
    const parsed = Result.getOrThrow(parseAnnotations('a="1"\nb="x"\na="2"'))
    expect(parsed.values.get("a")).toBe("2")
    expect(parsed.warnings).toEqual(['annotation "a" stands twice; the one on line 3 holds'])
  })
})

describe("a malformed file is refused whole, with line and column", () => {
  test.each([
    ["a", 1, 2, 'expected key="value"'],
    ['ok="1"\n="x"', 2, 1, "expected a key before ="],
    ["a=b", 1, 3, 'expected a double quote (") after ='],
    ["a='b'", 1, 3, 'expected a double quote (") after ='],
    ["a=", 1, 3, 'expected a double quote (") after ='],
    ['ok="1"\n\na="b', 3, 5, 'expected a double quote (") at the end of the value'],
    ['a="', 1, 4, 'expected a double quote (") at the end of the value'],
    ['a="b" c', 1, 6, "expected the end of the line"],
    ['a="b\\qc"', 1, 5, '"\\\\q" begins no escape that Go writes'],
    ['a="\\/"', 1, 4, '"\\\\/" begins no escape that Go writes'],
    ['a="\\x7"', 1, 4, '"\\\\x" begins no escape that Go writes'],
    ['a="\\u12"', 1, 4, '"\\\\u" begins no escape that Go writes'],
    ['a="\\ud800"', 1, 4, '"\\\\u" begins no escape that Go writes'],
    ['a="\\U00110000"', 1, 4, '"\\\\U" begins no escape that Go writes'],
    ['a="\\400"', 1, 4, '"\\\\4" begins no escape that Go writes'],
    ['a="\\09"', 1, 4, '"\\\\0" begins no escape that Go writes'],
    ['a="\\', 1, 4, '"\\\\" begins no escape that Go writes'],
  ])("%j at line %d column %d", (text, line, column, problem) => {
    expect(failure(text)).toEqual({ line, column, problem })
  })
})

test("what Go itself wrote reads as the characters that it wrote", async () => {
  // annotations.golden: fmt.Printf("U+%04X=%s\n", r, strconv.Quote(string(r))) for U+0000 to U+00FF and some more.
  const golden = await Bun.file(`${import.meta.dir}/annotations.golden`).text()
  const entries = Object.entries(values(golden))
  expect(entries.length).toBe(265)
  for (const [key, value] of entries) expect(value).toBe(String.fromCodePoint(Number.parseInt(key.slice(2), 16)))
})

const alphabet = [..."ab =\\\"'\x00\x07\b\f\n\r\t\v\x7fé\u00a0\u200b\ufeff中😀\u{e0001}\u{10ffff}"]
const randomText = (random: Random): string =>
  Array.from({ length: random.below(12) }, () => random.pick(alphabet)).join("")

test("what the kubelet would write for any annotations reads as those annotations", () => {
  fuzz(300, (random) => {
    const annotations = Object.fromEntries(
      Array.from({ length: random.below(5) }, (_, i) => [`example.com/key-${i}`, randomText(random)]),
    )
    expect(values(formatAnnotations(annotations))).toEqual(annotations)
  })
})

test("no text makes the parser throw, and a refusal points into the text", () => {
  fuzz(500, (random) => {
    const text = Array.from({ length: random.below(30) }, () => random.pick([...'a="\\x0u\n\r1 é'])).join("")
    const parsed = parseAnnotations(text)
    if (Result.isSuccess(parsed)) return
    const line = text.split("\n")[parsed.failure.line - 1] ?? ""
    expect(parsed.failure.column).toBeGreaterThanOrEqual(1)
    expect(parsed.failure.column).toBeLessThanOrEqual(line.length + 1)
  })
})
