/**
 * Micro-benchmarks of the pure code: nanoseconds and bytes allocated for a handshake, a head, a chunk. No network.
 *
 *   bun bench/micro.ts            prints them
 *   bun bench/micro.ts --check    fails where time, as a ratio to its reference, or bytes are twice what was recorded
 *   bun bench/micro.ts --record   writes bench/micro.json
 *
 * A machine's speed cancels: every case is timed beside its reference in the same run, turn by turn, and the least of
 * many turns is kept, for whatever disturbs a turn only makes it longer. The turns of a case are spread over the whole
 * run, so that a neighbour that is busy for a second does not disturb all of them.
 */
import { heapStats } from "bun:jsc"
import { join } from "node:path"

import { cases, type Case } from "./cases.ts"

const recordFile = join(import.meta.dir, "micro.json")

/** Both are bounds for one turn: long enough for the clock, short enough to be undisturbed now and then. */
const turnNs = 3_000_000
const passes = 6
const turnsOfAPass = 8
const warmUpNs = 150_000_000

/** How far a value may be from the recorded one before --check fails. */
const tolerance = 2
/** Besides: a few nanoseconds are the clock's, and a single object more is not yet a regression. */
const ratioTolerance = 0.05
const bytesTolerance = 128

/** Few enough that no garbage collection comes between the two readings, many enough to outweigh the free lists. */
const allocationRuns = 10_000
const allocationTries = 5

interface Result {
  readonly ns: number
  /** Time as a multiple of the reference loop's. */
  readonly ratio: number
  readonly bytes: number
}

type Record = Readonly<{ [name: string]: Pick<Result, "ratio" | "bytes"> }>

/** Where results go, so that no call can be left out by the compiler. */
let sink: unknown

const time = (run: () => unknown, runs: number): number => {
  const before = Bun.nanoseconds()
  for (let i = 0; i < runs; i++) sink = run()
  return (Bun.nanoseconds() - before) / runs
}

/** Runs until the JIT has seen enough of it; returns how many runs fill a turn. */
const warmUp = (run: () => unknown): number => {
  const until = Bun.nanoseconds() + warmUpNs
  let ns = time(run, 10)
  while (Bun.nanoseconds() < until) ns = time(run, Math.max(1, Math.ceil(1_000_000 / ns)))
  return Math.max(1, Math.ceil(turnNs / ns))
}

/** Bytes of heap cells that one run allocates: the most of a few tries, for a collection can only lower it. */
const allocated = ({ run, allocationRuns: runs = allocationRuns }: Case): number => {
  let most = 0
  for (let i = 0; i < allocationTries; i++) {
    Bun.gc(true)
    const before = heapStats().heapCapacity
    for (let n = 0; n < runs; n++) sink = run()
    most = Math.max(most, (heapStats().heapCapacity - before) / runs)
  }
  return Math.round(most)
}

/** The least times of a case and of its reference, so far. */
interface Timing {
  readonly each: Case
  readonly runs: number
  readonly referenceRuns: number
  ns: number
  referenceNs: number
}

const begin = (each: Case): Timing => ({
  each,
  referenceRuns: warmUp(each.reference),
  runs: warmUp(each.run),
  ns: Infinity,
  referenceNs: Infinity,
})

const takeTurns = (timing: Timing): void => {
  const { run, reference } = timing.each
  for (let i = 0; i < turnsOfAPass; i++) {
    timing.referenceNs = Math.min(timing.referenceNs, time(reference, timing.referenceRuns))
    timing.ns = Math.min(timing.ns, time(run, timing.runs))
  }
}

const measureAll = (): ReadonlyMap<string, Result> => {
  const timings = cases.map(begin)
  for (let i = 0; i < passes; i++) for (const timing of timings) takeTurns(timing)
  return new Map(
    timings.map(({ each, ns, referenceNs }) => [each.name, { ns, ratio: ns / referenceNs, bytes: allocated(each) }]),
  )
}

const recorded = async (): Promise<Record> => {
  const file = Bun.file(recordFile)
  return (await file.exists()) ? ((await file.json()) as Record) : {}
}

/** What is wrong with a result; undefined when nothing is, or when there is nothing to compare it with. */
const regression = (result: Result, before: Record[string] | undefined): string | undefined => {
  if (before === undefined) return undefined
  if (result.ratio > before.ratio * tolerance + ratioTolerance)
    return `${result.ratio.toFixed(2)} times the reference, was ${before.ratio}`
  const bytes = before.bytes * tolerance + bytesTolerance
  return result.bytes > bytes ? `${result.bytes} bytes allocated, were ${before.bytes}` : undefined
}

const main = async (flags: ReadonlyArray<string>): Promise<number> => {
  const record = await recorded()
  const results = measureAll()
  let failed = false
  console.log(`${"".padEnd(40)} ${"ns".padStart(8)} ${"x reference".padStart(12)} ${"bytes".padStart(7)}`)
  for (const [name, result] of results) {
    const { ns, ratio, bytes } = result
    const problem = flags.includes("--check") ? regression(result, record[name]) : undefined
    failed ||= problem !== undefined
    const end = problem === undefined ? "" : `  REGRESSION: ${problem}`
    console.log(
      `${name.padEnd(40)} ${ns.toFixed(0).padStart(8)} ${ratio.toFixed(2).padStart(12)} ${String(bytes).padStart(7)}${end}`,
    )
  }
  if (flags.includes("--record")) {
    const kept = [...results].map(([name, { ratio, bytes }]) => [name, { ratio: Number(ratio.toFixed(3)), bytes }])
    await Bun.write(recordFile, `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`)
  }
  return failed ? 1 : 0
}

if (import.meta.main) {
  process.exitCode = await main(process.argv.slice(2))
  // Read once, or the compiler might see that nobody does.
  if (sink === main) console.log(sink)
}
