/** The command line: what it prints, where, and what it ends with. */
import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { needs } from "../support/needs.ts"
import { echo, httpOrigin, origin } from "../support/origins.ts"
import { annotationsText, pillion, startPillion } from "../support/pillion.ts"
import { curl, Lines, runCommand } from "../support/process.ts"
import { eventually, within } from "../support/within.ts"
import { build } from "../../scripts/build.ts"
import manifest from "../../package.json" with { type: "json" }

const oneLine = (text: string): boolean => text.trimEnd() !== "" && !text.trimEnd().includes("\n")

test("version says which version, to people and to programs", async () => {
  const text = await pillion(["version"])
  expect(text).toMatchObject({ code: 0, stderr: "" })
  expect(text.stdout).toStartWith(`pillion ${manifest.version} `)
  expect(JSON.parse((await pillion(["version", "--json"])).stdout)).toMatchObject({ version: manifest.version })
  expect((await pillion(["--version"])).stdout).toBe(text.stdout)
})

test("help begins with what it is and examples, names every command and exit code, and goes to stdout", async () => {
  const { code, stdout, stderr } = await pillion(["--help"])
  expect([code, stderr]).toEqual([0, ""])
  expect(stdout.indexOf("Examples")).toBeLessThan(stdout.indexOf("Usage"))
  for (const word of ["run", "check-config", "env", "healthcheck", "version", "--proxy-type", "PROXY_TYPE", " 78 "]) {
    expect(stdout).toContain(word)
  }
  expect((await pillion(["run", "--help"])).stdout).toContain("pillion run")
})

test("an unknown command or flag ends with 2 and one line that knows better", async () => {
  const cases: ReadonlyArray<readonly [argument: string, better: string]> = [
    ["--proxy-tpye=dual", "--proxy-type"],
    ["chekc-config", "check-config"],
  ]
  for (const [argument, better] of cases) {
    const { code, stdout, stderr } = await pillion([argument])
    expect([code, stdout, oneLine(stderr)]).toEqual([2, "", true])
    expect(stderr).toStartWith("pillion: ")
    expect(stderr).toContain(better)
  }
})

