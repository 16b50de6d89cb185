/** The executable to compare with: one that is there, or one that is built from an earlier revision. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs"
import { join, resolve } from "node:path"

import { git, root } from "./git.ts"

/**
 * The path of a file as it is given, or the executable of the revision that git knows by that name, built by that
 * revision's own script and kept in dist/bench/executables. Throws where it is neither, or where it can not be built.
 */
export const executableBefore = (given: string, say: (line: string) => void): string => {
  const file = resolve(given)
  if (existsSync(file) && statSync(file).isFile()) return file
  const revision = git("rev-parse", "--verify", "--quiet", "--end-of-options", `${given}^{commit}`)
  if (revision === undefined) throw new Error(`--before ${given}: neither a file nor a revision that git knows`)
  const short = revision.slice(0, 12)
  const kept = join(root, "dist/bench/executables", short)
  if (!existsSync(kept)) {
    say(`building ${short}, to compare with`)
    buildRevision(revision, short, kept)
  }
  return kept
}

const buildRevision = (revision: string, short: string, target: string): void => {
  mkdirSync(join(target, ".."), { recursive: true })
  const folder = mkdtempSync(join(root, "dist/bench/build-"))
  try {
    // The revision's files and nothing of the checkout's: what is not committed is not in it.
    run(["sh", "-c", 'git -C "$0" archive "$1" | tar -x -C "$2"', root, revision, folder])
    if (sameLock(folder)) symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
    else run([process.execPath, "install", "--frozen-lockfile"], folder)
    run([process.execPath, "scripts/build.ts"], folder, { BUILD_REVISION: short })
    renameSync(join(folder, "dist/pillion"), target)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const sameLock = (folder: string): boolean =>
  readFileSync(join(folder, "bun.lock"), "utf8") === readFileSync(join(root, "bun.lock"), "utf8")

const run = (command: ReadonlyArray<string>, cwd = root, more: Record<string, string> = {}): void => {
  const { success, stdout, stderr } = Bun.spawnSync([...command], { cwd, env: { ...process.env, ...more } })
  if (!success) throw new Error(`${command.slice(0, 3).join(" ")} failed:\n${stderr}${stdout}`)
}
