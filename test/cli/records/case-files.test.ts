import { afterEach, beforeEach, expect, test } from "bun:test"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { caseOf } from "../../../src/capture/case/case.ts"
import { writeCase } from "../../../src/capture/case/write-case.ts"
import { casePaths, maxCaseFile, readCaseFile, writeCaseFile } from "../../../src/cli/records/case-files.ts"
import { binaryBody, makeExchange, makeRequest, makeResponse } from "../../support/capture-records.ts"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pillion-test-"))
})
afterEach(() => rmSync(folder, { recursive: true }))

const put = (name: string, text = ""): string => {
  mkdirSync(join(folder, name, ".."), { recursive: true })
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

test("cases are the Markdown files below a directory but READMEs and what is hidden or linked", async () => {
  const [b, a] = [put("inbound/b.md"), put("a.md")]
  for (const name of ["README.md", "x/readme.md", "a.txt", ".git/c.md", "inbound/b.bin"]) put(name)
  symlinkSync(folder, join(folder, "linked"))
  symlinkSync(a, join(folder, "linked.md"))
  expect(await casePaths(folder)).toEqual([a, b])
  expect(await casePaths(join(folder, "linked"))).toHaveLength(2)
  expect(await casePaths(put("x.txt"))).toEqual([join(folder, "x.txt")])
  expect(casePaths(join(folder, "none"))).rejects.toThrow("ENOENT")
})

const written = (bytes: number) => {
  const request = makeRequest({ method: "POST", body: binaryBody(new Uint8Array(bytes).fill(7)) })
  const made = writeCase(caseOf(makeExchange({ request, response: makeResponse(200) }))!, "a")
  if ("problem" in made) throw new Error(made.problem)
  return made
}

test("a case is written with the files beside it, and read with them; what it no longer names is taken away", async () => {
  const path = join(folder, "inbound/a.md")
  const large = written(10_000)
  expect(await writeCaseFile(path, large.text, large.files, undefined)).toBe(true)
  const before = await readCaseFile(path)
  expect(before.read.problems).toEqual([])
  expect(before.beside).toEqual(new Set(["a.request.bin"]))
  expect(before.read.made?.request.body?.size).toBe(10_000)
  const times = () =>
    readdirSync(join(folder, "inbound")).map((name) => statSync(join(folder, "inbound", name)).mtimeMs)
  const unchanged = times()
  expect(await writeCaseFile(path, large.text, large.files, before)).toBe(false)
  expect(times()).toEqual(unchanged)
  const small = written(10)
  expect(await writeCaseFile(path, small.text, small.files, before)).toBe(true)
  expect(readdirSync(join(folder, "inbound"))).toEqual(["a.md"])
})

test("what stands wrong in YAML is told with its line", async () => {
  const path = put("a.md", "---\npillion: case/1\nid: [\n---\n")
  expect((await readCaseFile(path)).read.problems[0]).toMatchObject({ line: 3, severity: "error" })
})

test("a file that is larger than any case is not read", async () => {
  const path = put("a.md")
  const file = Bun.spawnSync(["truncate", "-s", String(maxCaseFile + 1), path])
  expect(file.exitCode).toBe(0)
  expect((await readCaseFile(path)).read.problems).toEqual([
    { line: 1, severity: "error", text: `the file is larger than ${maxCaseFile} bytes` },
  ])
  expect(existsSync(path)).toBe(true)
})
