/** What the page asks of the proxy for records, answered by the routes that the proxy has for it. */
import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"

import { captureRoutes } from "../../../../src/admin/captures/captures.ts"
import { Captures } from "../../../../src/admin/page/model/captures.ts"
import { lookUp } from "../../../../src/admin/page/model/found.ts"
import { makeHandler } from "../../../../src/admin/router.ts"
import type { CaptureRecord } from "../../../../src/capture/record.ts"
import { charge, makeExchange } from "../../../support/capture-records.ts"

const order = makeExchange()
const stream: CaptureRecord = {
  v: 1,
  id: "019b2f6e-1c32-7a41-9d52-6a0f3b7c0001",
  kind: "stream",
  started: charge.started,
  flow: 3,
  n: 0,
  direction: "inbound",
  bytes_in: 1,
  bytes_out: 2,
}
const kept = new Map(
  [order, stream, charge].map((record) => [record.id, Buffer.from(`${JSON.stringify(record)}\n`)] as const),
)
const routes = captureRoutes({
  kept: { ids: () => [...kept.keys()], line: (id) => kept.get(id) },
  token: "t0ken",
  version: "0.0.0",
})

/** The proxy, with a capture that is off until it is switched on. */
const proxy = (asked: Array<string> = []) => {
  let isOn = false
  return (path: string, init: RequestInit): Promise<Response> => {
    asked.push(path)
    if (path === "/capture") {
      if (init.method === "PUT") isOn = init.body === "on"
      return Promise.resolve(Response.json({ capture: isOn ? "memory" : "off", keeps: isOn, records: 3 }))
    }
    const request = new Request(`http://localhost${path}`, init)
    const asking = Effect.flatMap(makeHandler(routes), (answer) =>
      Effect.promise(async () => {
        const response = await answer(request)
        return new Response(await response.arrayBuffer(), response)
      }),
    )
    return Effect.runPromise(Effect.scoped(asking))
  }
}

const captures = new Captures("t0ken", proxy())

test("the record of a request is that of its connection and number, that of a connection none of its requests'", async () => {
  expect(await captures.recordOfRequest(12, 1)).toEqual({ _tag: "Answered", value: charge })
  expect(await captures.recordOfRequest(12, 2)).toEqual({ _tag: "Answered", value: undefined })
  expect(await captures.recordOfConnection(3)).toEqual({ _tag: "Answered", value: stream })
  expect(await captures.recordOfConnection(12)).toEqual({ _tag: "Answered", value: undefined })
})

test("a record is found by its id, and what it caused by that of its cause", async () => {
  expect(await captures.record(charge.id)).toEqual({ _tag: "Answered", value: charge })
  expect(await captures.record("ffffffffffff")).toEqual({ _tag: "Answered", value: undefined })
  expect(await captures.record("x/y")).toMatchObject({ _tag: "Failed" })
  expect(await captures.effects(order.id)).toEqual({ _tag: "Answered", value: [charge] })
  expect(await captures.effects(charge.id)).toEqual({ _tag: "Answered", value: [] })
})

test("without a token nothing is asked; a wrong one is told from none", async () => {
  const asked: Array<string> = []
  expect(await new Captures(undefined, proxy(asked)).record(charge.id)).toEqual({ _tag: "Locked", isKnown: false })
  expect(asked).toEqual([])
  expect(await new Captures("other", proxy()).record(charge.id)).toEqual({ _tag: "Locked", isKnown: true })
})

/** What is made of an answer. */
const answering = (body: string, status = 200) =>
  new Captures("t0ken", () => Promise.resolve(new Response(body, { status }))).record(charge.id)

test("what cannot be had, or is no record, is told in words", async () => {
  expect(await answering("gone wrong\n", 500)).toEqual({
    _tag: "Failed",
    why: `/captures/${charge.id} answers 500: gone wrong`,
  })
  expect(await answering(`{"v":2}`)).toEqual({
    _tag: "Failed",
    why: "this page cannot read the record: version 2 is newer than this program reads, which is 1",
  })
  const broken = new Captures("t0ken", () => Promise.reject(new TypeError("no network")))
  expect(await broken.isOn()).toEqual({ _tag: "Failed", why: "no network" })
  const old = new Captures("t0ken", () => Promise.resolve(new Response("no such path\n", { status: 404 })))
  expect(await old.isOn()).toEqual({ _tag: "Failed", why: "this proxy has no capture" })
})

test("capture is switched on and off", async () => {
  const own = new Captures("t0ken", proxy())
  expect(await own.isOn()).toEqual({ _tag: "Answered", value: false })
  expect(await own.switch(true)).toEqual({ _tag: "Answered", value: true })
  expect(await own.isOn()).toEqual({ _tag: "Answered", value: true })
  expect(await own.switch(false)).toEqual({ _tag: "Answered", value: false })
})

test("what is looked up is found, or it is told why not: locked, failed, or not recorded, with capture on or off", async () => {
  const wanted = { id: undefined, flow: 12, n: 1 }
  expect(await lookUp(captures, wanted)).toEqual({ _tag: "Record", record: charge })
  expect(await lookUp(captures, { ...wanted, id: order.id })).toEqual({ _tag: "Record", record: order })
  expect(await lookUp(captures, { ...wanted, flow: 3, n: undefined })).toEqual({ _tag: "Record", record: stream })
  expect(await lookUp(captures, { ...wanted, n: 9 })).toEqual({ _tag: "Missing", isOn: false })
  const on = new Captures("t0ken", proxy())
  await on.switch(true)
  expect(await lookUp(on, { ...wanted, n: 9 })).toEqual({ _tag: "Missing", isOn: true })
  expect(await lookUp(new Captures(undefined, proxy()), wanted)).toEqual({ _tag: "Locked", isKnown: false })
})
