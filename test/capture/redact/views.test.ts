import { expect, test } from "bun:test"

import {
  decodeForm,
  decodeJsonString,
  decodePercent,
  decodeXml,
  joinLines,
  pieceOf,
  sourceOf,
  viewOf,
  type View,
} from "../../../src/capture/redact/views.ts"
import { fuzz } from "../../support/random.ts"

/** Each character of a view with the piece of the source that it stands for. */
const pairs = (source: string, view: View): ReadonlyArray<readonly [string, string]> =>
  Array.from({ length: view.text.length }, (_, at) => [
    view.text[at] ?? "",
    source.slice(sourceOf(view, at), sourceOf(view, at + 1)),
  ])

const decoded = (decode: (view: View) => View, text: string): string => decode(viewOf(text, false)).text

test("JSON strings, percents, forms and XML are decoded, and what is no escape stays", () => {
  expect(decoded(decodeJsonString, 'a\\"b\\\\\\/\\n\\u00e9\\ud83d\\ude00\\x')).toBe('a"b\\/\n\u00e9\u{1f600}x')
  expect(decoded(decodeJsonString, "a\\")).toBe("a\\")
  expect(decoded(decodeJsonString, "a\\u00")).toBe("au00")
  expect(decoded(decodePercent, "a%41%c3%a9%F0%9F%98%80+%2B%4%zz%ff%")).toBe("aA\u00e9\u{1f600}++%4%zz\u00ff%")
  expect(decoded(decodeForm, "a+b%2Bc%20d")).toBe("a b+c d")
  expect(decoded(decodeXml, "a&amp;b&lt;&#65;&#x42;&nbsp;&#x110000;& &;")).toBe("a&b<AB&nbsp;&#x110000;& &;")
})

test("every character knows the piece of the source that it stands for", () => {
  expect(pairs("a%41b", decodePercent(viewOf("a%41b", false)))).toEqual([
    ["a", "a"],
    ["A", "%41"],
    ["b", "b"],
  ])
  const source = 'x "k\\u0041=%25\\u0034\\u0031"'
  const inside = decodeJsonString(pieceOf(viewOf(source, false), 3, source.length - 1))
  expect(inside.text).toBe("kA=%2541")
  // Decoded twice: `%25` is a percent, and its digits are no part of it.
  expect(pairs(source, decodePercent(pieceOf(inside, 3, inside.text.length)))).toEqual([
    ["%", "%25"],
    ["4", "\\u0034"],
    ["1", "\\u0031"],
  ])
})

test("the pieces of a decoded text are its source, whole and in order", () => {
  fuzz(200, (random) => {
    const words = ["%41", "%c3%a9", "%", "\\u0041", "\\n", "\\", "&amp;", "&#x41;", "&", "+", "a", "\u00e9"]
    const source = Array.from({ length: random.below(20) }, () => random.pick(words)).join("")
    for (const decode of [decodePercent, decodeForm, decodeXml, decodeJsonString]) {
      const view = decode(viewOf(source, true))
      expect(
        pairs(source, view)
          .map(([, piece]) => piece)
          .join(""),
      ).toBe(source)
      expect(sourceOf(view, view.text.length)).toBe(source.length)
      expect(view.cut).toBe(true)
    }
  })
})

test("lines are joined, and a piece is cut only where it reaches the end of a text that is", () => {
  const view = viewOf("data: ab\ndata: cd", true)
  const joined = joinLines(view, [
    [6, 8],
    [15, 17],
  ])
  expect(joined.text).toBe("ab\ncd")
  expect([0, 1, 3, 4, 5].map((at) => sourceOf(joined, at))).toEqual([6, 7, 15, 16, 17])
  expect([joined.cut, pieceOf(view, 0, 8).cut, pieceOf(view, 9, 17).cut]).toEqual([true, false, true])
  expect(joinLines(view, [[6, 8]]).text).toBe("ab")
  expect(joinLines(view, []).text).toBe("")
})
