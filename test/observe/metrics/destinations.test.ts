/** Who counts for which destination, and that none of it grows with what clients invent. */
import { expect, test } from "bun:test"

import { Destinations } from "../../../src/observe/metrics/destinations.ts"
import { refusal } from "../../../src/protocol/refusal.ts"
import { flowOf } from "../../support/flows.ts"
import { recordOf } from "../../support/records.ts"

const make = (max = 50) => {
  const clock = { now: 1000 }
  return { clock, destinations: new Destinations({ max: () => max, now: () => clock.now }) }
}

const namesOf = (destinations: Destinations): ReadonlyArray<string> =>
  destinations.report([], "").destinations.map(({ direction, name }) => `${direction} ${name}`)

test("requests and tunnels count for their destination, by direction", () => {
  const { clock, destinations } = make()
  destinations.answered(flowOf(), recordOf({ target: "a.example:80" }))
  destinations.answered(flowOf({ direction: "inbound" }), recordOf({ target: "localhost:80" }))
  destinations.connected(flowOf({ target: "b.example:443" }))
  destinations.ended(flowOf({ target: "b.example:443", bytesIn: 3, bytesOut: 4 }))
  clock.now = 2000
  expect(destinations.report([], undefined)).toMatchObject({
    max: 50,
    destinations: [
      { direction: "inbound", name: "localhost:80", requests: 1, tunnels: 0, rate_10s: 0.1 },
      { direction: "outbound", name: "a.example:80", requests: 1, connections: 0 },
      {
        direction: "outbound",
        name: "b.example:443",
        requests: 0,
        tunnels: 1,
        connections: 1,
        bytes_in: 3,
        bytes_out: 4,
      },
    ],
  })
})

test("the first names are kept, the rest is other, and each direction has its own", () => {
  const { destinations } = make(2)
  for (let i = 0; i < 1000; i++) destinations.answered(flowOf(), recordOf({ target: `host${i}.example:80` }))
  destinations.answered(flowOf({ direction: "inbound" }), recordOf({ target: "localhost:80" }))
  destinations.answered(flowOf(), recordOf({ target: "host1.example:80" }))
  expect(destinations.report([], "").destinations.map(({ name, requests }) => [name, requests])).toEqual([
    ["localhost:80", 1],
    ["host0.example:80", 1],
    ["host1.example:80", 2],
    ["other", 998],
  ])
})

test("a limit of 0 names none", () => {
  const { destinations } = make(0)
  destinations.answered(flowOf(), recordOf())
  expect(namesOf(destinations)).toEqual(["outbound other"])
})

test("a higher limit names what comes then; a lower one forgets nothing", () => {
  let max = 1
  const destinations = new Destinations({ max: () => max })
  const ask = (target: string): void => destinations.answered(flowOf(), recordOf({ target }))
  for (const name of ["a:1", "b:1"]) ask(name)
  max = 2
  for (const name of ["a:1", "c:1"]) ask(name)
  max = 0
  for (const name of ["c:1", "d:1"]) ask(name)
  expect(namesOf(destinations)).toEqual(["outbound a:1", "outbound c:1", "outbound other"])
})

test("what names no destination counts for none, and a connection whose requests were counted counts no more", () => {
  const { destinations } = make()
  destinations.answered(flowOf(), recordOf({ target: undefined }))
  destinations.ended(flowOf())
  destinations.connected(flowOf())
  expect(namesOf(destinations)).toEqual([])
  for (const logged of ["requests", "everything"] as const) {
    const flow = flowOf({ target: "a.example:80", bytesIn: 7 })
    flow.logged = logged
    destinations.ended(flow)
  }
  expect(destinations.report([], "").destinations).toMatchObject([{ tunnels: 0, bytes_in: 14, success: null }])
})

test("bytes of a request that a tunnel counts are those of its route alone", () => {
  const { destinations } = make()
  destinations.answered(flowOf(), recordOf({ target: "a:1", bytesIn: 5, bytesOut: 6 }), false)
  expect(destinations.report([], undefined).destinations).toMatchObject([
    { requests: 1, bytes_in: 0, bytes_out: 0, routes: [{ requests: 1, bytes_in: 5, bytes_out: 6 }] },
  ])
})

test("what is open is shown with the bytes of its tunnels so far", () => {
  const { destinations } = make()
  const open = [flowOf({ target: "a:1", bytesIn: 5 }), flowOf({ target: "a:1", bytesOut: 6 }), flowOf()]
  expect(destinations.report(open, "").destinations).toMatchObject([
    { name: "a:1", open: 2, bytes_in: 5, bytes_out: 6 },
  ])
})

test("errors have the words of the log: the refusal, what cut it, or the status", () => {
  const { destinations } = make()
  const ask = (record: Parameters<typeof recordOf>[0]): void => destinations.answered(flowOf(), recordOf(record))
  ask({ status: 404 })
  ask({ status: 503 })
  ask({ status: 502, refusal: refusal("connection-refused", "127.0.0.1:1 refused"), error: "x" })
  ask({ endedBy: "target", error: "the origin ended its answer early" })
  for (const code of ["ECONNRESET", undefined]) {
    destinations.ended(flowOf({ target: "a.example:80", endedBy: "target", code }))
  }
  destinations.ended(flowOf({ target: "a.example:80", endedBy: "timeout" }))
  destinations.ended(flowOf({ target: "a.example:80", refusal: refusal("connection-timeout", "late") }))
  expect(destinations.report([], "").destinations).toMatchObject([
    {
      success: 0.25,
      errors: {
        "503": 1,
        "connection-refused": 1,
        "the origin ended its answer early": 1,
        ECONNRESET: 1,
        timeout: 1,
        "connection-timeout": 1,
      },
      last_error: { reason: "connection-timeout", detail: "late" },
    },
  ])
})

test("routes are reported of all, of one, or of none", () => {
  const { destinations } = make()
  for (const target of ["a:1", "b:1"]) destinations.answered(flowOf(), recordOf({ target }))
  const routes = (of: string | undefined): ReadonlyArray<number> =>
    destinations.report([], of).destinations.map((each) => each.routes.length)
  expect([routes(undefined), routes("b:1"), routes("")]).toEqual([
    [1, 1],
    [0, 1],
    [0, 0],
  ])
})
