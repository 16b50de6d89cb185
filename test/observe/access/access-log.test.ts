import { expect, spyOn, test } from "bun:test"

import { accessFormat, clfLine, logfmtLine, prettyLine } from "../../../src/observe/access/access-formats.ts"
import { accessFormats } from "../../../src/flow/levels.ts"
import { makeAccessLog } from "../../../src/observe/access/access-log.ts"
import type { RequestRecord } from "../../../src/flow/request-record.ts"
import { istioLine } from "../../../src/observe/access/istio.ts"
import type { Expression } from "../../../src/observe/filter/expression.ts"
import { notProbe, parseFilter } from "../../../src/observe/filter/entry-filter.ts"
import { Recent } from "../../../src/observe/access/recent.ts"
import { jsonLine } from "../../../src/observe/output/text.ts"
import { refusal } from "../../../src/protocol/refusal.ts"
import { connectionEntry, requestEntry } from "../../support/entries.ts"
import { flowOf, type Known } from "../../support/flows.ts"

const now = Date.UTC(2026, 10, 23, 12, 34, 56, 789)

const answeredOf = (fields: Partial<RequestRecord> = {}): RequestRecord => ({
  n: 3,
  method: "GET",
  authority: "example.com:80",
  target: "example.com:80",
  path: "/a",
  version: "1.1",
  status: 200,
  started: 0,
  elapsed: 0,
  dialled: undefined,
  firstByte: 2,
  bytesIn: 0,
  bytesOut: 5,
  endedBy: undefined,
  phase: "data",
  error: undefined,
  refusal: undefined,
  isProbe: false,
  traceparent: undefined,
  ...fields,
})

/** An access log, and its lines. */
const recorded = ({ output = true, filter = () => notProbe }: { output?: boolean; filter?: () => Expression } = {}) => {
  const lines: Array<string> = []
  const recent = new Recent()
  const written = {
    write: (line: string) => void lines.push(line),
    writeBytes: (bytes: Uint8Array, length: number) =>
      void lines.push(Buffer.from(bytes.subarray(0, length)).toString()),
  }
  const log = makeAccessLog({ output: output ? written : undefined, format: "json", filter, recent })
  return { log, lines, recent }
}

test("a tunnel's line has every field that is known, in a fixed order", () => {
  const flow = flowOf({
    protocol: "socks5",
    phase: "data",
    target: "example.com:443",
    address: "192.0.2.1:443",
    sni: "example.com",
    bytesIn: 12,
    bytesOut: 34,
    detectedAt: 1,
    handshakeAt: 3,
    dialledAt: 7,
    firstByteAt: 15.12345,
    endedBy: "target",
    code: "ECONNRESET",
  })
  expect(jsonLine(connectionEntry(flow, now)).replace(/"t_total":[0-9.]+/, '"t_total":0')).toBe(
    '{"time":"2026-11-23T12:34:56.789Z","flow":7,"direction":"outbound","protocol":"socks5",' +
      '"client":"127.0.0.1:40000","target":"example.com:443","address":"192.0.2.1:443","sni":"example.com",' +
      '"bytes_in":12,"bytes_out":34,"t_detect":1,"t_handshake":2,"t_dial":4,"t_first_byte":8.123,"t_total":0,' +
      '"end":"target","phase":"data","code":"ECONNRESET"}\n',
  )
})

test("a refused connection's line has the reason and its detail, and nothing that never was", () => {
  const flow = flowOf({ protocol: "connect", phase: "dial", refusal: refusal("name-not-found", "ENOTFOUND") })
  flow.end("proxy")
  const line = JSON.parse(jsonLine(connectionEntry(flow, now)))
  expect(line).toMatchObject({ end: "proxy", phase: "dial", refusal: "name-not-found", detail: "ENOTFOUND" })
  for (const never of ["target", "code", "sni", "t_dial", "t_first_byte"])
    expect(Object.keys(line)).not.toContain(never)
})

