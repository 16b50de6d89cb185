/** Capture files: what options name is read, and what is wrong with it is told with the option and its origin. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Result from "effect/Result"

import { maxKey, maxRulesFile, readCaptureFiles } from "../../../src/cli/capture/capture-files.ts"
import { loaded } from "../../support/settings.ts"

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pillion-capture-files-"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const write = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const read = (flags: Readonly<Record<string, string>>) => readCaptureFiles(loaded({ flags }))

const problem = (flags: Readonly<Record<string, string>>): readonly [number, string] => {
  const found = read(flags)
  if (Result.isSuccess(found)) throw new Error("nothing is wrong")
  return [found.failure.exitCode, found.failure.message]
}

test("nothing is read that is not named, and off is no file", () => {
  expect(Result.getOrThrow(read({}))).toEqual({ redaction: { rules: undefined }, key: undefined })
  expect(Result.getOrThrow(read({ "capture-redact": "off" })).redaction).toBe("off")
})

test("rules and key are what the files hold", () => {
  const rules = write("rules.yaml", "hide: [request.headers.x-user]\n")
  const key = Uint8Array.from({ length: 32 }, (_, i) => i + 200)
  const found = Result.getOrThrow(read({ "capture-redact": rules, "capture-key": write("key", key) }))
  expect(found).toEqual({ redaction: { rules: { hide: ["request.headers.x-user"] } }, key })
})

describe("a file that will not do", () => {
  test("is named with its option, its origin, the line and the key", () => {
    const path = write("wrong.yaml", "shapes:\n  emial: true\n")
    const [code, message] = problem({ "capture-redact": path })
    expect(code).toBe(78)
    expect(message).toStartWith(`capture-redact "${path}" (flag --capture-redact) line 2: shapes.emial is no shape`)
  })

  test("is missing, a directory, or too large", () => {
    const missing = join(folder, "missing")
    expect(problem({ "capture-redact": missing })[1]).toBe(
      `capture-redact "${missing}" (flag --capture-redact) does not exist`,
    )
    expect(problem({ "capture-key": folder })[1]).toBe(
      `capture-key "${folder}" (flag --capture-key) is a directory, not a file`,
    )
    const large = write("large.yaml", " ".repeat(maxRulesFile + 1))
    expect(problem({ "capture-redact": large })[1]).toEndWith(`is larger than ${maxRulesFile} bytes`)
    expect(Result.isSuccess(read({ "capture-redact": write("full.yaml", " ".repeat(maxRulesFile)) }))).toBe(true)
  })

  test("is no key: too short to be one, or too long", () => {
    const short = write("short", "0123456789abcde")
    expect(problem({ "capture-key": short })[1]).toBe(
      `capture-key "${short}" (flag --capture-key) has 15 bytes: write a file of 16 bytes or more that nobody can guess`,
    )
    expect(problem({ "capture-key": write("long", "k".repeat(maxKey + 1)) })[1]).toEndWith(
      `larger than ${maxKey} bytes`,
    )
    expect(Result.isSuccess(read({ "capture-key": write("enough", "0123456789abcdef") }))).toBe(true)
  })
})
