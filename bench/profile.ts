/**
 * --profile: one workload under three profilers, one after another, for each sees what the others can not.
 *
 * - Bun's own, from the sources: which of our functions take the time (JavaScript only).
 * - perf, on the executable: how the time divides between kernel, Bun's native code and the JIT (needs perf).
 * - strace, on the executable: how many system calls of each kind an operation takes (needs strace).
 */
import { mkdirSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"

import { ask, roomFor, startPeer, stopPeer, type Bench, type Running } from "./measure.ts"
import { pillion, pillionOptions, type Peer } from "./peers.ts"
import type { Workload } from "./workloads.ts"

const root = join(import.meta.dir, "..")

export const profile = async (bench: Bench, chosen: ReadonlyArray<Workload>, executable: string): Promise<number> => {
  const [workload, ...more] = chosen
  if (workload === undefined || more.length > 0 || workload.measure !== "rate") {
    throw new Error("--profile takes exactly one workload that is a rate: --workloads NAME")
  }
  const output = join(root, "dist/profile", workload.name)
  // What an earlier profile left would be taken for this one's.
  rmSync(output, { recursive: true, force: true })
  mkdirSync(output, { recursive: true })
  await withBun(bench, workload, executable, output)
  await withPerf(bench, workload, executable, output)
  await withStrace(bench, workload, executable, output)
  return 0
}

/** Runs the work on a warm proxy while `during` is under way; hands its result on. */
const loaded = async <A>(
  bench: Bench,
  workload: Workload,
  peer: Peer,
  during: (one: Running, load: () => Promise<number>) => Promise<A>,
): Promise<A> => {
  const one = await startPeer(bench, peer, workload)
  try {
    await ask(bench, workload, one, "seconds=1")
    return await during(one, async () => (await ask(bench, workload, one, `seconds=${bench.seconds}`)).ops)
  } finally {
    await stopPeer(one)
  }
}

const withBun = async (bench: Bench, workload: Workload, executable: string, output: string): Promise<void> => {
  const flags = ["--cpu-prof", "--cpu-prof-md", `--cpu-prof-dir=${output}`]
  const command = [process.execPath, ...flags, join(root, "src/main.ts")]
  const ours = pillion(executable)
  const peer: Peer = { ...ours, command: (work, room) => [...command, ...pillionOptions(work, room)] }
  await loaded(bench, workload, peer, (_one, load) => load())
  // Bun writes them as the process ends.
  for (const file of readdirSync(output).filter((name) => name.includes("CPU")))
    bench.say(`written: ${join(output, file)}`)
}

const withPerf = async (bench: Bench, workload: Workload, executable: string, output: string): Promise<void> => {
  if (Bun.which("perf") === null) return bench.say("perf is not installed: left out")
  const data = join(roomFor(bench, pillion(executable), workload).dir, "perf.data")
  await loaded(bench, workload, pillion(executable), async ({ started }, load) => {
    const record = ["perf", "record", "-q", "-F", "999", "-p", String(started?.pid), "-o", data]
    const perf = Bun.spawn(record, { stdout: "ignore", stderr: "ignore" })
    await load()
    perf.kill("SIGINT")
    await perf.exited
  })
  const parts = [
    ["by shared object", "dso"],
    ["by symbol", "dso,symbol"],
  ].map(([title, keys]) => {
    const report = Bun.spawnSync([
      "perf",
      "report",
      "-i",
      data,
      "--stdio",
      "-q",
      "--sort",
      keys ?? "",
      "--percent-limit=0.4",
    ])
    return `${title}\n${report.stdout}`
  })
  await Bun.write(join(output, "perf.txt"), parts.join("\n"))
  bench.say(`written: ${join(output, "perf.txt")}`)
}

const withStrace = async (bench: Bench, workload: Workload, executable: string, output: string): Promise<void> => {
  if (Bun.which("strace") === null) return bench.say("strace is not installed: left out")
  const file = join(output, "strace.txt")
  const lines = await loaded(bench, workload, pillion(executable), async ({ started }, load) => {
    const strace = Bun.spawn(["strace", "-c", "-f", "-U", "calls,name", "-p", String(started?.pid)], {
      stdout: "ignore",
      stderr: "pipe",
    })
    const ops = await load()
    strace.kill("SIGINT")
    const counts = await strace.stderr.text()
    return counts.split("\n").flatMap((line) => {
      const found = /^\s*(\d+)\s+(\w+)$/.exec(line)
      return found === null ? [] : [`${(Number(found[1]) / ops).toFixed(3).padStart(8)}  ${found[2]}`]
    })
  })
  const text = [`system calls for each ${workload.unit}`, ...lines, ""].join("\n")
  await Bun.write(file, text)
  bench.say(`written: ${file}\n${text}`)
}
