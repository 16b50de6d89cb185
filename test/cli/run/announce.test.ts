import { expect, test } from "bun:test"
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { announce, nextStep, type Situation } from "../../../src/cli/run/announce.ts"
import { calledAs } from "../../../src/cli/run/called.ts"
import type { LogFields } from "../../../src/observe/log/log.ts"
import { loaded } from "../../support/settings.ts"

const ports = { in: 4143, out: 4140, health: 4145, admin: 4100 }
const shell: Situation = { program: "pillion", beside: false, env: {} }

const next = (flags: Readonly<Record<string, string | true>>, more: Partial<Situation> = {}, given = ports): string =>
  nextStep(loaded({ flags }).settings, given, { ...shell, ...more })

test("the next step is for the shell, with what the recipe depends on", () => {
  const curl = "curl -x http://127.0.0.1:4140 http://example.com/"
  expect(next({})).toBe(`eval "$(pillion env)"; or ${curl}`)
  expect(next({}, { env: { SHELL: "/usr/bin/fish" } })).toBe(`pillion env --shell fish | source; or ${curl}`)
  expect(next({}, { program: "dist/pillion" }, { ...ports, out: 9 })).toBe(
    `eval "$(dist/pillion env --proxy-out-port 9)"; or curl -x http://127.0.0.1:9 http://example.com/`,
  )
  expect(next({ "proxy-protocol": "tcp:socks", "proxy-strict": true, "proxy-out-bind": "::1" })).toBe(
    'eval "$(pillion env --proxy-protocol socks --proxy-strict --proxy-out-bind ::1)"; ' +
      "or curl -x socks5h://[::1]:4140 http://example.com/",
  )
})

test("without an outbound listener it is for who sends to the workload", () => {
  const inbound = { ...ports, out: 0 }
  expect(next({ "proxy-type": "reverse" }, {}, inbound)).toBe("curl http://127.0.0.1:4143/")
  expect(next({ "proxy-type": "reverse", "proxy-protocol": "tcp" }, {}, inbound)).toBe(
    "send what is for the workload to port 4143",
  )
})

test("a program beside it, and a service of systemd, are watched; in a pod the page is", () => {
  const page = "http://127.0.0.1:4100/"
  expect(next({}, { beside: true })).toBe(`pillion top, or open ${page}`)
  expect(next({}, { beside: true }, { ...ports, admin: 9 })).toBe(
    "pillion top --admin-port 9, or open http://127.0.0.1:9/",
  )
  expect(next({}, { env: { INVOCATION_ID: "1", NOTIFY_SOCKET: "/run/x" } })).toBe(`pillion top, or open ${page}`)
  expect(next({}, { env: { KUBERNETES_SERVICE_HOST: "10.0.0.1" } })).toBe(
    `kubectl port-forward POD 4100, then open ${page}`,
  )
})

test("the ready line names kinds of sources, not each option", () => {
  const lines: Array<LogFields | undefined> = []
  const given = loaded({
    flags: { "proxy-port": "8080", "health-port": "9" },
    env: { LOG_LEVEL: "info" },
    annotations: { "proxy-type": "dual" },
    file: { "dial-timeout": "5s" },
  })
  announce({ info: (_, fields) => void lines.push(fields) }, given.settings, given.origins, ports, shell)
  expect(lines[0]).toEqual({
    type: "dual",
    protocol: "http",
    inbound: 4143,
    outbound: 4140,
    workload: "localhost:8080",
    health: 4145,
    admin: 4100,
    config: "/etc/podinfo/annotations, flags, file x.yaml, environment",
  })
})

test("the program is called by its name where the PATH leads to it, else by a path that can be pasted", () => {
  const folder = mkdtempSync(join(tmpdir(), "pillion-called-"))
  try {
    const file = join(folder, "dist/pillion")
    mkdirSync(join(folder, "dist"))
    mkdirSync(join(folder, "a b"))
    writeFileSync(file, "")
    chmodSync(file, 0o755)
    symlinkSync(file, join(folder, "a b/pillion"))
    expect(calledAs(join(folder, "a b"), file, "/")).toBe("pillion")
    expect(calledAs("/nowhere", file, folder)).toBe("dist/pillion")
    expect(calledAs("/nowhere", file, join(folder, "dist"))).toBe("./pillion")
    expect(calledAs("/nowhere", file, join(folder, "a b"))).toBe(file)
    expect(calledAs("/nowhere", join(folder, "a b/pillion"), folder)).toBe("'a b/pillion'")
  } finally {
    rmSync(folder, { recursive: true })
  }
})
