import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { recipeClients, skipLines, skipsVariable } from "../support/skips.ts"
import { runCommand } from "../support/process.ts"

test("what was skipped is summed by what is missing, with how to have it", () => {
  const report = [["chromium"], ["root", "buildah"], ["root"], [recipeClients], ["bwrap"], ["root"]]
  expect(skipLines(report.map((missing) => `${JSON.stringify({ missing })}\n`).join(""))).toEqual([
    "     3 for want of root: run as root",
    "     1 for want of chromium: apt-get install chromium",
    "     1 for want of buildah: apt-get install buildah",
    `     1 for want of ${recipeClients}: \`bun run recipes\` installs those of npm; the head of .ci/run names Debian's packages`,
    "     1 for want of bwrap: apt-get install bubblewrap",
  ])
  expect(skipLines("")).toEqual([])
})

test("a test that needs what is not here is noted, and in CI it is not skipped", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-skips-"))
  try {
    const report = join(folder, "skips.jsonl")
    const needs = join(import.meta.dir, "../support/needs.ts")
    await Bun.write(
      join(folder, "some.test.ts"),
      `import { needs } from ${JSON.stringify(needs)}\nneeds("zsh", "fish")("shells", () => { throw new Error("ran") })\n`,
    )
    const run = (more: Record<string, string>) =>
      runCommand([process.execPath, "test"], { cwd: folder, env: { PATH: "", [skipsVariable]: report, ...more } })
    expect((await run({})).code).toBe(0)
    expect(await Bun.file(report).text()).toBe('{"missing":["zsh","fish"]}\n')
    expect((await run({ CI: "true" })).code).toBe(1)
    expect(await Bun.file(report).text()).toBe('{"missing":["zsh","fish"]}\n')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
