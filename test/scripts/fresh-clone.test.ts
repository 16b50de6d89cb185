/** What a newcomer types first, in a folder where nothing was installed. */
import { expect, test } from "bun:test"
import { cp, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { runCommand } from "../support/process.ts"

const root = join(import.meta.dir, "../..")

test("a script installs what it needs where there is no node_modules, and says nothing of it the second time", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-clone-"))
  try {
    for (const path of ["package.json", "bun.lock", "bunfig.toml", "scripts", "src"]) {
      await cp(join(root, path), join(folder, path), { recursive: true })
    }
    const build = () => runCommand([process.execPath, "run", "build"], { cwd: folder, env, milliseconds: 100_000 })
    // No checkout of git: the revision is given.
    const env = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", BUILD_REVISION: "none" }
    const first = await build()
    expect(first.code).toBe(0)
    expect(first.stdout).toMatch(/^── install$/m)
    expect(first.stdout).toMatch(/^dist\/pillion: .* \(none\), \d+\.\d MB$/m)
    const second = await build()
    expect(second.code).toBe(0)
    expect(second.stdout).toMatch(/^dist\/pillion is up to date: [^\n]*\n$/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 120_000)
