import { describe, expect, test } from "bun:test"
import * as Result from "effect/Result"
import { parseAddress } from "../../src/protocol/address.ts"
import { loaded, messageOf, tryRead } from "../support/settings.ts"

const types = ["reverse", "forward", "dual"] as const
const allowed: Readonly<Record<string, ReadonlyArray<string>>> = {
  tcp: ["reverse"],
  http: ["reverse", "forward", "dual"],
  socks: ["reverse", "forward", "dual"],
  "tcp:http": ["dual"],
  "tcp:socks": ["dual"],
}
const combinations = types.flatMap((type) => Object.keys(allowed).map((protocol) => [type, protocol] as const))

describe("a type and a protocol", () => {
  test.each(combinations.filter(([type, protocol]) => allowed[protocol]?.includes(type)))(
    "%s with %s is allowed",
    (type, protocol) => {
      expect(loaded({ env: { PROXY_TYPE: type, PROXY_PROTOCOL: protocol } }).warnings).toEqual([])
    },
  )

  test.each(combinations.filter(([type, protocol]) => !allowed[protocol]?.includes(type)))(
    "%s with %s is refused, naming both origins and what to write instead, which is allowed",
    (type, protocol) => {
      const message = messageOf({ flags: { "proxy-type": type }, annotations: { "proxy-protocol": protocol } })
      expect(message).toStartWith(
        `proxy-protocol "${protocol}" (annotation sidecar.speedscale.com/proxy-protocol in /etc/podinfo/annotations) ` +
          `does not go with proxy-type "${type}" (flag --proxy-type): write `,
      )
      const instead = /write proxy-protocol (.*), or proxy-type (.*)$/.exec(message)
      for (const better of (instead?.[1] ?? "none").split(" or ")) {
        expect(Result.isSuccess(tryRead({ flags: { "proxy-type": type, "proxy-protocol": better } }))).toBe(true)
      }
      expect(
        Result.isSuccess(tryRead({ flags: { "proxy-type": instead?.[2] ?? "none", "proxy-protocol": protocol } })),
      ).toBe(true)
    },
  )

  test.each([
    ["forward", "tcp", "http or socks"],
    ["forward", "tcp:http", "http"],
    ["forward", "tcp:socks", "socks"],
    ["reverse", "tcp:http", "tcp"],
    ["reverse", "tcp:socks", "tcp"],
    ["dual", "tcp", "tcp:http or tcp:socks"],
  ])("%s with %s: write %s", (type, protocol, instead) => {
    expect(messageOf({ flags: { "proxy-type": type, "proxy-protocol": protocol } })).toContain(
      `write proxy-protocol ${instead}, or`,
    )
  })

  test("a protocol that the default type does not take is refused too", () => {
    expect(messageOf({ flags: { "proxy-protocol": "tcp" } })).toContain('proxy-type "dual" (default)')
  })
})

describe("one port for two listeners", () => {
  const names = ["proxy-in-port", "proxy-out-port", "health-port", "admin-port"]
  test.each(names.flatMap((one, i) => names.slice(i + 1).map((other) => [one, other] as const)))(
    "is refused for %s and %s, naming both",
    (one, other) => {
      const message = messageOf({ flags: { [one]: "9000", [other]: "9000" } })
      expect(message).toBe(
        `${other} 9000 (flag --${other}) is the port of ${one} 9000 (flag --${one}) too: write another port for ${other} or ${one}`,
      )
    },
  )

  test("is refused where one of them is a default", () => {
    expect(messageOf({ flags: { "proxy-in-port": "4140" } })).toContain("proxy-out-port 4140 (default)")
  })

  test("0 may be asked for as often as one likes", () => {
    const zeros = Object.fromEntries(names.map((name) => [name, "0"]))
    expect(loaded({ flags: zeros }).warnings).toEqual([])
  })

  test("does not matter for a listener that does not run", () => {
    expect(loaded({ flags: { "proxy-type": "reverse", "proxy-in-port": "4140" } }).settings.proxyInPort).toBe(4140)
    expect(loaded({ flags: { "proxy-type": "forward", "proxy-out-port": "4143" } }).settings.proxyOutPort).toBe(4143)
  })
})

