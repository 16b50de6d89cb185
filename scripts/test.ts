/**
 * Test: `bun test` with a closing line that people and CI can read alike: `N passed, N failed`.
 *
 * The counts come from the JUnit report. A run that fails without a failed test (a file that does not load, an error
 * between two tests), or that ran nothing at all, counts as one failure. Before the line stand the recipes' table, once
 * more what failed (of a long log often only the end is kept), and what was skipped, with how to have it.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { linesOf, reportVariable, table } from "../test/recipes/report.ts"
import { skipLines, skipsVariable } from "../test/support/skips.ts"
import { bun, exitCode } from "./steps.ts"

/**
 * Runs the tests that `arguments_` select (all, when empty), prints the closing line, returns the exit code. `recipes`
 * is a file for the recipes' table, of a caller who wants to read it.
 */
export const test = async (arguments_: ReadonlyArray<string>, recipes?: string): Promise<number> => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-report-"))
  try {
    const report = join(folder, "junit.xml")
    const rows = recipes ?? join(folder, "recipes.jsonl")
    const skips = join(folder, "skips.jsonl")
    const command = [bun, "test", "--reporter=junit", `--reporter-outfile=${report}`, ...arguments_]
    const code = await exitCode(command, { [reportVariable]: rows, [skipsVariable]: skips })
    const file = Bun.file(report)
    if (await Bun.file(rows).exists()) console.log(`\n${table(linesOf(await Bun.file(rows).text()))}`)
    const text = (await file.exists()) ? await file.text() : ""
    const counts = read(text)
    for (const failure of failuresOf(text)) console.log(`\n${failure}`)
    if (await Bun.file(skips).exists()) {
      console.log(`\nskipped here:\n${skipLines(await Bun.file(skips).text()).join("\n")}\n`)
    }
    const passed = counts.tests - counts.failures - counts.skipped
    const failed = counts.failures === 0 && (code !== 0 || passed === 0) ? 1 : counts.failures
    console.log(`${passed} passed, ${failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""}`)
    return failed === 0 ? 0 : 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const read = (report: string): { readonly tests: number; readonly failures: number; readonly skipped: number } => {
  const total = /<testsuites\b[^>]*>/.exec(report)?.[0] ?? ""
  const count = (name: string): number => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(total)?.[1] ?? 0)
  return { tests: count("tests"), failures: count("failures"), skipped: count("skipped") }
}

/** The failed tests of a JUnit report: a line with file, line and name of each, and under it what was found. */
export const failuresOf = (report: string): ReadonlyArray<string> =>
  [...report.matchAll(/<testcase\b([^>]*)>\s*<failure\b([^>]*)>/g)].map(([, of = "", failure = ""]) => {
    const name = [attribute(of, "classname"), attribute(of, "name")].filter((part) => part !== "").join(" > ")
    const found = attribute(failure, "message").trimEnd().split("\n").slice(0, maxLines)
    return [`failed: ${attribute(of, "file")}:${attribute(of, "line")}: ${name}`, ...found].join("\n  ")
  })

/** Of a message that goes on, the comparison of two long texts say, this much is shown again. */
const maxLines = 40

const attribute = (tag: string, name: string): string =>
  (new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? "").replace(/&(?:#(\d+)|(\w+));/g, (all, code, word) =>
    code !== undefined ? String.fromCodePoint(Number(code)) : (entities[word] ?? all),
  )

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" }

if (import.meta.main) process.exit(await test(process.argv.slice(2)))
