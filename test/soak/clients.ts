/**
 * Clients: a process that does operations at a steady rate, many at once. Its task is its argument, as JSON; its report
 * is one JSON line on stdout.
 */
import { makeRandom, type Random } from "../support/random.ts"
import { within } from "../support/within.ts"
import type { Entry, Report, Task } from "./ground.ts"
import { operations } from "./operations.ts"

/** Operations under way at once. Most take milliseconds; the few that wait for a deadline must not hold up the rest. */
const atOnce = 64
/** Nothing takes as long as this. */
const operationMilliseconds = 60_000
/** So many different unexpected errors are told; a run has failed with the first. */
const mostErrors = 20

const task: Task = JSON.parse(process.argv[2] ?? "")
const report: Report = { done: {}, expected: {}, unexpected: {} }

const count = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1
}

const entries = Object.entries(operations)
const allWeights = entries.reduce((sum, [, { weight }]) => sum + weight, 0)

const choose = (random: Random): readonly [name: string, entry: Entry] => {
  let left = (random.below(2 ** 20) / 2 ** 20) * allWeights
  for (const entry of entries) {
    left -= entry[1].weight
    if (left < 0) return entry
  }
  throw new Error("the weights do not add up")
}

const perform = async (random: Random): Promise<void> => {
  const [name, { run }] = choose(random)
  try {
    const reason = await within(run(task.ground, random), "end of the operation", operationMilliseconds)
    if (reason !== undefined) count(report.expected, reason)
  } catch (cause) {
    const words = `${name}: ${cause instanceof Error ? cause.message : String(cause)}`.slice(0, 300)
    if (Object.keys(report.unexpected).length < mostErrors) count(report.unexpected, words)
    else count(report.unexpected, "further ones")
  }
  count(report.done, name)
}

const started = performance.now()
let begun = 0

/** Begins an operation whenever one is due, until the time is over. */
const work = async (): Promise<void> => {
  while (true) {
    const number = begun++
    const due = (number / task.rate) * 1000
    if (due >= task.seconds * 1000) return
    const early = due - (performance.now() - started)
    if (early > 0) await Bun.sleep(early)
    // Each operation has its own seed, so that the order in which they end changes nothing.
    await perform(makeRandom(task.seed + number))
    if (performance.now() - started >= task.seconds * 1000) return
  }
}

await Promise.all(Array.from({ length: atOnce }, work))
console.log(JSON.stringify(report))
process.exit(0)
