/**
 * Clients: a process that does operations at a steady rate, many at once. Its task is its argument, as JSON; its report
 * is one JSON line on stdout.
 */
import { makeRandom, type Random } from "../support/random.ts"
import { within } from "../support/within.ts"
import { type Entry, overIpv6, type Task } from "./ground.ts"
import { operations } from "./operations.ts"
import { attempt, emptyReport } from "./tally.ts"

/** Operations under way at once. Most take milliseconds; the few that wait for a deadline must not hold up the rest. */
const atOnce = 64
/** Nothing takes as long as this. */
const operationMilliseconds = 60_000

const task: Task = JSON.parse(process.argv[2] ?? "")
const report = emptyReport()

const entries = Object.entries(operations).filter(([name]) => task.ground.ipv6 !== undefined || !overIpv6(name))
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
  await attempt(report, name, () => within(run(task.ground, random), "end of the operation", operationMilliseconds))
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
