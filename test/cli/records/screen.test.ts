import { expect, test } from "bun:test"

import { doneWith, failedWith, jsonLine, screenOf } from "../../../src/cli/records/screen.ts"

test("a terminal has its width and colours, NO_COLOR and a dumb one have none, and a pipe has no width", () => {
  expect(screenOf({ isTTY: true, columns: 132 }, {})).toEqual({ isTerminal: true, columns: 132, color: true })
  expect(screenOf({ isTTY: true }, { NO_COLOR: "1" })).toEqual({ isTerminal: true, columns: 80, color: false })
  expect(screenOf({ isTTY: true }, { TERM: "dumb" }).color).toBe(false)
  expect(screenOf({ columns: 132 }, {})).toEqual({ isTerminal: false, columns: Number.POSITIVE_INFINITY, color: false })
})

test("notes go to stderr, a line each, whatever stands in them", () => {
  expect(doneWith("a\n", ["b", "c\x1b\nd"])).toEqual({
    stdout: "a\n",
    stderr: "pillion: b\npillion: c\\u001b\\u000ad\n",
    code: 0,
  })
  expect(failedWith("no", ["b"])).toEqual({ stdout: "", stderr: "pillion: b\npillion: no\n", code: 1 })
})

test("JSON says the same when nothing in it steers a terminal", () => {
  const value = { a: "\x9b2J\u202e\x7f\u2028é😀\n" }
  expect(jsonLine(value)).not.toMatch(/[\x7f-\x9f\u202e\u2028]/)
  expect(JSON.parse(jsonLine(value))).toEqual(value)
})
