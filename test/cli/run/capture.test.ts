/** The capture of a proxy by its settings: whether it keeps, what it makes of secrets, and what a reload changes at once. */
import { afterEach, expect, test } from "bun:test"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

import {
  type CaptureParts,
  captureStatus,
  changedFiles,
  countsOf,
  makeCapture,
  type RunningCapture,
} from "../../../src/cli/run/capture.ts"
import type { CaptureFiles } from "../../../src/cli/capture/capture-files.ts"
import type { ExchangeRecord } from "../../../src/capture/record.ts"
import type { Log } from "../../../src/observe/log/log.ts"
import { facts, lines, tellContent, tellHead } from "../../support/heard.ts"
import { settingsOf } from "../../support/settings.ts"
import { eventually } from "../../support/within.ts"

const scopes: Array<Scope.Closeable> = []

afterEach(async () => {
  for (const scope of scopes.splice(0)) await Effect.runPromise(Scope.close(scope, Exit.void))
})

const builtIn: CaptureFiles = { redaction: { rules: undefined }, key: undefined }

/** Nothing here is worth a line. */
const unexpected = (message: string): never => {
  throw new Error(message)
}
const log: Log = { debug: unexpected, info: unexpected, warn: unexpected, error: unexpected }

/** A capture whose settings and files can be changed. */
class World {
  settings = settingsOf()
  files = builtIn

  constructor(flags: Readonly<Record<string, string>>) {
    this.reload(flags)
  }

  reload(flags: Readonly<Record<string, string>>, files = this.files): void {
    this.settings = settingsOf({ flags })
    this.files = files
  }

  get parts(): CaptureParts {
    return { settings: () => this.settings, files: () => this.files, origins: [], log }
  }

  async start(): Promise<RunningCapture> {
    const scope = Effect.runSync(Scope.make())
    scopes.push(scope)
    return Effect.runPromise(Scope.provide(makeCapture(this.parts), scope))
  }
}

let passed = 0

/** An exchange passes, and what is recorded of it is made. */
const pass = async (capture: RunningCapture, password: string, body = ""): Promise<void> => {
  const recording = capture.recorders.outbound.current?.begin(false, performance.now())
  if (recording === undefined) throw new Error("nobody records")
  tellHead(recording.request, lines("GET /a HTTP/1.1", "Host: a", `X-User: anna`, `X-Password: ${password}`))
  tellContent(recording.request, body)
  recording.over({ ...facts, n: ++passed, bytesIn: body.length })
  const { filter, sample } = capture.leftOut
  const seen = (): Promise<number> => Promise.resolve(capture.count + capture.leftOut.filter + capture.leftOut.sample)
  await eventually(seen, capture.count + filter + sample + 1, "records")
}

const lastOf = (capture: RunningCapture): ExchangeRecord =>
  JSON.parse(Buffer.from(capture.line(capture.ids().at(-1)!)!).toString())

const headerOf = (capture: RunningCapture, name: string): string | undefined =>
  lastOf(capture).request.headers.find(([each]) => each === name)?.[1]

test("nothing is recorded unless it is asked for, and then it is kept", async () => {
  const off = await new World({}).start()
  expect([off.recorders.inbound.current, off.keeps]).toEqual([undefined, false])
  off.keep(true)
  expect(off.recorders.inbound.current).toBeDefined()
  const memory = await new World({ capture: "memory" }).start()
  await pass(memory, "s3cret-s3cret")
  expect(memory.keeps).toBe(true)
  expect(headerOf(memory, "X-Password")).toMatch(/^tok_[0-9a-f]{12}$/)
  expect(headerOf(memory, "X-User")).toBe("anna")
})

test("filter, sample, size of bodies and rules change with the settings, at once", async () => {
  const world = new World({ capture: "memory" })
  const capture = await world.start()
  world.reload({ "capture-filter": "path:/b" })
  await pass(capture, "s3cret-s3cret")
  world.reload({ "capture-sample": "0%" })
  await pass(capture, "s3cret-s3cret")
  expect(capture.leftOut).toEqual({ filter: 1, sample: 1 })
  world.reload({ "capture-sample": "0%", "capture-keep": "path:/a", "capture-body": "3" })
  await pass(capture, "s3cret-s3cret", "12345")
  expect(lastOf(capture).request.body).toMatchObject({ text: "123", size: 5, truncated: true })
  world.reload({}, { ...builtIn, redaction: { rules: { hide: ["request.headers.x-user"] } } })
  await pass(capture, "s3cret-s3cret")
  expect(headerOf(capture, "X-User")).toStartWith("tok_")
  world.reload({}, { ...builtIn, redaction: "off" })
  await pass(capture, "s3cret-s3cret")
  expect(headerOf(capture, "X-Password")).toBe("s3cret-s3cret")
})

/** What stands for one password in a capture with this key. */
const tokenWith = async (key: Uint8Array | undefined): Promise<string | undefined> => {
  const world = new World({ capture: "memory" })
  world.files = { ...builtIn, key }
  const capture = await world.start()
  await pass(capture, "s3cret-s3cret")
  return headerOf(capture, "X-Password")
}

test("equal secrets look equal with one key, also in another proxy, and different ones with another", async () => {
  const key = new Uint8Array(32).fill(7)
  const token = await tokenWith(key)
  expect(await tokenWith(key)).toBe(token!)
  expect(await tokenWith(new Uint8Array(32).fill(8))).not.toBe(token!)
  expect(await tokenWith(undefined)).not.toBe(token!)
})

test("memory is bounded by the setting, and a smaller one holds for what comes", async () => {
  const world = new World({ capture: "memory", "capture-memory": "1MiB" })
  const capture = await world.start()
  for (let i = 0; i < 10; i++) await pass(capture, "s3cret-s3cret")
  expect(capture.bytes).toBeGreaterThan(0)
  expect(capture.bytes).toBeLessThan(1024 * 1024)
  expect(captureStatus(capture)).toEqual({
    capture: "memory",
    keeps: true,
    following: 0,
    records: 10,
    bytes: capture.bytes,
    disk_bytes: 0,
    dropped: { memory: 0, queue: 0, disk: 0, redaction: 0, error: 0 },
    left_out: 0,
  })
  const elsewhere: RunningCapture = Object.create(capture, { where: { value: "captures" } })
  expect(captureStatus(elsewhere)).toMatchObject({ capture: join(process.cwd(), "captures") })
  expect(countsOf(capture)).toMatchObject({ bytes: { memory: capture.bytes, disk: 0 }, leftOut: { filter: 0 } })
  expect([...countsOf(capture).records]).toEqual([["exchange", 10]])
})

test("a changed file is told by the name of its option", () => {
  const other: CaptureFiles = { redaction: { rules: { hide: [] } }, key: new Uint8Array([1]) }
  expect(changedFiles(builtIn, structuredClone(builtIn))).toEqual([])
  expect(changedFiles(builtIn, other)).toEqual(["capture-redact", "capture-key"])
  expect(changedFiles(other, { ...other, redaction: "off" })).toEqual(["capture-redact"])
})
