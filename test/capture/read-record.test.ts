import { expect, test } from "bun:test"

import { isHttp, type CaptureRecord } from "../../src/capture/record.ts"
import { checkRecord, readRecord } from "../../src/capture/read-record.ts"
import { charge, chat, makeExchange } from "../support/capture-records.ts"

const common = {
  v: 1,
  id: "019b2f6e-1bf1-7c02-8e11-0c5d2a77b0aa",
  started: "2026-11-28T09:30:00.061Z",
  flow: 1,
  n: 1,
  direction: "outbound",
  bytes_in: 0,
  bytes_out: 0,
} as const

const others: ReadonlyArray<CaptureRecord> = [
  { ...common, kind: "stream", guess: "postgres", lost: "two lengths", first: { client: "AAEC" } },
  { ...common, kind: "tunnel", offered: ["h2"], names: ["pay.example"], unopened: "not asked for" },
  { ...common, kind: "call", rpc: "/shop.Orders/Get", status: { code: 0, name: "OK" } },
  { ...common, kind: "query", system: "postgresql", statement: "SELECT ?", rows: 1 },
]

test("a record of every kind is read back as it was written, with its newline and without", () => {
  for (const record of [charge, chat, makeExchange(), ...others]) {
    const line = JSON.stringify(record)
    expect(readRecord(line)).toEqual({ record })
    expect(readRecord(`${line}\n`)).toEqual({ record })
  }
})

test("only exchanges and sockets hold an HTTP request", () => {
  expect([charge, chat, ...others].map(isHttp)).toEqual([true, true, false, false, false, false])
})

test("a line that was cut anywhere is no record", () => {
  const line = JSON.stringify(charge)
  for (let end = 0; end < line.length; end++) {
    expect(readRecord(line.slice(0, end))).toEqual({ problem: "the line is not JSON" })
  }
})

test("fields that are not known change nothing, anywhere", () => {
  const later = {
    ...makeExchange({ cause: { id: charge.id, by: "alone" } }),
    colour: "red",
    request: { ...charge.request, later: 1, line: { ...charge.request.line, scheme: "https" } },
  }
  expect(readRecord(JSON.stringify(later))).toEqual({ record: later })
})

test("a higher version is refused by its number, and what has none is no record", () => {
  expect(checkRecord({ ...charge, v: 2 })).toEqual({
    problem: "version 2 is newer than this program reads, which is 1",
  })
  expect(checkRecord({ ...charge, v: 0 })).toEqual({ problem: "v must be 1" })
  expect(checkRecord({ ...charge, v: "1" })).toEqual({ problem: "v must be 1" })
  expect(checkRecord({})).toEqual({ problem: "v must be 1" })
  expect(checkRecord([])).toEqual({ problem: "the line is not an object" })
  expect(checkRecord(null)).toEqual({ problem: "the line is not an object" })
})

const wrong: ReadonlyArray<readonly [change: Record<string, unknown>, problem: string]> = [
  [{ kind: "exchanges" }, "kind must be one of exchange, socket, stream, tunnel, call, query"],
  [{ kind: undefined }, "kind is missing"],
  [{ id: "019b2f6e-1c30-4a41-9d52-6a0f3b7c11e4" }, "id must be a UUID of version 7"],
  [{ started: "2026-11-28 09:30:00" }, "started must be a time such as 2026-11-28T09:30:00.123456Z"],
  [{ flow: -1 }, "flow must be a whole number"],
  [{ direction: "in" }, "direction must be one of inbound, outbound"],
  [{ bytes_out: undefined }, "bytes_out is missing"],
  [{ client: null }, "client must be a string"],
  [{ cause: { id: charge.id, by: "time" } }, "cause.by must be one of traceparent, header, alone"],
  [{ tls: { version: "1.3" } }, "tls.opened is missing"],
  [{ t_total: "1" }, "t_total must be milliseconds"],
  [{ truncated: ["tail"] }, "truncated[0] must be one of request.body, response.body, frames, head"],
  [{ redacted: [{ path: "a", rule: "b" }] }, "redacted[0].token is missing"],
  [{ request: undefined }, "request is missing"],
  [{ request: { ...charge.request, headers: [["Host"]] } }, "request.headers[0] must be a pair"],
  [{ request: { ...charge.request, headers: [["Host", 1]] } }, "request.headers[0][1] must be a string"],
  [{ request: { ...charge.request, line: { method: "GET", target: "/" } } }, "request.line.version is missing"],
  [
    { request: { ...charge.request, body: { size: 1, wire: 1, type: "" } } },
    "request.body must have one of text, base64, omitted",
  ],
  [
    { request: { ...charge.request, body: { size: 1, wire: 1, type: "", text: "a", base64: "YQ==" } } },
    "request.body must have one of text, base64, omitted",
  ],
  [
    { request: { ...charge.request, body: { size: 1, wire: 1, type: "", base64: "YQ=" } } },
    "request.body.base64 must be base64",
  ],
  [
    { request: { ...charge.request, body: { size: 1, wire: 1, type: "", base64: "YQ-=" } } },
    "request.body.base64 must be base64",
  ],
  [
    { request: { ...charge.request, body: { size: 1, wire: 1, type: "", text: "a", chunks: [[1]] } } },
    "request.body.chunks[0] must be a pair",
  ],
  [
    { response: { line: { version: "1.1", status: 42, reason: "" }, headers: [] } },
    "response.line.status must be between 100 and 999",
  ],
  [{ kind: "socket" }, "frames is missing"],
  [
    { kind: "socket", frames: [{ t: 1, from: "server", op: "text", size: 1 }] },
    "frames[0].from must be one of client, target",
  ],
]

test.each(wrong.map(([change, problem]) => [problem, change] as const))("refused: %s", (problem, change) => {
  expect(checkRecord({ ...charge, ...change })).toEqual({ problem })
})

test("no problem shows a value of the record", () => {
  for (const name of Object.keys(charge)) {
    const result = checkRecord({ ...charge, [name]: { secret: "hunter2" } })
    if ("problem" in result) expect(result.problem).not.toContain("hunter2")
  }
})

test("a body of many megabytes is checked without exhausting the stack", () => {
  const base64 = "QUJD".repeat(6_000_000)
  const body = { size: 18_000_000, wire: 18_000_000, type: "", base64 }
  expect(checkRecord({ ...charge, request: { ...charge.request, body } })).toHaveProperty("record")
})
