import { expect, test } from "bun:test"
import { allOptions } from "../../src/config/options.ts"
import { didYouMean, suggest } from "../../src/flow/suggest.ts"

const names = allOptions.map(({ name }) => name)

test.each([
  ["proxy-typ", "proxy-type"],
  ["porxy-type", "proxy-type"],
  ["proxyInPort", "proxy-in-port"],
  ["PROXY_IN_PORT", "proxy-in-port"],
  ["--proxy-port", "proxy-port"],
  ["proxy-prot", "proxy-protocol"],
  ["handshake-time-out", "handshake-timeout"],
  ["drain", undefined],
  ["max-conn", "max-connections"],
  ["", undefined],
  ["x", undefined],
  ["colour", undefined],
  ["a".repeat(100_000), undefined],
])("%.20s suggests %p", (typed, expected) => {
  expect(suggest(typed, names)).toBe(expected)
})

test("a swap of two letters is one mistake", () => {
  expect(suggest("rnu", ["run", "drain"])).toBe("run")
})

test("the hint is the end of a sentence, or nothing", () => {
  expect(didYouMean("resolv", names, (name) => `--${name}`)).toBe("; did you mean --resolve?")
  expect(didYouMean("qqq", names)).toBe("")
})