test("a request's line has the request, its status, its times, and the bytes of its bodies", () => {
  const flow = flowOf({ protocol: "http", phase: "data", target: "example.com:80", bytesIn: 999 })
  const line = JSON.parse(jsonLine(requestEntry(flow, answeredOf({ bytesIn: 3, dialled: 1.5 }), now)))
  expect(Object.keys(line)).toEqual(
    (
      "time flow direction protocol client target bytes_in bytes_out t_dial t_first_byte t_total phase " +
      "n method authority path version status"
    ).split(" "),
  )
  expect(line).toMatchObject({ bytes_in: 3, bytes_out: 5, method: "GET", authority: "example.com:80", path: "/a" })
  expect(line).toMatchObject({ t_dial: 1.5, t_first_byte: 2, version: "1.1", status: 200 })
})

test("a request over a connection that was at hand does not claim the address of another", () => {
  const flow = flowOf({ target: "a.example:80", address: "192.0.2.1:80" })
  expect(requestEntry(flow, answeredOf({ target: "a.example:80" }), now).address).toBe("192.0.2.1:80")
  const other = requestEntry(flow, answeredOf({ target: "b.example:80" }), now)
  expect([other.target, other.address]).toEqual(["b.example:80", undefined])
})

test("durations are milliseconds since the request's head, and since the accept of a connection", () => {
  expect(requestEntry(flowOf(), answeredOf({ elapsed: 1500.1234 }), now).t_total).toBe(1500.123)
  expect(connectionEntry(flowOf(), now, 2500.1234).t_total).toBe(2500.123)
  const { t_total } = connectionEntry(flowOf({ started: performance.now() - 1500 }), now)
  expect(t_total).toBeGreaterThanOrEqual(1500)
  expect(t_total).toBeLessThan(2500)
})

test("a request without an answer has no status, but says who ended it, where and why", () => {
  const failed = answeredOf({
    status: 0,
    error: "connection-refused",
    refusal: refusal("connection-refused", "x"),
    endedBy: "proxy",
    phase: "dial",
  })
  const line = JSON.parse(jsonLine(requestEntry(flowOf(), failed, now)))
  expect(line).toMatchObject({ error: "connection-refused", refusal: "connection-refused", detail: "x" })
  expect(line).toMatchObject({ end: "proxy", phase: "dial" })
  expect(Object.keys(line)).not.toContain("status")
})

test("what a client sent can neither break its line nor make it endless, in any format", () => {
  const evil = '"\r\n\x1b[2J\u2028'
  const request = answeredOf({ method: evil, authority: evil, path: evil + "x".repeat(70_000), target: evil })
  const flow = flowOf({ target: evil, refusal: refusal("proxy-error", evil) })
  for (const format of accessFormats) {
    for (const entry of [requestEntry(flow, request, now), connectionEntry(flow, now)]) {
      const line = accessFormat(format)(entry)
      expect(line).toMatch(/^[\x20-\x7e]+\n$/)
      expect(line.length).toBeLessThan(4000)
    }
  }
  expect(JSON.parse(jsonLine(connectionEntry(flow, now))).target).toBe(evil)
})

test("a connection that carried requests has a line for each of them and none of its own", () => {
  const { log, lines } = recorded()
  const flow = flowOf({ protocol: "http" })
  log.exchange(flow, answeredOf())
  log.exchange(flow, answeredOf({ path: "/b" }))
  flow.end("client")
  log.connection(flow, 0)
  expect(lines.map((line) => JSON.parse(line).path)).toEqual(["/a", "/b"])
})

test("a connection that ended before any request has its own line", () => {
  const { log, lines } = recorded()
  const flow = flowOf({ protocol: "http" })
  flow.end("client")
  log.connection(flow, 0)
  expect(lines.map((line) => JSON.parse(line).end)).toEqual(["client"])
})

