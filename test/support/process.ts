/**
 * Process: what /proc knows of a child, its output line by line, and short commands.
 */
import { readdirSync, readFileSync } from "node:fs"
import { Condition, within } from "./within.ts"

/** How many file descriptors the process has open. */
export const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length

/** Resident memory in bytes. */
export const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0) * 1024

/**
 * Memory that the process itself took, in bytes. Resident memory also counts pages of its executable, which come with
 * first use and belong to the page cache.
 */
export const anonymousBytes = (pid: number): number =>
  Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0) * 1024

/** CPU time used so far, user and system, in milliseconds. */
export const cpuMilliseconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
    .replace(/^.*\) /s, "")
    .split(" ")
  // Fields 14 and 15 of proc(5), counted from the third; in ticks of 10 ms on Linux.
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** A stream's lines as they come. */
export class Lines {
  readonly all: Array<string> = []
  /** Settles when the stream is over. */
  readonly done: Promise<void>
  private readonly condition = new Condition()

  constructor(stream: ReadableStream<Uint8Array>) {
    this.done = this.collect(stream)
  }

  /** The first value that `pick` finds in a line, of those that came and of those that come. */
  until<A>(pick: (line: string) => A | undefined, what: string, milliseconds?: number): Promise<A> {
    const find = (): A | undefined => {
      for (const line of this.all) {
        const value = pick(line)
        if (value !== undefined) return value
      }
      return undefined
    }
    return this.condition.until(find, () => `${what} in these lines:\n${this.all.join("\n")}\n`, milliseconds)
  }

  private async collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    let rest = ""
    for await (const chunk of stream) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n")
      rest = lines.pop() ?? ""
      if (lines.length === 0) continue
      this.all.push(...lines)
      this.condition.changed()
    }
    if (rest !== "") this.all.push(rest)
    this.condition.changed()
  }
}

export interface Output {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end, with no environment but PATH and what is given. */
export const runCommand = async (
  command: ReadonlyArray<string>,
  options: {
    readonly env?: Record<string, string>
    readonly cwd?: string
    readonly stdin?: string
    readonly milliseconds?: number
  } = {},
): Promise<Output> => {
  const child = Bun.spawn([...command], {
    cwd: options.cwd ?? "/",
    env: { PATH: process.env["PATH"], ...options.env },
    stdin: options.stdin === undefined ? "ignore" : Buffer.from(options.stdin),
    stdout: "pipe",
    stderr: "pipe",
  })
  const finished = Promise.all([child.exited, child.stdout.text(), child.stderr.text()])
  try {
    const [code, stdout, stderr] = await within(finished, `end of ${command.join(" ")}`, options.milliseconds ?? 10_000)
    return { code, stdout, stderr }
  } finally {
    child.kill("SIGKILL")
  }
}

/** curl, silent but for errors, and given 10 s. */
export const curl = (...arguments_: ReadonlyArray<string>): Promise<Output> =>
  runCommand(["curl", "--silent", "--show-error", "--max-time", "10", ...arguments_], { milliseconds: 12_000 })
