/** Looking at what passes, as a person does: live, kept in memory, and with nothing of it left where nobody asked. */
import { expect, test } from "bun:test"
import { existsSync, statSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { build } from "../../scripts/build.ts"
import type { CaptureRecord, ExchangeRecord } from "../../src/capture/record.ts"
import { httpOrigin } from "../support/origins.ts"
import { type Options, type Pillion, pillion, startPillion } from "../support/pillion.ts"
import { Lines } from "../support/process.ts"
import { eventually, within } from "../support/within.ts"

const secret = "s3cret-s3cret-s3cret"

/** A proxy whose token is in a folder of the test's own. */
class World {
  readonly folder: string
  readonly proxy: Pillion

  constructor(folder: string, proxy: Pillion) {
    this.folder = folder
    this.proxy = proxy
  }

  static async start(flags: ReadonlyArray<string>, options: Options = {}): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), "pillion-test-"))
    const env = { XDG_RUNTIME_DIR: folder }
    return new World(folder, await startPillion({ ...options, flags, env }))
  }

  get token(): string {
    return join(this.folder, "pillion", `admin-${this.proxy.ports.admin}.token`)
  }

  /** One of the commands that ask the proxy. */
  async command(...words: ReadonlyArray<string>) {
    const port = `--admin-port=${this.proxy.ports.admin}`
    return await pillion([...words, port], { env: { XDG_RUNTIME_DIR: this.folder } })
  }

  async out(...words: ReadonlyArray<string>): Promise<string> {
    const { code, stdout, stderr } = await this.command(...words)
    expect([words, code, stderr]).toEqual([words, 0, ""])
    return stdout
  }

  /** A request through the outbound listener, with a secret in its head and in its body. */
  async post(authority: string, path: string, body = `{"password":"${secret}"}`): Promise<string> {
    const headers = { Authorization: `Bearer ${secret}`, "Content-Type": "application/json", Connection: "close" }
    const proxy = `http://127.0.0.1:${this.proxy.ports.out}`
    const answer = await fetch(`http://${authority}${path}`, { method: "POST", headers, body, proxy })
    return await answer.text()
  }

  async records(...words: ReadonlyArray<string>): Promise<ReadonlyArray<ExchangeRecord>> {
    const text = await this.out("ls", ...words, "--json")
    const rows: ReadonlyArray<CaptureRecord> = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    const shown = await Promise.all(rows.map(({ id }) => this.out("show", id, "--json")))
    return shown.map((line) => JSON.parse(line))
  }

  async status(): Promise<Readonly<Record<string, unknown>>> {
    return JSON.parse(await this.out("capture", "status", "--json"))
  }

  kept(count: number): Promise<void> {
    return eventually(async () => (await this.status())["records"], count, "records")
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]()
    await rm(this.folder, { recursive: true, force: true })
  }
}

test("tap --bodies shows what passes from now on as curl -v does, without its secrets, and keeps nothing", async () => {
  using server = await httpOrigin(
    () => "HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nshort\x1b\x07",
  )
  await using world = await World.start([])
  const port = `--admin-port=${world.proxy.ports.admin}`
  const start = async (...words: ReadonlyArray<string>) =>
    Bun.spawn([await build(), "tap", "--bodies", port, ...words], {
      env: { XDG_RUNTIME_DIR: world.folder },
      stdout: "pipe",
      stderr: "pipe",
    })
  const person = await start()
  const program = await start("path:/b", "header.content-type:json", "--json")
  try {
    const [shown, lines] = [new Lines(person.stdout), new Lines(program.stdout)]
    await eventually(async () => (await world.status())["following"], 2, "readers")
    await world.post(server.authority, "/a")
    await world.post(server.authority, `/b?token=${secret}`)
    const record: ExchangeRecord = JSON.parse(await lines.until((line) => line || undefined, "a record"))
    expect(record.request.line.target).toMatch(/\/b\?token=tok_[0-9a-f]{12}$/)
    await shown.until((line) => line.includes("/b?token=") || undefined, "the second request")
    await shown.until((line) => (line.startsWith("* ") && line.includes("redacted: 3")) || undefined, "its end")
    const text = shown.all.join("\n")
    expect(text).toMatch(/^\* [0-9a-f]{6} [\d:.]{12} outbound from 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+\n> POST http:/)
    expect(text).toMatch(/\n> Authorization: Bearer tok_[0-9a-f]{12}\n/)
    expect(text).toMatch(/\n>\n\{ "password": "tok_[0-9a-f]{12}" \}\n< HTTP/)
    expect(text).toContain("\n< HTTP/1.1 201 Created\n< Content-Type: text/plain\n")
    expect(text).toContain("\nshort\\u001b\\u0007\n* ")
    expect(text).not.toContain("\x1b")
    expect(text + lines.all.join("\n")).not.toContain(secret)
    expect(await world.status()).toMatchObject({ capture: "off", keeps: false, records: 0 })
  } finally {
    person.kill("SIGKILL")
    program.kill("SIGKILL")
  }
  await eventually(async () => (await world.status())["following"], 0, "readers")
  await world.post(server.authority, "/unseen")
  expect(await world.status()).toMatchObject({ keeps: false, records: 0, bytes: 0 })
}, 20_000)

