import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { executableBefore } from "../../bench/before.ts"
import { comparison, compared, direction } from "../../bench/compare.ts"
import { judge } from "../../bench/goals.ts"
import { comparisonHtml, html } from "../../bench/html.ts"
import { machine } from "../../bench/machine.ts"
import type { Outcome, Sample } from "../../bench/measure.ts"
import { parse } from "../../bench/options.ts"
import { others, peerNames } from "../../bench/peers.ts"
import { begunReport, commandLine, heading, keep, readReport, type Report } from "../../bench/report.ts"
import { table } from "../../bench/table.ts"
import { workloads } from "../../bench/workloads.ts"

const silent = (): void => {}

const folder = mkdtempSync(join(tmpdir(), "pillion-test-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const rounds = (cpu: number, foreign: number): ReadonlyArray<Sample> =>
  Array.from({ length: 6 }, (_, i) => ({
    cpu: cpu + i / 100,
    rate: 1000 / cpu,
    share: 1,
    foreign,
    p50: 10 * cpu,
    p90: 20 * cpu,
    p99: 40 * cpu,
    p999: 90 * cpu,
  }))

const outcome = (name: string, rows: Record<string, ReadonlyArray<Sample>>): Outcome => ({
  workload: workloads.find((each) => each.name === name)!,
  rows: Object.entries(rows).map(([peer, samples]) => ({ peer, samples })),
})

const report = (cpu: number, foreign = 0, more: Partial<Report> = {}): Report => {
  const begun = begunReport({
    command: commandLine(["--workloads", "tcp-connections", "--before", "main"]),
    pillion: "0.1.0 (revision 0123456789ab, Bun 1.4.5)",
    machine: machine(true),
    starts: 1,
    rounds: 6,
    seconds: 1,
    peers: [{ name: "pillion", version: "0.1.0", about: "<ours>" }],
  })
  const outcomes = [outcome("tcp-connections", { pillion: rounds(cpu, foreign), haproxy: rounds(10, foreign) })]
  const verdicts = judge(outcomes, { starts: 1, peerLogs: false, participants: ["pillion", "haproxy"] })
  return { ...begun, outcomes, verdicts, ...more }
}

test("that the machine was busy stands in the page as in the table, and so does every verdict", () => {
  const busy = report(10, 0.25)
  const words = "other processes took 25 % of both cores"
  expect(table(busy.outcomes[0]!)).toContain(`! ${words}`)
  expect(html(busy)).toContain(words)
  expect(html(busy)).toContain("not judged")
  expect(table(report(10, 0.02).outcomes[0]!)).not.toContain("other processes")
  expect(html(report(10, 0.02))).not.toContain("other processes")
})

test("revision, command line and machine stand above the tables, in the page and in the file", async () => {
  const one = report(10)
  const { processor, kernel } = one.machine
  for (const each of [one.pillion, "bun run bench --workloads tcp-connections --before main", processor, kernel]) {
    expect(heading(one).join("\n")).toContain(each)
    expect(html(one)).toContain(each)
    expect(await Bun.file(await keep(one, join(folder, "kept.json"))).text()).toContain(each)
  }
})

test("the command can be pasted: words that a shell would change are quoted", () => {
  expect(commandLine(["--before", "HEAD^", "--html", "it's here.html"])).toBe(
    `bun run bench --before 'HEAD^' --html 'it'\\''s here.html'`,
  )
})

test("latency has its plot, a curve for each participant; a workload without latencies has none", () => {
  const curves = html(report(10)).match(/<polyline [^>]*points="[^"]*">/g)
  expect(curves).toHaveLength(2)
  for (const curve of curves!) expect(curve).not.toContain("NaN")
  const idle = outcome("idle", { pillion: [{ perConnection: 2000, foreign: 0 }] })
  expect(html({ ...report(10), outcomes: [idle] })).not.toContain("<polyline")
})

test("a kept report is read back as it was, and another file is refused by name", async () => {
  const one = report(12)
  expect(await readReport(await keep(one, join(folder, "one.json")))).toEqual(JSON.parse(JSON.stringify(one)))
  const bad = join(folder, "bad.json")
  expect(readReport(bad)).rejects.toThrow(`${bad}: there is no such file`)
  await Bun.write(bad, "{")
  expect(readReport(bad)).rejects.toThrow(`${bad} is no JSON`)
  await Bun.write(bad, `{"form":0}`)
  expect(readReport(bad)).rejects.toThrow(`${bad} is no report`)
})

test("more is better in a rate alone, and what holds 1 is undecided", () => {
  expect(direction("rate", { low: 1.1, high: 1.2 })).toBe("better")
  expect(direction("rate", { low: 0.8, high: 0.9 })).toBe("worse")
  expect(direction("cpu", { low: 1.1, high: 1.2 })).toBe("worse")
  expect(direction("p99", { low: 0.8, high: 0.9 })).toBe("better")
  expect(direction("cpu", { low: 0.99, high: 1.2 })).toBe("undecided")
  expect(direction("cpu", { low: 1, high: 1.2 })).toBe("undecided")
  expect(direction("cpu", undefined)).toBe("undecided")
})

/** Participant, number and judgement of each line. */
const judgements = (before: Report, after: Report): ReadonlyArray<string> =>
  compared(before, after)[0]!
    .rows.slice(1)
    .map((cells) => `${cells[0]} ${cells[1]} ${cells.at(-1)}`)

test("two runs stand side by side, number by number; a busy one is not judged", () => {
  expect(judgements(report(10), report(8))).toEqual([
    "pillion connection/s better",
    "pillion CPU us/connection better",
    "haproxy connection/s undecided",
    "haproxy CPU us/connection undecided",
  ])
  expect(judgements(report(10, 0.11), report(8))[0]).toBe("pillion connection/s not judged")
})

test("what may make two runs differ is said above them, and who was busy beside them", () => {
  const [one, two] = [report(10), report(10, 0.2, { rounds: 3 })]
  const text = comparison(one, { ...two, machine: { ...two.machine, kernel: "9.9" } })
  expect(text).toContain(`! another kernel: ${one.machine.kernel}, then 9.9`)
  expect(text).toContain("! another number of rounds: 6, then 3")
  expect(text).toContain("! after: other processes took 20 % of both cores")
  expect(text).not.toContain("another processor")
  expect(comparisonHtml(one, two)).toContain("after: other processes took 20 % of both cores")
})

test("runs with nothing in common can not be compared", () => {
  expect(() => comparison(report(10), { ...report(10), outcomes: [] })).toThrow("no workload in common")
})

test("a participant that does not exist is an error that names those that do", () => {
  expect(() => parse(["--peers", "floor,haprozy,ngnix"])).toThrow(
    `no participant is called haprozy, ngnix; there are ${peerNames.join(", ")}`,
  )
  expect(parse(["--peers", "floor,haproxy"])).toMatchObject({ peers: ["floor", "haproxy"] })
  expect(others(false).map(({ name }) => name)).toEqual(peerNames.slice(peerNames.indexOf("haproxy")))
})

test("--before takes a file as it is, and says so when it is given neither a file nor a revision", () => {
  expect(executableBefore(process.execPath, silent)).toBe(process.execPath)
  for (const given of ["no-such-revision", "--all", ""]) {
    expect(() => executableBefore(given, silent)).toThrow(`--before ${given}: neither a file nor a revision`)
  }
})

test("two participants can not have one name", () => {
  expect(() => parse(["--against", "haproxy=3128"])).toThrow("--against haproxy: another participant has this name")
  expect(() => parse(["--against", "a=3128", "--against", "a=3129"])).toThrow("--against a: another participant")
})

test("--compare takes two files and nothing that would measure", () => {
  expect(parse(["--compare", "a.json", "b.json"])).toEqual({ compare: ["a.json", "b.json"], html: undefined })
  expect(parse(["--compare", "a.json", "b.json", "--html", "c.html"])).toMatchObject({ html: "c.html" })
  expect(() => parse(["--compare", "a.json"])).toThrow("--compare takes two reports")
  expect(() => parse(["--compare", "a.json", "b.json", "c.json"])).toThrow("--compare takes two reports")
  expect(() => parse(["--compare", "a.json", "b.json", "--quick"])).toThrow(
    "--quick: nothing is measured with --compare",
  )
  expect(() => parse(["quick"])).toThrow("quick: an option was due")
})
