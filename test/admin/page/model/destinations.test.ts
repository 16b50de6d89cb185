/** What the admin listener counts by destination, as rows of the table. */
import { expect, test } from "bun:test"

import {
  belongsTo,
  destinationOfRow,
  destinationRow,
  nameOfDestination,
  sortDestinations,
} from "../../../../src/admin/page/model/destinations.ts"
import { endedRow } from "../../../../src/admin/page/model/rows.ts"
import { Destinations } from "../../../../src/observe/metrics/destinations.ts"
import { refusal } from "../../../../src/protocol/refusal.ts"
import { flowOf } from "../../../support/flows.ts"
import { recordOf } from "../../../support/records.ts"

test("a row has every number that the proxy reports", () => {
  const clock = { now: 1000 }
  const destinations = new Destinations({ max: () => 50, now: () => clock.now })
  const flow = flowOf({ target: "a.example:80" })
  for (const status of [200, 503]) {
    destinations.answered(flow, recordOf({ status, path: "/orders/7", bytesIn: 1, bytesOut: 2 }))
  }
  for (let i = 0; i < 2; i++) {
    destinations.answered(flow, recordOf({ status: 502, refusal: refusal("connection-refused", "no one") }))
  }
  clock.now = 2000
  const { destinations: reported } = destinations.report([flow], undefined)
  const row = destinationRow({ ...reported[0] })
  expect(row).toMatchObject({
    key: "outbound a.example:80",
    direction: "outbound",
    name: "a.example:80",
    rate: 0.4,
    success: 0.25,
    failed: 3,
    open: 1,
    bytesIn: 2,
    bytesOut: 4,
    reasons: [
      ["connection-refused", 2],
      ["503", 1],
    ],
    statuses: [
      ["200", 1],
      ["502", 2],
      ["503", 1],
    ],
    tone: "bad",
    facts: { direction: "outbound", target: "a.example:80" },
  })
  expect(row.lastError).toMatch(/^\d\d:\d\d:\d\d UTC connection-refused: no one$/)
  expect([row.p50, row.p95, row.p99].every((value) => (value ?? 0) > 5)).toBe(true)
  expect(row.routes.map(({ method, route, rate, failed }) => [method, route, rate, failed])).toEqual([
    ["GET", "/orders/{id}", 0.2, 1],
    ["GET", "/", 0.2, 2],
  ])
})

test("fields that are missing or of another kind leave a row empty, and break nothing", () => {
  expect(
    destinationRow({ name: 7, errors: [], routes: "x", success: null, last_error: 3, status: { a: "b" } }),
  ).toEqual({
    key: " ",
    direction: "",
    name: "",
    rate: 0,
    success: undefined,
    p50: undefined,
    p95: undefined,
    p99: undefined,
    failed: 0,
    open: 0,
    bytesIn: 0,
    bytesOut: 0,
    reasons: [],
    statuses: [],
    lastError: "",
    routes: [],
    tone: "calm",
    facts: expect.anything(),
  })
})

test("a row of another list belongs to the destination that it went to", () => {
  const told = { direction: "outbound", target: "a.example:80", authority: "b.example:80", method: "GET", path: "/" }
  const key = destinationOfRow(endedRow(told, 1))
  expect([key, nameOfDestination(key)]).toEqual(["outbound a.example:80", "a.example:80"])
  expect(destinationOfRow(endedRow({ direction: "inbound", authority: "b.example" }, 1))).toBe("inbound b.example")
})

const row = (direction: string, target: string) => endedRow({ direction, target }, 1)

test("what has no name of its own belongs to the others of its direction", () => {
  const rows = [
    { direction: "outbound", name: "a:1" },
    { direction: "outbound", name: "other" },
  ].map(destinationRow)
  const others = belongsTo("outbound other", rows)
  expect([others(row("outbound", "a:1")), others(row("outbound", "b:1")), others(row("inbound", "b:1"))]).toEqual([
    false,
    true,
    false,
  ])
  expect([
    belongsTo("outbound a:1", rows)(row("outbound", "a:1")),
    belongsTo("outbound a:1", rows)(row("outbound", "b:1")),
  ]).toEqual([true, false])
})

test("destinations are sorted by any column, and what is not known comes last", () => {
  const rows = [
    { name: "a:1", rate_10s: 1, p99: 5 },
    { name: "b:1", rate_10s: 3 },
    { name: "c:1", rate_10s: 1, p99: 7 },
  ].map(destinationRow)
  const sorted = (order: Parameters<typeof sortDestinations>[1]): string =>
    sortDestinations(rows, order)
      .map(({ name }) => name[0])
      .join("")
  expect(sorted({ by: "rate", descending: true })).toBe("bac")
  expect(sorted({ by: "p99", descending: true })).toBe("cab")
  expect(sorted({ by: "p99", descending: false })).toBe("acb")
  expect(sorted({ by: "name", descending: true })).toBe("cba")
})