test("after its requests a connection has a line for a tunnel, for a refusal, and for an end that was not its own", () => {
  const more: ReadonlyArray<Known> = [
    { protocol: "connect" },
    { bytesIn: 1 },
    { bytesOut: 1 },
    { endedBy: "client", refusal: refusal("unknown-protocol", "") },
    { endedBy: "drain" },
    { endedBy: "timeout" },
  ]
  for (const fields of more) {
    const { log, lines } = recorded()
    const flow = flowOf({ protocol: "http", ...fields })
    log.exchange(flow, answeredOf())
    log.connection(flow, 0)
    expect([fields, lines.length]).toEqual([fields, 2])
  }
})

test("a connection whose requests say everything has no line of its own, unless it was refused", () => {
  for (const protocol of ["http", "tcp"] as const) {
    for (const endedBy of ["client", "target", "timeout"] as const) {
      const { log, lines } = recorded()
      const flow = flowOf({ protocol, bytesIn: 100, bytesOut: 200, endedBy })
      log.exchange(flow, answeredOf())
      flow.logged = "everything"
      log.connection(flow, 0)
      expect([protocol, endedBy, lines.length]).toEqual([protocol, endedBy, 1])
      flow.refuse(refusal("proxy-error", ""), "proxy")
      log.connection(flow, 0)
      expect(lines.length).toBe(2)
    }
  }
})

test("it has one where they do not", () => {
  for (const protocol of ["http", "tcp", "socks5"] as const) {
    const { log, lines } = recorded()
    const flow = flowOf({ protocol, bytesIn: 100, bytesOut: 200, endedBy: "client" })
    log.exchange(flow, answeredOf())
    log.connection(flow, 0)
    expect([protocol, lines.length]).toEqual([protocol, 2])
  }
})

test("a connection's line says why its HTTP was not read to the end, the first reason", () => {
  const flow = flowOf({ protocol: "http", bytesIn: 1, endedBy: "client" })
  flow.unfollow("malformed", "not an HTTP/1 answer")
  flow.unfollow("upgrade", "websocket")
  const line = JSON.parse(jsonLine(connectionEntry(flow, now)))
  expect(line).toMatchObject({ end: "client", detail: "not an HTTP/1 answer", unfollowed: "malformed" })
  expect(prettyLine(connectionEntry(flow, now))).toEndWith(
    "  ended by client, not read: malformed, not an HTTP/1 answer\n",
  )
})

test("a health check is a probe, and so is a connection that closed in order without a byte", () => {
  expect(requestEntry(flowOf(), answeredOf({ isProbe: true }), now).probe).toBe(true)
  expect(requestEntry(flowOf(), answeredOf(), now)).not.toHaveProperty("probe")
  const partial = flowOf({ endedBy: "client" })
  expect(connectionEntry(partial, now).probe).toBe(true)
  partial.leaveUnrecognised()
  expect(connectionEntry(partial, now)).not.toHaveProperty("probe")
  expect(connectionEntry(flowOf({ protocol: "tcp", bytesIn: 0, endedBy: "client" }), now).probe).toBe(true)
  const others: ReadonlyArray<Known> = [
    { protocol: "http", endedBy: "client" },
    { protocol: "tcp", bytesIn: 0, endedBy: "client", code: "ECONNRESET" },
    { protocol: "tcp", bytesIn: 0, endedBy: "target" },
    { protocol: "tcp", bytesIn: 1, endedBy: "client" },
    { protocol: "tcp", bytesOut: 1, endedBy: "client" },
    { protocol: "connect", bytesIn: 0, endedBy: "client" },
    { protocol: "tcp", endedBy: "client", refusal: refusal("connection-refused", "") },
  ]
  for (const known of others) expect(connectionEntry(flowOf(known), now)).not.toHaveProperty("probe")
})

