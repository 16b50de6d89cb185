import { describe, expect, test } from "bun:test"
import * as Result from "effect/Result"

import { isSince, Newest, selectionOf } from "../../../src/cli/records/selection.ts"
import { noon, selecting } from "../../support/record-source.ts"

const problem = (flags: Parameters<typeof selecting>[0]): string => {
  const read = selectionOf({ filter: "", since: undefined, limit: undefined, ...flags }, noon)
  const error = Result.getOrThrow(Result.flip(read))
  expect(error.exitCode).toBe(2)
  return error.message
}

const at = (started: string, since: string): boolean => isSince(selecting({ since }), { started })

describe("--since", () => {
  test("is a time before now, in units of milliseconds to days, or in seconds", () => {
    const times = [
      ["1500ms", "11:59:58.5"],
      ["90", "11:58:30"],
      ["90s", "11:58:30"],
      ["10m", "11:50:00"],
    ] as const
    for (const [since, time] of [...times, ["2h", "10:00:00"]] as const) {
      expect([since, at(`2026-11-28T${time}Z`, since)]).toEqual([since, true])
      expect([since, at(`2026-11-28T09:59:59.9Z`, since)]).toEqual([since, false])
    }
    expect(at("2026-11-26T12:00:00Z", "2d")).toBe(true)
    expect(at("2026-11-26T11:59:59.999Z", "2d")).toBe(false)
  })

  test("is a time by itself", () => {
    expect(at("2026-11-28T09:30:00Z", "2026-11-28T09:30:00Z")).toBe(true)
    expect(at("2026-11-28T09:29:59.999999Z", "2026-11-28T09:30:00Z")).toBe(false)
  })

  test("is nothing else", () => {
    for (const since of ["yesterday", "10 m", "-5m", "1.5h", "2026-11-28", "2026-13-28T09:30:00Z", ""]) {
      expect(problem({ since })).toStartWith(`--since does not know ${JSON.stringify(since)}: write 90s, 10m`)
    }
  })

  test("without it everything is late enough", () => {
    expect(isSince(selecting(), { started: "0001-01-01T00:00:00Z" })).toBe(true)
  })
})

test("--limit is a number of records", () => {
  expect(selecting({ limit: "1" }).limit).toBe(1)
  for (const limit of ["0", "-1", "1e3", "many", "99999999999", ""]) {
    expect(problem({ limit })).toBe(`--limit does not know ${JSON.stringify(limit)}: write a number of records, from 1`)
  }
})

test("a wrong filter is answered with its place", () => {
  expect(problem({ filter: "host ~" })).toBe(
    'the filter "host ~" has no value behind "host ~" at character 7: write one, or quote it',
  )
  expect(problem({ filter: "statuss:500" })).toContain("did you mean status")
})

test("the newest are kept by their start, whatever their order, and all are counted", () => {
  const newest = new Newest<{ readonly started: string }>(3)
  for (const minute of [5, 1, 9, 0, 7, 8, 2, 3, 6, 4]) newest.add({ started: `2026-11-28T09:0${minute}:00Z` })
  expect(newest.newest().map(({ started }) => started[15])).toEqual(["7", "8", "9"])
  expect(newest.count).toBe(10)
  expect(new Newest(3).newest()).toEqual([])
})
