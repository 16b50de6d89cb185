/**
 * Processes under measurement: start them pinned to a core, read what they have used, end them.
 *
 * A proxy is a tree of processes (squid, nginx and danted have children), and what a child used counts like what its
 * parent used. Everything is read from /proc. Only what was started here is ever ended, by its pid.
 */
import { closeSync, openSync, readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"

/** Proxies run alone on the first core; the load and its origins share the second. */
export const proxyCore = 0
export const loadCore = 1

/** Clock ticks a second in /proc/PID/stat: 100 for every program on Linux, whatever the kernel's own HZ. */
export const ticksPerSecond = 100

export interface Started {
  readonly pid: number
  readonly process: Bun.Subprocess
}

export interface StartOptions {
  readonly core: number
  /** Its working directory, and where its stderr is kept in `NAME.stderr`. */
  readonly dir: string
  readonly name: string
  readonly env?: Record<string, string>
  readonly stdin?: "pipe" | "ignore"
  /** "log": a pipe that another process empties on the load's core, as a container runtime would. */
  readonly stdout: "pipe" | "ignore" | "log"
  /** "kept" in the folder, unless it is said otherwise. */
  readonly stderr?: "kept" | "ignore" | "log"
}

const started = new Set<Started>()

/** Starts a command on one core. `taskset` becomes the command, so the pid is the command's own. */
export const start = (command: ReadonlyArray<string>, options: StartOptions): Started => {
  const { name, dir } = options
  const log = options.stdout === "log" || options.stderr === "log" ? openLog(name, dir) : undefined
  const kept = options.stderr === undefined || options.stderr === "kept"
  const stderr = kept ? openSync(join(dir, `${name}.stderr`), "a") : undefined
  const child = Bun.spawn(["taskset", "-c", String(options.core), ...command], {
    cwd: dir,
    env: { ...process.env, ...options.env },
    stdin: options.stdin ?? "ignore",
    stdout: options.stdout === "log" ? (log ?? "ignore") : options.stdout,
    stderr: (options.stderr === "log" ? log : stderr) ?? "ignore",
  })
  if (stderr !== undefined) closeSync(stderr)
  if (log !== undefined) closeSync(log)
  const one: Started = { pid: child.pid, process: child }
  started.add(one)
  return one
}

const openLog = (name: string, dir: string): number => {
  const path = join(dir, `${name}.log-pipe`)
  // squid opens it anew, and has given up root by then.
  Bun.spawnSync(["mkfifo", "-m", "666", path])
  const reader = Bun.spawn(["taskset", "-c", String(loadCore), "cat", path], { stdout: "ignore", stderr: "ignore" })
  started.add({ pid: reader.pid, process: reader })
  // Opened for both, so that it does not wait for `cat` to open its own end.
  return openSync(path, "r+")
}

/** SIGTERM, two seconds of patience, SIGKILL; its children are ended with it. */
export const stop = async (one: Started): Promise<void> => {
  const tree = treeOf(one.pid)
  one.process.kill("SIGTERM")
  const patience = setTimeout(() => one.process.kill("SIGKILL"), 2000)
  await one.process.exited
  clearTimeout(patience)
  for (const pid of tree) kill(pid)
  started.delete(one)
}

/** Ends whatever is still running; for the end of the harness, however it comes. */
export const stopAll = (): void => {
  for (const { pid } of started) for (const each of treeOf(pid)) kill(each)
}

const kill = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // It is gone already.
  }
}

interface Stat {
  readonly parent: number
  readonly ticks: number
}

/** Undefined when the process is gone. Fields of proc(5), counted after the name, which may hold spaces. */
const statOf = (pid: number): Stat | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1")
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
    const at = (index: number): number => Number(fields[index] ?? 0)
    // ppid; utime, stime of all threads, dead ones too; cutime, cstime of children that were waited for.
    return { parent: at(1), ticks: at(11) + at(12) + at(13) + at(14) }
  } catch {
    return undefined
  }
}

/** The process and all its descendants that live. */
export const treeOf = (root: number): ReadonlyArray<number> => {
  const children = new Map<number, Array<number>>()
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry)
    const stat = Number.isInteger(pid) ? statOf(pid) : undefined
    if (stat !== undefined) children.set(stat.parent, [...(children.get(stat.parent) ?? []), pid])
  }
  const tree = [root]
  for (let i = 0; i < tree.length; i++) tree.push(...(children.get(tree[i] ?? 0) ?? []))
  return tree
}

/** Processor seconds, user and system, of the whole tree since it began; 10 ms is the smallest step. */
export const cpuSeconds = (root: number): number => {
  let ticks = 0
  for (const pid of treeOf(root)) ticks += statOf(pid)?.ticks ?? 0
  return ticks / ticksPerSecond
}

/** Resident bytes: what the kernel calls Rss, or, of several processes, the sum of Pss, which counts shared pages once. */
export const residentBytes = (root: number): number => {
  const tree = treeOf(root)
  const field = tree.length === 1 ? "Rss" : "Pss"
  let kib = 0
  for (const pid of tree) {
    try {
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1")
      kib += Number(new RegExp(`^${field}: +(\\d+)`, "m").exec(rollup)?.[1] ?? 0)
    } catch {
      // It ended meanwhile.
    }
  }
  return kib * 1024
}

/** Resolves once something accepts on 127.0.0.1:port; throws with the process's last words when it ends or is too slow. */
export const accepting = async (one: Started, port: number, stderr: string): Promise<void> => {
  const until = performance.now() + 10_000
  while (performance.now() < until && one.process.exitCode === null) {
    try {
      const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data: () => {} } })
      socket.terminate()
      return
    } catch {
      await Bun.sleep(5)
    }
  }
  const file = Bun.file(stderr)
  const words = (await file.exists()) ? await file.text() : ""
  throw new Error(`nothing accepts on port ${port}${words === "" ? "" : `: ${words.trim().slice(-400)}`}`)
}
