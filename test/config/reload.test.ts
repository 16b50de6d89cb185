import { expect, test } from "bun:test"
import { reload } from "../../src/config/reload.ts"
import { settingsOf } from "../support/settings.ts"

test("nothing new changes nothing", () => {
  const current = settingsOf({ flags: { resolve: "a:1=127.0.0.1:2" } })
  expect(reload(current, settingsOf({ flags: { resolve: "A:1=127.0.0.1:2" } }))).toEqual({
    settings: current,
    changed: [],
    waiting: [],
  })
})

test("levels, deadlines, limits, resolve, strictness and destinations change at once", () => {
  const file = {
    "log-level": "debug",
    "dial-timeout": "1s",
    "max-head-fields": 5,
    "metrics-destinations": 7,
    resolve: "a:1=127.0.0.1:2",
    "proxy-strict": true,
    "deny-destinations": ["10.0.0.0/8"],
  }
  const next = settingsOf({ file })
  const { settings, changed, waiting } = reload(settingsOf(), next)
  expect(settings).toEqual(next)
  expect(changed.toSorted()).toEqual(Object.keys(file).toSorted())
  expect(waiting).toEqual([])
})

test("a change of type, protocol, address or port waits for a restart and is named", () => {
  const current = settingsOf()
  const file = {
    "proxy-type": "reverse",
    "proxy-protocol": "tcp",
    "proxy-in-bind": "::1",
    "proxy-port": 81,
    "log-level": "warn",
  }
  const { settings, changed, waiting } = reload(current, settingsOf({ file }))
  expect(settings).toEqual({ ...current, logLevel: "warn" })
  expect(changed).toEqual(["log-level"])
  expect(waiting).toEqual(["proxy-type", "proxy-protocol", "proxy-port", "proxy-in-bind"])
})
