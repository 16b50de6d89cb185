/** The export to OpenTelemetry: what a collector gets, and that nothing of it is in anybody's way. */
import { expect, test } from "bun:test"
import { unusedPort } from "../../scripts/unused-port.ts"
import { httpOrigin } from "../support/origins.ts"
import { type Export, fieldsOf, otlpCollector, recordsOf, spansOf } from "../support/otlp.ts"
import { rawConnect } from "../support/peer.ts"
import { pillion, startPillion } from "../support/pillion.ts"
import { names, readResponse } from "../support/http.ts"
import { scrape } from "../support/metrics.ts"
import { eventually } from "../support/within.ts"

const get = async (port: number, authority: string): Promise<void> => {
  using client = await rawConnect(port)
  client.send(`GET http://${authority}/a?secret=1 HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`)
  await readResponse(client)
}

const isAccess = (each: Export): boolean => recordsOf(each).some(({ text }) => text.startsWith("GET "))

test("a collector gets the log, the access log and every metric, past all proxies", async () => {
  await using collecting = otlpCollector()
  using server = await httpOrigin()
  const nobody = `http://127.0.0.1:${unusedPort()}`
  await using running = await startPillion({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collecting.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=abc",
      OTEL_RESOURCE_ATTRIBUTES: "k8s.pod.name=pod-1",
      OTEL_BLRP_SCHEDULE_DELAY: "50",
      OTEL_METRIC_EXPORT_INTERVAL: "100",
      HTTP_PROXY: nobody,
      http_proxy: nobody,
    },
  })
  await get(running.ports.out, server.authority)
  const logs = await collecting.until(isAccess, "the access log")
  expect([logs.type, logs.key]).toEqual(["application/json", "abc"])
  const record = recordsOf(logs).find(({ text }) => text.startsWith("GET "))
  expect(record).toMatchObject({
    text: `GET ${server.authority}/a 200`,
    fields: { direction: "outbound", method: "GET", path: "/a", status: 200, bytes_out: 5 },
  })
  expect(await running.stop()).toBe(0)
  const texts = collecting.exports.filter(({ path }) => path === "/v1/logs").flatMap(recordsOf)
  expect(texts.map(({ text }) => text)).toContain("stopped")
  const metrics = collecting.exports.findLast(({ path }) => path === "/v1/metrics")
  const exported = metrics?.body.resourceMetrics?.[0]
  expect(fieldsOf(exported?.resource.attributes ?? [])).toMatchObject({
    "service.name": "pillion",
    "k8s.pod.name": "pod-1",
  })
  const named = new Map(exported?.scopeMetrics[0]?.metrics.map((each) => [each.name, each]))
  expect(named.get("pillion_http_requests_total")?.sum?.dataPoints).toMatchObject([{ asDouble: 1 }])
  expect(named.get("pillion_dial_duration_seconds")?.histogram?.dataPoints).toMatchObject([{ count: 1 }])
  expect(named.get("pillion_connections_active")?.gauge?.dataPoints.length).toBe(2)
  expect(JSON.stringify(collecting.exports)).not.toContain("secret")
}, 20_000)

test("each request is one span, in the trace that it came with or in one of its own, and its log record says which", async () => {
  await using collecting = otlpCollector()
  using server = await httpOrigin()
  await using running = await startPillion({
    flags: [`--proxy-port=${server.port}`],
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collecting.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" },
  })
  const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  const fields = {
    sampled: `traceparent: 00-${trace}-00f067aa0ba902b7-01\r\n`,
    not: `traceparent: 00-${trace}-00f067aa0ba902b8-00\r\n`,
    none: "",
    wrong: `traceparent: 00-${"0".repeat(32)}-00f067aa0ba902b7-01\r\n`,
    probe: "User-Agent: kube-probe/1.31\r\n",
  }
  for (const [port, origin] of [
    [running.ports.out, `http://${server.authority}`],
    [running.ports.in, ""],
  ] as const) {
    using client = await rawConnect(port)
    for (const [name, field] of Object.entries(fields)) {
      client.send(`GET ${origin}/${name}?secret=1 HTTP/1.1\r\nHost: shop.test\r\n${field}\r\n`)
      await readResponse(client)
    }
    client.end()
    await client.readToEnd()
  }
  expect(await running.stop()).toBe(0)
  const spans = collecting.exports.flatMap(spansOf)
  const pathOf = ({ fields }: (typeof spans)[number]) => fields["url.path"] ?? fields["url.full"]
  expect(spans.map((span) => [span.kind, pathOf(span), span.parentSpanId])).toEqual([
    [3, `http://${server.authority}/sampled`, "00f067aa0ba902b7"],
    [3, `http://${server.authority}/none`, undefined],
    [3, `http://${server.authority}/wrong`, undefined],
    [2, "/sampled", "00f067aa0ba902b7"],
    [2, "/none", undefined],
    [2, "/wrong", undefined],
  ])
  expect(spans.filter(({ traceId }) => traceId === trace).length).toBe(2)
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length)
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(5)
  const logged = collecting.exports.flatMap(recordsOf).filter(({ fields }) => fields["method"] === "GET")
  const placeOf = (direction: string, path: string) => {
    const record = logged.find(({ fields }) => fields["direction"] === direction && fields["path"] === path)
    return [record?.traceId, record?.spanId]
  }
  const placesOfSpans = spans.map(({ traceId, spanId }) => [traceId, spanId])
  const paths = ["/sampled", "/none", "/wrong"]
  const placesOfRecords = ["outbound", "inbound"].flatMap((direction) => paths.map((path) => placeOf(direction, path)))
  expect(placesOfRecords).toEqual(placesOfSpans)
  expect(placeOf("inbound", "/not")).toEqual([trace, expect.stringMatching(/^[0-9a-f]{16}$/)])
  expect(placeOf("inbound", "/probe")).toEqual([undefined, undefined])
  expect(JSON.stringify(collecting.exports)).not.toContain("secret")
  // Nothing is added to what passes.
  const passed = server.requests.map((request) => names(request).filter((name) => /^(trace|baggage|b3)/i.test(name)))
  expect(passed.flat()).toEqual(Array.from({ length: 6 }, () => "traceparent"))
}, 20_000)