test("a request's line has the trace that it belongs to, last", () => {
  const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  expect(
    Object.entries(requestEntry(flowOf(), answeredOf({ traceparent: `00-${trace}-00f067aa0ba902b7-01` }), now)).at(-1),
  ).toEqual(["trace", trace])
})

test("what ends is kept as JSON also where nothing is logged", () => {
  const { log, lines, recent } = recorded({ output: false })
  log.exchange(flowOf(), answeredOf())
  expect(lines).toEqual([])
  expect(recent.since(0).lines.map((line) => JSON.parse(line).path)).toEqual(["/a"])
})

const parsedFilter = (text: string): Expression => {
  const filter = parseFilter(text)
  if (filter._tag === "Problem") throw new Error(filter.problem)
  return filter.expression
}

test("probes have no line, and are kept and marked", () => {
  const { log, lines, recent } = recorded()
  log.connection(flowOf({ endedBy: "client" }), 1)
  log.connection(flowOf({ protocol: "tcp", bytesIn: 0, endedBy: "client" }), 1)
  log.exchange(flowOf({ protocol: "http" }), answeredOf({ isProbe: true }))
  expect(lines).toEqual([])
  expect(recent.since(0).lines.map((line) => JSON.parse(line).probe)).toEqual([true, true, true])
})

test.each<[string, Known]>([
  ["a byte to the target", { protocol: "tcp", bytesIn: 1 }],
  ["a byte to the client", { protocol: "tcp", bytesOut: 1 }],
  ["a destination", { protocol: "connect", bytesIn: 0 }],
  ["a reset", { code: "ECONNRESET" }],
  ["an end by the target", { protocol: "tcp", bytesIn: 0, endedBy: "target" }],
  ["a deadline", { endedBy: "timeout" }],
  ["a refusal", { refusal: refusal("connection-refused", "") }],
])("a connection with %s is no probe", (_, known) => {
  const { log, lines, recent } = recorded()
  log.connection(flowOf({ endedBy: "client", ...known }), 1)
  expect(lines.length).toBe(1)
  expect(recent.since(0).lines.join("")).not.toContain("probe")
})

test("a filter decides what is written, and nothing else", () => {
  const { log, lines, recent } = recorded({ filter: () => parsedFilter("path:/a or probe") })
  for (const path of ["/a", "/b"]) log.exchange(flowOf(), answeredOf({ path }))
  log.connection(flowOf({ endedBy: "client" }), 1)
  expect(lines.map((line) => JSON.parse(line).path)).toEqual(["/a", undefined])
  expect(recent.since(0).lines.length).toBe(3)
})

test("the filter is that of the settings in force", () => {
  let filter = notProbe
  const { log, lines } = recorded({ filter: () => filter })
  log.exchange(flowOf(), answeredOf())
  filter = parsedFilter("status:5xx")
  log.exchange(flowOf(), answeredOf())
  log.exchange(flowOf(), answeredOf({ status: 503 }))
  expect(lines.map((line) => JSON.parse(line).status)).toEqual([200, 503])
})

test("where probes alone are asked for, no line is read again", () => {
  const parse = spyOn(JSON, "parse")
  const { log } = recorded()
  log.exchange(flowOf(), answeredOf())
  log.connection(flowOf({ endedBy: "client" }), 1)
  expect(parse).not.toHaveBeenCalled()
  const { log: choosy } = recorded({ filter: () => parsedFilter("path:/a") })
  choosy.exchange(flowOf(), answeredOf())
  expect(parse).toHaveBeenCalledTimes(1)
  parse.mockRestore()
})

