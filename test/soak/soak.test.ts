/** A short soak: one minute of it in CI, a few seconds elsewhere. `bun run soak -- --minutes 10` is the real one. */
import { expect, test } from "bun:test"
import { join } from "node:path"
import { runCommand } from "../support/process.ts"

const minutes = process.env["CI"] === "true" ? 1 : 0.08

test("everything that clients do, mixed and at load, ends without an unexpected error, and nothing is left open", async () => {
  const root = join(import.meta.dir, "../..")
  const command = [process.execPath, "scripts/soak.ts", `--minutes=${minutes}`]
  const { code, stdout, stderr } = await runCommand(command, { cwd: root, milliseconds: 150_000 })
  console.log(stdout + stderr)
  expect(code).toBe(0)
}, 160_000)
