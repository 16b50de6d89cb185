/** What OpenTelemetry is told of a request: names, attributes and outcome by the semantic conventions of HTTP. */
import { describe, expect, test } from "bun:test"
import type { Flow } from "../../../src/flow/flow.ts"
import type { RequestRecord } from "../../../src/flow/request-record.ts"
import { type Span, spanOf } from "../../../src/observe/telemetry/spans.ts"
import { refusal } from "../../../src/protocol/refusal.ts"
import { requestEntry } from "../../support/entries.ts"
import { flowOf } from "../../support/flows.ts"
import { recordOf } from "../../support/records.ts"

const context = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "b7ad6b7169203331", sampled: true }
const parent = "00f067aa0ba902b7"
/** Told 5 ms after the end: the record began at 1000, and took 20. */
const now = { monotonic: 1025, epoch: 1_700_000_000_000 }

const spanFor = (record: Partial<RequestRecord> = {}, flow: Partial<Flow> = {}): Span => {
  const whole = recordOf({ started: 1000, ...record })
  return spanOf(requestEntry(flowOf(flow), whole, now.epoch), whole, context, now)
}

const attributesOf = ({ attributes }: Span): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]))

const outbound: Partial<Flow> = {
  direction: "outbound",
  clientHost: "127.0.0.1",
  clientPort: 40_000,
  target: "a.example:80",
  address: "192.0.2.7:80",
}
const inbound: Partial<Flow> = {
  ...outbound,
  direction: "inbound",
  target: "127.0.0.1:8080",
  address: "127.0.0.1:8080",
}

test("a request that went out is a client's span", () => {
  const span = spanFor({ path: "/a" }, outbound)
  expect(span).toMatchObject({
    traceId: context.traceId,
    spanId: context.spanId,
    parentSpanId: undefined,
    name: "GET",
    kind: 3,
    startTimeUnixNano: "1699999999975000000",
    endTimeUnixNano: "1699999999995000000",
    events: [],
    links: [],
    status: { code: 0 },
    flags: 0x101,
  })
  expect(attributesOf(span)).toEqual({
    "http.request.method": "GET",
    "http.response.status_code": 200,
    "network.protocol.version": "1.1",
    "url.full": "http://a.example/a",
    "server.address": "a.example",
    "server.port": 80,
    "network.peer.address": "192.0.2.7",
    "network.peer.port": 80,
  })
})

test("a request that came in is a server's span", () => {
  const record = { authority: "shop.test", target: "127.0.0.1:8080", path: "/a", version: "1.0" } as const
  const span = spanFor(record, inbound)
  expect(span).toMatchObject({ name: "GET", kind: 2, status: { code: 0 } })
  expect(attributesOf(span)).toEqual({
    "http.request.method": "GET",
    "http.response.status_code": 200,
    "network.protocol.version": "1.0",
    "url.scheme": "http",
    "url.path": "/a",
    "server.address": "shop.test",
    "client.address": "127.0.0.1",
    "network.peer.address": "127.0.0.1",
    "network.peer.port": 40_000,
  })
})

test("a request that came with a trace is a child of who sent it, in another process", () => {
  const span = spanFor({ traceparent: `00-${context.traceId}-${parent}-01` }, outbound)
  expect(span).toMatchObject({ parentSpanId: parent, flags: 0x301 })
})

test("the address of another target is not that of the flow", () => {
  const attributes = attributesOf(spanFor({ target: "b.example:81", authority: "b.example:81" }, outbound))
  expect(attributes).toMatchObject({
    "server.address": "b.example",
    "server.port": 81,
    "url.full": "http://b.example:81/",
  })
  expect(Object.keys(attributes).filter((name) => name.startsWith("network.peer"))).toEqual([])
})

test("addresses of version 6 have no brackets, and a client's server always has a port", () => {
  expect(attributesOf(spanFor({ authority: "[2001:db8::1]:81" }, outbound))).toMatchObject({
    "server.address": "2001:db8::1",
    "server.port": 81,
    "url.full": "http://[2001:db8::1]:81/",
  })
  expect(attributesOf(spanFor({ authority: "h" }, outbound))).toMatchObject({
    "server.address": "h",
    "server.port": 80,
  })
  expect(attributesOf(spanFor({ authority: "-" }, inbound))).not.toHaveProperty("server.address")
})

test("a method that a client invented is no name of a span", () => {
  const span = spanFor({ method: "BREW" }, outbound)
  expect(span.name).toBe("HTTP")
  expect(attributesOf(span)).toMatchObject({
    "http.request.method": "_OTHER",
    "http.request.method_original": "BREW",
  })
})

test("OPTIONS of all has a URL without a path", () => {
  expect(attributesOf(spanFor({ method: "OPTIONS", path: "*" }, outbound))["url.full"]).toBe("http://a.example")
})

const outcome = (flow: Partial<Flow>, record: Partial<RequestRecord>) => {
  const span = spanFor(record, flow)
  const { "error.type": type, "http.response.status_code": status } = attributesOf(span)
  return [span.status.code, type, status]
}

describe("an outcome is", () => {
  test.each([
    [200, [0, undefined, 200], [0, undefined, 200]],
    [399, [0, undefined, 399], [0, undefined, 399]],
    [404, [0, undefined, 404], [2, "404", 404]],
    [500, [2, "500", 500], [2, "500", 500]],
  ])("by the status %i for a server and for a client", (status, server, client) => {
    expect([outcome(inbound, { status }), outcome(outbound, { status })]).toEqual([server, client])
  })

  test("a refusal, which only who was served by us has as a status", () => {
    const refused = { status: 0, refusal: refusal("connection-refused", "192.0.2.7:80") }
    expect(outcome(outbound, refused)).toEqual([2, "connection-refused", undefined])
    expect(outcome(inbound, refused)).toEqual([2, "connection-refused", 502])
    expect(spanFor(refused, outbound).status.message).toEndWith(": 192.0.2.7:80")
  })

  test("an answer that was cut, whatever it said at first", () => {
    const cut = { status: 200, endedBy: "target", error: "the target ended its answer early" } as const
    expect(outcome(outbound, cut)).toEqual([2, "cut-by-target", 200])
    expect(spanFor(cut, outbound).status.message).toBe("the target ended its answer early")
    expect(outcome(inbound, { status: 0, endedBy: "client", error: "x" })).toEqual([2, "cut-by-client", undefined])
  })
})
