/** What strangers send must not leave its line, steer a terminal, or turn the rest of the line around. */
import { expect, test } from "bun:test"

import {
  harmlessJson,
  jsonLine,
  maxText,
  plainText,
  quoted,
  shorten,
  timestamp,
} from "../../../src/observe/output/text.ts"

const harmful: ReadonlyArray<readonly [name: string, text: string]> = [
  ["line feed", "a\nb"],
  ["carriage return", "a\rb"],
  ["escape sequence", "\x1b[2Ja"],
  ["NUL", "a\0b"],
  ["DEL", "a\x7fb"],
  ["C1 control", "a\x9b31mb"],
  ["next line", "a\x85b"],
  ["line separator", "a\u2028b"],
  ["paragraph separator", "a\u2029b"],
  ["right-to-left override", "a\u202eb"],
  ["isolate", "a\u2066b"],
  ["zero-width space", "a\u200bb"],
  ["byte order mark", "\ufeffa"],
  ["tag beyond U+FFFF", "a\u{e0041}b"],
]

for (const [name, text] of harmful) {
  test(`${name}: escaped, and the same to whoever reads the JSON`, () => {
    const line = jsonLine({ text })
    expect(line).toMatch(/^[\x20-\x7e]+\n$/)
    expect(JSON.parse(line)).toEqual({ text })
    expect(JSON.parse(quoted(text))).toBe(text)
    expect(plainText(text)).toMatch(/^[\x20-\x7e]+$/)
  })
}

test("a JSON text over several lines keeps them, and its strings are escaped", () => {
  const value = { a: "x\u202ey", b: ["\x9b31m", "plain"] }
  const text = harmlessJson(JSON.stringify(value, undefined, 2))
  expect(text.split("\n").length).toBe(7)
  expect(text).toMatch(/^[\n\x20-\x7e]+$/)
  expect(JSON.parse(text)).toEqual(value)
})

test("half of a surrogate pair does not get into a line as it is", () => {
  expect(jsonLine({ text: "a\ud83d" })).toMatch(/^[\x20-\x7e]+\n$/)
  expect(plainText("a\ud83d")).toBe("a\\ud83d")
})

test("every other text stays as it is", () => {
  for (const text of ["", "plain", "Grüße", "日本語", "🙂", "a 'quoted' path"]) {
    expect(jsonLine({ text })).toBe(`{"text":"${text}"}\n`)
    expect(plainText(text)).toBe(text)
  }
})

test("quotes and backslashes are escaped in JSON only", () => {
  expect(quoted('a"b\\c')).toBe('"a\\"b\\\\c"')
  expect(plainText('a"b\\c')).toBe('a"b\\c')
})

test("a text is cut at the limit and not before, never in the middle of a character", () => {
  const longest = "x".repeat(maxText)
  expect(shorten(longest)).toBe(longest)
  expect(shorten(`${longest}y`)).toBe(`${longest}...`)
  expect(shorten("ab🙂", 3).isWellFormed()).toBe(true)
  expect(plainText(`${longest}\n`)).toBe(`${longest}...`)
})

test("a timestamp is RFC 3339 in UTC with milliseconds, as toISOString writes it", () => {
  const start = Date.UTC(2026, 10, 23, 23, 59, 59, 0)
  for (const offset of [0, 7, 42, 999, 1000, 1001, 999, 86_400_000]) {
    expect(timestamp(start + offset)).toBe(new Date(start + offset).toISOString())
  }
})
