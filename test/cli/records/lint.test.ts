import { afterEach, beforeEach, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { caseOf } from "../../../src/capture/case/case.ts"
import { writeCase } from "../../../src/capture/case/write-case.ts"
import { lint } from "../../../src/cli/records/lint.ts"
import { makeExchange, makeResponse } from "../../support/capture-records.ts"
import { ran } from "../../support/record-source.ts"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pillion-test-"))
})
afterEach(() => rmSync(folder, { recursive: true }))

const text = (): string => {
  const written = writeCase(caseOf(makeExchange({ response: makeResponse(200) }))!, "a")
  if ("problem" in written) throw new Error(written.problem)
  return written.text
}

const linted = async (files: Readonly<Record<string, string>>, json = false) => {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  const { stdout, stderr, code } = await ran(() => lint([folder], { json }))
  return { stdout: stdout.replaceAll(`${folder}/`, ""), stderr: stderr.replaceAll(folder, "DIR"), code }
}

test("what is right is counted", async () => {
  expect(await linted({ "a.md": text() })).toEqual({ stdout: "1 case, no errors\n", stderr: "", code: 0 })
})

test("an error has its file and line, and the end is a failure", async () => {
  const wrong = text().replace("GET / HTTP/1.1", "GET /")
  const line = wrong.split("\n").indexOf("GET /") + 1
  const { stdout, code } = await linted({ "a.md": wrong, "b.md": text() })
  expect(stdout).toMatch(new RegExp(`^a\\.md:${line}: error: .*\\n2 cases, 1 error\\n$`))
  expect(code).toBe(1)
})

test("a warning is none", async () => {
  const { stdout, code } = await linted({ "a.md": text().replace("## 200", "## 201") })
  expect(stdout).toContain(": warning: the heading says 201, and the response 200, which is what counts\n")
  expect(stdout).toEndWith("1 case, no errors, 1 warning\n")
  expect(code).toBe(0)
})

test("two cases of one id are an error of the second", async () => {
  const { stdout, code } = await linted({ "a.md": text(), "b.md": text() })
  expect(stdout).toBe("b.md:3: error: a.md has the same id\n2 cases, 1 error\n")
  expect(code).toBe(1)
})

test("as JSON, a line for each problem", async () => {
  const { stdout } = await linted({ "a.md": "x\x1b[2J" }, true)
  const [first] = stdout.split("\n")
  expect(JSON.parse(first!)).toEqual({
    file: "a.md",
    line: 1,
    severity: "error",
    text: "a case begins with a line of three hyphens",
  })
})

test("where there is nothing to look at, that is a failure", async () => {
  expect(await linted({})).toEqual({
    stdout: "",
    stderr: "pillion: there is no case below DIR: cases are files that end in .md\n",
    code: 1,
  })
  const none = join(folder, "none")
  expect(await ran(() => lint([none], { json: false }))).toMatchObject({
    stderr: `pillion: ${none} does not exist\n`,
    code: 1,
  })
})
