/** Series by destination: valid text whatever the names are, and bounded. */
import { expect, test } from "bun:test"

import { Metrics } from "../../../src/observe/metrics/metrics.ts"
import { destinationFamilies } from "../../../src/observe/metrics/metrics-table.ts"
import { renderPrometheus } from "../../../src/observe/metrics/exposition.ts"
import { refusal } from "../../../src/protocol/refusal.ts"
import { flowOf } from "../../support/flows.ts"
import { parseMetrics } from "../../support/metrics.ts"
import { recordOf } from "../../support/records.ts"

const make = (max: number, open: () => Iterable<ReturnType<typeof flowOf>> = () => []): Metrics =>
  new Metrics({
    build: { version: "1.2.3", revision: "abc", bun: "1.4.5" },
    draining: () => false,
    dropped: () => ({ stdout: 0, stderr: 0, tap: 0, otlp: 0 }),
    limit: () => 1000,
    maxDestinations: () => max,
    idleOrigins: () => 0,
    open,
    capture: () => undefined,
  })

const destinationSamples = (metrics: Metrics): ReadonlyMap<string, number> =>
  new Map(
    [...parseMetrics(renderPrometheus(metrics)).samples].filter(
      ([series, value]) => series.startsWith("pillion_destination_") && !(series.includes("_bucket") && value === 0),
    ),
  )

test("families that have counted nothing show one series of theirs", () => {
  expect([...destinationSamples(make(50)).keys()]).toEqual([
    'pillion_destination_requests_total{direction="inbound",destination="other",status="1xx"}',
    'pillion_destination_errors_total{direction="inbound",destination="other",kind="refusal"}',
    'pillion_destination_connections_total{direction="inbound",destination="other"}',
    'pillion_destination_bytes_total{direction="inbound",destination="other",flow="to_target"}',
    'pillion_destination_request_duration_seconds_sum{direction="inbound",destination="other"}',
    'pillion_destination_request_duration_seconds_count{direction="inbound",destination="other"}',
  ])
})

test("what was counted is shown by destination, with the bytes of tunnels that are open", () => {
  const open = flowOf({ target: "a:1", bytesIn: 5 })
  const metrics = make(50, () => [open])
  metrics.destinations.connected(open)
  metrics.destinations.answered(flowOf(), recordOf({ target: "a:1", elapsed: 3000, bytesIn: 10, bytesOut: 20 }))
  metrics.destinations.answered(
    flowOf(),
    recordOf({ target: "a:1", status: 0, refusal: refusal("connection-timeout", "x") }),
  )
  metrics.destinations.answered(flowOf(), recordOf({ target: "a:1", endedBy: "client", error: "left" }))
  expect([...destinationSamples(metrics)].filter(([series]) => !series.includes("_bucket"))).toEqual([
    ['pillion_destination_requests_total{direction="outbound",destination="a:1",status="2xx"}', 2],
    ['pillion_destination_requests_total{direction="outbound",destination="a:1",status="none"}', 1],
    ['pillion_destination_errors_total{direction="outbound",destination="a:1",kind="refusal"}', 1],
    ['pillion_destination_errors_total{direction="outbound",destination="a:1",kind="cut"}', 1],
    ['pillion_destination_connections_total{direction="outbound",destination="a:1"}', 1],
    ['pillion_destination_bytes_total{direction="outbound",destination="a:1",flow="to_target"}', 15],
    ['pillion_destination_bytes_total{direction="outbound",destination="a:1",flow="to_client"}', 20],
    ['pillion_destination_request_duration_seconds_sum{direction="outbound",destination="a:1"}', 3.04],
    ['pillion_destination_request_duration_seconds_count{direction="outbound",destination="a:1"}', 3],
  ])
})

test("names that want to be something else stay the value of one label", () => {
  const metrics = make(50)
  const names = [
    '"} 1\nevil 2',
    "back\\slash",
    'a",status="2xx',
    "line\nfeed",
    "\r\u2028",
    "",
    "x".repeat(300),
    "other",
  ]
  for (const target of names) metrics.destinations.answered(flowOf(), recordOf({ target }))
  const text = renderPrometheus(metrics)
  const found = [...parseMetrics(text).samples.keys()].filter((series) =>
    series.startsWith("pillion_destination_requests_total"),
  )
  expect(found.length).toBe(names.length)
  const shown = found.map((series) => /,destination="((?:[^"\\]|\\.)*)",status="2xx"\}$/s.exec(series)?.[1])
  const unescaped = shown.map((value) => value?.replaceAll(/\\(.)/g, (_, char) => (char === "n" ? "\n" : char)))
  expect(unescaped).toEqual(names)
})

test("ten thousand names make no more series than the option permits", () => {
  const metrics = make(3)
  const count = (): number =>
    [...parseMetrics(renderPrometheus(metrics)).samples.keys()].filter((series) =>
      series.startsWith("pillion_destination_"),
    ).length
  const ask = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const flow = flowOf({ target: `h${i}:1`, direction: i % 2 === 0 ? "inbound" : "outbound", bytesIn: 1 })
      metrics.destinations.connected(flow)
      metrics.destinations.ended(flow)
      metrics.destinations.answered(flow, recordOf({ target: `h${i}:1`, path: `/p${i}`, status: 200 + (i % 400) }))
    }
  }
  ask(0, 5000)
  const before = count()
  ask(5000, 10_000)
  expect(count()).toBe(before)
  const names = new Set(renderPrometheus(metrics).match(/destination="[^"]*"/g))
  expect(names).toEqual(new Set([0, 1, 2, 3, 4, 5].map((i) => `destination="h${i}:1"`).concat('destination="other"')))
})

test("labels are those that the table says", () => {
  const metrics = make(50)
  metrics.destinations.answered(flowOf(), recordOf())
  const text = renderPrometheus(metrics)
  for (const { name, labels } of Object.values(destinationFamilies)) {
    const line = text.split("\n").find((each) => each.startsWith(`${name}{`) || each.startsWith(`${name}_count{`)) ?? ""
    expect(
      [name, ...line.matchAll(/(\w+)="/g)].map((each) => (typeof each === "string" ? each : (each[1] ?? ""))),
    ).toEqual([name, ...labels.map((label) => label.name)])
  }
})
