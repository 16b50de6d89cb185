/** The workloads that are no rate: memory of idle connections, memory over a run, the time to start. */
import { join } from "node:path"

import { watched } from "./foreign.ts"
import { ask, resident, roomFor, row, startPeer, stopPeer, type Bench, type Outcome, type Sample } from "./measure.ts"
import type { Peer } from "./peers.ts"
import { loadCore, proxyCore, residentBytes, start, stop } from "./process.ts"
import type { Workload } from "./workloads.ts"

/** Measured in a fresh process each time, so more rounds of these add time but hardly any knowledge. */
const maxMemoryRounds = 3

/** How long a process gets to come to rest before its memory is read. */
const settleMs = 1500

type Measured = (bench: Bench, workload: Workload, peer: Peer) => Promise<Sample>

/** Measures a workload that is no rate, for every peer in turn, round after round. */
export const measureSpecial = async (
  bench: Bench,
  workload: Workload,
  peers: ReadonlyArray<Peer>,
): Promise<Outcome> => {
  const startable = peers.filter(({ runningAt }) => runningAt === undefined)
  const samples = new Map<string, Array<Sample>>(startable.map(({ name }) => [name, []]))
  const problems = new Map<string, string>()
  const rounds = workload.measure === "start" ? bench.rounds : Math.min(bench.rounds, maxMemoryRounds)
  for (let i = 0; i < rounds; i++) {
    for (const peer of i % 2 === 0 ? startable : startable.toReversed()) {
      try {
        const { result, foreign } = await watched(() => measured(workload)(bench, workload, peer))
        samples.get(peer.name)?.push({ ...result, foreign })
      } catch (problem) {
        problems.set(peer.name, String(problem))
      }
    }
    bench.say(`${workload.name}: round ${i + 1} of ${rounds}`)
  }
  return { workload, rows: startable.map(({ name }) => row(name, samples.get(name) ?? [], problems.get(name))) }
}

const measured = (workload: Workload): Measured => {
  switch (workload.measure) {
    case "idle":
      return idle
    case "memory":
      return memory
    case "start":
      return startUp
    case "rate":
      throw new Error("a rate is measured by measureRates")
  }
}

/** What 10,000 connections add, both sockets of each, divided by their number. Kernel memory is not in it. */
const idle: Measured = async (bench, workload, peer) => {
  const one = await startPeer(bench, peer, workload)
  try {
    // The code paths and the first buffers are paid for before the count begins.
    await ask(bench, workload, one, "fresh=1", "count=200", "seconds=5")
    await Bun.sleep(settleMs)
    const before = resident(one)
    const args = ["idle", `port=${one.room.port}`, `target=${one.room.target}`, ...workload.load]
    const holder = start([bench.programs.load, ...args, `clients=${bench.connections}`], {
      core: loadCore,
      dir: one.room.dir,
      name: "idle",
      stdin: "pipe",
      stdout: "pipe",
    })
    try {
      const { stdout } = holder.process
      const open = stdout instanceof ReadableStream && !(await stdout.getReader().read()).done
      if (!open) throw new Error((await Bun.file(join(one.room.dir, "idle.stderr")).text()).trim())
      await Bun.sleep(settleMs)
      return { perConnection: (resident(one) - before) / bench.connections }
    } finally {
      await stop(holder)
    }
  } finally {
    await stopPeer(one)
  }
}

const memoryConnections = 100_000
const afterMs = 5000

/** At rest after the start; the most seen while 100,000 connections come and go; five seconds after the last. */
const memory: Measured = async (bench, workload, peer) => {
  const one = await startPeer(bench, peer, workload)
  try {
    await Bun.sleep(settleMs)
    const atStart = resident(one)
    let loaded = atStart
    const watch = setInterval(() => {
      if (one.started !== undefined) loaded = Math.max(loaded, residentBytes(one.started.pid))
    }, 250)
    const result = await ask(bench, workload, one, `count=${memoryConnections}`, "seconds=120")
    clearInterval(watch)
    await Bun.sleep(afterMs)
    return { atStart, loaded, after: resident(one), errors: result.errors }
  } finally {
    await stopPeer(one)
  }
}

interface StartResult {
  readonly acceptedMs: number
  readonly firstByteMs: number
}

const startUp: Measured = async (bench, workload, peer) => {
  const room = roomFor(bench, peer, workload)
  const ports = [`port=${room.port}`, `target=${room.target}`]
  const measured = peer.command(workload.work, room)
  const command = [bench.programs.load, "start", ...ports, `core=${proxyCore}`, "seconds=10", "--", ...measured]
  const once = Bun.spawnSync(["taskset", "-c", String(loadCore), ...command], { cwd: room.dir })
  if (!once.success) throw new Error(once.stderr.toString().trim())
  const { acceptedMs, firstByteMs } = JSON.parse(once.stdout.toString()) as StartResult
  const whole = hyperfine(command, room.dir)
  return { accepting: acceptedMs, firstByte: firstByteMs, ...(whole === undefined ? {} : { hyperfine: whole }) }
}

interface HyperfineResult {
  readonly results: ReadonlyArray<{ readonly median: number }>
}

/** Milliseconds by hyperfine, from the start to the first byte and the end; undefined where there is no hyperfine. */
const hyperfine = (command: ReadonlyArray<string>, dir: string): number | undefined => {
  if (Bun.which("hyperfine") === null) return undefined
  const file = join(dir, "hyperfine.json")
  const quoted = command.map((word) => `'${word}'`).join(" ")
  const flags = ["--shell=none", "--warmup=1", "--runs=5", "--style=none", `--export-json=${file}`]
  const run = Bun.spawnSync(["taskset", "-c", String(loadCore), "hyperfine", ...flags, quoted], { cwd: dir })
  if (!run.success) return undefined
  const { results } = JSON.parse(Bun.spawnSync(["cat", file]).stdout.toString()) as HyperfineResult
  return results[0] === undefined ? undefined : results[0].median * 1000
}
