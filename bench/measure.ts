/** One workload, measured: its participants started side by side, then taken in turn, round after round. */
import { mkdirSync } from "node:fs"
import { join } from "node:path"

import { unusedPort } from "../scripts/unused-port.ts"
import { watched } from "./foreign.ts"
import { runLoad, type LoadResult, type Origins, type Programs } from "./origins.ts"
import type { Peer, Room } from "./peers.ts"
import { accepting, cpuSeconds, proxyCore, residentBytes, start, stop, type Started } from "./process.ts"
import { spread } from "./statistics.ts"
import type { Workload } from "./workloads.ts"

export interface Bench {
  readonly programs: Programs
  readonly origins: Origins
  readonly dir: string
  /** How often every participant of a rate is started anew, and its rounds after each start. */
  readonly starts: number
  readonly rounds: number
  readonly seconds: number
  /** The most connections that fit the descriptor limit, both sockets of each, up to 10,000. */
  readonly connections: number
  readonly say: (line: string) => void
}

/** What one round showed. Values that a workload does not have are absent. */
export interface Sample {
  /** Operations a second. */
  readonly rate?: number
  /** Microseconds of processor time, of all the proxy's processes, for each operation. */
  readonly cpu?: number
  /** How much of its core the proxy used: below 0.9 the load was the limit, and the rate is a lower bound. */
  readonly share?: number
  readonly errors?: number
  /** How much of both cores others had: processes that are not the benchmark's, and the hypervisor. */
  readonly foreign?: number
  /** Microseconds. */
  readonly p50?: number
  readonly p90?: number
  readonly p99?: number
  readonly p999?: number
  /** Bytes. */
  readonly perConnection?: number
  readonly atStart?: number
  readonly loaded?: number
  readonly after?: number
  /** Milliseconds. */
  readonly accepting?: number
  readonly firstByte?: number
  /** The same as a whole command, by hyperfine: first byte, and the end of the process. */
  readonly hyperfine?: number
}

export interface Row {
  readonly peer: string
  readonly samples: ReadonlyArray<Sample>
  /** Why there are none, or what went wrong in them. */
  readonly problem?: string
}

export interface Outcome {
  readonly workload: Workload
  /** The rate of an open loop, when it was one. */
  readonly openRate?: number
  readonly rows: ReadonlyArray<Row>
}

/** A participant that accepts. */
export interface Running {
  readonly peer: Peer
  readonly room: Room
  readonly started: Started | undefined
}

/**
 * After a start until a JIT has compiled the work, but no longer than it is then measured: ours, which compiles on the
 * core that it proxies on, takes up to eight seconds. Then before every round for the caches.
 */
const firstWarmUpSeconds = ({ rounds, seconds }: Bench): number => Math.min(8, rounds * seconds)
const warmUpSeconds = 0.3

export const roomFor = (bench: Bench, peer: Peer, workload: Workload): Room => {
  const port = peer.runningAt ?? unusedPort()
  const dir = join(bench.dir, `${workload.name}-${peer.name}-${port}`)
  mkdirSync(dir, { recursive: true, mode: 0o777 })
  return { dir, port, target: bench.origins.ports[workload.origin], connections: bench.connections }
}

export const startPeer = async (bench: Bench, peer: Peer, workload: Workload): Promise<Running> => {
  const room = roomFor(bench, peer, workload)
  if (peer.runningAt !== undefined) return { peer, room, started: undefined }
  const started = start(peer.command(workload.work, room), {
    core: proxyCore,
    dir: room.dir,
    name: peer.name,
    stdout: peer.logsTo === "stdout" ? "log" : "ignore",
    stderr: peer.logsTo === "stderr" ? "log" : peer.discardStderr === true ? "ignore" : "kept",
  })
  try {
    await accepting(started, room.port, join(room.dir, `${peer.name}.stderr`))
  } catch (problem) {
    await stop(started)
    throw problem
  }
  return { peer, room, started }
}

export const stopPeer = async ({ started }: Running): Promise<void> => {
  if (started !== undefined) await stop(started)
}

const mode = (workload: Workload): string => (workload.origin === "bulk" ? "bulk" : "run")

export const ask = (bench: Bench, workload: Workload, { room }: Running, ...more: ReadonlyArray<string>) =>
  runLoad(bench.programs.load, mode(workload), `port=${room.port}`, `target=${room.target}`, ...workload.load, ...more)

const used = ({ started }: Running): number => (started === undefined ? Number.NaN : cpuSeconds(started.pid))

const sample = (result: LoadResult, cpu: number): Sample => ({
  rate: result.rate,
  errors: result.errors,
  ...(Number.isNaN(cpu) ? {} : { cpu: (cpu / result.ops) * 1e6, share: cpu / result.seconds }),
  ...(result.p50 === undefined ? {} : { p50: result.p50 }),
  ...(result.p90 === undefined ? {} : { p90: result.p90 }),
  ...(result.p99 === undefined ? {} : { p99: result.p99 }),
  ...(result.p999 === undefined ? {} : { p999: result.p999 }),
})

