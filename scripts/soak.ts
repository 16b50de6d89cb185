/**
 * Soak: everything that clients do to a proxy, mixed, at load, for as long as you like: `bun run soak -- --minutes 10`.
 *
 * The clients and the servers are processes of their own and check every byte. It ends with a table, and with exit code
 * 1 when there was an unexpected error, a descriptor that did not come back, or memory that still grew.
 */
import { parseArgs } from "node:util"

import type { Ground, Places, Report, Task } from "../test/soak/ground.ts"
import { deniedHost, resolveFlags, shortDeadlines } from "../test/soak/ground.ts"
import { type Pillion, startPillion } from "../test/support/pillion.ts"
import { Lines } from "../test/support/process.ts"
import { within } from "../test/support/within.ts"
import { bun, root } from "./steps.ts"

const usage = `bun run soak [-- options]

  --minutes 1     how long
  --rate 300      operations a second
  --seed N        repeats the choices of another run`

/** Resident memory may be so much higher at the end than in the middle. */
const growth = 1.05
/** In a run below this many minutes a collection of garbage more or less decides; then only a flood is noticed. */
const settledMinutes = 5
const shortRunGrowth = 1.5
/** Time for the last deadlines and lingers of connections whose clients have left. */
const settleMilliseconds = 15_000
const clientProcesses = 2

interface Sample {
  readonly resident: number
  readonly descriptors: number
}

const sampleOf = (pillion: Pillion): Sample => ({
  resident: pillion.residentBytes(),
  descriptors: pillion.openFiles(),
})

/** The median of what was sampled in this part of the run, from 0 to 1. */
const medianOf = (samples: ReadonlyArray<Sample>, from: number, to: number): Sample => {
  const part = samples.slice(Math.floor(samples.length * from), Math.max(1, Math.ceil(samples.length * to)))
  const middle = (of: (sample: Sample) => number): number =>
    part.map(of).toSorted((a, b) => a - b)[part.length >> 1] ?? 0
  return { resident: middle((each) => each.resident), descriptors: middle((each) => each.descriptors) }
}

const startServers = async (): Promise<{
  readonly places: Places & Pick<Ground, "hole">
  readonly stop: () => void
}> => {
  const child = Bun.spawn([bun, "test/soak/servers.ts"], {
    cwd: root,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  })
  const lines = new Lines(child.stdout)
  const died = child.exited.then((code) => Promise.reject(new Error(`the servers ended with ${code}`)))
  const line = await Promise.race([lines.until((text) => text, "places of the servers", 20_000), died])
  died.catch(() => {})
  return { places: JSON.parse(line), stop: () => child.kill("SIGKILL") }
}

const runClients = async (task: Task): Promise<Report> => {
  const child = Bun.spawn([bun, "test/soak/clients.ts", JSON.stringify(task)], {
    cwd: root,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  })
  try {
    const text = await within(child.stdout.text(), "report of the clients", task.seconds * 1000 + 60_000)
    return JSON.parse(text)
  } finally {
    child.kill("SIGKILL")
  }
}

const sum = (counts: ReadonlyArray<Record<string, number>>): ReadonlyArray<readonly [name: string, count: number]> => {
  const sums = new Map<string, number>()
  for (const each of counts)
    for (const [name, count] of Object.entries(each)) sums.set(name, (sums.get(name) ?? 0) + count)
  return [...sums].toSorted(([, one], [, other]) => other - one)
}

const total = (counts: ReadonlyArray<readonly [string, number]>): number =>
  counts.reduce((all, [, each]) => all + each, 0)

/** Waits until no more descriptors are open than at the start; false when that does not come in time. */
const backAtBase = async (pillion: Pillion, base: number): Promise<boolean> => {
  const until = performance.now() + settleMilliseconds
  while (pillion.openFiles() > base && performance.now() < until) await Bun.sleep(100)
  return pillion.openFiles() <= base
}