test("check-config prints every value with its origin, by the documented precedence", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-test-"))
  try {
    const file = join(folder, "annotations")
    const config = join(folder, "config.yaml")
    await Bun.write(file, annotationsText({ "proxy-port": "1", "proxy-host": "annotation", "proxy-in-port": "10" }))
    await Bun.write(config, "proxy-port: 2\nproxy-host: file\nproxy-in-port: 20\nproxy-out-port: 21\n")
    const { code, stdout } = await pillion(
      ["check-config", "--json", `--annotations-file=${file}`, `--config=${config}`, "--proxy-port=4"],
      { env: { REVERSE_PROXY_PORT: "3", REVERSE_PROXY_HOST: "environment" } },
    )
    expect(code).toBe(0)
    const rows: ReadonlyArray<{ option: string; value: unknown; origin: string }> = JSON.parse(stdout)
    const of = (name: string) => rows.find(({ option }) => option === name)
    expect(of("proxy-port")).toMatchObject({ value: 4, origin: expect.stringContaining("--proxy-port") })
    expect(of("proxy-host")).toMatchObject({
      value: "environment",
      origin: expect.stringContaining("REVERSE_PROXY_HOST"),
    })
    expect(of("proxy-in-port")).toMatchObject({ value: 10, origin: expect.stringContaining("annotation") })
    expect(of("proxy-out-port")).toMatchObject({ value: 21, origin: expect.stringContaining(config) })
    expect(of("proxy-type")).toMatchObject({ value: "dual", origin: "default" })
    const text = await pillion(["check-config"])
    for (const { option } of rows) expect(text.stdout).toContain(option)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test("an annotations file that is malformed is refused with line and column; one that is missing, by name", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-test-"))
  try {
    const file = join(folder, "annotations")
    await Bun.write(file, 'a="fine"\nsidecar.speedscale.com/proxy-type="du\\qal"\n')
    const bad = await pillion(["check-config", `--annotations-file=${file}`])
    expect([bad.code, oneLine(bad.stderr)]).toEqual([78, true])
    expect(bad.stderr).toContain(`${file} line 2 column 38`)
    const missing = await pillion(["run", `--annotations-file=${file}.no`])
    expect([missing.code, oneLine(missing.stderr)]).toEqual([78, true])
    expect(missing.stderr).toContain(`${file}.no`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test("a port in use ends with 69 and one line that names the option and the port", async () => {
  using taken = await origin()
  const flags = ["--proxy-in-port=0", "--health-port=0", "--admin-port=0"]
  const { code, stdout, stderr } = await pillion(["run", ...flags, `--proxy-out-port=${taken.port}`])
  expect([code, stdout, oneLine(stderr)]).toEqual([69, "", true])
  expect(stderr).toContain("proxy-out-port")
  expect(stderr).toContain(String(taken.port))
})

test("the first lines say version, mode, listeners, and the next thing to type", async () => {
  await using running = await startPillion({ flags: ["--proxy-type=dual"] })
  const talk = await running.stderr.until(
    (line) => (line.includes(String(running.ports.out)) ? running.stderr.all.join("\n") : undefined),
    "start-up line",
  )
  for (const word of [manifest.version, "dual", String(running.ports.in), String(running.ports.health)]) {
    expect(talk).toContain(word)
  }
  expect(talk).toContain("pillion env")
})

for (const language of ["go", "python", "node", "java", "dotnet", "ruby", "curl"]) {
  test(`env ${language} prints a recipe with the ports in force, for a shell and for Kubernetes`, async () => {
    const shell = await pillion(["env", language, "--proxy-out-port=11000"])
    expect(shell).toMatchObject({ code: 0, stderr: "" })
    expect(shell.stdout).toContain("11000")
    const checked = await runCommand(["sh", "-n"], { stdin: shell.stdout })
    expect(checked).toMatchObject({ code: 0, stderr: "" })
    const kubernetes = await pillion(["env", language, "--k8s", "--proxy-out-port=11000"])
    expect(kubernetes.code).toBe(0)
    const parsed = Bun.YAML.parse(kubernetes.stdout) as { env: ReadonlyArray<{ name: string; value: string }> }
    expect(parsed.env.some(({ name, value }) => /^[A-Z_a-z]+$/.test(name) && value.includes("11000"))).toBe(true)
  })
}

needs("fish")(
  "what env prints for fish sets the same variables there, and Java's behind those that are set",
  async () => {
    const flags = ["--proxy-out-port=11000"]
    const printed = await pillion(["env", "--shell", "fish", ...flags])
    expect(printed).toMatchObject({ code: 0, stderr: "" })
    const wanted: ReadonlyArray<{ name: string; value: string }> = JSON.parse(
      (await pillion(["env", "--json", ...flags])).stdout,
    )
    expect(wanted.length).toBeGreaterThan(8)
    const show = wanted.map(({ name }) => `printf '%s\\n' "$${name}"`).join("\n")
    const home = { env: { HOME: "/nonexistent", TERM: "dumb" } }
    const set = await runCommand(["fish", "--no-config"], { stdin: `${printed.stdout}${show}\n`, ...home })
    expect(set).toEqual({ code: 0, stdout: wanted.map(({ value }) => `${value}\n`).join(""), stderr: "" })
    const java = `set -gx JAVA_TOOL_OPTIONS -Dmine=1\n${printed.stdout}printf %s "$JAVA_TOOL_OPTIONS"\n`
    expect((await runCommand(["fish", "--no-config"], { stdin: java, ...home })).stdout).toStartWith(
      "-Dmine=1 -Dhttp.proxyHost=",
    )
  },
)

needs("curl")("the recipe for curl, pasted into a shell, sends curl through the proxy", async () => {
  using server = await httpOrigin()
  await using running = await startPillion({ flags: [`--resolve=name.test:80=127.0.0.1:${server.port}`] })
  const recipe = await pillion(["env", "curl", `--proxy-out-port=${running.ports.out}`])
  const script = `${recipe.stdout}\ncurl --silent --show-error http://name.test/`
  expect(await runCommand(["sh", "-e"], { stdin: script })).toEqual({ code: 0, stdout: "hello", stderr: "" })
})

test("healthcheck ends with 0 while the proxy is ready, and with 1 when it drains or is not there", async () => {
  using server = await echo()
  await using running = await startPillion({ flags: [`--proxy-port=${server.port}`, "--drain-delay=2s"] })
  const check = () => pillion(["healthcheck", `--health-port=${running.ports.health}`])
  expect((await check()).code).toBe(0)
  running.signal("SIGTERM")
  await eventually(() => running.health("/readyz"), 503, "/readyz")
  expect((await check()).code).toBe(1)
  expect(await running.exited).toBe(0)
  expect((await check()).code).toBe(1)
})

test("health answers /livez, /readyz, /startupz and /metrics, and nothing else", async () => {
  await using running = await startPillion()
  for (const path of ["/livez", "/readyz", "/startupz", "/metrics"]) expect(await running.health(path)).toBe(200)
  expect(await running.health("/else")).toBe(404)
})

// ── run -- CMD ──────────────────────────────────────────────────────────────────────────────────────────────────────

const free = ["--proxy-in-port=0", "--proxy-out-port=0", "--health-port=0", "--admin-port=0"]
const runWith = (command: ReadonlyArray<string>, flags: ReadonlyArray<string> = [], env: Record<string, string> = {}) =>
  pillion(["run", ...free, ...flags, "--", ...command], { env })

needs("curl")("run -- CMD sends the command's traffic through the proxy, and ends with its exit code", async () => {
  using server = await httpOrigin()
  const script = "curl --silent --show-error http://name.test/; exit 7"
  const { code, stdout } = await runWith(["sh", "-c", script], [`--resolve=name.test:80=127.0.0.1:${server.port}`])
  expect(code).toBe(7)
  expect(stdout).toContain("hello")
  expect(server.requests.length).toBe(1)
})

test("run -- CMD sets every proxy variable, overwrites none, and appends to JAVA_TOOL_OPTIONS", async () => {
  const { code, stdout } = await runWith(["env"], ["--access-log=false"], {
    HTTPS_PROXY: "http://mine:1",
    JAVA_TOOL_OPTIONS: "-Dmine=1",
  })
  expect(code).toBe(0)
  const variables = new Map(stdout.split("\n").map((line) => line.split(/=(.*)/s, 2) as [string, string]))
  for (const name of ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]) {
    expect(variables.get(name)).toMatch(/^\w+:\/\/127\.0\.0\.1:\d+\/?$/)
  }
  expect(variables.get("NO_PROXY")).toContain("localhost")
  expect(variables.get("no_proxy")).toContain("localhost")
  expect(variables.get("HTTPS_PROXY")).toBe("http://mine:1")
  expect(variables.get("JAVA_TOOL_OPTIONS")).toMatch(/^-Dmine=1 .*127\.0\.0\.1/)
})

test("run -- CMD ends with 127 for a command that is not there, and with 128 + n after signal n", async () => {
  const missing = await runWith(["no-such-command-here"])
  expect(missing.code).toBe(127)
  expect(missing.stderr).toContain("no-such-command-here")
  expect((await runWith(["sh", "-c", "kill -KILL $$"])).code).toBe(137)
})

test("run -- CMD hands signals on to the command", async () => {
  const script = "trap 'exit 9' TERM; echo up; while :; do sleep 0.05; done"
  const child = Bun.spawn([await build(), "run", ...free, "--", "sh", "-c", script], {
    env: { PATH: process.env["PATH"] },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  })
  try {
    await new Lines(child.stdout).until((line) => line === "up" || undefined, "up")
    child.kill("SIGTERM")
    expect(await within(child.exited, "end of the command")).toBe(9)
  } finally {
    child.kill("SIGKILL")
  }
})

test("run -- CMD without an outbound listener warns, and sets no variable", async () => {
  const { code, stdout, stderr } = await runWith(["env"], ["--proxy-type=reverse", "--access-log=false"])
  expect(code).toBe(0)
  expect(stdout).not.toMatch(/^https?_proxy=/im)
  expect(stderr).toMatch(/outbound/)
})

test("drain asks the running proxy to stop as SIGTERM does", async () => {
  await using running = await startPillion()
  // Stopped by this, so not by itself.
  running.expectEnd()
  const { code } = await pillion(["drain", `--admin-port=${running.ports.admin}`])
  expect(code).toBe(0)
  expect(await running.exited).toBe(0)
})

needs("curl")("what curl says to the admin port from a web page's origin changes nothing", async () => {
  await using running = await startPillion()
  const url = `http://127.0.0.1:${running.ports.admin}/drain`
  await curl("--request", "POST", "--header", "Origin: http://evil.example", url)
  await curl("--request", "POST", "--header", "Host: evil.example", url)
  await curl(url)
  expect(await running.health("/readyz")).toBe(200)
})
