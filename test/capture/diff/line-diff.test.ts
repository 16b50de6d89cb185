import { expect, test } from "bun:test"

import { diffLines, maxComparedLines } from "../../../src/capture/diff/line-diff.ts"
import { fuzz } from "../../support/random.ts"

/** What became of the letters of a text, as `-2b +2x`. */
const changed = (before: string, after: string) =>
  diffLines([...before], [...after])
    .map(({ kind, line, text }) => `${kind === "gone" ? "-" : "+"}${line}${text}`)
    .join(" ")

test("lines that are gone and new are named with their numbers, the rest is not", () => {
  expect(changed("abc", "abc")).toBe("")
  expect(changed("", "")).toBe("")
  expect(changed("abc", "axc")).toBe("-2b +2x")
  expect(changed("abc", "ac")).toBe("-2b")
  expect(changed("ac", "abc")).toBe("+2b")
  expect(changed("aa", "aaa")).toBe("+3a")
  expect(changed("abcde", "xbdye")).toBe("-1a +1x -3c +4y")
  expect(changed("", "ab")).toBe("+1a +2b")
})

test("what was gone taken away and what is new put in gives the other text, with no more changes than needed", () => {
  fuzz(300, (random) => {
    const make = () => Array.from({ length: random.below(9) }, () => random.pick(["a", "b", "c"]))
    const [before, after] = [make(), make()]
    const found = diffLines(before, after)
    const gone = new Set(found.filter(({ kind }) => kind === "gone").map(({ line }) => line))
    const fresh = new Set(found.filter(({ kind }) => kind === "new").map(({ line }) => line))
    const kept = before.filter((_, i) => !gone.has(i + 1))
    expect(after.filter((_, i) => !fresh.has(i + 1))).toEqual(kept)
    for (const { kind, line, text } of found) expect((kind === "gone" ? before : after)[line - 1]).toBe(text)
    expect(kept).toHaveLength(longest(before, after))
  })
})

/** The length of the longest common subsequence, by the definition. */
const longest = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): number => {
  if (a.length === 0 || b.length === 0) return 0
  if (a[0] === b[0]) return 1 + longest(a.slice(1), b.slice(1))
  return Math.max(longest(a.slice(1), b), longest(a, b.slice(1)))
}

test("texts that are too long are replaced as a whole between their common beginning and end", () => {
  const before = Array.from({ length: maxComparedLines + 3 }, (_, i) => `${i}`)
  const after = ["0", "x", ...before.slice(-1)]
  const found = diffLines(before, after)
  expect(found).toHaveLength(maxComparedLines + 2)
  expect(found[0]).toEqual({ kind: "gone", line: 2, text: "1" })
  expect(found.at(-1)).toEqual({ kind: "new", line: 2, text: "x" })
  expect(diffLines(before, [...before, "x"])).toEqual([{ kind: "new", line: before.length + 1, text: "x" }])
})
