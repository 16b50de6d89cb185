/** The place of requests in traces, and whose spans are exported. */
import { expect, test } from "bun:test"
import type { RequestRecord } from "../../../src/flow/request-record.ts"
import type { Sampler } from "../../../src/observe/telemetry/sampler.ts"
import type { Span } from "../../../src/observe/telemetry/spans.ts"
import { makeTracing } from "../../../src/observe/telemetry/tracing.ts"
import { requestEntry } from "../../support/entries.ts"
import { flowOf } from "../../support/flows.ts"
import { recordOf } from "../../support/records.ts"

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"
const parent = "00f067aa0ba902b7"
const traceparent = (flags: string): string => `00-${traceId}-${parent}-${flags}`

/** What becomes of a request: its place, and the spans that were exported. */
const traced = (known: Partial<RequestRecord>, sampler: Sampler = () => true, exports = true) => {
  const spans: Array<Span> = []
  const record = recordOf(known)
  const tracing = makeTracing(exports ? (span) => spans.push(span) : undefined, sampler)
  return { context: tracing(requestEntry(flowOf(), record, 0), record), spans }
}

test("a request without a trace has one of its own, and each another", () => {
  const all = Array.from({ length: 100 }, () => traced({}))
  for (const { context, spans } of all) {
    expect(context?.traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(context?.spanId).toMatch(/^[0-9a-f]{16}$/)
    expect(spans).toMatchObject([{ traceId: context?.traceId, spanId: context?.spanId, parentSpanId: undefined }])
  }
  expect(new Set(all.flatMap(({ context }) => [context?.traceId, context?.spanId])).size).toBe(200)
})

test("a request with a trace has a span of its own in it", () => {
  const { context, spans } = traced({ traceparent: traceparent("01") })
  expect(context).toMatchObject({ traceId, sampled: true })
  expect(context?.spanId).not.toBe(parent)
  expect(spans).toMatchObject([{ traceId, spanId: context?.spanId, parentSpanId: parent }])
})

test("the sampler hears of the trace and of what its sender does, and what it does not take has no span", () => {
  const asked: Array<readonly [string, boolean | undefined]> = []
  const sampler: Sampler = (...question) => {
    asked.push(question)
    return false
  }
  for (const known of [{}, { traceparent: traceparent("00") }, { traceparent: traceparent("01") }]) {
    const { context, spans } = traced(known, sampler)
    expect([context?.sampled, spans]).toEqual([false, []])
    expect(asked.at(-1)?.[0]).toBe(context?.traceId)
  }
  expect(asked.map(([, sampled]) => sampled)).toEqual([undefined, false, true])
})

test("health checks, what is no request, and requests of which no spans are wanted stand where they came from", () => {
  for (const [known, exports] of [
    [{ isProbe: true }, true],
    [{ version: undefined }, true],
    [{}, false],
  ] as const) {
    expect(traced(known, undefined, exports)).toEqual({ context: undefined, spans: [] })
    expect(traced({ ...known, traceparent: traceparent("01") }, undefined, exports)).toEqual({
      context: { traceId, spanId: parent, sampled: true },
      spans: [],
    })
  }
})
