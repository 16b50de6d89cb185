/** Sample: that a trace is drawn whole, and that as many are drawn as were asked for. */
import { describe, expect, test } from "bun:test"

import { isDrawn, traceIdOf } from "../../../src/capture/policy/sample.ts"

const traceOf = (n: number): string => n.toString(16).padStart(32, "0")

describe("the trace of a traceparent", () => {
  const trace = "0af7651916cd43dd8448eb211c80319c"

  test("is its second part", () => {
    expect(traceIdOf(`00-${trace}-b7ad6b7169203331-01`)).toBe(trace)
    expect(traceIdOf(` 00-${trace}-b7ad6b7169203331-00 `)).toBe(trace)
    expect(traceIdOf(`01-${trace}-b7ad6b7169203331-01-more`)).toBe(trace)
  })

  test.each([
    undefined,
    "",
    "00",
    `00-${"0".repeat(32)}-b7ad6b7169203331-01`,
    `00-${trace}-b7ad6b7169203331`,
    `00-${trace.toUpperCase()}-b7ad6b7169203331-01`,
    `00-${trace}-b7ad6b7169203331-01more`,
    `00-${trace}, 00-${trace}`,
  ])("%p has none", (text) => {
    expect(traceIdOf(text)).toBeUndefined()
  })
})

test("0% draws nothing and 100% everything", () => {
  for (let n = 1; n <= 1000; n++) {
    expect([isDrawn(0, traceOf(n), n, 1), isDrawn(0, undefined, n, 1)]).toEqual([false, false])
    expect([isDrawn(100, traceOf(n), n, 1), isDrawn(100, undefined, n, 1)]).toEqual([true, true])
  }
})

test.each([0.5, 10, 50, 90])("%p% is about that share, of traces and of connections", (percent) => {
  const count = 20_000
  const numbers = Array.from({ length: count }, (_, n) => n + 1)
  const share = (drawn: (n: number) => boolean): number => (numbers.filter(drawn).length / count) * 100
  for (const found of [
    share((n) => isDrawn(percent, traceOf(n), 7, 7)),
    share((n) => isDrawn(percent, undefined, n, 7)),
  ]) {
    expect(Math.abs(found - percent)).toBeLessThan(1)
  }
})

test("a trace is drawn wherever it passes: neither the connection nor the process matters", () => {
  for (let n = 1; n <= 1000; n++) {
    const drawn = isDrawn(30, traceOf(n), 1, 1)
    expect(isDrawn(30, traceOf(n), 999, 12_345)).toBe(drawn)
  }
})

test("what is drawn of few is drawn of more", () => {
  for (let n = 1; n <= 1000; n++) {
    if (isDrawn(10, traceOf(n), n, 3)) expect(isDrawn(20, traceOf(n), n, 3)).toBe(true)
    if (isDrawn(10, undefined, n, 3)) expect(isDrawn(20, undefined, n, 3)).toBe(true)
  }
})

const connectionsDrawn = (salt: number): string =>
  Array.from({ length: 200 }, (_, n) => (isDrawn(50, undefined, n, salt) ? "1" : "0")).join("")

test("another process draws other connections", () => {
  expect(connectionsDrawn(1)).not.toBe(connectionsDrawn(2))
})
