/**
 * The export to OpenTelemetry, as a real collector takes it: one span for each request that passed, by the names of the
 * semantic conventions, and nothing of what was in it.
 */
import { expect } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { unusedPort } from "../../scripts/unused-port.ts"
import { readResponse } from "../support/http.ts"
import { needs } from "../support/needs.ts"
import { httpOrigin } from "../support/origins.ts"
import { type Export, otelCollector, recordsOf, spansOf } from "../support/otlp.ts"
import { rawConnect } from "../support/peer.ts"
import { type Pillion, startPillion } from "../support/pillion.ts"
import { Lines } from "../support/process.ts"

/** Starts the collector; `stop` ends it, and returns what it has written to its files. */
const startCollector = async () => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-collector-"))
  const endpoint = `127.0.0.1:${unusedPort()}`
  const fileOf = (signal: string): string => join(folder, `${signal}.json`)
  const signals = ["traces", "logs", "metrics"]
  await Bun.write(
    join(folder, "config.yaml"),
    JSON.stringify({
      receivers: { otlp: { protocols: { http: { endpoint } } } },
      exporters: Object.fromEntries(signals.map((signal) => [`file/${signal}`, { path: fileOf(signal) }])),
      service: {
        telemetry: { metrics: { level: "none" } },
        pipelines: Object.fromEntries(
          signals.map((signal) => [signal, { receivers: ["otlp"], exporters: [`file/${signal}`] }]),
        ),
      },
    }),
  )
  const command = [otelCollector, "--config", `file:${join(folder, "config.yaml")}`]
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "pipe" })
  const said = new Lines(child.stderr)
  await said.until((line) => (line.includes("Everything is ready") ? line : undefined), "readiness", 20_000)
  const read = async (signal: string): Promise<ReadonlyArray<Export>> => {
    const lines = (await Bun.file(fileOf(signal)).text()).split("\n").filter((line) => line !== "")
    return lines.map((line) => ({ path: signal, type: null, key: null, body: JSON.parse(line) }))
  }
  return {
    endpoint: `http://${endpoint}`,
    stop: async () => {
      child.kill()
      expect(await child.exited).toBe(0)
      const [traces = [], logs = [], metrics = []] = await Promise.all(signals.map(read))
      return { traces, logs, metrics }
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL")
      await child.exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
/** Nothing of it may be seen by a collector. */
const secret = "hunter2"
const traced = `traceparent: 00-${trace}-00f067aa0ba902b7-01`
const body = `{"password":"${secret}"}`

/** Kinds of requests: line without its target, and everything behind it. */
const kinds = [
  { method: "GET", rest: [traced] },
  { method: "GET", rest: [`Authorization: Bearer ${secret}`, `Cookie: a=${secret}`] },
  { method: "POST", rest: [traced, `Content-Length: ${body.length}`], body },
  { method: "PUT", rest: ["Transfer-Encoding: chunked"], body: `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` },
  { method: "BREW", rest: [traced] },
] as const

/** Sends `count` requests of all kinds one after the other on one connection. */
const send = async (port: number, origin: string, name: string, count: number): Promise<void> => {
  using client = await rawConnect(port)
  for (let i = 0; i < count; i++) {
    const { method, rest, ...more } = kinds[i % kinds.length]!
    const head = [`${method} ${origin}/${name}/${i}?key=${secret} HTTP/1.1`, "Host: shop.test", ...rest, "", ""]
    client.send(head.join("\r\n") + ("body" in more ? more.body : ""))
    await readResponse(client)
  }
}

const ended = (running: Pillion, count: number): Promise<unknown> =>
  running.stdout.until(() => (running.log.length >= count ? count : undefined), `${count} lines`, 20_000)

needs("otel-collector")(
  "gets exactly one span for each request, with the names of the conventions, and nothing of what was in it",
  async () => {
    const each = 100
    await using collector = await startCollector()
    using server = await httpOrigin(({ line }) =>
      line.includes("/7?")
        ? `HTTP/1.1 503 Not Now\r\nContent-Length: ${body.length}\r\n\r\n${body}`
        : `HTTP/1.1 200 OK\r\nSet-Cookie: a=${secret}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    await using running = await startPillion({
      flags: [`--proxy-port=${server.port}`],
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint },
    })
    await send(running.ports.out, `http://${server.authority}`, "out", each)
    await send(running.ports.in, "", "in", each)
    const nobody = `127.0.0.1:${unusedPort()}`
    using refused = await rawConnect(running.ports.out)
    refused.send(`GET http://${nobody}/refused HTTP/1.1\r\nHost: ${nobody}\r\nConnection: close\r\n\r\n`)
    await readResponse(refused)
    await ended(running, 2 * each + 1)
    expect(await running.stop()).toBe(0)
    const { traces, logs, metrics } = await collector.stop()

    const spans = traces.flatMap(spansOf)
    const placeOf = ({ kind, fields }: (typeof spans)[number]) => `${kind} ${fields["url.full"] ?? fields["url.path"]}`
    const numbers = Array.from({ length: each }, (_, i) => i)
    expect(spans.map(placeOf).toSorted()).toEqual(
      [
        ...numbers.map((i) => `3 http://${server.authority}/out/${i}`),
        ...numbers.map((i) => `2 /in/${i}`),
        `3 http://${nobody}/refused`,
      ].toSorted(),
    )
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(2 * each + 1)
    const byPlace = new Map(spans.map((span) => [placeOf(span), span]))
    expect(byPlace.get("2 /in/0")).toMatchObject({ traceId: trace, parentSpanId: "00f067aa0ba902b7" })
    expect(byPlace.get("2 /in/0")?.fields).toEqual({
      "http.request.method": "GET",
      "http.response.status_code": 200,
      "network.protocol.version": "1.1",
      "url.scheme": "http",
      "url.path": "/in/0",
      "server.address": "shop.test",
      "client.address": "127.0.0.1",
      "network.peer.address": "127.0.0.1",
      "network.peer.port": expect.any(Number),
    })
    expect(byPlace.get("2 /in/1")).not.toMatchObject({ traceId: trace })
    expect(byPlace.get("2 /in/1")?.parentSpanId ?? "").toBe("")
    expect(byPlace.get(`3 http://${server.authority}/out/4`)?.fields).toEqual({
      "http.request.method": "_OTHER",
      "http.request.method_original": "BREW",
      "http.response.status_code": 200,
      "network.protocol.version": "1.1",
      "url.full": `http://${server.authority}/out/4`,
      "server.address": "127.0.0.1",
      "server.port": server.port,
      "network.peer.address": "127.0.0.1",
      "network.peer.port": server.port,
    })
    const failed = { "http.response.status_code": 503, "error.type": "503" }
    for (const place of ["2 /in/7", `3 http://${server.authority}/out/7`]) {
      expect(byPlace.get(place)?.fields).toMatchObject(failed)
    }
    expect(byPlace.get(`3 http://${nobody}/refused`)?.fields).toMatchObject({ "error.type": "connection-refused" })

    const requests = logs.flatMap(recordsOf).filter(({ fields }) => fields["method"] !== undefined)
    const placesOfSpans = spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`)
    expect(requests.map(({ traceId, spanId }) => `${traceId} ${spanId}`).toSorted()).toEqual(placesOfSpans.toSorted())
    expect(metrics.length).toBeGreaterThan(0)
    expect(JSON.stringify([traces, logs, metrics])).not.toContain(secret)
  },
  120_000,
)
