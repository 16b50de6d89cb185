import { expect, test } from "bun:test"

import { listenFailed } from "../../src/flow/listen-failed.ts"

const failure = (code: string): Error => Object.assign(new Error("no"), { code })

test("a port in use is named with its listener and the option that changes it", () => {
  expect(listenFailed("admin", "127.0.0.1", 4100, failure("EADDRINUSE")).message).toBe(
    "cannot listen on 127.0.0.1 port 4100 (admin): the port is in use (EADDRINUSE); stop what holds it, or set --admin-port",
  )
})

test("every listener has its own options", () => {
  const option = { inbound: "--proxy-in-port", outbound: "--proxy-out-port", health: "--health-port" } as const
  for (const what of ["inbound", "outbound", "health"] as const) {
    expect(listenFailed(what, "::", 80, failure("EADDRINUSE")).message).toEndWith(`, or set ${option[what]}`)
  }
  expect(listenFailed("inbound", "192.0.2.1", 80, failure("EADDRNOTAVAIL")).message).toContain("--proxy-in-bind")
  expect(listenFailed("outbound", "192.0.2.1", 80, failure("EADDRNOTAVAIL")).message).toContain("--proxy-out-bind")
})

test("a port below 1024 that is not permitted says what permits it", () => {
  expect(listenFailed("inbound", "::", 80, failure("EACCES")).message).toContain("CAP_NET_BIND_SERVICE")
  expect(listenFailed("inbound", "::", 8080, failure("EACCES")).message).not.toContain("1024")
})

test("an unknown failure keeps its code, or else its words", () => {
  expect(listenFailed("health", "::", 80, failure("EWHATEVER"))).toMatchObject({ code: "EWHATEVER", port: 80 })
  expect(listenFailed("health", "::", 80, new Error("odd")).message).toBe("cannot listen on :: port 80 (health): odd")
})
