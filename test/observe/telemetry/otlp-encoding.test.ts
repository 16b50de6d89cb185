/** OTLP in protobuf: byte for byte what effect's encoder writes, which is slower and knows more. */
import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import type { LogsData } from "effect/observability/OtlpLogger"
import { entriesToAttributes } from "effect/observability/OtlpResource"
import { layerProtobuf, OtlpSerialization } from "effect/observability/OtlpSerialization"
import type { TraceData } from "effect/observability/OtlpTracer"
import { encodeLogs, encodeTraces } from "../../../src/observe/telemetry/otlp-encoding.ts"
import type { Span } from "../../../src/observe/telemetry/spans.ts"
import { fuzz, type Random } from "../../support/random.ts"

const theirs = await Effect.runPromise(Effect.provide(OtlpSerialization, layerProtobuf))

const bytesOf = (body: ReturnType<typeof theirs.logs>): Uint8Array => {
  if (body._tag !== "Uint8Array") throw new Error("not encoded")
  return body.body
}

const texts = ["", "a", "GET", "ünï\u{1f600}", "x".repeat(127), "y".repeat(128), "z".repeat(20_000), "\0\n\x7f"]
const integers = [0, 1, 127, 128, 300, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 53 - 1, -1, -(2 ** 40), 2 ** 60]
const values: ReadonlyArray<unknown> = [...texts, ...integers, true, false, 0.5, -1e300, Infinity]

const attributes = ({ below, pick }: Random) =>
  entriesToAttributes(Array.from({ length: below(8) }, () => [pick(texts), pick(values)]))

const scope = { name: "pillion", version: "0.1.0" }

const resource = (random: Random) => ({ attributes: attributes(random), droppedAttributesCount: 0 })

test("spans", () => {
  fuzz(200, (random) => {
    const { below, pick } = random
    const span = (): Span => ({
      traceId: pick(["4bf92f3577b34da6a3ce929d0e0e4736", "0".repeat(32), "f".repeat(32)]),
      spanId: pick(["b7ad6b7169203331", "0000000000000001"]),
      parentSpanId: below(2) === 0 ? undefined : "00f067aa0ba902b7",
      name: pick(texts),
      kind: pick([1, 2, 3]),
      startTimeUnixNano: pick(["0", "1", "1795862442574297000", "18446744073709551615"]),
      endTimeUnixNano: "1795862442578540000",
      attributes: attributes(random),
      droppedAttributesCount: 0,
      events: [],
      droppedEventsCount: 0,
      status: pick([{ code: 0 }, { code: 2 }, { code: 2, message: pick(texts.slice(1)) }]),
      links: [],
      droppedLinksCount: 0,
      flags: pick([0, 0x101, 0x301]),
    })
    const data: TraceData = {
      resourceSpans: Array.from({ length: below(3) }, () => ({
        resource: resource(random),
        scopeSpans: Array.from({ length: below(3) }, () => ({ scope, spans: Array.from({ length: below(20) }, span) })),
      })),
    }
    expect(Buffer.from(encodeTraces(data)).equals(bytesOf(theirs.traces(data)))).toBe(true)
  })
})

test("log records", () => {
  fuzz(200, (random) => {
    const { below, pick } = random
    const record = () => ({
      timeUnixNano: "1795862442560000000",
      observedTimeUnixNano: "1795862442560205734",
      severityNumber: pick([5, 9, 13, 17] as const),
      severityText: pick(["Info", "Warn"]),
      body: { stringValue: pick(texts) },
      attributes: attributes(random),
      droppedAttributesCount: 0,
      ...pick([{}, { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "b7ad6b7169203331" }]),
    })
    const data: LogsData = {
      resourceLogs: Array.from({ length: below(3) }, () => ({
        resource: resource(random),
        scopeLogs: [{ scope, logRecords: Array.from({ length: below(20) }, record) }],
      })),
    }
    expect(Buffer.from(encodeLogs(data)).equals(bytesOf(theirs.logs(data)))).toBe(true)
  })
})

/** One record with this attribute. */
const recordWith = (value: object) => ({
  resourceLogs: [
    {
      scopeLogs: [
        {
          logRecords: [
            {
              timeUnixNano: "1",
              observedTimeUnixNano: "1",
              attributes: [{ key: "a", value }],
              droppedAttributesCount: 0,
            },
          ],
        },
      ],
    },
  ],
})

test("what is never made is a defect, and nothing is left out in silence", () => {
  expect(encodeLogs(recordWith({ intValue: 1 })).length).toBeGreaterThan(0)
  for (const value of [{}, { arrayValue: { values: [] } }, { bytesValue: new Uint8Array(1) }]) {
    expect(() => encodeLogs(recordWith(value))).toThrow(TypeError)
  }
})