const round = async (
  bench: Bench,
  workload: Workload,
  one: Running,
  extra: ReadonlyArray<string>,
  warmUp: number,
): Promise<Sample> => {
  await ask(bench, workload, one, ...extra, `seconds=${warmUp}`)
  const before = used(one)
  const work = (): Promise<LoadResult> => ask(bench, workload, one, ...extra, `seconds=${bench.seconds}`)
  const { result, foreign } = await watched(work)
  return { ...sample(result, used(one) - before), foreign }
}

/** Half of what the slowest participant can do: every one gets the same work, and none is at its limit. */
const halfOfTheSlowest = async (bench: Bench, workload: Workload, all: ReadonlyArray<Running>): Promise<number> => {
  const rates: Array<number> = []
  for (const one of all) {
    await ask(bench, workload, one, `seconds=${warmUpSeconds}`)
    rates.push((await ask(bench, workload, one, "seconds=1")).rate)
  }
  return Math.round(Math.min(...rates) / 2)
}

/**
 * Rounds of requests or bytes, after one start or several: one process is up to a tenth faster than the next of the same
 * program, by what its JIT made of the first seconds and by where its memory lies.
 */
export const measureRates = async (bench: Bench, workload: Workload, peers: ReadonlyArray<Peer>): Promise<Outcome> => {
  const taken: Taken = { samples: new Map(peers.map(({ name }) => [name, []])), problems: new Map() }
  let openRate: number | undefined
  for (let start = 1; start <= bench.starts; start++) {
    const of = bench.starts === 1 ? "" : `start ${start} of ${bench.starts}, `
    openRate = await measureStarted(bench, workload, peers, taken, openRate, `${workload.name}: ${of}`)
  }
  const { samples, problems } = taken
  return {
    workload,
    ...(openRate === undefined ? {} : { openRate }),
    rows: peers.map(({ name }) => row(name, samples.get(name) ?? [], problems.get(name))),
  }
}

/** By the participant's name. */
interface Taken {
  readonly samples: Map<string, Array<Sample>>
  readonly problems: Map<string, string>
}

/** One start and its rounds; the order is turned round every other time. Returns the rate, where it is an open loop. */
const measureStarted = async (
  bench: Bench,
  workload: Workload,
  peers: ReadonlyArray<Peer>,
  { samples, problems }: Taken,
  rate: number | undefined,
  title: string,
): Promise<number | undefined> => {
  const running: Array<Running> = []
  try {
    for (const peer of peers) {
      try {
        running.push(await startPeer(bench, peer, workload))
      } catch (problem) {
        problems.set(peer.name, String(problem))
        samples.get(peer.name)?.push(...Array.from({ length: bench.rounds }, () => ({})))
      }
    }
    const openRate = workload.half === true ? (rate ?? (await halfOfTheSlowest(bench, workload, running))) : undefined
    const extra = openRate === undefined ? [] : [`rate=${openRate}`]
    for (let i = 0; i < bench.rounds; i++) {
      const warmUp = i === 0 ? firstWarmUpSeconds(bench) : warmUpSeconds
      for (const one of i % 2 === 0 ? running : running.toReversed()) {
        const { name } = one.peer
        try {
          const sample = await round(bench, workload, one, extra, warmUp)
          samples.get(name)?.push(sample)
          if ((sample.errors ?? 0) > 0) problems.set(name, `errors in a round: ${sample.errors}`)
        } catch (problem) {
          problems.set(name, String(problem))
          samples.get(name)?.push({})
        }
      }
      bench.say(`${title}round ${i + 1} of ${bench.rounds}`)
    }
    return openRate
  } finally {
    for (const one of running) await stopPeer(one)
  }
}

export const row = (peer: string, samples: ReadonlyArray<Sample>, problem: string | undefined): Row => ({
  peer,
  samples,
  ...(problem === undefined ? {} : { problem }),
})

/** The values of one field, a round each; NaN where a round has none. */
export const series = (of: Row, field: keyof Sample): ReadonlyArray<number> =>
  of.samples.map((each) => each[field] ?? Number.NaN)

/** The median of one field over the rounds. */
export const median = (of: Row, field: keyof Sample): number => spread(series(of, field)).median

/** The mean foreign load over all rounds of these participants: a burst in one of them counts. NaN where none was seen. */
export const foreignOf = (rows: ReadonlyArray<Row>): number => {
  const shares = rows.flatMap(({ samples }) => samples.flatMap(({ foreign }) => foreign ?? []))
  return shares.reduce((sum, share) => sum + share, 0) / shares.length
}

export const resident = ({ started }: Running): number =>
  started === undefined ? Number.NaN : residentBytes(started.pid)
