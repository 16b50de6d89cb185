/** What stands out in a text: whatever it is, its pieces are the text again. */
import { expect, test } from "bun:test"

import { Marks, maxPieces } from "../../../../src/admin/page/model/marks.ts"

const place = (token: string, rule = "name") => ({ path: `request.${rule}`, rule, token })

/** Pieces as `text`, `<replaced>` and `[found]`. */
const shown = (marks: Marks, text: string): string => {
  const pieces = marks.split(text)
  expect(pieces.map((piece) => piece.text).join("")).toBe(text)
  return pieces
    .map(({ text: piece, redacted, isFound }) => {
      const inner = isFound ? `[${piece}]` : piece
      return redacted === undefined ? inner : `<${redacted.rule}:${inner}>`
    })
    .join("")
}

test("values that were replaced are marked with their rule, wherever they stand, the longer of two", () => {
  const marks = new Marks([place("tok_123456"), place("tok_123456789abc", "bearer"), place("12345", "pin")], "")
  expect(shown(marks, "a=tok_123456&b=tok_123456789abc")).toBe("a=<name:tok_123456>&b=<bearer:tok_123456789abc>")
  // Short ones would be found by chance.
  expect(shown(marks, "12345 and more")).toBe("12345 and more")
  expect(shown(marks, "")).toBe("")
})

test("what is searched for is found in any case, also in what was replaced; signs mean themselves", () => {
  const marks = new Marks([place("tok_123456")], "Tok_1")
  expect(shown(marks, "TOK_1 tok_123456 tok_")).toBe("[TOK_1] <name:[tok_1]><name:23456> tok_")
  expect(marks.count("TOK_1 tok_123456 tok_")).toBe(2)
  expect(shown(new Marks([], "a.c("), "abc( A.C(")).toBe("abc( [A.C(]")
  expect(shown(new Marks([place("a+b*c?d")], ""), "aab a+b*c?d")).toBe("aab <name:a+b*c?d>")
})

test("a text whose lower case is longer is not searched, and stays whole", () => {
  expect(shown(new Marks([], "x"), "İ x")).toBe("İ x")
})

test("a text with thousands of places has its first ones marked, and is whole", () => {
  const many = "ab".repeat(maxPieces * 2)
  const pieces = new Marks([], "a").split(many)
  expect(pieces.length).toBeLessThan(maxPieces + 3)
  expect(pieces.map(({ text }) => text).join("")).toBe(many)
})
