/** What the admin listener tells, as rows of the table. */
import { expect, test } from "bun:test"

import {
  endedRow,
  type Key,
  openRow,
  type Order,
  sort,
  sortBy,
  type Told,
} from "../../../../src/admin/page/model/rows.ts"

const open: Told = {
  flow: 7,
  started: "2026-01-02T03:04:05.000Z",
  age: 1500,
  direction: "outbound",
  protocol: "socks5",
  phase: "data",
  client: "127.0.0.1:40000",
  target: "API.example:443",
  bytes_in: 10,
  bytes_out: 20,
}
const ended: Told = { flow: 7, time: "2026-01-02T03:04:06.000Z", t_total: 12.5, direction: "inbound", protocol: "http" }

test("an open connection shows its phase, its age and its bytes", () => {
  expect(openRow(open)).toMatchObject({
    key: "o7",
    state: "data",
    tone: "calm",
    target: "API.example:443",
    bytesIn: 10,
    bytesOut: 20,
    lasted: 1500,
    when: Date.parse("2026-01-02T03:04:05Z"),
  })
})

test.each<[string, Told, string, string]>([
  ["an answer shows its status", { status: 200 }, "200", "good"],
  ["an answer of 400 and above is the client's fault", { status: 404 }, "404", "warn"],
  ["an inbound answer has the same colours", { direction: "inbound", status: 499 }, "499", "warn"],
  ["an answer of 500 and above is bad", { status: 503 }, "503", "bad"],
  [
    "a refusal shows its reason, whatever the status",
    { status: 502, refusal: "connection-refused" },
    "connection-refused",
    "bad",
  ],
  ["an answer that broke off shows why", { status: 200, error: "target-reset" }, "target-reset", "bad"],
  ["a connection shows who ended it", { end: "client" }, "by client", "good"],
  ["a socket that did not close in order is bad", { end: "target", code: "ECONNRESET" }, "by target", "bad"],
  ["a deadline is bad", { end: "timeout" }, "by timeout", "bad"],
  ["nothing at all is an end in order", {}, "done", "good"],
])("%s", (_, told, state, tone) => {
  expect(endedRow({ ...ended, ...told }, 3)).toMatchObject({ key: "e3", state, tone, lasted: 12.5 })
})

test("a request shows what it asked for", () => {
  const told = { ...ended, method: "GET", authority: "a.example:80", path: "/x", target: "a.example:80" }
  expect(endedRow(told, 1).target).toBe("GET a.example:80/x")
})

test("fields that are missing or of another kind leave a row empty, and break nothing", () => {
  expect(openRow({ flow: "x", target: 7, bytes_in: null })).toMatchObject({
    flow: 0,
    target: "",
    bytesIn: 0,
    state: "",
  })
})

test("rows are sorted by any column, both ways, and of equal ones the later is first", () => {
  const rows = [
    ["b", 5],
    ["a", 5],
    ["b", 1],
  ].map(([target, bytes], i) => endedRow({ ...ended, target, bytes_in: bytes }, i))
  const sorted = (order: Order<Key>): string =>
    sort(rows, order)
      .map(({ key }) => key)
      .join(" ")
  expect(sorted({ by: "target", descending: false })).toBe("e1 e2 e0")
  expect(sorted({ by: "target", descending: true })).toBe("e2 e0 e1")
  expect(sorted({ by: "bytesIn", descending: true })).toBe("e1 e0 e2")
  expect(sorted({ by: "when", descending: true })).toBe("e2 e1 e0")
})

interface Item {
  readonly name: string
  readonly value: string | number | undefined
}

const items = (...values: ReadonlyArray<Item["value"]>): ReadonlyArray<Item> =>
  values.map((value, i) => ({ name: String(i), value }))

const sorted = (descending: boolean, rows: ReadonlyArray<Item>): string =>
  sortBy(
    rows,
    ({ value }) => value,
    descending,
    (a, b) => Number(b.name) - Number(a.name),
  )
    .map(({ name }) => name)
    .join("")

test("numbers are compared as numbers, words as words", () => {
  expect([sorted(false, items(10, 9, 100)), sorted(true, items(10, 9, 100))]).toEqual(["102", "201"])
  expect(sorted(false, items("b", "a", "B"))).toBe("210")
})

test("equal ones are in the order of the tie, whichever way", () => {
  expect([sorted(false, items(1, 1, 0)), sorted(true, items(1, 1, 0))]).toEqual(["210", "102"])
})

test("what is not known comes last, whichever way", () => {
  expect([sorted(false, items(undefined, 2, 1)), sorted(true, items(undefined, 2, 1))]).toEqual(["210", "120"])
  expect(sorted(true, items(undefined, undefined, 1))).toBe("210")
})