test("a pretty line says who, where to, how much and how it ended", () => {
  const flow = flowOf({ protocol: "socks5", target: "example.com:443", bytesIn: 1234, bytesOut: 5_600_000 })
  flow.end("client")
  expect(prettyLine(connectionEntry(flow, now))).toMatch(
    /^12:34:56\.789Z {2}out socks5 {3}127\.0\.0\.1:40000 {8}example\.com:443 {2}in 1\.2 kB, out 5\.6 MB, \d+ ms {2}ended by client\n$/,
  )
  const refused = answeredOf({ status: 502, refusal: refusal("connection-refused", "") })
  const request = prettyLine(requestEntry(flow, refused, now))
  expect(request).toContain("GET example.com:80/a 502  in 0 B, out 5 B, ")
  expect(request).toEndWith("  connection-refused\n")
})

test("colours change nothing that is said", () => {
  const entry = requestEntry(flowOf(), answeredOf({ status: 502, refusal: refusal("proxy-error", "x") }), now)
  const colored = prettyLine(entry, true)
  expect(colored).toContain("\x1b[31m")
  expect(colored.replaceAll(/\x1b\[\d*m/g, "")).toBe(prettyLine(entry))
})

test("the common log format has the nine fields that every reader of web server logs takes apart", () => {
  const request = clfLine(requestEntry(flowOf(), answeredOf({ elapsed: 1000 }), now))
  expect(request).toBe('127.0.0.1 - - [23/Nov/2026:12:34:55 +0000] "GET http://example.com:80/a HTTP/1.1" 200 5\n')
  const tunnel = flowOf({ protocol: "connect", target: "a.example:443", handshakeAt: 1, dialledAt: 2, bytesOut: 9 })
  expect(clfLine(connectionEntry(tunnel, now))).toEndWith('"CONNECT a.example:443" 200 9\n')
  const refused = flowOf({ protocol: "socks5", target: "a.example:443", refusal: refusal("name-not-found", "") })
  expect(clfLine(connectionEntry(refused, now))).toEndWith('"SOCKS5 a.example:443" 502 0\n')
  const v6 = flowOf({ direction: "inbound", clientHost: "[::1]" })
  expect(clfLine(connectionEntry(v6, now))).toStartWith("::1 - - [")
})

test("logfmt quotes what is more than one word", () => {
  const flow = flowOf({ protocol: "connect", refusal: refusal("proxy-error", 'two "words"') })
  const line = logfmtLine(connectionEntry(flow, now))
  expect(line).toStartWith("time=2026-11-23T12:34:56.789Z flow=7 direction=outbound protocol=connect client=127.0.0.1:")
  expect(line).toContain(' refusal=proxy-error detail="two \\"words\\""\n')
})

test("istio-json has the keys of Istio's default, all of them, with its flags", () => {
  const flow = flowOf({ protocol: "connect", target: "a.example:443", address: "192.0.2.1:443", sni: "a.example" })
  const keys = (
    "start_time method path protocol response_code response_flags response_code_details " +
    "connection_termination_details upstream_transport_failure_reason bytes_received bytes_sent duration " +
    "upstream_service_time x_forwarded_for user_agent request_id authority upstream_host upstream_cluster " +
    "upstream_local_address downstream_local_address downstream_remote_address requested_server_name route_name"
  ).split(" ")
  const tunnel = JSON.parse(istioLine(connectionEntry(flow, now)))
  expect(Object.keys(tunnel)).toEqual(keys)
  expect(tunnel).toMatchObject({
    upstream_cluster: "outbound|443||a.example",
    upstream_host: "192.0.2.1:443",
    requested_server_name: "a.example",
    response_code: 0,
    response_flags: "-",
  })
  const flag = (reason: Parameters<typeof refusal>[0]): string =>
    JSON.parse(istioLine(requestEntry(flow, answeredOf({ refusal: refusal(reason, "") }), now))).response_flags
  expect([flag("connection-refused"), flag("name-not-found"), flag("destination-denied")]).toEqual(["UF", "DF", "UAEX"])
  const gone = JSON.parse(istioLine(requestEntry(flow, answeredOf({ endedBy: "client" }), now)))
  expect([gone.response_flags, gone.response_code, gone.protocol]).toEqual(["DC", 200, "HTTP/1.1"])
})
