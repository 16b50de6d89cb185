/** The traceparent of requests: what is one, by the examples of W3C Trace Context, and what is none. */
import { describe, expect, test } from "bun:test"
import { fromLatin1 } from "../../src/protocol/bytes.ts"
import { isSampled, parentOf, readTraceparent, traceOf } from "../../src/protocol/trace-context.ts"

const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
const parent = "00f067aa0ba902b7"
const valid = `00-${trace}-${parent}-01`

/** Read from the middle of other bytes, which are not to matter. */
const read = (value: string, before = "", after = ""): string | undefined =>
  readTraceparent(fromLatin1(before + value + after), before.length, before.length + value.length)

describe("a traceparent is", () => {
  test.each([
    ["of version 00", valid, valid],
    ["not sampled", `00-${trace}-${parent}-00`, `00-${trace}-${parent}-00`],
    ["with flags that nobody knows yet", `00-${trace}-${parent}-ff`, `00-${trace}-${parent}-ff`],
    ["of a later version", `cc-${trace}-${parent}-01`, `cc-${trace}-${parent}-01`],
    ["of a later version with more behind a dash", `cc-${trace}-${parent}-01-what.else`, `cc-${trace}-${parent}-01`],
    ["of a later version with a dash alone", `cc-${trace}-${parent}-01-`, `cc-${trace}-${parent}-01`],
  ])("%s", (_, value, known) => {
    expect(read(value)).toBe(known)
    expect(read(value, "x-", "-x")).toBe(known)
  })
})

describe("none is", () => {
  test.each([
    ["nothing", ""],
    ["one that is too short", valid.slice(0, -1)],
    ["one of version 00 that goes on", `${valid}-00`],
    ["one of version 00 with a dash behind it", `${valid}-`],
    ["one of a later version that goes on without a dash", `cc${valid.slice(2)}.what`],
    ["version ff", `ff${valid.slice(2)}`],
    ["a trace of zeros", `00-${"0".repeat(32)}-${parent}-01`],
    ["a parent of zeros", `00-${trace}-${"0".repeat(16)}-01`],
    ["capitals", valid.toUpperCase()],
    ["one in the trace", valid.replace("b", "B")],
    ["what is not hexadecimal", valid.replace("f", "g")],
    ["other flags", `00-${trace}-${parent}-0x`],
    ["underscores", valid.replaceAll("-", "_")],
    ["blanks around it, which are not its own", ` ${valid.slice(1)}`],
    ["bytes beyond ASCII", `\xb9${valid.slice(1)}`],
  ])("%s", (_, value) => {
    expect(read(value)).toBeUndefined()
    expect(read(value, valid, valid)).toBeUndefined()
  })

  test("any part of one", () => {
    for (let end = 0; end < valid.length; end++) expect(read(valid.slice(0, end), "", valid.slice(end))).toBeUndefined()
    for (let start = 1; start <= valid.length; start++) expect(read(valid.slice(start))).toBeUndefined()
  })
})

test("has a trace, a parent, and says whether it is sampled", () => {
  expect([traceOf(valid), parentOf(valid)]).toEqual([trace, parent])
  const sampled = ["00", "01", "02", "03", "fe", "ff"].map((flags) => isSampled(`00-${trace}-${parent}-${flags}`))
  expect(sampled).toEqual([false, true, false, true, false, true])
})
