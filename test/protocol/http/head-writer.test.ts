import { expect, test } from "bun:test"

import { HeadWriter } from "../../../src/protocol/http/head-writer.ts"
import { ascii } from "../../support/bytes.ts"

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1")

test("what is added stands in order, short and long, whole and in spans", () => {
  const out = new HeadWriter()
  const long = "x".repeat(500)
  out.start(2000)
  out.add(ascii("ab"))
  out.byte(0x2f)
  out.span(ascii("0123456789"), 2, 5)
  out.add(ascii(long))
  out.span(ascii(`${long}y`), 1, 501)
  expect(text(out.take())).toBe(`ab/234${long}${long.slice(1)}y`)
})

test("what is taken stays, what is lent lasts until the writer begins anew", () => {
  const out = new HeadWriter()
  out.start(10)
  out.add(ascii("first"))
  const taken = out.take()
  const lent = out.lend()
  expect(text(lent)).toBe("first")
  out.start(10)
  out.add(ascii("other"))
  expect(text(taken)).toBe("first")
  expect(out.lend()).toBe(lent)
  expect(text(lent)).toBe("other")
})

test("more room than there was is made, and views of the old buffer are not lent again", () => {
  const out = new HeadWriter()
  out.start(5)
  out.add(ascii("small"))
  const small = out.lend()
  const large = "z".repeat(20_000)
  out.start(large.length)
  out.add(ascii(large))
  expect(text(out.lend())).toBe(large)
  out.start(5)
  out.add(ascii("again"))
  expect(text(out.lend())).toBe("again")
  expect(text(small)).toBe("small")
})
