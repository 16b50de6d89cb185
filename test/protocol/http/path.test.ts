import { expect, test } from "bun:test"

import { maxRememberedBytes, PathMemo } from "../../../src/protocol/http/path.ts"
import { ascii } from "../../support/bytes.ts"
import { fuzz } from "../../support/random.ts"

const read = (memo: PathMemo, path: string): string => memo.text(ascii(`GET ${path} HTTP/1.1`), 4, 4 + path.length)

test("however many paths there are, and however often one comes, each is its own text", () => {
  const memo = new PathMemo()
  fuzz(20, ({ below, pick }) => {
    for (let i = 0; i < 1000; i++) {
      const path = pick([
        `/${below(5)}`,
        `/users/${below(300)}/orders`,
        `/x${below(10)}/the-same-end-of-all`,
        `/${"long".repeat(below(100))}`,
        "/caf\xe9",
      ])
      expect(read(memo, path)).toBe(path)
    }
  })
})

test("what was received may be overwritten afterwards", () => {
  const memo = new PathMemo()
  const bytes = ascii("/first")
  for (let i = 0; i < 3; i++) expect(memo.text(bytes, 0, bytes.length)).toBe("/first")
  bytes.set(ascii("/other"))
  expect(memo.text(bytes, 0, bytes.length)).toBe("/other")
  expect(read(memo, "/first")).toBe("/first")
})

test("a long path is read as any other, and not remembered", () => {
  const memo = new PathMemo()
  for (const length of [maxRememberedBytes, maxRememberedBytes + 1, 16_000]) {
    const path = `/${"p".repeat(length - 1)}`
    for (let i = 0; i < 3; i++) expect(read(memo, path)).toBe(path)
  }
  const remembered = memo["table"].flatMap((entry) => entry?.text.length ?? [])
  expect(remembered).toEqual([maxRememberedBytes])
})

test("a path that came once is not remembered", () => {
  const memo = new PathMemo()
  for (let i = 0; i < 100; i++) read(memo, `/once/${i}`)
  expect(memo["table"].every((entry) => entry === undefined)).toBe(true)
})
