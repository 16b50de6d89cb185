/**
 * Soak: everything that clients do to a proxy, mixed, at load, for as long as you like: `bun run soak -- --minutes 10`.
 *
 * The clients and the servers are processes of their own and check every byte. Meanwhile the proxy is reloaded again and
 * again, its metrics, lists, page and tap are read, and a second one is drained under load. It ends with a table, and
 * with exit code 1 when there was an unexpected error, a descriptor that did not come back, or memory that still grew or
 * did not come back.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"

import { drains } from "../test/soak/drains.ts"
import { configuration, type Ground, type Report, type Servers, type Task } from "../test/soak/ground.ts"
import { isBack, judgeMoments, medianOf, type Moments, type Sample } from "../test/soak/judge.ts"
import { reloads } from "../test/soak/reloads.ts"
import { emptyReport } from "../test/soak/tally.ts"
import { watch } from "../test/soak/watchers.ts"
import { type Pillion, startPillion } from "../test/support/pillion.ts"
import { Lines } from "../test/support/process.ts"
import { within } from "../test/support/within.ts"
import { bun, root } from "./steps.ts"

const usage = `bun run soak [-- options]

  --minutes 1     how long
  --rate 300      operations a second
  --seed N        repeats the choices of another run`

/** Time for the last deadlines and lingers of connections whose clients have left. */
const settleMilliseconds = 15_000
const clientProcesses = 2

const sampleOf = (pillion: Pillion): Sample => ({
  memory: pillion.anonymousBytes(),
  descriptors: pillion.openFiles(),
})

const startServers = async (): Promise<{ readonly servers: Servers; readonly stop: () => void }> => {
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
  return { servers: JSON.parse(line), stop: () => child.kill("SIGKILL") }
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

/** Waits until the proxy is back where it was before the first client, or until it had the time; what it is then. */
const settled = async (pillion: Pillion, start: Sample): Promise<Sample> => {
  const until = performance.now() + settleMilliseconds
  while (!isBack(start, sampleOf(pillion)) && performance.now() < until) await Bun.sleep(100)
  return sampleOf(pillion)
}

/** The sum of a metric over all of its series. */
const metric = async (pillion: Pillion, name: string): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${pillion.ports.health}/metrics`, { proxy: "" })).text()
  const found = text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, "gm"))
  return [...found].reduce((sum, [, value]) => sum + Number(value), 0)
}

const row = (name: string, ...values: ReadonlyArray<string | number>): string =>
  `  ${name.padEnd(34)}${values.map((value) => String(value).padStart(14)).join("")}`

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

/** Soaks; prints the table; returns what is wrong, nothing when all is well. */
const soak = async (minutes: number, rate: number, seed: number): Promise<ReadonlyArray<string>> => {
  const seconds = minutes * 60
  const { servers, stop } = await startServers()
  const folder = mkdtempSync(join(tmpdir(), "pillion-soak-"))
  try {
    const workload = servers.echo[0]
    if (workload === undefined) throw new Error("there is no echo to be the workload")
    if (servers.ipv6 === undefined) console.log("soak: this machine has no IPv6: what needs it is left out")
    const flagsWith = async (file: string): Promise<ReadonlyArray<string>> => {
      await Bun.write(file, configuration(servers, 0))
      const inbound = ["--proxy-protocol=tcp:http", `--proxy-host=${workload.host}`, `--proxy-port=${workload.port}`]
      return [...inbound, `--config=${file}`]
    }
    const reloaded = join(folder, "reloaded.yaml")
    await using pillion = await startPillion({ flags: await flagsWith(reloaded) })
    const ground: Ground = { ...servers, in: pillion.ports.in, out: pillion.ports.out }
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
    const here = emptyReport()
    const over = new AbortController()
    const beside = Promise.all([
      watch(pillion, here, over.signal),
      reloads(pillion, servers, reloaded, here, over.signal),
      drains(servers, await flagsWith(join(folder, "drained.yaml")), seed + 2 ** 29, here, over.signal),
    ])
    const timer = setTimeout(() => over.abort(), seconds * 1000)
    const fromClients = await Promise.all(tasks.map(runClients)).finally(() => {
      clearInterval(sampling)
      clearTimeout(timer)
      over.abort()
    })
    await beside
    const reports = [...fromClients, here]
    const after = await settled(pillion, start)
    const unexpected = sum(reports.map((each) => each.unexpected))
    const moments: Moments = { start, middle: medianOf(samples, 0.4, 0.6), end: medianOf(samples, 0.8, 1), after }
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
    const four = [start, moments.middle, moments.end, after]
    console.log(row("descriptors", ...four.map((each) => each.descriptors)))
    console.log(row("memory", ...four.map((each) => mebibytes(each.memory))))

    const wrong: Array<string> = []
    if (total(unexpected) > 0) wrong.push(`${total(unexpected)} unexpected errors`)
    if (defects > 0) wrong.push(`${defects} defects of the proxy`)
    wrong.push(...judgeMoments(minutes, moments))
    return wrong
  } finally {
    stop()
    rmSync(folder, { recursive: true, force: true })
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
