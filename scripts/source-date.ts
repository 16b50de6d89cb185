/**
 * Source date: the time that everything made from the sources carries, so that the same sources make the same bytes.
 */
import { root } from "./steps.ts"

/** Seconds since 1970: SOURCE_DATE_EPOCH if it is set, else the time of the last commit, else 0. */
export const sourceDate = (): number => {
  const given = process.env["SOURCE_DATE_EPOCH"]
  if (given !== undefined && /^\d+$/.test(given)) return Number(given)
  const git = Bun.which("git")
  if (git === null) return 0
  const committed = Bun.spawnSync([git, "log", "-1", "--format=%ct"], { cwd: root })
  return committed.exitCode === 0 ? Number(committed.stdout.toString()) : 0
}
