/** What an operator and a value mean, by the kind of their field. */
import { describe, expect, test } from "bun:test"

import { compile } from "../../../src/observe/filter/compile.ts"
import { testOf } from "../../../src/observe/filter/terms.ts"
import { type Thing, thing, understood, vocabulary } from "../../support/things.ts"

const holds = (text: string, of: Thing): boolean => compile(understood(text), vocabulary)(of)

describe("a term holds", () => {
  test.each([
    ["name:box", true],
    ["name:bix", false],
    ["name~BIG", true],
    ["name !~ big", false],
    ["name=big", false],
    ["name=big/box", true],
    ["name != big", true],
    ["name != BIG/box", false],
    ["colour:red", true],
    ["colour:green", false],
    ["colour=red", true],
    ["colour != green", true],
    ["colour~re", true],
    ["size:20", true],
    ["size:2", false],
    ["size=20", true],
    ["size != 20", false],
    ["size~2", true],
    ["size:20..30", true],
    ["size:10..20", true],
    ["size:21..30", false],
    ["size:10..19.5", false],
    ["size:20..", true],
    ["size:21..", false],
    ["size:..20", true],
    ["size:..19", false],
    ["size=10..30", true],
    ["size != 10..30", false],
    ["size<20", false],
    ["size<=20", true],
    ["size>20", false],
    ["size>=20", true],
    ["size<20.5", true],
    ["code:5xx", true],
    ["code:4xx", false],
    ["code != 5xx", false],
    ["code:500..599", true],
    ["tag.x:ye", true],
    ["tag.y:ye", false],
    ["old", true],
    ["-old", false],
    ["box", true],
    ["re", true],
    ["503", false],
    ["box red", true],
    ["box green", false],
    ["box or green", true],
    ["nothing or -green", true],
    ['name:""', true],
  ])("%p: %p", (text, expected) => {
    expect(holds(text, thing)).toBe(expected)
  })

  test.each(
    'name:x name=x name:"" colour:red shape:x size:0.. size<1 size>=0 size~1 code:5xx old x tag.x:y'.split(" "),
  )("never of what has no such field: %p", (text) => {
    expect(holds(text, {})).toBe(false)
    expect(holds(`not ${text}`, {})).toBe(true)
  })

  test.each(["name!=x", "name !~ x", "size != 5", "colour != red"])("of what has no such field: %p", (text) => {
    expect(holds(text, {})).toBe(true)
  })
})

test("a wrong value says what it is, and what to write", () => {
  expect(testOf("size", { kind: "number", get: () => 1 }, ":", "9..1")).toEqual({
    _tag: "Wrong",
    what: "has a range that ends before it begins",
    instead: ": write size:1..9",
  })
})

test("a field may have a sameness of its own", () => {
  const field = {
    kind: "text",
    get: () => "A1",
    same: (text: string, wanted: string) => text.startsWith(wanted),
  } as const
  const holds = (operator: "=" | "!=" | ":", value: string): unknown => {
    const made = testOf("x", field, operator, value)
    return typeof made === "function" ? made({}) : made
  }
  expect([holds("=", "A"), holds("!=", "A"), holds("=", "1"), holds(":", "1")]).toEqual([true, false, false, true])
})
