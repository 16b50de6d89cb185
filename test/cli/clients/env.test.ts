import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type EnvArgs, env, shellQuote } from "../../../src/cli/clients/env.ts"
import { languages } from "../../../src/cli/command-line/commands.ts"
import type { Variable } from "../../../src/cli/clients/recipes.ts"
import { runCommand } from "../../support/process.ts"
import { type Given, settingsOf } from "../../support/settings.ts"

type Flags = NonNullable<Given["flags"]>

const http: Flags = { "proxy-protocol": "http" }
const socks: Flags = { "proxy-protocol": "tcp:socks" }
const strictSocks: Flags = { "proxy-type": "forward", "proxy-protocol": "socks", "proxy-strict": true }
const modes = { http, socks, strictSocks }

const output = (flags: Flags, args: Partial<EnvArgs> = {}, environment: Record<string, string> = {}) =>
  env(settingsOf({ flags }), { language: undefined, json: false, k8s: false, dialect: undefined, ...args }, environment)

const variables = (flags: Flags, args: Partial<EnvArgs> = {}, environment: Record<string, string> = {}) => {
  const list: ReadonlyArray<Variable> = JSON.parse(output(flags, { ...args, json: true }, environment).stdout)
  return Object.fromEntries(list.map(({ name, value }) => [name, value]))
}

/** What the variables are after a shell with these variables has evaluated something. */
const evaluated = async (text: string, before: Record<string, string> = {}, line = 'eval "$RECIPE"') => {
  const script = `set -eu; ${line}; unset RECIPE; exec env -0`
  const { code, stdout, stderr } = await runCommand(["sh", "-c", script], { env: { ...before, RECIPE: text } })
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  const entries = stdout.split("\0").filter((entry) => !/^(PATH|PWD|OLDPWD|SHLVL|_)=|^$/.test(entry))
  return Object.fromEntries(
    entries.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
  )
}

for (const [mode, flags] of Object.entries(modes)) {
  for (const language of [undefined, ...languages]) {
    const name = `${language ?? "every language"} with ${mode}`

    test(`a shell that evaluates the recipe of ${name} has the variables of --json`, async () => {
      expect(await evaluated(output(flags, { language }).stdout)).toEqual(variables(flags, { language }))
    })

    test(`the recipe of ${name} in YAML is a container's env with the same names`, () => {
      const { stdout } = output(flags, { language, k8s: true })
      const parsed = Bun.YAML.parse(stdout)
      expect(parsed).toEqual({ env: JSON.parse(output(flags, { language, k8s: true, json: true }).stdout) })
      const names = Object.keys(variables(flags, { language }))
      expect(
        JSON.parse(output(flags, { language, k8s: true, json: true }).stdout).map(({ name }: Variable) => name),
      ).toEqual(names)
    })
  }
}

test("each language is told of HTTP in the names that its clients look at first", () => {
  const url = "http://127.0.0.1:4140"
  expect(variables(http, { language: "go" })).toMatchObject({ HTTP_PROXY: url, HTTPS_PROXY: url })
  for (const language of ["python", "node", "dotnet", "ruby", "curl"] as const) {
    expect(variables(http, { language })).toMatchObject({ http_proxy: url, https_proxy: url })
  }
  expect(variables(http, { language: "node" })).toMatchObject({
    NODE_USE_ENV_PROXY: "1",
    GLOBAL_AGENT_HTTP_PROXY: url,
    GLOBAL_AGENT_HTTPS_PROXY: url,
  })
})

test("where socks was asked for, clients that speak it are told of it, with names left to the proxy", () => {
  const schemes = { go: "socks5", python: "socks5h", dotnet: "socks5", curl: "socks5h" } as const
  for (const [language, scheme] of Object.entries(schemes)) {
    for (const flags of [socks, strictSocks]) {
      const set = Object.values(variables(flags, { language: language as keyof typeof schemes }))
      expect(set.filter((value) => value.includes("://"))).not.toBeEmpty()
      expect(set.filter((value) => value.includes("://") && value !== `${scheme}://127.0.0.1:4140`)).toEqual([])
    }
  }
})

test("clients without SOCKS are told of HTTP on a socks port, and of nothing but the reason on a strict one", () => {
  for (const language of ["node", "ruby"] as const) {
    expect(variables(socks, { language })["http_proxy"]).toBe("http://127.0.0.1:4140")
    expect(output(socks, { language }).stdout).toContain("this port takes HTTP too")
    expect(variables(strictSocks, { language })).not.toHaveProperty("http_proxy")
    expect(variables(strictSocks, { language })).not.toHaveProperty("NODE_USE_ENV_PROXY")
    expect(output(strictSocks, { language }).stdout).toContain("no SOCKS")
  }
})

const javaFlags = (flags: Flags) => variables(flags, { language: "java" })["JAVA_TOOL_OPTIONS"]?.split(" ")

test("Java is given properties of HTTP, of both, or of SOCKS only, and its own list of what goes past the proxy", () => {
  const hosts = "localhost|127.*|[::1]|169.254.169.254|metadata.google.internal"
  const ofHttp = [
    "-Dhttp.proxyHost=127.0.0.1",
    "-Dhttp.proxyPort=4140",
    "-Dhttps.proxyHost=127.0.0.1",
    "-Dhttps.proxyPort=4140",
    `-Dhttp.nonProxyHosts=${hosts}`,
  ]
  const ofSocks = ["-DsocksProxyHost=127.0.0.1", "-DsocksProxyPort=4140", `-DsocksNonProxyHosts=${hosts}`]
  expect(javaFlags(http)).toEqual(ofHttp)
  expect(javaFlags(socks)).toEqual([...ofHttp, ...ofSocks])
  expect(javaFlags(strictSocks)).toEqual(ofSocks)
})

