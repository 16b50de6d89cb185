import { expect, test } from "bun:test"

import { listRow, listText, minColumns, treeRows } from "../../src/capture/listing.ts"
import type { CaptureRecord } from "../../src/capture/record.ts"
import { charge, chat, makeExchange, makeRequest, makeResponse, textBody } from "../support/capture-records.ts"

const order = makeExchange({
  t_total: 214,
  request: makeRequest({ method: "POST", target: "/orders?x=1", body: textBody("x".repeat(312)) }),
  response: makeResponse(201, [], textBody("x".repeat(88))),
})
const { request: _, ...common } = makeExchange({ started: "2026-11-28T09:30:00.276000Z", t_total: 4 })
const query: CaptureRecord = {
  ...common,
  id: "019b2f6e-1d00-7a41-9d52-0000008d20f1",
  kind: "query",
  direction: "outbound",
  system: "postgres",
  statement: "INSERT INTO orders\nVALUES (?, ?)",
  rows: 1,
  cause: { id: charge.id, by: "alone" },
}
const failed = makeExchange({
  id: "019b2f6e-1e00-7a41-9d52-0000009a7c30",
  started: "2026-11-28T09:30:02.41Z",
  t_total: 31.04,
  request: makeRequest({ target: "/orders/881" }),
  response: makeResponse(500, [], textBody("x".repeat(41))),
})

const rows = [order, charge, query, failed].map(listRow)

test("a list as it stands in a terminal of 80 columns: sizes give way to requests, and none is cut", () => {
  expect(listText(rows, 80)).toBe(
    [
      "id      started   request                                       status    time",
      "77b0aa  09:30:00  in   POST shop.test/orders                       201  214 ms",
      "7c11e4  09:30:00  out  POST pay.example/v1/charges                 201  152 ms",
      "8d20f1  09:30:00  out  postgres INSERT INTO orders VALUES (?, ?)",
      "                                                                 1 row    4 ms",
      "9a7c30  09:30:02  in   GET shop.test/orders/881                    500   31 ms !",
      "",
    ].join("\n"),
  )
  expect(listText([order, failed].map(listRow), 80)).toBe(
    [
      "id      started   request                        status    time     in   out",
      "77b0aa  09:30:00  in   POST shop.test/orders        201  214 ms  312 B  88 B",
      "9a7c30  09:30:02  in   GET shop.test/orders/881     500   31 ms      –  41 B !",
      "",
    ].join("\n"),
  )
})

test("a tree of causes as it stands in a wider one", () => {
  expect(listText(treeRows([failed, query, charge, order].map(listRow)), 105)).toBe(
    [
      "id      started       request                                            status    time     in   out",
      "77b0aa  09:30:00.061  in   POST shop.test/orders                            201  214 ms  312 B  88 B",
      "7c11e4  09:30:00.123   └▶  POST pay.example/v1/charges                      201  152 ms   55 B  36 B",
      "8d20f1  09:30:00.276      └▶  postgres INSERT INTO orders VALUES (?, ?)   1 row    4 ms    0 B   0 B",
      "9a7c30  09:30:02.41   in   GET shop.test/orders/881                         500   31 ms      –  41 B !",
      "",
    ].join("\n"),
  )
})

test("a pipe gets everything in columns, and a few long requests do not cost the others their sizes", () => {
  const long = `/${"a".repeat(300)}`
  const all = [
    failed,
    ...Array.from({ length: 20 }, () => order),
    makeExchange({ request: makeRequest({ target: long }) }),
  ]
  const lines = listText(all.map(listRow), 80).split("\n")
  expect(lines[1]).toBe("9a7c30  09:30:02  in   GET shop.test/orders/881       500   31 ms      –  41 B !")
  expect(lines.slice(22)).toEqual([
    `77b0aa  09:30:00  in   GET shop.test${long}`,
    "                                                        –       –      –     –",
    "",
  ])
  const piped = listText(all.map(listRow), Number.POSITIVE_INFINITY).split("\n")
  expect(piped).toHaveLength(24)
  expect(piped[22]).toBe(`77b0aa  09:30:00.061  in   GET shop.test${long}       –       –      –     –`)
})

