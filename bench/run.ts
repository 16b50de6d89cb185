/**
 * The benchmark: `bun run bench [--quick] [--workloads a,b] [--rounds 7] [--seconds 3] ...`. See README.md.
 *
 * Where it may, it runs in a network and process namespace of its own: nobody else's ports or traffic are there, the
 * ephemeral port range is wide, and nothing that was started can outlive it.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"

import { build } from "../scripts/build.ts"
import { executableBefore } from "./before.ts"
import { comparison } from "./compare.ts"
import { judge, verdictLines } from "./goals.ts"
import { comparisonHtml, html } from "./html.ts"
import { descriptorLimit, machine } from "./machine.ts"
import { measureRates, type Bench, type Outcome } from "./measure.ts"
import { parse, usage, type Comparison, type Options } from "./options.ts"
import { compile, startOrigins, type Programs } from "./origins.ts"
import {
  against,
  bare,
  before,
  floor,
  others,
  peerNames,
  pillion,
  pillionQuiet,
  pillionDirectory,
  pillionMemory,
  pillionUnread,
  type Peer,
} from "./peers.ts"
import { profile } from "./profile.ts"
import { stopAll } from "./process.ts"
import { begunReport, commandLine, heading, keep, readReport, type Report } from "./report.ts"
import { measureSpecial } from "./special.ts"
import { table } from "./table.ts"
import { workloads, type Workload } from "./workloads.ts"

/** Set inside the namespace, so that it is entered once: what the outside has made ready, as JSON. */
const insideVariable = "PILLION_BENCH_INSIDE"

interface Ready {
  /** Where everything is built and configured; the outside removes it. */
  readonly dir: string
  readonly executable: string
  /** The executable to compare with. */
  readonly before?: string
}

/** Two descriptors a connection, and some for everything else; the goal is stated for 10,000. */
const maxConnections = (): number => Math.min(10_000, Math.floor((descriptorLimit() - 200) / 2))

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

const main = async (args: ReadonlyArray<string>): Promise<number> => {
  const options = parse(args)
  if (options === "help") return print(usage)
  if (options === "list") return print(listed())
  if ("compare" in options) return await compare(options)
  const chosen = choose(options)
  const given = process.env[insideVariable]
  if (given !== undefined) return measure(args, options, chosen, JSON.parse(given) as Ready)
  const executable = options.executable ?? (await build(say))
  const earlier = options.before === undefined ? {} : { before: executableBefore(options.before, say) }
  const dir = mkdtempSync(join(tmpdir(), "pillion-bench-"))
  // squid gives up root and still has to read its room.
  chmodSync(dir, 0o755)
  const ready: Ready = { dir, executable, ...earlier }
  try {
    // A proxy that runs already is outside, so the harness must be there too.
    const outside = options.against.length > 0 || !mayEnter()
    return await (outside ? measure(args, options, chosen, ready) : enter(args, ready))
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const listed = (): string =>
  [
    "workloads",
    ...workloads.map(({ name, title }) => `  ${name.padEnd(22)} ${title}`),
    "participants",
    `  ${peerNames.join(", ")}`,
  ].join("\n")

const compare = async ({ compare: [one, two], html: page }: Comparison): Promise<number> => {
  const [earlier, later] = [await readReport(one), await readReport(two)]
  print(comparison(earlier, later))
  if (page !== undefined) await Bun.write(page, comparisonHtml(earlier, later))
  return 0
}

const print = (text: string): number => {
  process.stdout.write(`${text}\n`)
  return 0
}

const choose = (options: Options): ReadonlyArray<Workload> => {
  const unknown = options.workloads.filter((name) => !workloads.some((each) => each.name === name))
  if (unknown.length > 0) throw new Error(`no workload is called ${unknown.join(", ")}; --list names them`)
  if (options.workloads.length > 0) return workloads.filter(({ name }) => options.workloads.includes(name))
  return options.quick ? workloads.filter(({ quick }) => quick === true) : workloads
}

const namespaces = ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]

const mayEnter = (): boolean => Bun.which("unshare") !== null && Bun.spawnSync([...namespaces, "true"]).success

/**
 * Few TIME_WAIT sockets are kept: at 20,000 connections a second every port would soon be waiting, for all alike.
 * Congestion control is Linux's default, or else reno: a machine's own (BBR) may pace, and then timers are measured.
 */
const prepareNetwork = [
  "ip link set lo up",
  "sysctl -qw net.ipv4.tcp_max_tw_buckets=1024 net.ipv4.ip_local_port_range='10000 65000' net.core.somaxconn=4096",
  "for each in cubic reno; do sysctl -qw net.ipv4.tcp_congestion_control=$each 2>/dev/null && break; done",
].join("; ")

const enter = async (args: ReadonlyArray<string>, ready: Ready): Promise<number> => {
  const again = [process.execPath, import.meta.path, ...args]
  // bash stays as process 1 and takes in the orphans that servers leave.
  const script = `${prepareNetwork}; "$@"; exit $?`
  const child = Bun.spawn([...namespaces, "bash", "-c", script, "bench", ...again], {
    stdio: ["inherit", "inherit", "inherit"],
    env: { ...process.env, [insideVariable]: JSON.stringify(ready) },
  })
  let interrupted = false
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      interrupted = true
      // The namespace ends with its first process, and takes along whatever runs in it.
      child.kill("SIGKILL")
    })
  }
  const code = await child.exited
  return interrupted ? 130 : code
}