test("JAVA_TOOL_OPTIONS is appended to in a shell, so that agents stay", async () => {
  const { stdout } = output(http, { language: "java" })
  const after = await evaluated(stdout, { JAVA_TOOL_OPTIONS: "-javaagent:/a b.jar" })
  expect(after["JAVA_TOOL_OPTIONS"]).toStartWith("-javaagent:/a b.jar -Dhttp.proxyHost=127.0.0.1 ")
})

test("the general set has every proxy variable in both cases, as HTTP wherever the port takes it", () => {
  for (const flags of [http, socks]) {
    const set = variables(flags)
    for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]) {
      expect(set[name]).toBe("http://127.0.0.1:4140")
      expect(set[name.toLowerCase()]).toBe("http://127.0.0.1:4140")
    }
    expect(set["NO_PROXY"]).toBe(set["no_proxy"])
  }
  expect(variables(strictSocks)).toMatchObject({
    HTTP_PROXY: "socks5://127.0.0.1:4140",
    https_proxy: "socks5://127.0.0.1:4140",
    ALL_PROXY: "socks5h://127.0.0.1:4140",
  })
})

test("a bare ::1 stands in no list that Ruby reads, where it would mean 10.0.0.1 too", () => {
  const lists = [variables(http)["NO_PROXY"], variables(http, { language: "ruby" })["no_proxy"]]
  for (const list of lists)
    expect(list?.split(",")).toEqual(expect.arrayContaining(["localhost", "127.0.0.1", "[::1]"]))
  for (const list of lists) expect(list?.split(",")).not.toContain("::1")
  expect(variables(http, { language: "curl" })["no_proxy"]?.split(",")).toContain("::1")
})

test("the API of the cluster goes past the proxy: by name in YAML, by address in a container's shell", () => {
  expect(variables(http, { language: "go", k8s: true })["NO_PROXY"]).toEndWith(
    ",kubernetes.default.svc,$(KUBERNETES_SERVICE_HOST)",
  )
  expect(variables(http, { language: "go" }, { KUBERNETES_SERVICE_HOST: "10.96.0.1" })["NO_PROXY"]).toEndWith(
    ",kubernetes.default.svc,10.96.0.1",
  )
  expect(variables(http, { language: "ruby" }, { KUBERNETES_SERVICE_HOST: "fd00::1" })["no_proxy"]).toEndWith(
    ",[fd00::1]",
  )
  expect(variables(http, { language: "go" })["NO_PROXY"]).not.toContain("kubernetes")
})

test("clients are sent to an address where the listener is", () => {
  const urlFor = (bind: string) => variables({ "proxy-out-bind": bind }, { language: "go" })["HTTP_PROXY"]
  expect(urlFor("0.0.0.0")).toBe("http://127.0.0.1:4140")
  expect(urlFor("::")).toBe("http://127.0.0.1:4140")
  expect(urlFor("10.1.2.3,127.0.0.1")).toBe("http://127.0.0.1:4140")
  expect(urlFor("10.1.2.3")).toBe("http://10.1.2.3:4140")
  expect(urlFor("::1")).toBe("http://[::1]:4140")
  expect(variables({ "proxy-out-bind": "::1" }, { language: "java" })["JAVA_TOOL_OPTIONS"]).toContain(
    "-Dhttp.proxyHost=::1 ",
  )
})

test("a port that was chosen at start is taken from the ports file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-env-"))
  const file = join(folder, "ports.json")
  const flags = { "proxy-out-port": "0", "ports-file": file }
  try {
    const stderr = `pillion: ports-file ${JSON.stringify(file)} cannot be read: is the proxy running?\n`
    expect(output(flags)).toEqual({ stdout: "", stderr, code: 1 })
    await Bun.write(file, '{"in":4143,"out":40404,"health":4145,"admin":4100}\n')
    expect(variables(flags, { language: "go" })["HTTP_PROXY"]).toBe("http://127.0.0.1:40404")
  } finally {
    await rm(folder, { recursive: true })
  }
})

test("without an outbound listener nothing is printed but why, and an eval of it sets nothing", () => {
  for (const protocol of ["tcp", "http", "socks"]) {
    const { stdout, stderr, code } = output({ "proxy-type": "reverse", "proxy-protocol": protocol })
    expect({ stdout, code }).toEqual({ stdout: "", code: 1 })
    expect(stderr).toBe(
      "pillion: proxy-type reverse has no outbound listener for clients to use: write proxy-type forward or dual\n",
    )
  }
})

test("a port that nobody can know is an error that says how to tell it", () => {
  const { stdout, stderr, code } = output({ "proxy-out-port": "0" })
  expect({ stdout, code }).toEqual({ stdout: "", code: 1 })
  expect(stderr).toMatch(/^pillion: proxy-out-port is 0, .*--ports-file\n$/)
})

test("an eval that forgot its quotes still sets the proxy: notes come after the variables", async () => {
  const { stdout } = output(http, { language: "go" })
  expect(await evaluated(stdout, {}, "eval $RECIPE")).toMatchObject(variables(http, { language: "go" }))
})

test("every line is an assignment or a comment, and no longer than a terminal is wide where it is for reading", () => {
  for (const flags of Object.values(modes)) {
    for (const language of [undefined, ...languages]) {
      const lines = output(flags, { language }).stdout.trimEnd().split("\n")
      expect(lines.filter((line) => !/^(export [A-Za-z_]+=|# )/.test(line))).toEqual([])
      expect(lines.filter((line) => line.startsWith("#") && line.length > 120)).toEqual([])
    }
  }
})

test("a quote in a value stays a quote", async () => {
  const value = 'it\'s "$HOME" `x` \\ |*\n'
  expect(await evaluated(`export X=${shellQuote(value)}`)).toEqual({ X: value })
})
