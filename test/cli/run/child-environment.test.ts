import { expect, test } from "bun:test"
import { childEnvironment } from "../../../src/cli/run/child-environment.ts"
import { env } from "../../../src/cli/clients/env.ts"
import type { Variable } from "../../../src/cli/clients/recipes.ts"
import { type Given, settingsOf } from "../../support/settings.ts"

const make = (environment: Record<string, string | undefined> = {}, flags: Given["flags"] = {}) =>
  childEnvironment(settingsOf({ flags }), { out: 5000 }, environment)

test("a program is given what pillion env prints, with the port that was chosen", () => {
  const settings = settingsOf({ flags: { "proxy-out-port": "5000" } })
  const printed: ReadonlyArray<Variable> = JSON.parse(
    env(settings, { language: undefined, json: true, k8s: false, dialect: undefined }, {}).stdout,
  )
  const { env: given, notes } = make({}, { "proxy-out-port": "0" })
  expect(given).toEqual(Object.fromEntries(printed.map(({ name, value }) => [name, value])))
  expect(given["HTTP_PROXY"]).toBe("http://127.0.0.1:5000")
  expect(notes).toEqual([])
})

test("it keeps the rest of the environment", () => {
  expect(make({ HOME: "/x", EMPTY: "", ABSENT: undefined }).env).toMatchObject({ HOME: "/x", EMPTY: "" })
  expect(make({ ABSENT: undefined }).env).not.toHaveProperty("ABSENT")
})

test("a variable that is set is kept, in its other case too, and a note names it", () => {
  const { env, notes } = make({ HTTP_PROXY: "http://corp:3128", no_proxy: "", NODE_USE_ENV_PROXY: "0" })
  expect(env).toMatchObject({ HTTP_PROXY: "http://corp:3128", no_proxy: "", NODE_USE_ENV_PROXY: "0" })
  expect(env).not.toHaveProperty("http_proxy")
  expect(env).not.toHaveProperty("NO_PROXY")
  expect(env["HTTPS_PROXY"]).toBe("http://127.0.0.1:5000")
  expect(notes).toEqual([
    "kept as they were, so clients that read them may go past the proxy: HTTP_PROXY, no_proxy, NODE_USE_ENV_PROXY",
  ])
})

test("a variable that is set in both cases is kept and named in both", () => {
  const { env, notes } = make({ ALL_PROXY: "a", all_proxy: "b" })
  expect(env).toMatchObject({ ALL_PROXY: "a", all_proxy: "b" })
  expect(notes.join()).toEndWith(": ALL_PROXY, all_proxy")
})

test("JAVA_TOOL_OPTIONS is appended to", () => {
  expect(make({ JAVA_TOOL_OPTIONS: "-javaagent:/agent.jar" }).env["JAVA_TOOL_OPTIONS"]).toStartWith(
    "-javaagent:/agent.jar -Dhttp.proxyHost=127.0.0.1 ",
  )
  expect(make({ JAVA_TOOL_OPTIONS: "" }).env["JAVA_TOOL_OPTIONS"]).toStartWith("-Dhttp.proxyHost=127.0.0.1 ")
})

test("JAVA_TOOL_OPTIONS that name a proxy are kept, since the JVM takes the last of two", () => {
  for (const options of ["-Dhttp.proxyHost=corp", "-Xmx1g -Dhttps.proxyPort=1", "-DsocksProxyHost=corp"]) {
    const { env, notes } = make({ JAVA_TOOL_OPTIONS: options })
    expect(env["JAVA_TOOL_OPTIONS"]).toBe(options)
    expect(notes.join()).toEndWith(": JAVA_TOOL_OPTIONS")
  }
})

test("strict socks gives each variable a SOCKS URL that its readers know, and no switch of HTTP clients", () => {
  const { env } = make({}, { "proxy-protocol": "socks", "proxy-strict": true })
  for (const name of ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"]) {
    expect(env[name]).toBe("socks5://127.0.0.1:5000")
  }
  for (const name of ["ALL_PROXY", "all_proxy"]) expect(env[name]).toBe("socks5h://127.0.0.1:5000")
  expect(Object.keys(env).filter((name) => /GLOBAL_AGENT|NODE/.test(name))).toEqual([])
  expect(env["JAVA_TOOL_OPTIONS"]).not.toContain("http.proxy")
})

test("without an outbound listener nothing is set, and a note says so", () => {
  const { env, notes } = make({ HOME: "/x" }, { "proxy-type": "reverse" })
  expect(env).toEqual({ HOME: "/x" })
  expect(notes).toEqual(["proxy-type reverse has no outbound listener: the program is told of no proxy"])
})
