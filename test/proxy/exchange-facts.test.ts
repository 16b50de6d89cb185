/** Exchange facts: what is known of a request that is over, put together. */
import { expect, test } from "bun:test"

import type { RequestRecord } from "../../src/flow/request-record.ts"
import { refusal } from "../../src/protocol/refusal.ts"
import { factsOf } from "../../src/proxy/exchange-facts.ts"
import { flowOf } from "../support/flows.ts"

const record: RequestRecord = {
  n: 3,
  method: "GET",
  authority: "shop.test",
  target: "a:80",
  path: "/",
  version: "1.1",
  status: 200,
  started: 0,
  elapsed: 25,
  dialled: 1,
  firstByte: 20,
  bytesIn: 3,
  bytesOut: 4,
  endedBy: undefined,
  phase: "data",
  error: undefined,
  refusal: undefined,
  isProbe: false,
  traceparent: undefined,
}

const passed = { n: 3, requestIsWhole: true, responseIsWhole: false }
const flow = flowOf({
  id: 12,
  direction: "inbound",
  target: "a:80",
  address: "192.0.2.1:80",
  sni: "s",
  endedBy: "client",
  code: "ECONNRESET",
})

test("of a request that went well", () => {
  expect(factsOf(flow, record, passed)).toEqual({
    flow: 12,
    n: 3,
    direction: "inbound",
    client: "127.0.0.1:40000",
    target: "a:80",
    address: "192.0.2.1:80",
    sni: "s",
    authority: "shop.test",
    dialled: 1,
    firstByte: 20,
    elapsed: 25,
    end: undefined,
    phase: "data",
    code: undefined,
    refusal: undefined,
    error: undefined,
    bytesIn: 3,
    bytesOut: 4,
    requestIsWhole: true,
    responseIsWhole: false,
    isProbe: false,
  })
})

test("of one that did not, how it ended", () => {
  const refused = refusal("connection-refused", "a:80")
  const ended = { ...record, endedBy: "proxy", error: "connection-refused", refusal: refused, isProbe: true } as const
  expect(factsOf(flow, ended, passed)).toMatchObject({
    end: "proxy",
    code: "ECONNRESET",
    refusal: "connection-refused",
    error: "connection-refused",
    isProbe: true,
  })
})

test("the address of another target is not taken for its own", () => {
  expect(factsOf(flow, { ...record, target: "b:80" }, passed).address).toBeUndefined()
  expect(factsOf(flow, { ...record, target: undefined }, passed).target).toBe("a:80")
})
