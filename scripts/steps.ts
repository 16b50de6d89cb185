/**
 * Steps: run a child command, show what it says, and stop with its exit code when it fails.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"

export const root = join(import.meta.dir, "..")

/** The Bun that runs this script; there may be no other on the PATH. */
export const bun = process.execPath

/** Runs a command in the project's folder with its output shown. Ends this process with its exit code if it fails. */
export const step = async (title: string, command: ReadonlyArray<string>): Promise<void> => {
  const started = performance.now()
  console.log(`── ${title}`)
  const code = await exitCode(command)
  if (code !== 0) {
    console.error(`pillion: the step "${title}" failed with exit code ${code}`)
    process.exit(code)
  }
  console.log(`── ${title}: ${((performance.now() - started) / 1000).toFixed(1)} s`)
}

/**
 * Runs a command in the project's folder with its output shown, and with more variables; returns its exit code, 128 + n
 * after signal n.
 */
export const exitCode = async (command: ReadonlyArray<string>, more: Record<string, string> = {}): Promise<number> => {
  const env = { ...process.env, ...more }
  const child = Bun.spawn([...command], { cwd: root, env, stdin: "ignore", stdout: "inherit", stderr: "inherit" })
  return await child.exited
}

/** Installs exactly what bun.lock names; nothing happens, and nothing is said, when it is there already. */
export const install = async (): Promise<void> => {
  const fresh = !existsSync(join(root, "node_modules"))
  if (fresh) return await step("install", [bun, "install", "--frozen-lockfile"])
  const child = Bun.spawnSync([bun, "install", "--frozen-lockfile"], { cwd: root, stdin: "ignore" })
  if (child.exitCode === 0) return
  console.error(`${child.stdout}${child.stderr}pillion: the step "install" failed with exit code ${child.exitCode}`)
  process.exit(child.exitCode)
}
