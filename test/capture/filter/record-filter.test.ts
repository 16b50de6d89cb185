/** Filters of records: their fields, what they say of probes, and the words that they share with other filters. */
import { describe, expect, test } from "bun:test"

import {
  mayWantProbes,
  parseRecordFilter,
  printRecordFilter,
  recordFields,
} from "../../../src/capture/filter/record-filter.ts"
import type { CaptureRecord, ExchangeRecord } from "../../../src/capture/record.ts"
import { filterFields } from "../../../src/observe/filter/entry-filter.ts"
import { isProblem } from "../../../src/observe/filter/problem.ts"
import { charge, chat } from "../../support/capture-records.ts"

const filterOf = (text: string) => {
  const filter = parseRecordFilter(text)
  if (isProblem(filter)) throw new Error(`${text} ${filter.problem}`)
  return filter
}

const matches = (text: string, record: CaptureRecord = charge): boolean => filterOf(text).matches(record)

/** A request with this line and these fields. */
const asking = (line: string, ...headers: ExchangeRecord["request"]["headers"]): ExchangeRecord => {
  const [method = "", target = ""] = line.split(" ")
  return { ...charge, request: { line: { method, target, version: "1.1" }, headers }, response: undefined }
}

describe("of a payment", () => {
  test.each([
    "",
    "pay",
    "host:pay",
    "host = pay.example",
    "host = pay.example direction:outbound kind:exchange",
    "address:203.0.113.7",
    "sni:pay.example",
    "client:40112",
    "id = 7c11e4",
    "id = 6a0f-3b7c11e4",
    "cause = 77b0aa",
    "method:post",
    "path = /v1/charges",
    "status:2xx",
    "type:json",
    "header.content-type = application/json",
    "header.Content-Type:json",
    "query.key:tok_",
    "json.amount = 2000",
    "json.amount:2000",
    "request:4000008812345671",
    "request:'POST /v1'",
    "response:'paid now'",
    "response:'201 Created'",
    "ms:152..153",
    "bytes:110",
    "flow:12 n:1",
    "not probe",
  ])("%s holds", (text) => expect(matches(text)).toBe(true))

  test.each([
    "id = 7c11e5",
    "n:2",
    "host = pay",
    "kind:socket",
    "path:key",
    "status:4xx",
    "header.x-none:a",
    "query.Key:tok_",
    "json.none:a",
    "json.amount = 200",
    "request:paid",
    "response:4000008812345671",
    "rpc:a",
    "sql:a",
    "end:client",
    "probe",
  ])("%s does not", (text) => expect(matches(text)).toBe(false))
})

test("a name with several values is each of them", () => {
  const record = asking("GET /?a=1&a=2", ["X-A", "one"], ["x-a", "two"])
  for (const text of ["query.a = 1", "query.a = 2", "header.x-a = two", "header.x-a = one"]) {
    expect(matches(text, record)).toBe(true)
  }
  expect(matches("query.a = 12", record)).toBe(false)
})

test("messages of a WebSocket belong to what their side sent", () => {
  for (const text of ["kind:socket", "request:hello", "json.say = hello"])
    expect([text, matches(text, chat)]).toEqual([text, true])
  for (const text of ["response:hello", "json.say = bye", "lost:frame"])
    expect([text, matches(text, chat)]).toEqual([text, false])
  expect(matches("lost:reserved", { ...chat, lost: "the client: a frame of the reserved opcode 3" })).toBe(true)
})

test("what a record does not have, it is not", () => {
  const stream = {
    v: 1,
    id: charge.id,
    kind: "stream",
    started: charge.started,
    flow: 1,
    n: 1,
    direction: "inbound",
    target: "db.example:5432",
    bytes_in: 1,
    bytes_out: 2,
  } as const
  expect(matches("host = db.example", stream)).toBe(true)
  expect(matches("guess:postgres", { ...stream, guess: "postgres" })).toBe(true)
  for (const text of [
    "path:/",
    "method:get",
    "status:200",
    "header.a:b",
    "request:a",
    "response:a",
    "json.a:b",
    "probe",
  ]) {
    expect(matches(text, stream)).toBe(false)
  }
})

test("a trace is that of the only traceparent of a request", () => {
  const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  const field = ["traceparent", `00-${trace}-00f067aa0ba902b7-00`] as const
  expect(matches(`trace:${trace}`, asking("GET /", field))).toBe(true)
  expect(matches("trace:4bf92f", asking("GET /", field))).toBe(true)
  expect(matches("trace = 4bf92f", asking("GET /", field))).toBe(false)
  expect(matches("trace:4bf92f", asking("GET /", field, field))).toBe(false)
  expect(matches("trace:4bf92f", asking("GET /", ["traceparent", "4bf92f"]))).toBe(false)
})

describe("probes are", () => {
  test.each([
    ["health checks", asking("GET /any", ["User-Agent", "kube-probe/1.30"])],
    ["scrapes", asking("GET /metrics?x=1")],
    ["exports of telemetry", asking("POST /v1/traces", ["Content-Type", "application/x-protobuf"])],
    ["also below a path", asking("POST http://otel:4318/a/v1/metrics", ["Content-Type", "application/json; x=y"])],
  ])("%s", (_, record) => expect(matches("probe", record)).toBe(true))

  test.each([
    ["a browser", asking("GET /healthz", ["User-Agent", "Mozilla/5.0"])],
    ["a post of metrics", asking("POST /metrics")],
    ["a service whose path is alike", asking("POST /v1/logs", ["Content-Type", "text/plain"])],
  ])("not %s", (_, record) => expect(matches("probe", record)).toBe(false))
})

describe("whether probes need to be recorded at all", () => {
  test.each([
    ["not probe", false],
    ["not probe status:5xx", false],
    ["not (probe or status:5xx)", false],
    ["not probe or path:/a", true],
    ["not (probe status:5xx)", true],
    ["", true],
    ["probe", true],
    ["path:/a", true],
    ["not not probe", true],
  ])("%s: %p", (text, wanted) => expect(mayWantProbes(filterOf(text).expression)).toBe(wanted))
})

test("it speaks the words of the other filters, protocols aside", () => {
  expect(filterFields.filter((name) => !recordFields.includes(name))).toEqual(["protocol"])
})

test("it is printed as it is read", () => {
  const text = "not probe header.x-a:b (json.a:1 or sql:select)"
  expect(printRecordFilter(filterOf(text).expression)).toBe(text)
})
