/** Compiles the C programs once, runs the load, and keeps the origins that it asks. */
import { mkdirSync } from "node:fs"
import { join } from "node:path"

import { unusedPort } from "../scripts/unused-port.ts"
import { loadCore, start, type Started } from "./process.ts"
import { manyOrigins, type Workload } from "./workloads.ts"

export interface Programs {
  readonly load: string
  readonly relay: string
}

/** Compiles load*.c and relay.c into the folder; throws with the compiler's words when there is no compiler. */
export const compile = (dir: string): Programs => {
  const sources = [...new Bun.Glob("load*.c").scanSync({ cwd: import.meta.dir })].toSorted()
  const programs = { load: join(dir, "load"), relay: join(dir, "relay") }
  cc(sources, programs.load)
  cc(["relay.c"], programs.relay)
  return programs
}

const cc = (sources: ReadonlyArray<string>, output: string): void => {
  const compiler = Bun.which("cc")
  if (compiler === null) throw new Error("a C compiler is needed: no cc in PATH")
  const { exitCode, stderr } = Bun.spawnSync([compiler, "-O2", "-o", output, ...sources], { cwd: import.meta.dir })
  if (exitCode !== 0) throw new Error(`cc ${sources.join(" ")} failed:\n${stderr}`)
}

export interface Origins {
  readonly ports: Readonly<Record<Workload["origin"], number>>
}

/** Bytes of a body that costs a proxy more than its head does. */
const largeBody = 32 * 1024

/** Starts the origins on the load's core; resolves once all of them accept. */
export const startOrigins = async (programs: Programs, dir: string): Promise<Origins> => {
  mkdirSync(dir, { recursive: true })
  const ports = {
    echo: unusedPort(),
    http: unusedPort(manyOrigins),
    "http-large": unusedPort(),
    "http-chunked": unusedPort(),
    bulk: unusedPort(),
  }
  const origin = (name: keyof typeof ports, mode: string, ...more: ReadonlyArray<string>): Promise<void> => {
    const command = [programs.load, mode, `port=${ports[name]}`, ...more]
    return ready(start(command, { core: loadCore, dir, name, stdout: "pipe" }), name)
  }
  await Promise.all([
    origin("echo", "serve-echo"),
    origin("http", "serve-http", `ports=${manyOrigins}`, "size=128"),
    origin("http-large", "serve-http", `size=${largeBody}`),
    origin("http-chunked", "serve-http", `size=${largeBody}`, "chunked=1"),
    origin("bulk", "serve-bulk"),
  ])
  return { ports }
}

const ready = async ({ process: { stdout } }: Started, name: string): Promise<void> => {
  if (!(stdout instanceof ReadableStream)) throw new Error("an origin's stdout is a pipe")
  const { done } = await stdout.getReader().read()
  if (done) throw new Error(`the ${name} origin did not start`)
}

/** What `load run` and `load bulk` print. Latencies are microseconds; `load bulk` has none. */
export interface LoadResult {
  readonly ops: number
  readonly seconds: number
  readonly rate: number
  readonly errors: number
  readonly firstError: string
  readonly p50?: number
  readonly p90?: number
  readonly p99?: number
  readonly p999?: number
  readonly loadCpu: number
}

/** Runs the load on its core and returns what it says; throws with its words when it could do nothing at all. */
export const runLoad = async (load: string, ...args: ReadonlyArray<string>): Promise<LoadResult> => {
  const child = Bun.spawn(["taskset", "-c", String(loadCore), load, ...args], { stdout: "pipe", stderr: "pipe" })
  const [said, complaint, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  if (said.trim() === "") throw new Error(`load ${args.join(" ")} ended with ${code}: ${complaint.trim()}`)
  return JSON.parse(said) as LoadResult
}
