/** How a body is shown, and what is said of what is not. */
import { expect, test } from "bun:test"

import {
  contentFor,
  imageOf,
  maxMembers,
  membersOf,
  notesOn,
  unfolded,
} from "../../../../src/admin/page/model/content.ts"
import { jsonTree } from "../../../../src/capture/json-tree.ts"
import type { RecordedBody } from "../../../../src/capture/record.ts"
import { textBody } from "../../../support/capture-records.ts"

const base64Body = (bytes: Uint8Array, type: string): RecordedBody => ({
  size: bytes.length,
  wire: bytes.length,
  type,
  base64: bytes.toBase64(),
})

test("nothing, a tree, pairs, text and bytes, by type and by what is there", () => {
  expect(contentFor(textBody("", "application/json"))).toEqual({ _tag: "Nothing" })
  expect(contentFor({ size: 3, wire: 3, type: "image/png", omitted: "binary" } as RecordedBody)).toEqual({
    _tag: "Nothing",
  })
  expect(contentFor(textBody(`{"a":[1.10]}`, "application/problem+json"))).toMatchObject({
    _tag: "Json",
    text: '{\n  "a": [1.10]\n}',
  })
  expect(contentFor(textBody("[1]", ""))).toMatchObject({ _tag: "Json" })
  expect(contentFor(textBody("[1]", "text/plain"))).toEqual({ _tag: "Text", text: "[1]" })
  expect(contentFor(textBody("a=1&b=%20", "application/x-www-form-urlencoded"))).toEqual({
    _tag: "Pairs",
    pairs: [
      ["a", "1"],
      ["b", " "],
    ],
  })
  expect(contentFor(base64Body(Uint8Array.of(0, 255), "x/y"))).toEqual({ _tag: "Bytes", bytes: Uint8Array.of(0, 255) })
})

test("JSON that a tree would not hold as it stands is laid out as text", () => {
  expect(contentFor(textBody(`{"a":1,"a":2}`, "application/json"))).toEqual({
    _tag: "Text",
    text: '{ "a": 1, "a": 2 }',
  })
  expect(contentFor(textBody("12", "application/json"))).toEqual({ _tag: "Text", text: "12" })
  expect(contentFor(textBody("{no", "application/json"))).toEqual({ _tag: "Text", text: "{no" })
})

test("what would hide or reorder text is shown as what it is", () => {
  expect(contentFor(textBody("a\u202eb\r\nc\u0000", "text/plain"))).toEqual({
    _tag: "Text",
    text: "a\\u202eb\nc\\u0000",
  })
})

test("sizes, codings, cuts and omissions are told", () => {
  expect(notesOn(textBody("abc"))).toEqual(["3 B"])
  expect(notesOn({ ...textBody("abc"), wire: 2, coding: ["gzip", "br"] })).toEqual([
    "3 B",
    "gzip, br of 2 B taken away",
  ])
  expect(notesOn({ ...textBody("abc"), size: 3_250_586, truncated: true })).toEqual([
    "3.1 MiB",
    "cut at 3 B of 3.1 MiB",
  ])
  expect(notesOn({ ...textBody("abc"), truncated: true })).toEqual(["3 B", "cut"])
  expect(notesOn({ size: 9, wire: 9, type: "", omitted: "coding" })).toEqual([
    "9 B, not in the record: its content coding could not be taken away",
  ])
})

test("only whole raster images can be shown", () => {
  const bytes = Uint8Array.of(1, 2, 3)
  expect(imageOf(base64Body(bytes, "image/PNG; x=y"))).toBe("data:image/png;base64,AQID")
  expect(imageOf({ ...base64Body(bytes, "image/png"), truncated: true })).toBeUndefined()
  expect(imageOf(base64Body(bytes, "image/svg+xml"))).toBeUndefined()
  expect(imageOf(base64Body(bytes, "text/html"))).toBeUndefined()
  expect(imageOf(textBody("x", "image/png"))).toBeUndefined()
})

test("of a tree as many levels are unfolded as there is room for, the outermost always", () => {
  const tree = jsonTree(JSON.stringify({ a: { b: { c: 1 } }, d: Array.from({ length: 500 }, (_, i) => i), e: [] }))!
  const names = (room: number): ReadonlyArray<string> => {
    const open = unfolded(tree, room)
    return [...open].flatMap((each) =>
      each === tree
        ? ["$"]
        : membersOf(tree)
            .filter(([, it]) => it === each)
            .map(([name]) => name),
    )
  }
  expect(names(0)).toEqual(["$"])
  expect(names(4)).toEqual(["$", "a"])
  // No more of a long one is shown than its first members.
  expect(names(4 + maxMembers)).toEqual(["$", "a", "d"])
  expect(unfolded(tree, 1000).size).toBe(4)
})

test("members have names or indices; a leaf has none", () => {
  expect(membersOf(jsonTree(`{"a":1,"b":2}`)!).map(([name]) => name)).toEqual(["a", "b"])
  expect(membersOf(jsonTree(`[7,8]`)!)).toEqual([
    ["0", { kind: "leaf", text: "7" }],
    ["1", { kind: "leaf", text: "8" }],
  ])
  expect(membersOf(jsonTree("7")!)).toEqual([])
})
