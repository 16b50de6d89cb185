/** Surroundings that are hostile or broken: output that cannot be written, a working directory that lies in wait. */
import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { build } from "../../scripts/build.ts"
import { unusedPort } from "../../scripts/unused-port.ts"
import { ask, openTunnel } from "../support/clients.ts"
import { needs } from "../support/needs.ts"
import { echo, httpOrigin } from "../support/origins.ts"
import { rawConnect } from "../support/peer.ts"
import { pillion, startPillion } from "../support/pillion.ts"
import { cpuMilliseconds, curl, residentBytes } from "../support/process.ts"
import { eventually, within } from "../support/within.ts"

/** Runs the executable under a shell that does with its output what `redirect` says, on a known outbound port. */
const startRedirected = async (redirect: string) => {
  const port = unusedPort()
  const flags = ["--proxy-type=forward", `--proxy-out-port=${port}`, "--health-port=0", "--admin-port=0"]
  const child = Bun.spawn(["sh", "-c", `exec "$@" ${redirect}`, "sh", await build(), "run", ...flags], {
    cwd: tmpdir(),
    env: { PATH: process.env["PATH"] },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  })
  const listens = () =>
    rawConnect(port).then(
      (peer) => (peer.reset(), true),
      () => false,
    )
  await eventually(listens, true, "whether it listens")
  return {
    port,
    child,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM")
      await within(child.exited, "end of pillion").finally(() => child.kill("SIGKILL"))
    },
  }
}

for (const [name, redirect] of [
  ["stdout is closed", ">&-"],
  ["stderr is closed", "2>&-"],
  ["both are closed", ">&- 2>&-"],
  ["stdout is a device that is full", ">/dev/full"],
] as const) {
  test(`traffic goes on when ${name}`, async () => {
    using server = await echo()
    await using running = await startRedirected(redirect)
    for (let i = 0; i < 50; i++) {
      using tunnel = await openTunnel("socks5", running.port, server.port)
      tunnel.send("x").end()
      expect((await tunnel.readToEnd()).toString()).toBe("x")
    }
    expect(running.child.exitCode).toBeNull()
    running.child.kill("SIGTERM")
    expect(await within(running.child.exited, "end of pillion")).toBe(0)
  })
}

test("a reader of stdout that stops reading stalls nothing and fills no memory; lines are dropped instead", async () => {
  using server = await httpOrigin()
  // Nobody reads the pipe of this child: it holds 64 KiB, some 200 lines.
  await using running = await startRedirected("")
  const before = residentBytes(running.child.pid)
  using client = await rawConnect(running.port)
  const request = `GET http://${server.authority}/${"x".repeat(500)} HTTP/1.1\r\nHost: ${server.authority}\r\n\r\n`
  const count = 5000
  for (let i = 0; i < count; i += 100) {
    client.send(request.repeat(100))
    for (let j = 0; j < 100; j++) await client.readUntil("\r\n\r\nhello")
  }
  expect(server.requests.length).toBe(count)
  expect(residentBytes(running.child.pid) - before).toBeLessThan(64 * 1024 * 1024)
}, 30_000)

test("the end of whoever read stdout does not end the proxy", async () => {
  using server = await echo()
  await using running = await startRedirected("")
  await running.child.stdout.cancel()
  await running.child.stderr.cancel()
  for (let i = 0; i < 20; i++) {
    using tunnel = await openTunnel("connect", running.port, server.port)
    tunnel.send("x").end()
    expect((await tunnel.readToEnd()).toString()).toBe("x")
  }
  expect(running.child.exitCode).toBeNull()
})

test("nothing in the working directory is read: no .env, no bunfig.toml, no package.json or tsconfig.json", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-hostile-"))
  try {
    const loaded = join(folder, "preload-ran")
    await Bun.write(join(folder, ".env"), "PROXY_TYPE=revers\nPILLION_PROXY_PORT=nonsense\n")
    await Bun.write(join(folder, "bunfig.toml"), 'preload = ["./preload.ts"]\n')
    await Bun.write(join(folder, "preload.ts"), `require("node:fs").writeFileSync(${JSON.stringify(loaded)}, "")\n`)
    await Bun.write(join(folder, "package.json"), "{ this is no JSON")
    await Bun.write(join(folder, "tsconfig.json"), "{ nor is this")
    const checked = await pillion(["check-config"], { cwd: folder })
    expect(checked).toMatchObject({ code: 0, stderr: "" })
    expect(checked.stdout).not.toContain("PROXY_PORT")
    await using running = await startPillion({ cwd: folder })
    expect(await running.health("/readyz")).toBe(200)
    expect(await Bun.file(loaded).exists()).toBe(false)
    for (const env of [{ BUN_OPTIONS: "--preload ./preload.ts" }, { NODE_OPTIONS: "--require ./preload.ts" }]) {
      await pillion(["version"], { cwd: folder, env: env as Record<string, string> })
      expect(await Bun.file(loaded).exists()).toBe(false)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

needs("curl")("proxy variables in its own environment, even its own address, are not for itself", async () => {
  using server = await httpOrigin()
  const port = unusedPort()
  const self = `http://127.0.0.1:${port}`
  await using running = await startPillion({
    flags: [`--proxy-out-port=${port}`],
    env: { HTTP_PROXY: self, http_proxy: self, HTTPS_PROXY: self, ALL_PROXY: self },
  })
  expect((await curl("--proxy", self, `http://${server.authority}/`)).stdout).toBe("hello")
  expect(
    (await pillion(["healthcheck", `--health-port=${running.ports.health}`], { env: { HTTP_PROXY: self } })).code,
  ).toBe(0)
  expect(running.log.length).toBe(1)
})

test("an idle proxy uses no processor time to speak of, and starts below 50 MiB", async () => {
  await using running = await startPillion()
  expect(running.residentBytes()).toBeLessThan(50 * 1024 * 1024)
  const before = cpuMilliseconds(running.pid)
  await Bun.sleep(1000)
  expect(cpuMilliseconds(running.pid) - before).toBeLessThan(60)
})

needs("prlimit")("at the limit of open files it refuses, does not spin, and recovers", async () => {
  using server = await echo()
  await using running = await startPillion({ wrapper: ["prlimit", "--nofile=104:104", "--"] })
  // (104 - 64) / 2 connections at most.
  const clients = await Promise.all(Array.from({ length: 60 }, () => rawConnect(running.ports.out)))
  try {
    const outcomes = await Promise.all(
      clients.map((client) => ask(client, "connect", "127.0.0.1", server.port).catch(() => "closed" as const)),
    )
    expect(outcomes.filter((outcome) => outcome === undefined).length).toBe(20)
    const before = cpuMilliseconds(running.pid)
    await Bun.sleep(300)
    expect(cpuMilliseconds(running.pid) - before).toBeLessThan(60)
  } finally {
    for (const client of clients) client.socket.destroy()
  }
  const recovers = async (): Promise<boolean> => {
    using client = await rawConnect(running.ports.out)
    return (await ask(client, "connect", "127.0.0.1", server.port).catch(() => 0)) === undefined
  }
  await eventually(recovers, true, "whether it serves again")
})
