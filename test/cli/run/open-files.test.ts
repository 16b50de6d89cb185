import { expect, test } from "bun:test"
import { inheritedOpenFiles, parseOpenFiles } from "../../../src/cli/run/open-files.ts"

const limits = (soft: string, hard: string): string =>
  `Max processes             96364                96364                processes \nMax open files            ${soft.padEnd(20)} ${hard.padEnd(20)} files     \n`

test("limits are read from /proc/PID/limits", () => {
  expect(parseOpenFiles(limits("1024", "524288"))).toEqual({ soft: 1024n, hard: 524288n })
  expect(parseOpenFiles(limits("unlimited", "unlimited"))).toEqual({ soft: 2n ** 64n - 1n, hard: 2n ** 64n - 1n })
  expect(parseOpenFiles("")).toBeUndefined()
})

test("the parent's limit holds where this process was given none of its own", () => {
  const own = { soft: 524288n, hard: 524288n }
  expect(inheritedOpenFiles(own, { soft: 1024n, hard: 524288n })).toEqual({ soft: 1024n, hard: 524288n })
  expect(inheritedOpenFiles(own, { soft: 1024n, hard: 1048576n })).toBeUndefined()
  expect(inheritedOpenFiles(own, undefined)).toBeUndefined()
  expect(inheritedOpenFiles(undefined, own)).toBeUndefined()
})