test("records are kept from a word on until another one, and are read by whoever has the token, which ends with the proxy", async () => {
  using server = await httpOrigin()
  await using world = await World.start([])
  expect([statSync(world.token).mode & 0o777, await world.out("capture", "status")]).toEqual([
    0o600,
    "capture: off\nrecords: 0, 0 B of memory\ndropped: none\nleft out by filter and sample: 0\n",
  ])
  await world.post(server.authority, "/before")
  expect(await world.out("capture", "on")).toStartWith("capture: on, in memory\nrecords: 0, ")
  await world.post(server.authority, "/while")
  await world.kept(1)
  expect(await world.out("capture", "off")).toStartWith("capture: off\nrecords: 1, ")
  await world.post(server.authority, "/after")
  const [record, ...more] = await world.records()
  expect(more).toEqual([])
  expect(record?.request.line).toEqual({ method: "POST", target: `http://${server.authority}/while`, version: "1.1" })
  expect(record?.response?.body?.text).toBe("hello")
  expect(JSON.stringify(record)).not.toContain(secret)
  await rm(world.token)
  const refused = await world.command("capture", "on")
  expect([refused.code, refused.stderr]).toEqual([
    1,
    `pillion: the proxy with admin-port ${world.proxy.ports.admin} shows records to the user that runs it only: run this as that user\n`,
  ])
}, 20_000)

test("the token is removed at the end", async () => {
  await using world = await World.start([])
  expect(existsSync(world.token)).toBe(true)
  expect(await world.proxy.stop()).toBe(0)
  expect(existsSync(world.token)).toBe(false)
})

test("what a workload sends while it answers names the request that it answers", async () => {
  using server = await httpOrigin()
  let out = 0
  using workload = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async () => {
      const answer = await fetch(`http://${server.authority}/effect`, { proxy: `http://127.0.0.1:${out}` })
      return new Response(await answer.text())
    },
  })
  await using world = await World.start(["--capture=memory", "--proxy-host=127.0.0.1", `--proxy-port=${workload.port}`])
  out = world.proxy.ports.out
  const asked = await fetch(`http://127.0.0.1:${world.proxy.ports.in}/cause`, { proxy: "" })
  expect(await asked.text()).toBe("hello")
  await world.kept(2)
  const records = await world.records()
  const made = records.find(({ direction }) => direction === "outbound")
  const maker = records.find(({ direction }) => direction === "inbound")
  expect(made?.cause).toEqual({ id: maker!.id, by: "alone" })
  expect(await world.out("ls", "--tree")).toMatch(/in {3}GET 127\.0\.0\.1:\d+\/cause[^\n]*\n[^\n]*└▶ {2}GET/)
}, 20_000)

