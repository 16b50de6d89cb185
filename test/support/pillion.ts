/**
 * Pillion, the real executable, as tests drive it: started, asked, listened to, and always ended.
 *
 * Each instance has a folder of its own, an environment of nothing but PATH, and free ports unless told otherwise.
 */
import { watch } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { build } from "../../scripts/build.ts"
import { anonymousBytes, Lines, openFiles, type Output, residentBytes, runCommand } from "./process.ts"
import { within } from "./within.ts"

export interface Options {
  readonly flags?: ReadonlyArray<string>
  readonly env?: Record<string, string>
  /** Annotations by their last part, `proxy-type` and so on; written in the downward API's format. */
  readonly annotations?: Record<string, string>
  /** True: listens where flags, environment or annotations say. By default every port is a free one. */
  readonly ownPorts?: boolean
  /** Goes before the executable: `unshare`, `prlimit`, ... */
  readonly wrapper?: ReadonlyArray<string>
  readonly cwd?: string
  /** Another one than this machine's. */
  readonly executable?: string
  /** Milliseconds until everything listens; an emulated start takes its time. */
  readonly patience?: number
}

/** Ports by listener; 0 where nothing listens. */
export interface Ports {
  readonly in: number
  readonly out: number
  readonly health: number
  readonly admin: number
}

/** One line of the access log. Further fields as they are. */
export interface AccessLine {
  readonly [field: string]: unknown
}

export class Pillion {
  readonly ports: Ports
  readonly pid: number
  /** The exit code: 128 + n if a signal that it did not handle ended it. */
  readonly exited: Promise<number>
  readonly stdout: Lines
  readonly stderr: Lines
  private readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">
  private readonly folder: string
  private stopped = false

  constructor(child: Bun.Subprocess<"ignore", "pipe", "pipe">, out: Lines, err: Lines, folder: string, ports: Ports) {
    this.child = child
    this.pid = child.pid
    this.exited = child.exited
    this.stdout = out
    this.stderr = err
    this.folder = folder
    this.ports = ports
  }

  /** The first access-log line that fits. */
  waitForLog(fits: (line: AccessLine) => boolean, milliseconds?: number): Promise<AccessLine> {
    const pick = (text: string): AccessLine | undefined => {
      const line = parseLine(text)
      return fits(line) ? line : undefined
    }
    return this.stdout.until(pick, "such access-log line", milliseconds)
  }

  /** The first access-log line of this client. */
  lineOf(client: { readonly localPort: number; readonly since: number }): Promise<AccessLine> {
    return this.waitForLog(
      (line) => line["client"] === `127.0.0.1:${client.localPort}` && Date.parse(String(line["time"])) >= client.since,
    )
  }

  /** Every access-log line so far. */
  get log(): ReadonlyArray<AccessLine> {
    return this.stdout.all.map(parseLine)
  }

  /** Sends a signal that is meant to end it. `pid` is another one only where a wrapper stands between. */
  signal(name: "SIGTERM" | "SIGINT" | "SIGKILL", pid = this.pid): void {
    this.stopped = true
    process.kill(pid, name)
  }

  /** Says that the test ends it in another way than by `signal`. */
  expectEnd(): void {
    this.stopped = true
  }

  /** Asks it to reread what it was started with. */
  reload(): void {
    this.child.kill("SIGHUP")
  }

  /** SIGTERM, then its exit code. */
  async stop(milliseconds = 5000): Promise<number> {
    this.signal("SIGTERM")
    return await within(this.exited, "end of pillion after SIGTERM", milliseconds)
  }

  openFiles(): number {
    return openFiles(this.pid)
  }

  residentBytes(): number {
    return residentBytes(this.pid)
  }

  anonymousBytes(): number {
    return anonymousBytes(this.pid)
  }

