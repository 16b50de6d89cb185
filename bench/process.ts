/**
 * Processes under measurement: start them pinned to a core, wait until they accept, read what they have used, end them.
 *
 * Everything is read from /proc. A proxy is a tree of processes: squid, nginx and danted have children, and what a child
 * used counts like what its parent used.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs"

/** Proxies run alone on the first core; the load and its origins share the second. */
export const proxyCore = 0
export const loadCore = 1

/** Clock ticks a second in /proc/PID/stat: 100 on every Linux that Bun runs on. */
const ticks = 100

export interface Started {
  readonly pid: number
  readonly process: Bun.Subprocess
}

export interface StartOptions {
  readonly core: number
  readonly cwd?: string
  readonly env?: Record<string, string>
  readonly stdin?: "pipe" | "ignore"
  /** "drain": into a pipe that another process empties, as a container runtime does. */
  readonly stdout?: "pipe" | "ignore" | "drain"
  /** The file that stderr goes to, so that a failure can be shown. */
  readonly stderr?: string
}

/** Starts a command on one core. `taskset` becomes the command, so the pid is the command's own. */
export const start = (command: ReadonlyArray<string>, options: StartOptions): Started => {
  const drain =
    options.stdout === "drain"
      ? Bun.spawn(["taskset", "-c", String(loadCore), "cat"], { stdin: "pipe", stdout: Bun.file("/dev/null") })
      : undefined
  const child = Bun.spawn(["taskset", "-c", String(options.core), ...command], {
    stdin: options.stdin ?? "ignore",
    stdout: options.stdout === "drain" ? "pipe" : (options.stdout ?? "ignore"),
    stderr: options.stderr === undefined ? "ignore" : Bun.file(options.stderr),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
  })
  void drain
  return { pid: child.pid, process: child }
}
