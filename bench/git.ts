/** What git says of this checkout. */
import { join } from "node:path"

export const root = join(import.meta.dir, "..")

/** What a git command prints, trimmed; undefined where it fails, or where there is no git. */
export const git = (...args: ReadonlyArray<string>): string | undefined => {
  const path = Bun.which("git")
  if (path === null) return undefined
  const { success, stdout } = Bun.spawnSync([path, "-C", root, ...args], { stderr: "ignore" })
  return success ? stdout.toString().trim() : undefined
}