test("times of several days have their days", () => {
  const lines = listText([order, { ...failed, started: "2026-11-29T00:00:00Z" }].map(listRow), 120).split("\n")
  expect(lines.map((line) => line.slice(0, 36))).toEqual([
    "id      started                  req",
    "77b0aa  2026-11-28 09:30:00.061  in ",
    "9a7c30  2026-11-29 00:00:00      in ",
    "",
  ])
})

test("an empty list is its heading", () => {
  expect(listText([], 80)).toMatch(/^id {6}started +request +status {2}time {2}in {2}out\n$/)
})

const names = (record: CaptureRecord) => {
  const { method, what, status } = listRow(record)
  return [method, what, status]
}

test("rows name what each kind of record is of", () => {
  const { request: _, ...rest } = makeExchange({ target: "a.test:443", sni: "b.test" })
  expect(names(chat)).toEqual(["WS", "shop.test/chat", "101"])
  expect(names({ ...rest, kind: "call", rpc: "/a.B/C", status: { code: 5 } })).toEqual([
    "gRPC",
    "a.test:443/a.B/C",
    "5",
  ])
  expect(names({ ...rest, kind: "tunnel" })).toEqual(["TLS", "b.test", undefined])
  expect(names({ ...rest, kind: "stream", guess: "redis", code: "ECONNRESET" })).toEqual([
    "redis",
    "a.test:443",
    "ECONNRESET",
  ])
  expect(names({ ...rest, kind: "stream" })).toEqual(["TCP", "a.test:443", undefined])
  expect(names({ ...rest, kind: "query", system: "mysql", rows: 2 })).toEqual(["mysql", "a.test:443", "2 rows"])
})

const marks = (parts: Parameters<typeof makeExchange>[0]) => {
  const { failed, truncated } = listRow(makeExchange(parts))
  return [failed, truncated]
}

test("a row failed if it ended badly or was answered by 500 or more, and is cut if a part is", () => {
  expect(marks({ response: makeResponse(499) })).toEqual([false, false])
  expect(marks({ response: makeResponse(500) })).toEqual([true, false])
  expect(marks({ response: makeResponse(200), end: "target" })).toEqual([true, false])
  expect(marks({ error: "x" })).toEqual([true, false])
  expect(marks({ truncated: ["head"] })).toEqual([false, true])
  expect(listText([listRow(makeExchange({ truncated: ["head"] }))], 80)).toContain("– ~\n")
})

test("every record stands in the tree once, whatever it says of its cause", () => {
  const a = makeExchange({ id: "a", cause: { id: "b", by: "alone" } })
  const b = makeExchange({ id: "b", cause: { id: "a", by: "alone" } })
  const c = makeExchange({ id: "c", cause: { id: "c", by: "alone" } })
  const d = makeExchange({ id: "d", cause: { id: "none", by: "alone" } })
  expect(treeRows([a, b, c, d].map(listRow)).map(({ id, depth }) => `${id} ${depth}`)).toEqual([
    "d 0",
    "a 0",
    "b 1",
    "c 0",
  ])
  const chain = Array.from({ length: 20_000 }, (_, i) =>
    makeExchange({ id: `${i}`, cause: { id: `${i - 1}`, by: "alone" } }),
  )
  expect(treeRows(chain.map(listRow)).at(-1)?.depth).toBe(19_999)
})

test("a row has all that a list may show of a record", () => {
  expect(listRow(charge)).toEqual({
    id: charge.id,
    kind: "exchange",
    started: charge.started,
    direction: "outbound",
    method: "POST",
    what: "pay.example/v1/charges",
    status: "201",
    t_total: 152.4,
    size_in: 55,
    size_out: 36,
    cause: charge.cause!.id,
    failed: false,
    truncated: false,
  })
})

test("no row steers a terminal", () => {
  const request = makeRequest({ method: "G\x1b[2J", target: "/\u202e\n" })
  expect(listText([listRow(makeExchange({ request, code: "\x07" }))], 120)).not.toMatch(/[\x07\x1b\u202e]|\n.*\n.*\n/)
})

test("no line is wider than it may be but for a request that has no room, and a narrower terminal gets 80 columns", () => {
  const tree = treeRows([order, charge, query, failed, chat].map(listRow))
  for (const columns of [0, 80, 100, 132, 300]) {
    const lines = listText(tree, columns).split("\n")
    const widest = Math.max(...lines.map((line) => line.length))
    expect(widest).toBeLessThanOrEqual(Math.max(columns, minColumns))
  }
})
