import { expect, test } from "bun:test"

import {
  connectionJson,
  connectionPretty,
  exchangeJson,
  exchangePretty,
  makeAccessLog,
} from "../../src/observe/access-log.ts"
import type { Answered } from "../../src/observe/answered.ts"
import { Flow } from "../../src/observe/flow.ts"
import { refusal } from "../../src/protocol/refusal.ts"

const now = Date.UTC(2026, 10, 23, 12, 34, 56, 789)

const flowOf = (fields: Partial<Omit<Flow, "elapsed" | "end">> = {}): Flow =>
  Object.assign(new Flow(7, "outbound", "127.0.0.1:40000"), fields)

const answeredOf = (fields: Partial<Answered> = {}): Answered => ({
  method: "GET",
  authority: "example.com:80",
  path: "/a",
  status: 200,
  started: performance.now(),
  bytesIn: 0,
  bytesOut: 5,
  error: undefined,
  refusal: undefined,
  ...fields,
})

/** An access log, and its lines as objects. */
const recorded = () => {
  const lines: Array<string> = []
  const log = makeAccessLog({ output: { write: (line) => void lines.push(line) }, format: "json" })
  return { log, lines }
}

test("a tunnel's line has every field that is known, in a fixed order", () => {
  const flow = flowOf({ protocol: "socks5", phase: "data", target: "example.com:443", address: "192.0.2.1:443" })
  Object.assign(flow, { bytesIn: 12, bytesOut: 34 })
  flow.end("target", "ECONNRESET")
  expect(connectionJson(flow, now).replace(/"duration_ms":[0-9.]+/, '"duration_ms":0')).toBe(
    '{"time":"2026-11-23T12:34:56.789Z","flow":7,"direction":"outbound","protocol":"socks5",' +
      '"client":"127.0.0.1:40000","target":"example.com:443","address":"192.0.2.1:443","bytes_in":12,"bytes_out":34,' +
      '"duration_ms":0,"end":"target","phase":"data","code":"ECONNRESET"}\n',
  )
})

test("a refused connection's line has the reason and its detail, and nothing that never was", () => {
  const flow = flowOf({ protocol: "connect", phase: "dial", refusal: refusal("name-not-found", "ENOTFOUND") })
  flow.end("proxy")
  const line = JSON.parse(connectionJson(flow, now))
  expect(line).toMatchObject({ end: "proxy", phase: "dial", refusal: "name-not-found", detail: "ENOTFOUND" })
  expect(Object.keys(line)).not.toContain("target")
  expect(Object.keys(line)).not.toContain("code")
})

test("a request's line has the request, its status, and the bytes of its bodies", () => {
  const flow = flowOf({ protocol: "http", phase: "data", target: "example.com:80", bytesIn: 999 })
  const line = JSON.parse(exchangeJson(flow, answeredOf({ bytesIn: 3 }), now))
  expect(Object.keys(line)).toEqual([
    "time",
    "flow",
    "direction",
    "protocol",
    "client",
    "target",
    "bytes_in",
    "bytes_out",
    "duration_ms",
    "method",
    "authority",
    "path",
    "status",
  ])
  expect(line).toMatchObject({ bytes_in: 3, bytes_out: 5, method: "GET", authority: "example.com:80", path: "/a" })
})

test("durations are milliseconds since the request's head, and since the accept of a connection", () => {
  const started = performance.now() - 1500
  const request = JSON.parse(exchangeJson(flowOf(), answeredOf({ started }), now))
  const connection = JSON.parse(connectionJson(flowOf({ started }), now))
  for (const { duration_ms } of [request, connection]) {
    expect(duration_ms).toBeGreaterThanOrEqual(1500)
    expect(duration_ms).toBeLessThan(2500)
  }
})

test("a request without an answer has no status, but says why", () => {
  const failed = answeredOf({ status: 0, error: "connection-refused", refusal: refusal("connection-refused", "x") })
  const line = JSON.parse(exchangeJson(flowOf(), failed, now))
  expect(line).toMatchObject({ error: "connection-refused", refusal: "connection-refused", detail: "x" })
  expect(Object.keys(line)).not.toContain("status")
})

test("what a client sent can neither break its line nor make it endless", () => {
  const evil = '"\r\n\x1b[2J\u2028'
  const request = answeredOf({ method: evil, authority: evil, path: evil + "x".repeat(70_000) })
  for (const line of [
    exchangeJson(flowOf({ target: evil }), request, now),
    connectionJson(flowOf({ target: evil }), now),
  ]) {
    expect(line).toMatch(/^[\x20-\x7e]+\n$/)
    expect(line.length).toBeLessThan(3000)
    expect(JSON.parse(line).target).toBe(evil)
  }
  for (const line of [
    exchangePretty(flowOf({ target: evil }), request, now),
    connectionPretty(flowOf({ target: evil }), now),
  ]) {
    expect(line).toMatch(/^[\x20-\x7e]+\n$/)
  }
})

test("a connection that carried requests has a line for each of them and none of its own", () => {
  const { log, lines } = recorded()
  const flow = flowOf({ protocol: "http" })
  log.exchange(flow, answeredOf())
  log.exchange(flow, answeredOf({ path: "/b" }))
  flow.end("client")
  log.connection(flow)
  expect(lines.map((line) => JSON.parse(line).path)).toEqual(["/a", "/b"])
})

test("a connection that ended before any request has its own line", () => {
  const { log, lines } = recorded()
  const flow = flowOf({ protocol: "http" })
  flow.end("client")
  log.connection(flow)
  expect(lines.map((line) => JSON.parse(line).end)).toEqual(["client"])
})

test("after its requests a connection has a line for a tunnel, for a refusal, and for an end that was not its own", () => {
  const more: ReadonlyArray<Partial<Flow>> = [
    { protocol: "connect" },
    { bytesIn: 1 },
    { bytesOut: 1 },
    { refusal: refusal("unknown-protocol", "") },
    { endedBy: "drain" },
    { endedBy: "timeout" },
  ]
  for (const fields of more) {
    const { log, lines } = recorded()
    const flow = flowOf({ protocol: "http", ...fields })
    log.exchange(flow, answeredOf())
    log.connection(flow)
    expect([fields, lines.length]).toEqual([fields, 2])
  }
})

test("a pretty line says who, where to, how much and how it ended", () => {
  const flow = flowOf({ protocol: "socks5", target: "example.com:443", bytesIn: 1234, bytesOut: 5_600_000 })
  flow.end("client")
  expect(connectionPretty(flow, now)).toMatch(
    /^12:34:56\.789Z {2}out socks5 {3}127\.0\.0\.1:40000 {8}example\.com:443 {2}in 1\.2 kB, out 5\.6 MB, \d+ ms {2}ended by client\n$/,
  )
  const request = exchangePretty(flow, answeredOf({ status: 502, refusal: refusal("connection-refused", "") }), now)
  expect(request).toContain("GET example.com:80/a 502  in 0 B, out 5 B, ")
  expect(request).toEndWith("  connection-refused\n")
})
