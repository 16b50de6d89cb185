import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { failuresOf } from "../../scripts/test.ts"
import { runCommand } from "../support/process.ts"

const source = `import { describe, expect, test } from "bun:test"
describe("a <group>", () => {
  test("a comparison & its 'lines'", () => expect([1, 2]).toEqual([1, 3]))
  test("passes", () => {})
  test.skip("is skipped", () => {})
  test("never ends", async () => await new Promise(() => {}), 50)
})
test("throws", () => {
  throw new Error("first\\n" + "more\\n".repeat(100))
})
`

test("what failed is told again with its place and what was found", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-report-"))
  try {
    await Bun.write(join(folder, "some.test.ts"), source)
    const command = [process.execPath, "test", "--reporter=junit", "--reporter-outfile=report.xml"]
    const ran = await runCommand(command, { cwd: folder, milliseconds: 30_000 })
    expect(ran.code).toBe(1)
    const failures = failuresOf(await Bun.file(join(folder, "report.xml")).text())
    expect(failures.map((failure) => failure.split("\n")[0])).toEqual([
      "failed: some.test.ts:3: a <group> > a comparison & its 'lines'",
      "failed: some.test.ts:6: a <group> > never ends",
      "failed: some.test.ts:8: throws",
    ])
    expect(failures[0]).toContain("\n  expect(received).toEqual(expected)\n")
    expect(failures[0]).toContain("\n  -   3,\n  +   2,\n")
    expect(failures[1]).toEndWith("\n  test timed out")
    expect(failures[2]).toContain("\n  first\n  more\n")
    expect(failures[2]?.split("\n").length).toBe(41)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test("a report without failures, or none at all, tells of none", () => {
  expect(failuresOf("")).toEqual([])
  expect(
    failuresOf('<testcase name="a" file="a.test.ts" line="1" />\n<testcase name="b"><skipped /></testcase>'),
  ).toEqual([])
})