  /** A GET to the health listener: its status code. */
  async health(path: string): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.ports.health}${path}`, { proxy: "" })
    await answer.text()
    return answer.status
  }

  /** Ends it, and fails the test if it had died, spoke of a defect, or logged a line that is not one JSON object. */
  async [Symbol.asyncDispose](): Promise<void> {
    const alive = this.child.exitCode === null && this.child.signalCode === null
    try {
      this.child.kill("SIGTERM")
      // A connection that a failed test left open would keep it draining: a signal that comes more than a second after
      // the first cuts that short.
      const again = setInterval(() => this.child.kill("SIGTERM"), 1100)
      await within(this.exited, "end of pillion after several signals").finally(() => clearInterval(again))
      await within(Promise.all([this.stdout.done, this.stderr.done]), "end of pillion's output")
    } finally {
      this.child.kill("SIGKILL")
      await rm(this.folder, { recursive: true, force: true })
    }
    const talk = this.stderr.all.join("\n")
    if (!alive && !this.stopped) throw new Error(`pillion had ended by itself: ${this.child.exitCode}\n${talk}`)
    if (/unhandled|uncaught|defect/i.test(talk)) throw new Error(`pillion reports a defect:\n${talk}`)
    for (const line of this.stdout.all) parseLine(line)
  }
}

/** Starts the executable and waits until everything listens. Fails with what it said when it ends instead. */
export const startPillion = async (options: Options = {}): Promise<Pillion> => {
  const executable = options.executable ?? (await build())
  const folder = await mkdtemp(join(tmpdir(), "pillion-test-"))
  const portsFile = join(folder, "ports.json")
  const appeared = untilPorts(folder, portsFile)
  const child = Bun.spawn(
    [...(options.wrapper ?? []), executable, ...(await sources(options, folder)), `--ports-file=${portsFile}`],
    {
      cwd: options.cwd ?? folder,
      env: { PATH: process.env["PATH"], ...options.env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  )
  const out = new Lines(child.stdout)
  const err = new Lines(child.stderr)
  const died = child.exited.then(async (code) => {
    await err.done
    throw new Error(`pillion ended with ${code} before it listened:\n${err.all.join("\n")}`)
  })
  try {
    const ports = await within(
      Promise.race([appeared.ports, died]),
      () => `ports file; pillion says:\n${err.all.join("\n")}\n`,
      options.patience,
    )
    // From here on its end is no failure of the start any more.
    died.catch(() => {})
    return new Pillion(child, out, err, folder, ports)
  } catch (cause) {
    child.kill("SIGKILL")
    await rm(folder, { recursive: true, force: true })
    throw cause
  } finally {
    appeared.stop()
  }
}

/** Runs one command of the executable to its end: `check-config`, `version`, a start that is refused, ... */
export const pillion = async (
  arguments_: ReadonlyArray<string>,
  options: Parameters<typeof runCommand>[1] = {},
): Promise<Output> => runCommand([await build(), ...arguments_], options)

const freePorts = ["--proxy-in-port=0", "--proxy-out-port=0", "--health-port=0", "--admin-port=0"]

/** The flags that carry what the options say. */
const sources = async (options: Options, folder: string): Promise<ReadonlyArray<string>> => {
  const flags = ["run", ...(options.ownPorts === true ? [] : freePorts), ...(options.flags ?? [])]
  if (options.annotations === undefined) return flags
  const file = join(folder, "annotations")
  await Bun.write(file, annotationsText(options.annotations))
  return [...flags, `--annotations-file=${file}`]
}

/** Annotations as the downward API writes them: sorted, `key="value"`, no newline at the end. */
export const annotationsText = (annotations: Record<string, string>): string =>
  Object.entries(annotations)
    .map(([name, value]) => `sidecar.speedscale.com/${name}=${JSON.stringify(value)}`)
    .toSorted()
    .join("\n")

const parseLine = (text: string): AccessLine => {
  const value: unknown = JSON.parse(text)
  if (typeof value !== "object" || value === null) throw new Error(`not one JSON object: ${text}`)
  return value as AccessLine
}

/** The ports, as soon as the file holds them. The watch begins before the process does: nothing is missed. */
const untilPorts = (folder: string, file: string): { readonly ports: Promise<Ports>; readonly stop: () => void } => {
  const { promise, resolve } = Promise.withResolvers<Ports>()
  const look = async (): Promise<void> => {
    const text = await Bun.file(file)
      .text()
      .catch(() => "")
    try {
      resolve({ in: 0, out: 0, health: 0, admin: 0, ...JSON.parse(text) })
    } catch {
      // Not there yet, or half written: another event follows.
    }
  }
  const watcher = watch(folder, () => void look())
  return { ports: promise, stop: () => watcher.close() }
}