test("filter, rules and sample change with SIGHUP; where is captured waits, and rules that are wrong change nothing", async () => {
  using server = await httpOrigin()
  const folder = await mkdtemp(join(tmpdir(), "pillion-test-"))
  try {
    const [config, rules] = [join(folder, "config.yaml"), join(folder, "rules.yaml")]
    await Bun.write(rules, "hide: []\n")
    await Bun.write(config, `capture: memory\ncapture-filter: path:/a\ncapture-redact: ${rules}\n`)
    await using world = await World.start([`--config=${config}`])
    await world.post(server.authority, "/b")
    await world.post(server.authority, "/a", '{"name":"anna"}')
    await world.kept(1)
    expect((await world.records())[0]?.request.body?.text).toBe('{"name":"anna"}')

    await Bun.write(rules, "hide:\n  - request.json.$.name\n  - reqest.json.$.name\n")
    world.proxy.reload()
    const why = await world.proxy.stderr.until((line) => (line.includes("not reloaded") ? line : undefined), "why not")
    expect(JSON.parse(why).message).toStartWith(
      `not reloaded: capture-redact "${rules}" (file ${config}) line 3: hide[1] "reqest.json.$.name" must begin with`,
    )

    await Bun.write(rules, "hide: [request.json.$.name]\n")
    await Bun.write(config, `capture: off\ncapture-filter: path:/b\ncapture-redact: ${rules}\n`)
    world.proxy.reload()
    await world.proxy.stderr.until(
      (line) => line.includes('"changed":"capture-filter, capture-redact"') || undefined,
      "the change",
    )
    await world.proxy.stderr.until(
      (line) => line.includes("these changes wait for a restart: capture") || undefined,
      "what waits",
    )
    await world.post(server.authority, "/b", '{"name":"anna"}')
    await world.kept(2)
    expect((await world.records("path:/b"))[0]?.request.body?.text).toMatch(/^\{"name":"tok_[0-9a-f]{12}"\}$/)

    await Bun.write(config, `capture: memory\ncapture-sample: 0%\ncapture-keep: path:/kept\n`)
    world.proxy.reload()
    await world.proxy.stderr.until(
      (line) => line.includes('"changed":"capture-filter, capture-sample') || undefined,
      "it",
    )
    await world.post(server.authority, "/undrawn")
    await world.post(server.authority, "/kept")
    await world.kept(3)
    expect((await world.status())["left_out"]).toBe(2)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 30_000)

test("metrics count what was recorded, left out and replaced, and a warning says at every start that nothing is replaced", async () => {
  using server = await httpOrigin()
  await using world = await World.start(["--capture=memory", "--capture-filter=not path:/x", "--capture-body=4"])
  for (const path of ["/x", "/a"]) await world.post(server.authority, path)
  await world.kept(1)
  const metrics = await (await fetch(`http://127.0.0.1:${world.proxy.ports.health}/metrics`, { proxy: "" })).text()
  for (const sample of [
    'pillion_capture_records_total{kind="exchange"} 1',
    'pillion_capture_left_out_total{reason="filter"} 1',
    'pillion_capture_truncated_total{part="request.body"} 1',
    'pillion_capture_truncated_total{part="response.body"} 1',
    'pillion_capture_redactions_total{rule="bearer"} 1',
    'pillion_capture_dropped_total{reason="memory"} 0',
  ]) {
    expect(metrics).toContain(`\n${sample}\n`)
  }
  await world.proxy.stderr.until((line) => line.includes("is ready") || undefined, "the start")
  expect(world.proxy.stderr.all.join("\n")).not.toContain("replaces no secret")
  await using bare = await World.start(["--capture=memory", "--capture-redact=off"])
  const warned = "replaces no secret: whoever sees a record sees passwords"
  await bare.proxy.stderr.until((line) => line.includes(warned) || undefined, "the warning")
  await bare.post(server.authority, "/a")
  await bare.kept(1)
  expect(JSON.stringify(await bare.records())).toContain(secret)
}, 20_000)

test("a file that is no key or no rules ends the start with the option, its origin and the place", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-test-"))
  try {
    const rules = join(folder, "rules.yaml")
    await Bun.write(rules, "shapes: { card: true }\nkepp: []\n")
    const refused = await within(pillion(["run", `--capture-redact=${rules}`]), "the refusal")
    expect([refused.code, refused.stderr]).toEqual([
      78,
      `pillion: capture-redact "${rules}" (flag --capture-redact) line 2: kepp is no rule: write one of hide, shapes, keep, drop_bodies\n`,
    ])
    const checked = await pillion(["check-config", "--capture-key", join(folder, "none")])
    expect([checked.code, checked.stderr]).toEqual([
      78,
      `pillion: capture-key "${join(folder, "none")}" (flag --capture-key) does not exist\n`,
    ])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
