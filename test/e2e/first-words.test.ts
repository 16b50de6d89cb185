/** What the executable says of its own accord to somebody who runs it for the first time. */
import { expect, test } from "bun:test"
import { chmodSync, closeSync, fstatSync, openSync, readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { build } from "../../scripts/build.ts"
import { unusedPort } from "../../scripts/unused-port.ts"
import { rawConnect } from "../support/peer.ts"
import { pillion, startPillion } from "../support/pillion.ts"
import { within } from "../support/within.ts"

const hello = Buffer.from("16030100050100000100", "hex")

test.each([
  [["--proxy-type=reverse"], "in", "write proxy-protocol tcp"],
  [["--proxy-type=dual"], "in", "write proxy-protocol tcp:http"],
  [["--proxy-protocol=socks"], "in", "write proxy-protocol tcp:socks"],
  [["--proxy-type=forward"], "out", "write http:// or socks5:// in the proxy's URL"],
] as const)(
  "a TLS hello to a port in the clear: %p, %s: %s",
  async (flags, listener, wanted) => {
    for (const poll of ["true", "false"]) {
      await using running = await startPillion({ flags: [...flags, `--poll=${poll}`] })
      using client = await rawConnect(running.ports[listener])
      client.send(hello).end()
      expect((await client.readToEnd()).length).toBe(0)
      expect(await running.lineOf(client)).toMatchObject({
        protocol: "unknown",
        refusal: "unknown-protocol",
        detail: `a TLS handshake: this port is spoken to in the clear; ${wanted}`,
      })
    }
  },
  20_000,
)

test("a workload that is not there is one warning, and one line when it is", async () => {
  const port = unusedPort()
  await using running = await startPillion({ flags: ["--proxy-protocol=tcp:http", `--proxy-port=${port}`] })
  const said = (text: string) =>
    running.stderr.until((line) => (line.includes(text) ? JSON.parse(line) : undefined), text, 10_000)
  expect(await said("nobody listens on")).toMatchObject({
    level: "warn",
    message: `nobody listens on localhost:${port}, where the workload should: inbound connections are refused until it does`,
  })
  using refused = await rawConnect(running.ports.in)
  await refused.untilReset()
  const connected: Array<number> = []
  using _workload = Bun.listen({
    hostname: "127.0.0.1",
    port,
    socket: { open: () => void connected.push(1), data: (socket, bytes) => void socket.end(bytes) },
  })
  expect(await said("the workload answers")).toMatchObject({ level: "info" })
  // It was looked for without a word to it.
  expect(connected).toEqual([])
  using client = await rawConnect(running.ports.in)
  client.send("hello")
  expect((await client.readToEnd()).toString()).toBe("hello")
  expect(running.stderr.all.filter((line) => line.includes("workload")).length).toBe(3)
}, 20_000)

test("a Node.js that reads no proxy variables is warned of before it starts, and a new one is not", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-node-"))
  try {
    for (const version of ["v22.20.0", "v22.21.0"]) {
      await Bun.write(join(folder, "node"), `#!/bin/sh\n[ "$1" = --version ] && echo ${version} || exit 3\n`)
      chmodSync(join(folder, "node"), 0o755)
      const ports = ["--proxy-in-port=0", "--proxy-out-port=0", "--health-port=0", "--admin-port=0"]
      const env = { PATH: `${folder}:${process.env["PATH"]}` }
      const ran = await pillion(["run", ...ports, "--", "node", "app.js"], { env })
      expect(ran.code).toBe(3)
      expect(ran.stderr.includes(`Node.js ${version.slice(1)} reads no proxy variables`)).toBe(version === "v22.20.0")
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 20_000)

test("where stderr is the journal's, each line has its priority in front; stdout stays as it is", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-journal-"))
  const path = join(folder, "journal")
  const file = openSync(path, "w")
  try {
    const { dev, ino } = fstatSync(file, { bigint: true })
    const env = { PATH: process.env["PATH"] ?? "", JOURNAL_STREAM: `${dev}:${ino}`, PILLION_ODD: "1" }
    const ports = ["--proxy-in-port=0", "--proxy-out-port=0", "--health-port=0", "--admin-port=0"]
    const command = [await build(), "run", ...ports, "--", "true"]
    const ran = Bun.spawn(command, { env, stdin: "ignore", stdout: "pipe", stderr: file })
    expect(await within(ran.exited, "end of pillion", 10_000)).toBe(0)
    const lines = readFileSync(path, "utf8").trimEnd().split("\n")
    const priorities: Readonly<Record<string, string>> = { info: "<6>", warn: "<4>" }
    for (const line of lines) expect(line.slice(0, 3)).toBe(priorities[JSON.parse(line.slice(3)).level] ?? "")
    expect(lines.some((line) => line.startsWith("<4>") && line.includes("PILLION_ODD"))).toBe(true)
    const wrong = Bun.spawn([await build(), "--proxy-port=x"], { env, stdout: "ignore", stderr: file })
    expect(await within(wrong.exited, "end of pillion", 10_000)).toBe(78)
    expect(readFileSync(path, "utf8").trimEnd().split("\n").at(-1)).toStartWith("<3>pillion: proxy-port")
  } finally {
    closeSync(file)
    await rm(folder, { recursive: true, force: true })
  }
})
