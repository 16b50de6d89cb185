/** Spans on their way to a collector: where to, in which batches, and how many may wait. */
import { expect, test } from "bun:test"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as OtlpSerialization from "effect/observability/OtlpSerialization"
import * as Scope from "effect/Scope"
import { SpanExporter } from "../../../src/observe/telemetry/span-exporter.ts"
import type { Span } from "../../../src/observe/telemetry/spans.ts"
import { Condition, eventually } from "../../support/within.ts"

const span: Span = {
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId: "b7ad6b7169203331",
  parentSpanId: undefined,
  name: "GET",
  kind: 3,
  startTimeUnixNano: "1",
  endTimeUnixNano: "2",
  attributes: [],
  droppedAttributesCount: 0,
  events: [],
  droppedEventsCount: 0,
  status: { code: 0 },
  links: [],
  droppedLinksCount: 0,
  flags: 1,
}

/** An exporter with these variables, whose collector answers once it is let. */
const exporting = async (env: Record<string, string>) => {
  const seen = { dropped: 0, batches: new Array<number>(), requests: new Array<readonly [string, unknown, unknown]>() }
  const condition = new Condition()
  const answer = Deferred.makeUnsafe<void>()
  const client = HttpClient.make((request, url) => {
    seen.requests.push([url.href, request.headers["x-key"], request.headers["content-encoding"]])
    condition.changed()
    return Effect.as(Deferred.await(answer), HttpClientResponse.fromWeb(request, new Response(null)))
  })
  const layer = SpanExporter.layer({
    version: "1",
    dropped: (spans) => void (seen.dropped += spans),
    batch: (spans) => seen.batches.push(spans),
  }).pipe(
    Layer.provide(Layer.succeed(HttpClient.HttpClient, client)),
    Layer.provide(OtlpSerialization.layerJson),
    Layer.provide(
      Layer.succeed(
        ConfigProvider.ConfigProvider,
        ConfigProvider.fromEnv({ env: { OTEL_SERVICE_NAME: "a", OTEL_TRACES_EXPORTER: "otlp", ...env } }),
      ),
    ),
  )
  const scope = Scope.makeUnsafe()
  const built = await Effect.runPromise(Layer.buildWithScope(layer, scope))
  return {
    seen,
    push: Context.get(built, SpanExporter).push,
    requests: (count: number) => condition.until(() => seen.requests.length >= count || undefined, `${count} requests`),
    answer: () => void Deferred.doneUnsafe(answer, Effect.void),
    close: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}

const base = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel:4318" }

test("as many spans wait as the queue holds; further ones are dropped until a batch was delivered", async () => {
  const { seen, push, requests, answer, close } = await exporting({
    ...base,
    OTEL_BSP_MAX_QUEUE_SIZE: "3",
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "2",
    OTEL_BSP_SCHEDULE_DELAY: "3600000",
  })
  for (let i = 0; i < 5; i++) push?.(span)
  await requests(1)
  expect(seen).toMatchObject({ batches: [2], dropped: 2 })
  answer()
  const sent = (): Promise<number> => {
    push?.(span)
    return Promise.resolve(seen.batches.length)
  }
  await eventually(sent, 2, "batches")
  await close()
  expect(seen.batches.slice(0, 2)).toEqual([2, 2])
})

test("what is left when the scope closes is sent", async () => {
  const { seen, push, answer, close } = await exporting(base)
  answer()
  push?.(span)
  await close()
  expect(seen).toEqual({ dropped: 0, batches: [1], requests: [["http://otel:4318/v1/traces", undefined, undefined]] })
})

test("after a while what there is is sent", async () => {
  const { push, requests, answer, close } = await exporting({ ...base, OTEL_BSP_SCHEDULE_DELAY: "10" })
  answer()
  push?.(span)
  await requests(1)
  await close()
})

test.each([
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel:4318/" }, ["http://otel:4318/v1/traces", undefined, undefined]],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel/a/b" }, ["http://otel/a/b/v1/traces", undefined, undefined]],
  [
    { ...base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://tempo:1/x", OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%20b" },
    ["http://tempo:1/x", "a b", undefined],
  ],
  [
    { ...base, OTEL_EXPORTER_OTLP_HEADERS: "x-key=a", OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x-key=b" },
    ["http://otel:4318/v1/traces", "b", undefined],
  ],
])("%j is sent as %j", async (env: Record<string, string>, sent) => {
  const { seen, push, answer, close } = await exporting(env)
  answer()
  push?.(span)
  await close()
  expect(seen.requests).toEqual([sent as never])
})

test.each([
  [{ ...base, OTEL_TRACES_EXPORTER: "none" }],
  [{ ...base, OTEL_TRACES_EXPORTER: "console" }],
  [{ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://otel:4318" }],
])("%j wants no spans", async (env) => {
  const { push, close } = await exporting(env)
  expect(push).toBeUndefined()
  await close()
})
