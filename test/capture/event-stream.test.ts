/** Event stream: its blocks, and what they say. */
import { describe, expect, test } from "bun:test"

import { eventBlocks, pieceEnds, readEvent } from "../../src/capture/event-stream.ts"

const stream = "text/event-stream; charset=utf-8"

test("blocks end with an empty line, however lines end", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = ["data: a", "", "", "id: 1", "data: b", "", "data: c"].join(end)
    const blocks = eventBlocks(text)
    expect(blocks.map(({ lines }) => lines)).toEqual([["data: a"], ["id: 1", "data: b"], ["data: c"]])
    const [first, second, third] = blocks
    expect(text.slice(0, first!.end)).toBe(`data: a${end}${end}`)
    expect(text.slice(0, second!.end)).toEndWith(`data: b${end}${end}`)
    expect(third!.end).toBeUndefined()
  }
})

test("an event has a name, an id, data over several lines, and comments beside it", () => {
  expect(readEvent(["event: add", "id: 7", "data: one", "data:two", ":and a comment", "retry: 10", "data"])).toEqual({
    event: "add",
    id: "7",
    data: "one\ntwo\n",
    comments: ["and a comment"],
  })
  expect(readEvent([": keep-alive"])).toEqual({
    event: "message",
    id: undefined,
    data: undefined,
    comments: [" keep-alive".trimStart()],
  })
  expect(readEvent(["\ufeffdata: x", "event"])).toMatchObject({ event: "message", data: "x" })
})

describe("pieces end", () => {
  test("of an event stream behind its events", () => {
    expect(pieceEnds("data: a\n\n: b\n\ndata: c\n", stream)).toEqual([9, 14])
  })

  test("of JSON lines behind a line", () => {
    expect(pieceEnds('{"a":1}\n{"b":2}\n{', "application/x-ndjson")).toEqual([8, 16])
  })

  test("of nothing else", () => {
    expect(pieceEnds("a\n\nb", "text/plain")).toEqual([])
  })
})
