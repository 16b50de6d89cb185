/** What is counted, and its text: read back by the rules of Prometheus text format 0.0.4. */
import { expect, test } from "bun:test"

import { flowOf } from "../../support/flows.ts"
import { flowsPerSample, Metrics } from "../../../src/observe/metrics/metrics.ts"
import { allFamilies, metricsMarkdown } from "../../../src/observe/metrics/metrics-table.ts"
import { renderPrometheus } from "../../../src/observe/metrics/exposition.ts"
import { alwaysShown, Histogram, Series } from "../../../src/observe/metrics/series.ts"
import { type Reason, refusals } from "../../../src/protocol/refusal.ts"

const make = (parts: Partial<ConstructorParameters<typeof Metrics>[0]> = {}): Metrics =>
  new Metrics({
    build: { version: "1.2.3", revision: "abc", bun: "1.4.5" },
    draining: () => false,
    dropped: () => ({ stdout: 0, stderr: 0, tap: 0, otlp: 0 }),
    limit: () => 1000,
    maxDestinations: () => 50,
    idleOrigins: () => 0,
    open: () => [],
    capture: () => undefined,
    ...parts,
  })

const rendered = (each: Series | Histogram): string => renderPrometheus({ read: () => [each] })

/** Every sample by its name and labels. Throws for a line that is none. */
const samples = (text: string): ReadonlyMap<string, number> => {
  const found = new Map<string, number>()
  for (const line of text.trimEnd().split("\n")) {
    if (/^# (HELP [a-z_]+ \S.*|TYPE [a-z_]+ (counter|gauge|histogram))$/.test(line)) continue
    const [, series, value] = /^([a-z_]+(?:\{(?:[a-z]+="[^"\\]*",?)*\})?) (\S+)$/.exec(line) ?? []
    if (series === undefined || value === undefined || Number.isNaN(Number(value)))
      throw new Error(`no sample: ${line}`)
    if (found.has(series)) throw new Error(`twice: ${series}`)
    found.set(series, Number(value))
  }
  return found
}

test("every line is a sample, a help or a type, and every metric has its help before its type, once", () => {
  const text = renderPrometheus(make())
  samples(text)
  const described = [...text.matchAll(/^# HELP (\S+) .*\n# TYPE (\S+) /gm)]
  expect(described.filter(([, help, type]) => help !== type)).toEqual([])
  expect(described.map(([, name]) => name ?? "")).toEqual(allFamilies.map(({ name }) => name))
  expect(text).toEndWith("\n")
})

test("an open connection is active, and a closed one is counted by how it ended", () => {
  const metrics = make()
  metrics.accepted("inbound")
  metrics.accepted("inbound")
  metrics.accepted("outbound")
  metrics.closed("inbound", "tcp", "target", 0.5)
  metrics.closed("outbound", "http", undefined, 700)
  const found = samples(renderPrometheus(metrics))
  expect(found.get('pillion_connections_total{direction="inbound"}')).toBe(2)
  expect(found.get('pillion_connections_active{direction="inbound"}')).toBe(1)
  expect(found.get('pillion_connections_active{direction="outbound"}')).toBe(0)
  expect(found.get('pillion_connections_closed_total{direction="inbound",protocol="tcp",end="target"}')).toBe(1)
  expect(found.get('pillion_connections_closed_total{direction="outbound",protocol="http",end="done"}')).toBe(1)
  const lasted = (direction: string, bound: string) =>
    found.get(`pillion_connection_duration_seconds_bucket{direction="${direction}",le="${bound}"}`)
  expect([
    lasted("inbound", "0.1"),
    lasted("inbound", "1"),
    lasted("outbound", "600"),
    lasted("outbound", "3600"),
  ]).toEqual([0, 1, 0, 1])
})

test("bytes, refusals, overload, reloads, defects and listeners are counted", () => {
  const metrics = make({ draining: () => true, dropped: () => ({ stdout: 3, stderr: 4, tap: 5, otlp: 6 }) })
  metrics.bytes("outbound", 10, 20)
  metrics.bytes("outbound", 1, 2)
  metrics.refused("inbound", "dial-denied")
  metrics.overloaded("inbound", true)
  metrics.reloaded("failure")
  metrics.defect()
  metrics.listening("admin", true)
  const found = samples(renderPrometheus(metrics))
  expect(found.get('pillion_bytes_total{direction="outbound",flow="to_target"}')).toBe(11)
  expect(found.get('pillion_bytes_total{direction="outbound",flow="to_client"}')).toBe(22)
  expect(found.get('pillion_refusals_total{direction="inbound",reason="dial-denied"}')).toBe(1)
  expect(found.get('pillion_overloaded_total{direction="inbound",told="true"}')).toBe(1)
  expect(found.get('pillion_config_reloads_total{result="failure"}')).toBe(1)
  expect(found.get("pillion_defects_total")).toBe(1)
  expect(found.get('pillion_listener_up{listener="admin"}')).toBe(1)
  expect(found.get('pillion_listener_up{listener="health"}')).toBe(0)
  expect(found.get("pillion_draining")).toBe(1)
  expect(found.get('pillion_log_lines_dropped_total{output="stderr"}')).toBe(4)
  expect(found.get('pillion_build_info{version="1.2.3",revision="abc",bun="1.4.5"}')).toBe(1)
})

test("the process tells of itself under the names that every dashboard knows", () => {
  const found = samples(renderPrometheus(make()))
  expect(Math.abs((found.get("process_start_time_seconds") ?? 0) - Date.now() / 1000)).toBeLessThan(3600)
  expect(found.get("process_resident_memory_bytes")).toBeGreaterThan(1e6)
  expect(found.get("process_open_fds")).toBeGreaterThan(2)
  expect(found.get("process_cpu_seconds_total")).toBeGreaterThan(0)
})

test("a client that invents methods or an origin that invents statuses makes no new series", () => {
  const metrics = make()
  for (let i = 0; i < 100; i++) metrics.request("outbound", `INVENTED${i}`, 600 + i, 1)
  metrics.request("outbound", "GET", 0, 1)
  metrics.request("outbound", "GET", 99, 1)
  metrics.request("outbound", "GET", 599, 1)
  const requests = [...samples(renderPrometheus(metrics))].filter(([series]) =>
    series.startsWith("pillion_http_requests"),
  )
  expect(requests).toEqual([
    ['pillion_http_requests_total{direction="outbound",method="GET",status="5xx"}', 1],
    ['pillion_http_requests_total{direction="outbound",method="GET",status="none"}', 2],
    ['pillion_http_requests_total{direction="outbound",method="OTHER",status="none"}', 100],
  ])
})

test("a tunnel's bytes are counted while they pass, and once when it is over", () => {
  const flow = flowOf({ direction: "inbound" })
  const target = { sent: 10, received: 20 }
  const open = new Set([flow, flowOf({ direction: "inbound" })])
  const metrics = make({ open: () => open })
  const carried = () => {
    const found = samples(renderPrometheus(metrics))
    return ["to_target", "to_client"].map((way) => found.get(`pillion_bytes_total{direction="inbound",flow="${way}"}`))
  }
  expect(carried()).toEqual([0, 0])
  flow.carryTunnel(target)
  expect(carried()).toEqual([10, 20])
  target.sent = 11
  expect(carried()).toEqual([11, 20])
  open.delete(flow)
  metrics.bytes("inbound", flow.bytesIn, flow.bytesOut)
  expect(carried()).toEqual([11, 20])
})

test("what is spoken, and what SOCKS clients are told, is counted by the code that they get", () => {
  const metrics = make()
  metrics.detected("outbound", "socks5")
  metrics.undetected("inbound")
  metrics.socksReply("socks5", undefined)
  metrics.socksReply("socks5", "connection-refused")
  metrics.socksReply("socks4a", undefined)
  metrics.socksReply("socks4", "name-not-found")
  metrics.socksReply("http", "name-not-found")
  const found = samples(renderPrometheus(metrics))
  expect(found.get('pillion_protocol_detected_total{direction="outbound",protocol="socks5"}')).toBe(1)
  expect(found.get('pillion_protocol_detect_timeouts_total{direction="inbound"}')).toBe(1)
  expect([...found].filter(([series]) => series.startsWith("pillion_socks"))).toEqual([
    ['pillion_socks_replies_total{version="socks4",code="91"}', 1],
    ['pillion_socks_replies_total{version="socks4a",code="90"}', 1],
    ['pillion_socks_replies_total{version="socks5",code="0"}', 1],
    ['pillion_socks_replies_total{version="socks5",code="5"}', 1],
  ])
})

test("every reason has a SOCKS code that can be counted", () => {
  const metrics = make()
  for (const reason of Object.keys(refusals)) {
    for (const protocol of ["socks4", "socks4a", "socks5"] as const) metrics.socksReply(protocol, reason as Reason)
  }
})

test("requests are timed by the class of their status", () => {
  const metrics = make()
  metrics.request("outbound", "GET", 200, 0.02)
  metrics.request("outbound", "GET", 502, 3)
  const found = samples(renderPrometheus(metrics))
  const name = "pillion_http_request_duration_seconds"
  expect(found.get(`${name}_bucket{direction="outbound",status="2xx",le="0.025"}`)).toBe(1)
  expect(found.get(`${name}_sum{direction="outbound",status="5xx"}`)).toBe(3)
  expect(found.get(`${name}_count{direction="inbound",status="2xx"}`)).toBeUndefined()
})

test("every reason for a refusal can be counted", () => {
  const metrics = make()
  for (const reason of Object.keys(refusals)) metrics.refused("outbound", reason as keyof typeof refusals)
  const found = [...samples(renderPrometheus(metrics)).keys()].filter((series) => series.includes("refusals"))
  expect(found.length).toBe(Object.keys(refusals).length)
})

test("dials are counted by direction, in buckets that add up", () => {
  const metrics = make()
  for (const seconds of [0.001, 0.005, 0.2, 11]) metrics.dialled("outbound", seconds)
  metrics.dialled("inbound", 1)
  const found = samples(renderPrometheus(metrics))
  const name = "pillion_dial_duration_seconds"
  const bucket = (bound: string) => found.get(`${name}_bucket{direction="outbound",le="${bound}"}`)
  expect([bucket("0.005"), bucket("0.1"), bucket("0.25"), bucket("10"), bucket("+Inf")]).toEqual([2, 2, 3, 3, 4])
  expect(found.get(`${name}_count{direction="outbound"}`)).toBe(4)
  expect(found.get(`${name}_sum{direction="outbound"}`)).toBeCloseTo(11.206)
  expect(found.get(`${name}_count{direction="inbound"}`)).toBe(1)
})

test("the limit of connections is the one in force", () => {
  let limit = 7
  const metrics = make({ limit: () => limit })
  const shown = () => samples(renderPrometheus(metrics)).get("pillion_connections_limit")
  expect(shown()).toBe(7)
  limit = 8
  expect(shown()).toBe(8)
})

test("the history has what was counted since its last point, and bytes of what is open", () => {
  const flow = flowOf({ bytesIn: 500, bytesOut: 0 })
  const metrics = make({ open: () => [flow] })
  metrics.accepted("inbound")
  const now = performance.now() + 1000
  metrics.sample(now)
  metrics.accepted("outbound")
  metrics.request("outbound", "GET", 503, 1)
  metrics.refused("inbound", "dial-denied")
  metrics.overloaded("inbound", true)
  metrics.overloaded("inbound", false)
  metrics.bytes("inbound", 1000, 0)
  flow.carryTunnel({ sent: 510, received: 0 })
  metrics.sample(now + 1000)
  expect(metrics.history.since(1).points).toEqual([
    {
      connections: 1,
      requests: 1,
      to_target: 1010,
      to_client: 0,
      refusals: 2,
      failures: 1,
      median: null,
      slowest: null,
    },
  ])
})

test("with many connections their bytes are not added up for every point of the history", () => {
  const flow = flowOf({ bytesIn: 1 })
  let looks = 0
  const flows = Array.from({ length: 2 * flowsPerSample }, () => flow)
  const metrics = make({
    open: () => {
      looks++
      return flows
    },
  })
  const now = performance.now()
  for (let second = 1; second <= 9; second++) metrics.sample(now + second * 1000)
  expect([looks, metrics.history.since(0).points.length]).toEqual([3, 9])
})

test("a large family shows only what was counted, or its first series; a small one everything", () => {
  const values = Array.from({ length: alwaysShown + 1 }, (_, i) => `v${i}`)
  const family = (count: number) =>
    new Series({ name: "a_total", type: "counter", help: "x", labels: [{ name: "l", values: values.slice(0, count) }] })
  expect(samples(rendered(family(alwaysShown))).size).toBe(alwaysShown)
  const large = family(alwaysShown + 1)
  expect([...samples(rendered(large))]).toEqual([['a_total{l="v0"}', 0]])
  large.add(2, "v3")
  expect([...samples(rendered(large))]).toEqual([['a_total{l="v3"}', 2]])
})

test("a label value that the table does not have is a programmer's error", () => {
  const series = new Series({ name: "a", type: "gauge", help: "x", labels: [{ name: "l", values: ["here"] }] })
  expect(() => series.add(1, "elsewhere")).toThrow(RangeError)
  expect(() => series.add(1)).toThrow('a has no series for l="undefined"')
})

test("no metric has more labels than can be counted by", () => {
  expect(allFamilies.filter(({ labels }) => labels.length > 3).map(({ name }) => name)).toEqual([])
})

test("label values are escaped", () => {
  const series = new Series({ name: "a", type: "gauge", help: "x", labels: [{ name: "l", values: ['q"b\\n\n'] }] })
  expect(rendered(series)).toContain('a{l="q\\"b\\\\n\\n"} 0\n')
})

test("a value on a bucket's bound belongs to the bucket", () => {
  const histogram = new Histogram({ name: "h", type: "histogram", help: "x", labels: [] }, [1, 2])
  histogram.observe(1)
  histogram.observe(2)
  expect(rendered(histogram)).toContain(
    'h_bucket{le="1"} 1\nh_bucket{le="2"} 2\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\n',
  )
})

test("the documentation's table has every metric that is served", () => {
  const documented = metricsMarkdown()
  const served = [...renderPrometheus(make()).matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1])
  expect(served.filter((name) => !documented.includes(`| \`${name}\` |`))).toEqual([])
  expect(documented.trimEnd().split("\n").length).toBe(served.length + 2)
})

test("a histogram that has counted nothing is there, with zeros for its first series", () => {
  const family = { name: "h", type: "histogram", help: "x", labels: [{ name: "l", values: ["a", "b"] }] } as const
  const histogram = new Histogram(family, [1])
  const zeros = ['h_bucket{l="a",le="1"} 0', 'h_bucket{l="a",le="+Inf"} 0', 'h_sum{l="a"} 0', 'h_count{l="a"} 0', ""]
  expect(rendered(histogram)).toEndWith(zeros.join("\n"))
  histogram.observe(3, "b")
  expect(rendered(histogram)).not.toContain('l="a"')
})
