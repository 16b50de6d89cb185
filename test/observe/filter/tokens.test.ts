/** The text of a filter, taken apart. */
import { expect, test } from "bun:test"

import { tokenize } from "../../../src/observe/filter/tokens.ts"

test("every token knows where it begins", () => {
  expect(tokenize(' -(a "b c")  size >= 7')).toEqual([
    { _tag: "Minus", at: 1 },
    { _tag: "Open", at: 2 },
    { _tag: "Word", at: 3, text: "a", quoted: false },
    { _tag: "Word", at: 5, text: "b c", quoted: true },
    { _tag: "Close", at: 10 },
    { _tag: "Term", at: 13, name: "size", operator: ">=", value: "7", valueAt: 21, word: undefined },
  ])
})

test("a term that is one word is kept as such, for it may be a host and its port", () => {
  expect(tokenize("db:80")).toEqual([
    { _tag: "Term", at: 0, name: "db", operator: ":", value: "80", valueAt: 3, word: "db:80" },
  ])
  for (const text of ["db: 80", 'db:"80"', "db=80"]) expect(tokenize(text)).toMatchObject([{ word: undefined }])
})

test("no text is no token", () => expect(tokenize(" \n")).toEqual([]))

test("the first problem ends it", () => {
  expect(tokenize("a = = 'b")).toEqual({
    _tag: "Problem",
    problem: 'has "=" behind "a =" at character 5: write one operator, or the value in quotes',
    at: 4,
  })
})