/** One number of /metrics. */
const metric = async (pillion: Pillion, name: string): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${pillion.ports.health}/metrics`, { proxy: "" })).text()
  return Number(new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1])
}

const row = (name: string, ...values: ReadonlyArray<string | number>): string =>
  `  ${name.padEnd(34)}${values.map((value) => String(value).padStart(14)).join("")}`

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

/** Soaks; prints the table; returns what is wrong, nothing when all is well. */
const soak = async (minutes: number, rate: number, seed: number): Promise<ReadonlyArray<string>> => {
  const seconds = minutes * 60
  const { places, stop } = await startServers()
  try {
    const workload = places.echo[0]
    if (workload === undefined) throw new Error("there is no echo to be the workload")
    await using pillion = await startPillion({
      flags: [
        "--proxy-protocol=tcp:http",
        `--proxy-host=${workload.host}`,
        `--proxy-port=${workload.port}`,
        `--deny-destinations=${deniedHost}`,
        ...shortDeadlines,
        ...resolveFlags(places),
      ],
    })
    const ground: Ground = { ...places, in: pillion.ports.in, out: pillion.ports.out }
    const start = sampleOf(pillion)
    const samples: Array<Sample> = []
    // Up to the last operation that begins: what comes behind is no load any more.
    const began = performance.now()
    const sampling = setInterval(
      () => performance.now() - began < seconds * 1000 && samples.push(sampleOf(pillion)),
      Math.min(1000, seconds * 20),
    )
    console.log(`soak: ${minutes} minutes, ${rate} operations a second, --seed ${seed}`)
    const tasks = Array.from({ length: clientProcesses }, (_, i) => ({
      ground,
      seconds,
      rate: rate / clientProcesses,
      seed: seed + i * 2 ** 30,
    }))
    const reports = await Promise.all(tasks.map(runClients)).finally(() => clearInterval(sampling))
    const closed = await backAtBase(pillion, start.descriptors)
    const unexpected = sum(reports.map((each) => each.unexpected))
    const middle = medianOf(samples, 0.4, 0.6)
    const end = medianOf(samples, 0.8, 1)
    const after = sampleOf(pillion)
    const dials = await metric(pillion, "pillion_dial_duration_seconds_count")
    const defects = await metric(pillion, "pillion_defects_total")

    const done = sum(reports.map((each) => each.done))
    console.log(`\noperations`)
    for (const [name, count] of done) console.log(row(name, count))
    console.log(row("all", total(done)))
    console.log(row("connections that the proxy made", dials))
    console.log("\nexpected refusals")
    for (const [reason, count] of sum(reports.map((each) => each.expected))) console.log(row(reason, count))
    console.log("\nunexpected errors")
    for (const [words, count] of unexpected) console.log(`  ${String(count).padStart(6)}  ${words}`)
    console.log(row("all", total(unexpected)))
    console.log(`\n${row("", "start", "middle", "end", "afterwards")}`)
    const four = [start, middle, end, after]
    console.log(row("descriptors", ...four.map((each) => each.descriptors)))
    console.log(row("resident memory", ...four.map((each) => mebibytes(each.resident))))

    const wrong: Array<string> = []
    if (total(unexpected) > 0) wrong.push(`${total(unexpected)} unexpected errors`)
    if (defects > 0) wrong.push(`${defects} defects of the proxy`)
    if (!closed) wrong.push(`${after.descriptors - start.descriptors} descriptors did not come back`)
    if (end.resident > middle.resident * (minutes < settledMinutes ? shortRunGrowth : growth)) {
      wrong.push(
        `resident memory grew by ${((end.resident / middle.resident - 1) * 100).toFixed(1)} % from the middle on`,
      )
    }
    return wrong
  } finally {
    stop()
  }
}

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    rate: { type: "string", default: "300" },
    seed: { type: "string", default: String(Date.now() % 2 ** 29) },
    help: { type: "boolean", short: "h" },
  },
})
const [minutes, rate, seed] = [values.minutes, values.rate, values.seed].map(Number)
if (values.help === true) console.log(usage)
else if (!(Number(minutes) > 0) || !(Number(rate) > 0) || !Number.isSafeInteger(seed)) {
  console.error(`pillion: --minutes and --rate are numbers above 0, --seed is a whole number\n\n${usage}`)
  process.exit(2)
} else {
  const wrong = await soak(Number(minutes), Number(rate), Number(seed))
  console.log(wrong.length === 0 ? "\nsoak: all is well" : `\nsoak: ${wrong.join("; ")}`)
  process.exit(wrong.length === 0 ? 0 : 1)
}
