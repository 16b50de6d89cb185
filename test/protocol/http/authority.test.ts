import { expect, test } from "bun:test"

import { AuthorityMemo } from "../../../src/protocol/http/authority.ts"
import { formatTarget, parseAuthority } from "../../../src/protocol/target.ts"
import { ascii } from "../../support/bytes.ts"
import { fuzz } from "../../support/random.ts"

const read = (memo: AuthorityMemo, text: string, defaultPort = 80) =>
  memo.parse(ascii(`http://${text}/path`), 7, 7 + text.length, defaultPort)

test("the same authority gives the very same target, another one another", () => {
  const memo = new AuthorityMemo()
  const first = read(memo, "example.com:8080")
  expect(first && formatTarget(first)).toBe("example.com:8080")
  expect(read(memo, "example.com:8080")).toBe(first)
  expect(read(memo, "example.com:8081")).not.toEqual(first)
  expect(read(memo, "example.com")).toEqual({ host: { _tag: "Name", name: "example.com" }, port: 80 })
})

test("a missing port is the default of whoever asks, whatever was asked before", () => {
  const memo = new AuthorityMemo()
  expect([80, 443, 80].map((port) => read(memo, "example.com", port)?.port)).toEqual([80, 443, 80])
})

test("what is malformed is malformed every time, and never remembered as another", () => {
  const memo = new AuthorityMemo()
  for (let i = 0; i < 3; i++) {
    for (const text of ["", "a:b", "user@host", "[::1", "0x7f.1", "a".repeat(300)])
      expect(read(memo, text)).toBeUndefined()
  }
})

test("what was received may be overwritten afterwards", () => {
  const memo = new AuthorityMemo()
  const bytes = ascii("first.example")
  memo.parse(bytes, 0, bytes.length, 80)
  bytes.set(ascii("other.example"))
  expect(memo.parse(bytes, 0, bytes.length, 80)?.host).toEqual({ _tag: "Name", name: "other.example" })
  expect(read(memo, "first.example")?.host).toEqual({ _tag: "Name", name: "first.example" })
})

test("however many there are, each is what parsing it gives", () => {
  const memo = new AuthorityMemo()
  fuzz(20, ({ below, pick }) => {
    for (let i = 0; i < 1000; i++) {
      const text = pick([
        `10.0.${below(4)}.${below(256)}:${below(70_000)}`,
        `h${below(500)}.test`,
        `[::${below(9999)}]`,
        `a:${below(9)}`,
      ])
      expect(read(memo, text)).toEqual(parseAuthority(text, 80))
    }
  })
})
