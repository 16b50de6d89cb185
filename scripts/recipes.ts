/**
 * Recipes: real clients against the executable, as a table: what each said, and what the proxy saw. Installs the clients
 * that come from npm; .ci/run lists Debian's. Where all of them ran and passed on a person's machine, docs/clients.md
 * is brought up to the versions that were tested.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Line, linesOf } from "../test/recipes/report.ts"
import { bun, exitCode, root, step } from "./steps.ts"
import { test } from "./test.ts"

/** Installs exactly what test/recipes/bun.lock names; nothing happens when it is there already. */
export const installClients = (): Promise<void> =>
  step("install clients", [bun, "install", "--frozen-lockfile", `--cwd=${join(root, "test/recipes")}`])

/** Runs all rows, or those whose name fits the flags for `bun test`; returns the exit code. */
const recipes = async (flags: ReadonlyArray<string>): Promise<number> => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-recipes-report-"))
  const report = join(folder, "recipes.jsonl")
  try {
    const code = await test(["test/recipes", ...flags], report)
    const whole = flags.length === 0 && process.env["CI"] !== "true"
    if (code === 0 && whole) await noteVersions(linesOf(await Bun.file(report).text()))
    return code
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Writes down which versions passed, unless a client was skipped. */
const noteVersions = async (lines: ReadonlyArray<Line>): Promise<void> => {
  if (lines.some(({ result }) => result !== "pass")) return
  const versions = Object.fromEntries(lines.map(({ client, version }) => [client, version]))
  await Bun.write(join(root, "test/recipes/versions.json"), `${JSON.stringify(versions, undefined, 2)}\n`)
  // A process of its own: this one has read the file before.
  await exitCode([bun, join(root, "scripts/docs.ts")])
}

if (import.meta.main) {
  await installClients()
  process.exit(await recipes(process.argv.slice(2)))
}
