import { describe, expect, test } from "bun:test"
import * as Result from "effect/Result"
import type { Kind } from "../../src/config/kind.ts"
import { boolean, choice, duration, integer, listenPort, maxDuration, port, size } from "../../src/config/units.ts"

const decoded = <A>(kind: Kind<A>, text: string): A => Result.getOrThrow(kind.decode(text))
const problem = <A>(kind: Kind<A>, text: string): string => Result.getOrThrow(Result.flip(kind.decode(text)))

describe("a duration", () => {
  const kind = duration(0)
  test.each([
    ["500ms", 500],
    ["10s", 10_000],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["25", 25_000],
    ["0", 0],
    ["0s", 0],
    ["576h", 576 * 3_600_000],
  ])("%s is %d milliseconds", (text, milliseconds) => {
    expect(decoded(kind, text)).toBe(milliseconds)
  })

  test.each(["", "s", "-1s", "+1s", "1.5s", "1 s", "10S", "1d", "1m30s", "ten", "1e3", "0x10", "NaN"])(
    "%j is refused with an example",
    (text) => {
      expect(problem(kind, text)).toContain("500ms or 10s")
    },
  )

  test("is refused below its least", () => {
    expect(problem(duration(1), "0")).toBe("is too short: write 1ms or more")
    expect(decoded(duration(1), "1ms")).toBe(1)
  })

  test("is refused where a timer would overflow and fire at once", () => {
    expect(decoded(kind, `${maxDuration}ms`)).toBe(maxDuration)
    expect(problem(kind, `${maxDuration + 1}ms`)).toContain("too long")
    expect(problem(kind, "9".repeat(400))).toContain("too long")
  })

  test.each([
    [0, "0s"],
    [1, "1ms"],
    [500, "500ms"],
    [1500, "1500ms"],
    [1000, "1s"],
    [10_000, "10s"],
    [60_000, "60s"],
    [90_000, "90s"],
    [120_000, "2m"],
    [3_600_000, "60m"],
    [7_200_000, "2h"],
  ])("of %d ms is shown as %s, which decodes to itself", (milliseconds, shown) => {
    expect(kind.show(milliseconds)).toBe(shown)
    expect(decoded(kind, shown)).toBe(milliseconds)
  })
})

describe("a size", () => {
  const kind = size(256, 1024 * 1024)
  test.each([
    ["256", 256],
    ["65536", 65536],
    ["64KiB", 65536],
    ["64kib", 65536],
    ["64Ki", 65536],
    ["1MiB", 1048576],
  ])("%s is %d bytes", (text, bytes) => {
    expect(decoded(kind, text)).toBe(bytes)
  })

  test.each(["", "64k", "64K", "64KB", "64 KiB", "1GB", "1TiB", "-1", "0.5MiB", "KiB"])(
    "%j is refused: ambiguous or no size",
    (text) => {
      expect(problem(kind, text)).toContain("64KiB")
    },
  )

  test.each(["255", "1048577", "2MiB", "1GiB", "0"])("%s is out of range", (text) => {
    expect(problem(kind, text)).toBe("is out of range: write 256 to 1MiB")
  })

  test.each([
    [65536, "64KiB"],
    [1048576, "1MiB"],
    [1000, "1000"],
  ])("of %d bytes is shown as %s, which decodes to itself", (bytes, shown) => {
    expect(kind.show(bytes)).toBe(shown)
    expect(decoded(kind, shown)).toBe(bytes)
  })
})

describe("a boolean", () => {
  test.each([
    ["true", true],
    ["True", true],
    ["TRUE", true],
    ["false", false],
    ["FALSE", false],
  ])("%s is %p", (text, value) => {
    expect(decoded(boolean, text)).toBe(value)
  })

  test.each(["yes", "no", "1", "0", "on", "", "t", "truee"])("%j is refused with the allowed words", (text) => {
    expect(problem(boolean, text)).toContain("write true or false")
  })
})

describe("a port", () => {
  test.each(["1", "80", "65535"])("%s is taken", (text) => {
    expect(decoded(port, text)).toBe(Number(text))
    expect(decoded(listenPort, text)).toBe(Number(text))
  })

  test.each(["", "-1", "65536", "70000", "80x", "8 0", "0x50", "1e3", "80.0", "99999999999"])(
    "%j is refused",
    (text) => {
      expect(problem(port, text)).toBe("is no port: write a number from 1 to 65535")
      expect(problem(listenPort, text)).toBe("is no port: write a number from 1 to 65535, or 0 for a free one")
    },
  )

  test("0 asks for a free one to listen on, and is nothing to connect to", () => {
    expect(decoded(listenPort, "0")).toBe(0)
    expect(problem(port, "0")).toContain("1 to 65535")
  })
})

describe("a choice", () => {
  const kind = choice(["reverse", "forward"], { transparent: "comes later" })

  test("is taken in any case", () => {
    expect(decoded(kind, "Forward")).toBe("forward")
  })

  test("is refused with the words to choose from, and the one that was probably meant", () => {
    expect(problem(kind, "revers")).toBe("is not known: write reverse or forward; did you mean reverse?")
    expect(problem(kind, "constructor")).toBe("is not known: write reverse or forward")
  })

  test("explains a word that is known but not to be had", () => {
    expect(problem(kind, "Transparent")).toBe("comes later")
  })
})

test("a whole number has no sign, point or exponent, and stays within its range", () => {
  const kind = integer(1, 100)
  expect(decoded(kind, "100")).toBe(100)
  for (const text of ["0", "101", "-1", "+5", "5.0", "1e1", "", "x"]) {
    expect(problem(kind, text)).toBe("is no whole number from 1 to 100")
  }
})