test("spans may be left out, and what is not known is warned of", async () => {
  await using collecting = otlpCollector()
  using server = await httpOrigin()
  await using running = await startPillion({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collecting.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_TRACES_EXPORTER: "zipkin",
      OTEL_TRACES_SAMPLER: "xray",
    },
  })
  await get(running.ports.out, server.authority)
  expect(await running.stop()).toBe(0)
  expect(collecting.exports.some(isAccess)).toBe(true)
  expect(collecting.exports.filter(({ path }) => path === "/v1/traces")).toEqual([])
  const warnings = running.stderr.all.map((line) => JSON.parse(line)).filter(({ level }) => level === "warn")
  expect(warnings.map(({ message }) => message)).toEqual([
    'OTEL_TRACES_EXPORTER names "zipkin", which is not known: write otlp or none',
    'OTEL_TRACES_SAMPLER "xray" is not known, and taken as parentbased_always_on',
  ])
}, 20_000)

test("protobuf is the default, and one signal may be left out", async () => {
  await using collecting = otlpCollector()
  await using running = await startPillion({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collecting.endpoint,
      OTEL_LOGS_EXPORTER: "none",
      OTEL_METRIC_EXPORT_INTERVAL: "50",
    },
  })
  expect(await collecting.until(({ path }) => path === "/v1/metrics", "metrics")).toMatchObject({
    type: "application/x-protobuf",
  })
  expect(await running.stop()).toBe(0)
  expect(collecting.exports.filter(({ path }) => path !== "/v1/metrics")).toEqual([])
})

test("a collector that is not there is warned of once, counted, and delays no end", async () => {
  using server = await httpOrigin()
  const away = `http://127.0.0.1:${unusedPort()}`
  await using running = await startPillion({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: away,
      OTEL_BLRP_SCHEDULE_DELAY: "50",
      OTEL_BSP_SCHEDULE_DELAY: "50",
      OTEL_METRIC_EXPORT_INTERVAL: "50",
    },
  })
  await get(running.ports.out, server.authority)
  const counted = async (name: string): Promise<boolean> => ((await scrape(running)).samples.get(name) ?? 0) > 0
  const failures = 'pillion_otlp_exports_total{result="failure"}'
  await eventually(() => counted(failures), true, failures, 10_000)
  const lost = 'pillion_log_lines_dropped_total{output="otlp"}'
  await eventually(() => counted(lost), true, lost, 10_000)
  const spans = "pillion_otlp_spans_dropped_total"
  await eventually(() => counted(spans), true, spans, 10_000)
  const started = performance.now()
  expect(await running.stop()).toBe(0)
  // A second for the export, half a one for the last lines.
  expect(performance.now() - started).toBeLessThan(2500)
  const warnings = running.stderr.all.filter((line) => line.includes("OpenTelemetry does not take"))
  const collectors = warnings.map((line) => JSON.parse(line)["collector"])
  expect(collectors.toSorted()).toEqual(["logs", "metrics", "traces"].map((signal) => `${away}/v1/${signal}`))
}, 30_000)

test("a collector that takes connections and answers nothing delays no end by more than a second", async () => {
  using silent = Bun.listen({ port: 0, hostname: "127.0.0.1", socket: { data: () => {} } })
  await using running = await startPillion({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${silent.port}` },
  })
  const started = performance.now()
  expect(await running.stop()).toBe(0)
  expect(performance.now() - started).toBeWithin(900, 2500)
  expect(running.stderr.all.join("\n")).toContain("OpenTelemetry did not take what was left")
}, 20_000)

test("beside a program the name of the service is the program's, and ours is told apart", async () => {
  for (const [env, name] of [
    [{ OTEL_SERVICE_NAME: "checkout" }, "checkout-pillion"],
    [{ OTEL_RESOURCE_ATTRIBUTES: "a=b, service.name=my%20shop" }, "my shop-pillion"],
    [{}, "pillion"],
  ] as const) {
    await using collecting = otlpCollector()
    const { code, stdout } = await pillion(
      ["run", "--proxy-in-port=0", "--proxy-out-port=0", "--health-port=0", "--admin-port=0", "--", "env"],
      {
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: collecting.endpoint,
          OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
          ...env,
        },
      },
    )
    expect(code).toBe(0)
    for (const [variable, value] of Object.entries(env)) expect(stdout).toContain(`${variable}=${value}\n`)
    const metrics = await collecting.until(({ path }) => path === "/v1/metrics", "metrics")
    const attributes = fieldsOf(metrics.body.resourceMetrics?.[0]?.resource.attributes ?? [])
    expect(attributes["service.name"]).toBe(name)
  }
}, 20_000)

test("variables that make no sense hold nothing up", async () => {
  using server = await httpOrigin()
  await using wrong = await startPillion({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: "not a url" } })
  const warned = await wrong.stderr.until(
    (line) => (line.includes("nothing is exported") ? line : undefined),
    "the warning",
  )
  expect(JSON.parse(warned)).toMatchObject({ level: "warn" })
  await get(wrong.ports.out, server.authority)
  await using disabled = await startPillion({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: "not a url", OTEL_SDK_DISABLED: "true" },
  })
  expect(disabled.stderr.all.join("")).not.toContain("exported")
}, 20_000)
