/** What a run leaves behind: everything that was measured, and what it was measured with, as one JSON file. */
import { mkdirSync } from "node:fs"
import { dirname, join } from "node:path"

import type { Verdict } from "./goals.ts"
import { git, root } from "./git.ts"
import type { Machine } from "./machine.ts"
import type { Outcome } from "./measure.ts"

/** The form of the file; a change that an older reader would misread gets the next number. */
const form = 1

export interface Report {
  readonly form: typeof form
  /** As it can be pasted into a shell. */
  readonly command: string
  /** What `version` says of the executable that was measured, its revision with it. */
  readonly pillion: string
  /** The revision of this harness, with `-dirty` where files differ from it. */
  readonly harness: string
  readonly machine: Machine
  readonly starts: number
  readonly rounds: number
  readonly seconds: number
  readonly peers: ReadonlyArray<{ readonly name: string; readonly version: string | undefined; readonly about: string }>
  readonly outcomes: ReadonlyArray<Outcome>
  readonly verdicts: ReadonlyArray<Verdict>
}

/** What is known before anything was measured. */
export const begunReport = (report: Omit<Report, "form" | "harness" | "outcomes" | "verdicts">): Report => ({
  form,
  ...report,
  harness: git("describe", "--always", "--dirty", "--abbrev=12", "--exclude=*") ?? "unknown",
  outcomes: [],
  verdicts: [],
})

/** A word as a shell reads it back. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/** The command that began a run with these arguments. */
export const commandLine = (args: ReadonlyArray<string>): string => ["bun run bench", ...args.map(quoted)].join(" ")

/** What was measured, with which command, on what, and when: the lines above all tables. */
export const heading = ({ command, pillion, harness, machine, starts, rounds, seconds }: Report) => [
  `pillion ${pillion}; harness ${harness}`,
  command,
  `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Linux ${machine.kernel}, Bun ${machine.bun}`,
  `${machine.namespace ? "a network namespace of its own" : "the machine's own network"}, ${machine.descriptors} descriptors; proxies on core 0, load and origins on core 1`,
  `${starts === 1 ? "" : `${starts} starts, `}${rounds} alternating rounds of ${seconds} s; ${machine.when}`,
]

/** Where a report is kept that nobody gave a name. */
const defaultPath = ({ machine, pillion }: Report): string => {
  const revision = /revision ([\w-]+)/.exec(pillion)?.[1] ?? "unknown"
  return join(root, "dist/bench/reports", `${machine.when.replaceAll(":", "").slice(0, 17)}Z-${revision}.json`)
}

/** Writes the report; returns where it is. */
export const keep = async (report: Report, path = defaultPath(report)): Promise<string> => {
  mkdirSync(dirname(path), { recursive: true })
  await Bun.write(path, `${JSON.stringify(report, null, 1)}\n`)
  return path
}

/** Reads a report that `keep` wrote. Throws an Error that says what is wrong with the file. */
export const readReport = async (path: string): Promise<Report> => {
  const file = Bun.file(path)
  if (!(await file.exists())) throw new Error(`${path}: there is no such file`)
  let report: unknown
  try {
    report = await file.json()
  } catch {
    throw new Error(`${path} is no JSON`)
  }
  if (typeof report !== "object" || report === null || !("form" in report) || report.form !== form) {
    throw new Error(`${path} is no report of this benchmark, or of another version of it`)
  }
  return report as Report
}
