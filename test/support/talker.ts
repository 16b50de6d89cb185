/**
 * Talker: a process that writes numbered lines to its standard output as fast as it can, whoever reads them or not.
 *
 * When all are written it tells on descriptor 4, as one JSON object, what that did to it; then it waits for what is
 * not read yet, FLUSH milliseconds at most, and ends. With `both` it says the same on standard error.
 *
 * bun talker.ts LINES FLUSH [both]
 */
import { lookup } from "node:dns/promises"
import { readFileSync, writeSync } from "node:fs"

import { openDescriptor } from "../../src/observe/output/descriptor.ts"
import { Output } from "../../src/observe/output/output.ts"

export interface Report {
  readonly dropped: number
  /** Milliseconds: the longest time in which the process did nothing else. */
  readonly maxPause: number
  /** Bytes of resident memory that the lines cost. */
  readonly grown: number
  /** Whether descriptor 1 was turned non-blocking for everyone who shares it. */
  readonly nonBlocking: boolean
}

export interface End {
  readonly flushed: boolean
  readonly dropped: number
  /** What `localhost` was found to be after the flush. */
  readonly address: string
}

const linesPerTurn = 250
const padding = "x".repeat(280)

const reports = 4

const talk = async (lines: number, milliseconds: number, both: boolean): Promise<void> => {
  const output = new Output({ write: openDescriptor(1), notice: (count) => `dropped ${count}\n` })
  const second = new Output({ write: openDescriptor(2), notice: (count) => `dropped ${count}\n` })
  // The first lookup brings in its code, which is not what is measured.
  await lookup("localhost")
  const before = process.memoryUsage.rss()
  let maxPause = 0
  let last = performance.now()
  for (let i = 0; i < lines; i++) {
    output.write(`line ${i} ${padding}\n`)
    if (both) second.write(`line ${i} ${padding}\n`)
    if (i % linesPerTurn !== 0) continue
    await new Promise(setImmediate)
    maxPause = Math.max(maxPause, performance.now() - last)
    last = performance.now()
  }
  const flags = Number.parseInt(/^flags:\s+(\d+)$/m.exec(readFileSync("/proc/self/fdinfo/1", "latin1"))?.[1] ?? "", 8)
  const report: Report = {
    dropped: output.dropped,
    maxPause,
    grown: process.memoryUsage.rss() - before,
    nonBlocking: (flags & 0o4000) !== 0,
  }
  writeSync(reports, `${JSON.stringify(report)}\n`)
  const flushed = await output.flush(milliseconds)
  const end: End = { flushed, dropped: output.dropped, address: (await lookup("localhost")).address }
  writeSync(reports, `${JSON.stringify(end)}\n`)
  process.exit(0)
}

if (import.meta.main) await talk(Number(process.argv[2]), Number(process.argv[3]), process.argv[4] === "both")
