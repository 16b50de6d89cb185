import { expect, test } from "bun:test"

import { decide, judge, verdictLines } from "../../bench/goals.ts"
import type { Outcome, Sample } from "../../bench/measure.ts"
import { beforeName } from "../../bench/peers.ts"
import { workloads } from "../../bench/workloads.ts"

test("a goal is met or missed where the whole interval is on one side of it, and undecided where it holds it", () => {
  expect(decide({ least: 0.97 }, { low: 0.97, high: 1.1 }, 0)).toBe("met")
  expect(decide({ least: 0.97 }, { low: 0.96, high: 1.1 }, 0)).toBe("undecided")
  expect(decide({ least: 0.97 }, { low: 0.9, high: 0.97 }, 0)).toBe("undecided")
  expect(decide({ least: 0.97 }, { low: 0.9, high: 0.96 }, 0)).toBe("missed")
  expect(decide({ most: 60 }, { low: 40, high: 60 }, 0)).toBe("met")
  expect(decide({ most: 60 }, { low: 59, high: 61 }, 0)).toBe("undecided")
  expect(decide({ most: 60 }, { low: 61, high: 70 }, 0)).toBe("missed")
  expect(decide({ most: 60 }, undefined, 0)).toBe("undecided")
})

test("above 10 % of foreign load nothing is judged, however clear it looks, nor where nobody looked", () => {
  expect(decide({ least: 1 }, { low: 2, high: 3 }, 0.1)).toBe("met")
  expect(decide({ least: 1 }, { low: 2, high: 3 }, 0.101)).toBe("not judged")
  expect(decide({ least: 1 }, undefined, 0.5)).toBe("not judged")
  expect(decide({ least: 1 }, { low: 2, high: 3 }, Number.NaN)).toBe("not judged")
})

const outcome = (name: string, rows: Record<string, ReadonlyArray<Sample>>): Outcome => ({
  workload: workloads.find((each) => each.name === name)!,
  rows: Object.entries(rows).map(([peer, samples]) => ({ peer, samples })),
})

const rounds = (cpu: ReadonlyArray<number>, foreign = 0): ReadonlyArray<Sample> =>
  cpu.map((each) => ({ cpu: each, rate: 1000 / each, foreign }))

const everybody = ["pillion", beforeName, "haproxy", "nginx", "microsocks", "dante"]
const quiet = { starts: 1, peerLogs: false, participants: everybody }
const judged = (all: ReadonlyArray<Outcome>, given = quiet): ReadonlyArray<string> =>
  judge(all, given).map(({ text, wanted, judgement }) => `${text} ${wanted}: ${judgement}`)

test("ratios are judged round by round, a peer that was asked for and not there is not measured, and one that was not asked for has no goal", () => {
  const all = [
    outcome("tcp-connections", {
      pillion: rounds([10, 20, 10, 20, 10, 20, 10]),
      haproxy: rounds([11, 22, 11, 22, 11, 22, 11]),
    }),
    outcome("socks5-connections", { pillion: rounds([10, 10, 10]), dante: rounds([34, 35, 36]) }),
  ]
  expect(judged(all)).toEqual([
    "tcp-connections rate at least 0.95 x haproxy: met",
    "tcp-connections cpu at most 1.053 x haproxy: met",
    "socks5-connections rate at least 1.5 x microsocks: not measured",
    "socks5-connections cpu at most 0.667 x microsocks: not measured",
    "socks5-connections rate at least 3.5 x dante: undecided",
    "socks5-connections cpu at most 0.286 x dante: undecided",
  ])
  // Nobody asked for them: there is nothing to say.
  expect(judged(all, { ...quiet, participants: ["pillion"] })).toEqual([])
})

test("the load beside the two that are compared counts, and no other's", () => {
  const busy = rounds([11, 11, 11, 11, 11, 11], 0.3)
  const still = rounds([10, 10, 10, 10, 10, 10])
  const connections = (pillion: typeof busy, haproxy: typeof busy, nginx: typeof busy) =>
    judged([outcome("tcp-connections", { pillion, haproxy, nginx })])[0]
  expect(connections(still, busy, still)).toEndWith(": not judged")
  expect(connections(busy, still, still)).toEndWith(": not judged")
  expect(connections(still, still, busy)).toEndWith(": met")
})

test("with several starts the starts are the witnesses, not their rounds", () => {
  // Five starts of four rounds: one process is slower than the others, in all of its rounds.
  const cpu = [10, 10, 10, 10, 11.5].flatMap((each) => [each, each, each, each])
  const all = [outcome("tcp-connections", { pillion: rounds(cpu), haproxy: rounds(cpu.map(() => 10.2)) })]
  expect(judged(all)[1]).toEndWith(": met")
  expect(judged(all, { ...quiet, starts: 5 })[1]).toEndWith(": undecided")
})

test("values that are no ratio are judged in the goal's unit", () => {
  const memory = [44, 44, 44].map((mebibytes) => ({ atStart: mebibytes * 2 ** 20, after: 2 ** 30, foreign: 0 }))
  expect(judged([outcome("memory", { pillion: memory })])).toEqual([
    "memory atStart at most 45 MB: met",
    "memory after at most 70 MB: missed",
  ])
})

const latencies = (p50: number): ReadonlyArray<Sample> =>
  Array.from({ length: 6 }, () => ({ p50, p99: 2 * p50, cpu: 5, rate: 100, foreign: 0.01 }))

test("an earlier executable sets goals of its own, in every workload and beside peers that log", () => {
  const all = [
    outcome("http-large", { pillion: rounds([10, 10, 10]), [beforeName]: rounds([10, 10, 10]) }),
    outcome("tcp-latency", { pillion: latencies(40), [beforeName]: latencies(30) }),
  ]
  expect(judged(all, { ...quiet, peerLogs: true })).toEqual([
    "http-large rate at least 0.98 x pillion-before: met",
    "http-large cpu at most 1.02 x pillion-before: met",
    "tcp-latency cpu at most 1.02 x pillion-before: met",
    "tcp-latency p50 at most 1.02 x pillion-before: missed",
    "tcp-latency p99 at most 1.02 x pillion-before: missed",
  ])
})

test("a line tells the median, its interval, the goal, and why nothing was judged", () => {
  const busy = rounds([10, 10, 10, 10, 10, 10], 0.42)
  const all = [outcome("tcp-connections", { pillion: busy, haproxy: busy })]
  expect(verdictLines(judge(all, quiet))[0]!.replaceAll(/ +/g, " ")).toBe(
    " not judged tcp-connections rate 1.00 (1.00..1.00) at least 0.95 x haproxy; foreign load 42 %",
  )
})
