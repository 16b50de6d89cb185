/** One destination: its status codes, its routes, and their bounds. */
import { expect, test } from "bun:test"

import { Destination, maxRoutes, maxStatuses } from "../../../src/observe/metrics/destination.ts"
import { refusal } from "../../../src/protocol/refusal.ts"
import { flowOf } from "../../support/flows.ts"
import { recordOf } from "../../support/records.ts"

const nothing = { open: 0, bytesIn: 0, bytesOut: 0 }
const made = (): Destination => new Destination("outbound", "a.example:80")
const failure = { at: 0, reason: "503", detail: undefined }

test("requests are counted by status and by route, with the latency until the first byte", () => {
  const destination = made()
  destination.request(1, recordOf({ path: "/orders/1", firstByte: 5, dialled: 5, bytesIn: 3 }), undefined)
  destination.request(1, recordOf({ path: "/orders/2", status: 503, firstByte: 10 }), failure)
  destination.request(1, recordOf({ method: "POST", path: "/orders", status: 0, firstByte: undefined }), undefined)
  const report = destination.report(2, nothing, true)
  expect(report).toMatchObject({
    direction: "outbound",
    name: "a.example:80",
    requests: 3,
    bytes_in: 3,
    status: { "200": 1, "503": 1, none: 1 },
    errors: { "503": 1 },
  })
  expect(Math.abs((report.p99 ?? 0) - 10)).toBeLessThan(1)
  expect(
    report.routes.map(({ method, route, requests, success, p50 }) => [method, route, requests, success, p50]),
  ).toEqual([
    ["GET", "/orders/{id}", 2, 0.5, report.p50],
    ["POST", "/orders", 1, 1, null],
  ])
  expect(destination.report(2, nothing, false).routes).toEqual([])
})

test("routes are bounded: the first ones keep theirs, all others are one", () => {
  const destination = made()
  for (let i = 0; i < 500; i++) destination.request(1, recordOf({ path: `/p${i}` }), undefined)
  for (let i = 0; i < 3; i++) destination.request(1, recordOf({ path: "/p0" }), undefined)
  const { routes } = destination.report(1, nothing, true)
  expect(routes.length).toBe(maxRoutes + 1)
  expect([routes[0]?.requests, routes.at(-1)?.requests, routes.at(-1)?.route]).toEqual([4, 500 - maxRoutes, "other"])
})

test("the same path by another method is another route, and invented methods are one", () => {
  const destination = made()
  for (const method of ["GET", "PUT", "BREW", "STIR", "GET"]) destination.request(1, recordOf({ method }), undefined)
  expect(destination.report(1, nothing, true).routes.map(({ method, requests }) => [method, requests])).toEqual([
    ["GET", 2],
    ["PUT", 1],
    ["OTHER", 2],
  ])
})

test("status codes are bounded, and those that nobody knows are of no class", () => {
  const destination = made()
  for (let status = 100; status < 1000; status++) destination.request(1, recordOf({ status }), undefined)
  expect(Object.keys(destination.report(1, nothing, true).status).length).toBe(maxStatuses + 1)
  expect([...destination.classes]).toEqual([100, 100, 100, 100, 100, 400])
})

test("a tunnel counts by its first byte, and what refused or cut it is an error", () => {
  const destination = made()
  destination.tunnel(1, flowOf({ handshakeAt: 10, dialledAt: 20, firstByteAt: 40 }), undefined)
  destination.tunnel(1, flowOf({ refusal: refusal("connection-refused", "x") }), {
    ...failure,
    reason: "connection-refused",
  })
  destination.tunnel(1, flowOf({ endedBy: "target", code: "ECONNRESET" }), { ...failure, reason: "ECONNRESET" })
  const report = destination.report(1, { open: 2, bytesIn: 5, bytesOut: 6 }, true)
  expect(report).toMatchObject({ tunnels: 3, requests: 0, open: 2, bytes_in: 5, bytes_out: 6, success: 1 / 3 })
  expect(Math.abs((report.p50 ?? 0) - 30)).toBeLessThan(3)
  expect([destination.refusals, destination.cuts]).toEqual([1, 1])
})

test("durations fall into Prometheus' buckets, with the time that requests took in seconds", () => {
  const destination = made()
  expect(destination.buckets).toEqual({ counts: Array.from({ length: 15 }, () => 0), sum: 0, least: 0, most: 0 })
  for (const elapsed of [5, 80, 20_000]) destination.request(1, recordOf({ elapsed }), undefined)
  const { counts, sum, least, most } = destination.buckets
  expect(counts).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1])
  expect([sum, least, most]).toEqual([20.085, 0.005, 20])
})