describe("a workload that is the proxy itself", () => {
  const own = parseAddress("10.1.1.1")
  const limits = { ownAddresses: own === undefined ? [] : [own] }
  const workload = (host: string, more: Readonly<Record<string, string>> = {}) => ({
    flags: { "proxy-type": "reverse", "proxy-host": host, "proxy-port": "4143", ...more },
    limits,
  })

  test.each([
    "localhost",
    "LOCALHOST.",
    "127.0.0.1",
    "127.0.0.9",
    "::1",
    "[::1]",
    "::ffff:127.0.0.1",
    "0.0.0.0",
    "::",
    "10.1.1.1",
  ])("is refused when it is spelled %s", (host) => {
    const message = messageOf(workload(host))
    expect(message).toStartWith("proxy-port 4143 (flag --proxy-port) makes the workload ")
    expect(message).toContain("this proxy's own listener, proxy-in-port 4143 (default)")
  })

  test.each(["tcp", "http", "socks"])("is refused with %s", (protocol) => {
    expect(messageOf(workload("localhost", { "proxy-protocol": protocol }))).toContain("own listener")
  })

  test.each(["10.1.1.2", "app.default.svc", "fd00::1"])("is not when it is %s", (host) => {
    expect(loaded(workload(host)).warnings).toEqual([])
  })

  test("is not where the listener is on another address", () => {
    expect(loaded(workload("127.0.0.1", { "proxy-in-bind": "10.1.1.1" })).warnings).toEqual([])
    expect(loaded(workload("127.0.0.1", { "proxy-in-bind": "127.0.0.2" })).warnings).toEqual([])
    expect(loaded(workload("::1", { "proxy-in-bind": "0.0.0.0" })).warnings).toEqual([])
  })

  test("is where the listener is on that address, or on all", () => {
    for (const bind of ["10.1.1.1", "0.0.0.0", "::", "127.0.0.1,10.1.1.1"]) {
      expect(messageOf(workload("10.1.1.1", { "proxy-in-bind": bind }))).toContain("own listener")
    }
  })

  test("is refused as the outbound, health or admin listener too", () => {
    expect(messageOf({ flags: { "proxy-port": "4140" } })).toContain("proxy-out-port 4140 (default)")
    expect(messageOf({ flags: { "proxy-port": "4145" } })).toContain("health-port 4145 (default)")
    expect(messageOf({ flags: { "proxy-port": "4100" } })).toContain("admin-port 4100 (default)")
  })

  test("does not matter to a forward proxy, which has no workload", () => {
    expect(loaded({ flags: { "proxy-type": "forward", "proxy-port": "4140" } }).warnings).toEqual([])
  })
})

test("an outbound listener off loopback is warned of", () => {
  expect(loaded({ flags: { "proxy-out-bind": "0.0.0.0" } }).warnings).toEqual([
    expect.stringContaining('proxy-out-bind "0.0.0.0" (flag --proxy-out-bind) is not loopback'),
  ])
  expect(loaded({ flags: { "proxy-out-bind": "127.0.0.2" } }).warnings).toEqual([])
  expect(loaded({ flags: { "proxy-type": "reverse", "proxy-out-bind": "0.0.0.0" } }).warnings).toEqual([])
})

test("a drain-delay that the drain-timeout cuts short is warned of", () => {
  expect(loaded({ flags: { "drain-delay": "30s" } }).warnings).toEqual([
    'drain-delay "30s" (flag --drain-delay) is longer than drain-timeout "25s" (default): the drain ends with the shorter one',
  ])
  expect(loaded({ flags: { "drain-delay": "25s" } }).warnings).toEqual([])
})
