import { expect, test } from "bun:test"

import { type LogLevel, logLevels } from "../../../src/flow/levels.ts"
import { droppedNotice, logJson, logPretty, makeLog, resolveFormat, wantsColor } from "../../../src/observe/log/log.ts"

/** A log, and what it wrote. */
const recorded = (level: () => LogLevel, format: "json" | "pretty" = "json") => {
  const lines: Array<string> = []
  return { lines, log: makeLog({ output: { write: (line) => void lines.push(line) }, level, format }) }
}

const now = Date.UTC(2026, 10, 23, 12, 34, 56, 789)

test("a JSON line has time, level and message first, then the fields that are there", () => {
  expect(logJson(now, "warn", "no room", { port: 4140, told: true, address: undefined, who: "me" })).toBe(
    '{"time":"2026-11-23T12:34:56.789Z","level":"warn","message":"no room","port":4140,"told":true,"who":"me"}\n',
  )
})

test("before a line for the journal stands its priority, and the line is as everywhere else", () => {
  const lines: Array<string> = []
  const output = { write: (line: string) => void lines.push(line) }
  const log = makeLog({ output, level: () => "debug", format: "json", journal: true })
  for (const level of logLevels) log[level](`this is ${level}`, { port: 1 })
  lines.push(droppedNotice("json", true)(3))
  expect(lines.map((line) => line.slice(0, 3))).toEqual(["<7>", "<6>", "<4>", "<3>", "<4>"])
  for (const [i, line] of lines.entries()) {
    expect(JSON.parse(line.slice(3))).toMatchObject({ level: [...logLevels, "warn"][i] })
  }
})

test("a pretty line is short, and quotes what would blur", () => {
  expect(logPretty(now, "info", "listening", { port: 4140, host: "a b", empty: "", absent: undefined })).toBe(
    '12:34:56.789Z info  listening port=4140 host="a b" empty=""\n',
  )
})

test("one event is one line, whatever it holds", () => {
  const evil = 'a\r\n{"level":"error"}\x1b[31m\u2028'
  for (const line of [logJson(now, "info", evil, { [evil]: evil }), logPretty(now, "info", evil, { [evil]: evil })]) {
    expect(line).toMatch(/^[\x20-\x7e]+\n$/)
  }
})

test("a message has a longest length", () => {
  expect(logJson(now, "info", "x".repeat(100_000), { field: "y".repeat(100_000) }).length).toBeLessThan(20_000)
})

test("a level lets through itself and what is worse, and can change at any time", () => {
  let level: LogLevel = "debug"
  const { lines, log } = recorded(() => level)
  const written = (at: LogLevel): ReadonlyArray<string> => {
    level = at
    lines.length = 0
    for (const each of logLevels) log[each](each)
    return lines.map((line) => JSON.parse(line).level)
  }
  expect(written("debug")).toEqual(["debug", "info", "warn", "error"])
  expect(written("warn")).toEqual(["warn", "error"])
  expect(written("error")).toEqual(["error"])
  expect(written("info")).toEqual(["info", "warn", "error"])
})

test("colours are only where they are asked for", () => {
  expect(logPretty(now, "error", "no")).not.toContain("\x1b")
  expect(logPretty(now, "error", "no", {}, true)).toContain("\x1b[31merror\x1b[0m")
  expect(wantsColor(true, {})).toBe(true)
  expect(wantsColor(false, {})).toBe(false)
  expect(wantsColor(true, { NO_COLOR: "1" })).toBe(false)
  expect(wantsColor(true, { NO_COLOR: "" })).toBe(true)
  expect(wantsColor(true, { TERM: "dumb" })).toBe(false)
})

test("auto is pretty on a terminal and JSON elsewhere; what is asked for holds", () => {
  expect([resolveFormat("auto", true), resolveFormat("auto", false)]).toEqual(["pretty", "json"])
  expect([resolveFormat("json", true), resolveFormat("pretty", false)]).toEqual(["json", "pretty"])
})

test("the notice of dropped lines has the format of its output", () => {
  expect(JSON.parse(droppedNotice("json")(12))).toMatchObject({ level: "warn", lines: 12 })
  expect(droppedNotice("pretty")(12)).toEndWith(" lines=12\n")
})
