/** What the proxy keeps of the last minutes, and what is counted since the page was opened. */
import { expect, test } from "bun:test"

import { History, longest } from "../../../../src/admin/page/model/history.ts"
import { readSamples, sum, sumBy } from "../../../../src/admin/page/model/prometheus.ts"
import { History as ProxyHistory, maxPoints } from "../../../../src/observe/metrics/history.ts"
import { Metrics } from "../../../../src/observe/metrics/metrics.ts"
import { renderPrometheus } from "../../../../src/observe/metrics/exposition.ts"

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
  const page = await Bun.file(`${import.meta.dir}/../../../../src/admin/page/model/history.ts`).text()
  const names = new Set([...page.matchAll(/"((?:pillion|process)_\w+)"/g)].map(([, name]) => name ?? ""))
  const parts = {
    build: { version: "1", revision: null, bun: "1" },
    draining: () => false,
    dropped: () => ({ stdout: 0, stderr: 0, tap: 0, otlp: 0 }),
    limit: () => 1000,
    maxDestinations: () => 50,
    idleOrigins: () => 0,
    open: [],
    capture: () => undefined,
  }
  const text = renderPrometheus(new Metrics(parts))
  expect(names.size).toBeGreaterThan(1)
  expect([...names].filter((name) => !text.includes(`# TYPE ${name} `))).toEqual([])
})

const point = (connections: number) => ({ connections })

test("points are those of the proxy; what is missing is nothing, and no latency is none", () => {
  const history = new History()
  const told = {
    connections: 1,
    requests: 2,
    to_target: 3,
    to_client: 4,
    refusals: 5,
    failures: 6,
    median: 7,
    slowest: 8,
  }
  history.add(metrics({}), [told, { median: null, slowest: "x" }])
  expect(history.points).toEqual([
    { connections: 1, requests: 2, toTarget: 3, toClient: 4, refusals: 5, failures: 6, median: 7, slowest: 8 },
    {
      connections: 0,
      requests: 0,
      toTarget: 0,
      toClient: 0,
      refusals: 0,
      failures: 0,
      median: undefined,
      slowest: undefined,
    },
  ])
})

test("every field of a point is one that the proxy has", () => {
  const proxy = new ProxyHistory(0)
  proxy.sample(1000, { in: 0, out: 0 })
  proxy.accepted()
  proxy.answered(503)
  proxy.refused()
  proxy.waited(5)
  proxy.sample(2000, { in: 1, out: 1 })
  const history = new History()
  history.add(metrics({}), proxy.since(1).points)
  expect(Object.values(history.points[0] ?? {}).map((value) => (value ?? 0) > 0)).toEqual(Array(8).fill(true))
})

test("refusals are those since the page was opened, the most frequent first", () => {
  const history = new History()
  const refused = (a: number, b: number) =>
    metrics({ 'pillion_refusals_total{reason="a"}': a, 'pillion_refusals_total{reason="b"}': b })
  history.add(metrics({ 'pillion_refusals_total{reason="a"}': 5 }), [])
  history.add(refused(6, 3), [])
  expect(history.reasons).toEqual([
    ["b", 3],
    ["a", 1],
  ])
})

test("another process begins another history, and none grows without end", () => {
  const history = new History()
  for (let i = 0; i < longest + 5; i++) history.add(metrics({}), [point(i)])
  expect([history.points.length, history.points[0]?.connections]).toEqual([longest, 5])
  history.add(metrics({ process_start_time_seconds: 2 }), [point(7)])
  expect(history.points.map(({ connections }) => connections)).toEqual([7])
})

test("it keeps as many points as the proxy does", () => {
  expect(longest).toBe(maxPoints)
})
