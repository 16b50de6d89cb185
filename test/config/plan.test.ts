import { describe, expect, test } from "bun:test"
import { outboundIsLoopback, plan } from "../../src/config/plan.ts"
import { settingsOf } from "../support/settings.ts"

const planned = (type: string, protocol: string) =>
  plan(settingsOf({ flags: { "proxy-type": type, "proxy-protocol": protocol } })).map(
    ({ direction, speaks, port }) => `${direction} ${speaks} ${port}`,
  )

test.each([
  ["reverse", "tcp", ["inbound tcp 4143"]],
  ["reverse", "http", ["inbound http 4143"]],
  ["reverse", "socks", ["inbound socks 4143"]],
  ["forward", "http", ["outbound http 4140"]],
  ["forward", "socks", ["outbound socks 4140"]],
  ["dual", "http", ["inbound http 4143", "outbound http 4140"]],
  ["dual", "socks", ["inbound socks 4143", "outbound socks 4140"]],
  ["dual", "tcp:http", ["inbound tcp 4143", "outbound http 4140"]],
  ["dual", "tcp:socks", ["inbound tcp 4143", "outbound socks 4140"]],
])("%s with %s listens %p", (type, protocol, listeners) => {
  expect(planned(type, protocol)).toEqual(listeners)
})

test("strictness and binds are those of the settings; default binds stay empty", () => {
  const listeners = plan(settingsOf({ flags: { "proxy-strict": true, "proxy-out-bind": "10.0.0.1" } }))
  expect(listeners.map(({ strict }) => strict)).toEqual([true, true])
  expect(listeners.map(({ bind }) => bind.map(({ text }) => text))).toEqual([[], ["10.0.0.1"]])
})

describe("the outbound listener is on loopback", () => {
  test.each([
    ["", true],
    ["127.0.0.1,::1", true],
    ["127.9.9.9", true],
    ["127.0.0.1,10.0.0.1", false],
    ["::", false],
    ["0.0.0.0", false],
  ])("with %j: %p", (bind, loopback) => {
    expect(outboundIsLoopback(settingsOf({ flags: { "proxy-out-bind": bind } }))).toBe(loopback)
  })
})