const participants = (options: Options, ready: Ready, programs: Programs): ReadonlyArray<Peer> => {
  const given = options.against.map(({ name, port }) => against(name, port))
  const ours = pillion(ready.executable)
  const earlier = ready.before === undefined ? [] : [before(ready.before)]
  const wanted = options.peers
  // What a change did is asked of the two; others would only make the rounds longer.
  if (ready.before !== undefined && wanted.length === 0) return [ours, ...earlier, ...given]
  const variants = [pillionQuiet, pillionUnread, pillionMemory, pillionDirectory].map((as) => as(ready.executable))
  const known = [...variants, floor(programs.relay), bare(), ...others(options.peerLogs)]
  const chosen = known.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
  return [ours, ...earlier, ...chosen, ...given]
}

const taking = (workload: Workload, peers: ReadonlyArray<Peer>): ReadonlyArray<Peer> =>
  peers.filter(
    ({ name, works, path, runningAt }) =>
      path !== undefined &&
      works.includes(workload.work) &&
      (name.startsWith("pillion") || runningAt !== undefined || workload.peers.includes(name)),
  )

const measure = async (
  args: ReadonlyArray<string>,
  options: Options,
  chosen: ReadonlyArray<Workload>,
  ready: Ready,
): Promise<number> => {
  const { dir, executable } = ready
  const end = (): void => {
    stopAll()
    rmSync(dir, { recursive: true, force: true })
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      end()
      process.exit(130)
    })
  }
  try {
    const programs = compile(dir)
    const peers = participants(options, ready, programs)
    for (const { name } of peers.filter(({ path }) => path === undefined)) say(`${name} is not installed: left out`)
    const { starts, rounds, seconds } = options
    const origins = await startOrigins(programs, join(dir, "origins"))
    const bench: Bench = { programs, origins, dir, starts, rounds, seconds, connections: maxConnections(), say }
    if (options.profile) return await profile(bench, chosen, executable)
    const begun = begunReport({
      command: commandLine(args),
      pillion: peers.find(({ name }) => name === "pillion")?.version ?? "unknown",
      machine: machine(process.env[insideVariable] !== undefined),
      starts,
      rounds,
      seconds,
      peers: peers.map(({ name, version, about }) => ({ name, version, about })),
    })
    print(`${heading(begun).join("\n")}\n`)
    const outcomes: Array<Outcome> = []
    for (const workload of chosen) {
      const measureIt = workload.measure === "rate" ? measureRates : measureSpecial
      const outcome = await measureIt(bench, workload, taking(workload, peers))
      outcomes.push(outcome)
      print(`${table(outcome)}\n`)
    }
    const verdicts = judge(outcomes, {
      starts,
      peerLogs: options.peerLogs,
      participants: peers.map(({ name }) => name),
    })
    await report(options, { ...begun, outcomes, verdicts })
    return 0
  } finally {
    stopAll()
  }
}

const report = async (options: Options, all: Report): Promise<void> => {
  if (all.verdicts.length > 0) print(["goals", ...verdictLines(all.verdicts)].join("\n"))
  const path = await keep(all, options.json)
  print(`\nkept: ${relative(process.cwd(), path)}`)
  if (options.html !== undefined) await Bun.write(options.html, html(all))
}

if (import.meta.main) {
  try {
    process.exitCode = await main(process.argv.slice(2))
  } catch (problem) {
    say(`bench: ${problem instanceof Error ? problem.message : String(problem)}`)
    process.exitCode = 1
  }
}
