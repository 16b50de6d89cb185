/** The export to OpenTelemetry: what a collector gets, and that nothing of it is in anybody's way. */
import { expect, test } from "bun:test"
import { unusedPort } from "../../scripts/unused-port.ts"
import { httpOrigin } from "../support/origins.ts"
import { rawConnect } from "../support/peer.ts"
import { pillion, startPillion } from "../support/pillion.ts"
import { readResponse } from "../support/http.ts"
import { scrape } from "../support/metrics.ts"
import { Condition, eventually } from "../support/within.ts"

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly doubleValue?: number; readonly intValue?: string | number }
}

/** As much of OTLP's JSON as the tests look at. */
interface Body {
  readonly resourceLogs?: ReadonlyArray<{
    readonly scopeLogs: ReadonlyArray<{
      readonly logRecords: ReadonlyArray<{
        readonly body: { readonly stringValue: string }
        readonly attributes: ReadonlyArray<Attribute>
      }>
    }>
  }>
  readonly resourceMetrics?: ReadonlyArray<{
    readonly resource: { readonly attributes: ReadonlyArray<Attribute> }
    readonly scopeMetrics: ReadonlyArray<{
      readonly metrics: ReadonlyArray<
        { readonly name: string } & { readonly [K in "sum" | "gauge" | "histogram"]?: Points }
      >
    }>
  }>
}

interface Points {
  readonly dataPoints: ReadonlyArray<object>
}

interface Export {
  readonly path: string
  readonly type: string | null
  readonly key: string | null
  /** Empty where it is not JSON. */
  readonly body: Body
}

/** A collector that takes everything. */
const collector = () => {
  const exports: Array<Export> = []
  const condition = new Condition()
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const bytes = await request.bytes()
      const type = request.headers.get("Content-Type")
      const body: Body = type === "application/json" ? JSON.parse(new TextDecoder().decode(bytes)) : {}
      exports.push({ path: new URL(request.url).pathname, type, key: request.headers.get("x-key"), body })
      condition.changed()
      return Response.json({})
    },
  })
  return {
    exports,
    endpoint: `http://127.0.0.1:${server.port}`,
    until: (fits: (each: Export) => boolean, what: string): Promise<Export> =>
      condition.until(() => exports.find(fits), what),
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

const get = async (port: number, authority: string): Promise<void> => {
  using client = await rawConnect(port)
  client.send(`GET http://${authority}/a?secret=1 HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`)
  await readResponse(client)
}

const fieldsOf = (attributes: ReadonlyArray<Attribute>): Record<string, unknown> =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.doubleValue ?? Number(value.intValue)]),
  )

/** Every log record of an export: its text, and its attributes as an object. */
const records = ({
  body,
}: Export): ReadonlyArray<{ readonly text: string; readonly fields: Record<string, unknown> }> =>
  (body.resourceLogs?.[0]?.scopeLogs[0]?.logRecords ?? []).map((record) => ({
    text: record.body.stringValue,
    fields: fieldsOf(record.attributes),
  }))

const isAccess = (each: Export): boolean => records(each).some(({ text }) => text.startsWith("GET "))

test("a collector gets the log, the access log and every metric, past all proxies", async () => {
  await using collecting = collector()
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
  const record = records(logs).find(({ text }) => text.startsWith("GET "))
  expect(record).toMatchObject({
    text: `GET ${server.authority}/a 200`,
    fields: { direction: "outbound", method: "GET", path: "/a", status: 200, bytes_out: 5 },
  })
  expect(await running.stop()).toBe(0)
  const texts = collecting.exports.filter(({ path }) => path === "/v1/logs").flatMap(records)
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

test("protobuf is the default, and one signal may be left out", async () => {
  await using collecting = collector()
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
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: away, OTEL_BLRP_SCHEDULE_DELAY: "50", OTEL_METRIC_EXPORT_INTERVAL: "50" },
  })
  await get(running.ports.out, server.authority)
  const counted = async (name: string): Promise<boolean> => ((await scrape(running)).samples.get(name) ?? 0) > 0
  const failures = 'pillion_otlp_exports_total{result="failure"}'
  await eventually(() => counted(failures), true, failures, 10_000)
  const lost = 'pillion_log_lines_dropped_total{output="otlp"}'
  await eventually(() => counted(lost), true, lost, 10_000)
  const started = performance.now()
  expect(await running.stop()).toBe(0)
  // A second for the export, half a one for the last lines.
  expect(performance.now() - started).toBeLessThan(2500)
  const warnings = running.stderr.all.filter((line) => line.includes("OpenTelemetry does not take"))
  expect(warnings.map((line) => JSON.parse(line))).toMatchObject([
    { level: "warn", collector: expect.stringContaining(away) },
    { level: "warn", collector: expect.stringContaining(away) },
  ])
  expect(new Set(warnings.map((line) => JSON.parse(line)["collector"])).size).toBe(2)
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
    await using collecting = collector()
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
