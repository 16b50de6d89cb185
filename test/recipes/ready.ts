/** Ready: what a client needs before it runs: its commands on this machine, its compiler's work, its server. */
import { existsSync } from "node:fs"
import { runCommand } from "../support/process.ts"
import type { Client } from "./row.ts"
import type { World } from "./world.ts"

/** The first command or file that this machine has not. */
export const missing = ({ needs }: Client): string | undefined => needs.find((need) => !has(need))

const has = (need: string): boolean => {
  if (need === "root") return process.getuid?.() === 0
  return need.startsWith("/") ? existsSync(need) : Bun.which(need) !== null
}

const done = new Map<string, Promise<void>>()

/** Compiles and starts what the client needs; once for all clients that need the same. */
export const ready = async (world: World, { before, beside }: Client): Promise<void> => {
  if (before !== undefined) await once(before(world), compile)
  if (beside !== undefined)
    await once(beside(world), (command) => world.network.start([...world.network.enter, ...command], startMilliseconds))
}

/** A new database cluster takes some seconds on a busy machine. */
const startMilliseconds = 60_000

const once = (command: ReadonlyArray<string>, start: typeof compile): Promise<void> => {
  const key = command.join(" ")
  const promise = done.get(key) ?? start(command)
  done.set(key, promise)
  return promise
}

/** With the home of whoever runs the tests: compilers keep there what they need not do twice. */
const compile = async (command: ReadonlyArray<string>): Promise<void> => {
  const env = { HOME: process.env["HOME"] ?? "/", CGO_ENABLED: "0", GOTOOLCHAIN: "local" }
  // A compiler that was never used here compiles its own library first: half a minute for Go.
  const { code, stderr } = await runCommand(command, { env, milliseconds: 150_000 })
  if (code !== 0) throw new Error(`${command.join(" ")} failed:\n${stderr}`)
}

const versions = new Map<string, Promise<string>>()

/** What the client says of its version: the first number with a dot. */
export const versionOf = ({ version }: Client): Promise<string> => {
  const key = version.join(" ")
  const known = versions.get(key) ?? askVersion(version)
  versions.set(key, known)
  return known
}

const askVersion = async (version: ReadonlyArray<string>): Promise<string> => {
  const { stdout, stderr } = await runCommand(version, { milliseconds: 30_000 })
  return /\d+(?:\.\d+)+/.exec(stdout + stderr)?.[0] ?? "unknown"
}
