import { expect, test } from "bun:test"
import { oneOf, quote, usageError, valueError } from "../../src/config/error.ts"

test("a quoted value stays one line, whatever it holds", () => {
  expect(quote('a\nb"\u0007')).toBe('"a\\nb\\"\\u0007"')
})

test("a quoted value never shows the credentials of a URL", () => {
  expect(quote("http://user:secret@host/")).toBe('"http://***@host/"')
  expect(quote("x,http://user:se@cret@host")).not.toContain("cret")
})

test("a long value is shortened", () => {
  expect(quote("x".repeat(500)).length).toBeLessThan(100)
})

test("choices read as a sentence", () => {
  expect([oneOf(["a"]), oneOf(["a", "b"]), oneOf(["a", "b", "c"])]).toEqual(["a", "a or b", "a, b or c"])
})

test("a command line that cannot be understood ends with 2, a wrong value with 78", () => {
  expect(usageError("x")).toMatchObject({ _tag: "ConfigError", message: "x", exitCode: 2 })
  expect(valueError("x")).toMatchObject({ _tag: "ConfigError", message: "x", exitCode: 78 })
})
