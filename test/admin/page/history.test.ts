/** Counters read twice become numbers a second. */
import { expect, test } from "bun:test"

import { History, longest, quantile } from "../../../src/admin/page/history.ts"
import { readSamples, sum, sumBy } from "../../../src/admin/page/prometheus.ts"
import { Metrics } from "../../../src/observe/metrics/metrics.ts"
import { renderPrometheus } from "../../../src/observe/metrics/exposition.ts"

const metrics = (lines: Readonly<Record<string, number>>) =>
  readSamples(
    Object.entries({ process_start_time_seconds: 1, ...lines })
      .map(([name, value]) => `${name} ${value}`)
      .join("\n"),
  )

test("samples are read with their labels, summed by name, by label and by the values of a label", () => {
  const samples = readSamples(
    ["# HELP a b", "# TYPE a counter", 'a{x="1",y="o\\"k"} 2', 'a{x="2",y="} 7"} 3.5', "b 1e3", "nonsense", ""].join(
      "\n",
    ),
  )
  expect([sum(samples, "a"), sum(samples, "a", { x: "2" }), sum(samples, "b"), sum(samples, "c")]).toEqual([
    5.5, 3.5, 1000, 0,
  ])
  expect([...sumBy(samples, "a", "x")]).toEqual([
    ["1", 2],
    ["2", 3.5],
  ])
})

test("every metric that the page reads is one that the proxy has", async () => {
  const page = await Bun.file(`${import.meta.dir}/../../../src/admin/page/history.ts`).text()
  const names = new Set([...page.matchAll(/"((?:pillion|process)_\w+)"/g)].map(([, name]) => name ?? ""))
  const parts = {
    build: { version: "1", revision: null, bun: "1" },
    draining: () => false,
    dropped: () => ({ stdout: 0, stderr: 0, tap: 0, otlp: 0 }),
    limit: () => 1000,
    maxDestinations: () => 50,
    idleOrigins: () => 0,
    open: () => [],
  }
  const text = renderPrometheus(new Metrics(parts))
  expect(names.size).toBeGreaterThan(4)
  expect([...names].filter((name) => !text.includes(`# TYPE ${name} `))).toEqual([])
})

test("a rate is the difference over the time between, and never negative", () => {
  const history = new History()
  history.add(metrics({ pillion_connections_total: 100 }), 1000, [])
  expect(history.points).toEqual([])
  history.add(
    metrics({ pillion_connections_total: 150, 'pillion_bytes_total{flow="to_client"}': 4000 }),
    3000,
    [4, 1, 2],
  )
  expect(history.points).toMatchObject([{ connections: 25, toClient: 2000, toTarget: 0, median: 2, slowest: 4 }])
  history.add(metrics({ pillion_connections_total: 90 }), 4000, [])
  expect(history.points[1]).toMatchObject({ connections: 0, median: undefined, slowest: undefined })
})

test("refusals are those since the page was opened, the most frequent first", () => {
  const history = new History()
  const refused = (a: number, b: number) =>
    metrics({ 'pillion_refusals_total{reason="a"}': a, 'pillion_refusals_total{reason="b"}': b })
  history.add(metrics({ 'pillion_refusals_total{reason="a"}': 5 }), 0, [])
  history.add(refused(6, 3), 1000, [])
  expect(history.reasons).toEqual([
    ["b", 3],
    ["a", 1],
  ])
  expect(history.points).toMatchObject([{ refusals: 4 }])
})

test("another process begins another history, and none grows without end", () => {
  const history = new History()
  for (let i = 0; i <= longest + 5; i++) history.add(metrics({}), i * 1000, [])
  expect(history.points.length).toBe(longest)
  history.add(metrics({ process_start_time_seconds: 2 }), 1e6, [])
  expect(history.points).toEqual([])
})

test("a quantile is a value that was there", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1)
  expect([quantile(hundred, 0.5), quantile(hundred, 0.99), quantile([7], 0.99), quantile([], 0.5)]).toEqual([
    50,
    99,
    7,
    undefined,
  ])
})
