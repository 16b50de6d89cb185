/** Capture: when there is one, what becomes of what it heard, and that nothing gets out that was not redacted. */
import { describe, expect, test } from "bun:test"

import { inflate } from "../../../src/capture/coding/inflate.ts"
import { Capture, type CaptureLimits, type CaptureParts } from "../../../src/capture/live/capture.ts"
import { readRecord } from "../../../src/capture/read-record.ts"
import { type CaptureRecord, type ExchangeRecord, isHttp } from "../../../src/capture/record.ts"
import { makePolicy, type Policy, type PolicyData } from "../../../src/capture/policy/policy.ts"
import { facts, lines, tellContent, tellHead } from "../../support/heard.ts"
import { makesInProcess } from "../../support/in-process-maker.ts"

const sha256 = (bytes: Uint8Array): string => new Bun.CryptoHasher("sha256").update(bytes).digest("hex")

const digest = (value: string): string => new Bun.CryptoHasher("sha256", "key").update(value).digest("hex")

const usual: CaptureLimits = { maxBody: 1024, maxMemory: 1024 * 1024, wantsProbes: false }

/** The policy that holds where no option says anything else, but for what is given. */
const policyOf = (data: Partial<PolicyData> = {}, over: Partial<Policy> = {}): Policy => ({
  ...makePolicy(
    { filter: "not probe", keep: undefined, sample: 100, redaction: { rules: undefined }, ...data },
    { digest, now: () => 0, salt: 0 },
  ),
  ...over,
})

/** A capture whose turns of the event loop are taken one by one. */
class World {
  limits: CaptureLimits
  policy = policyOf()
  now = 1000
  readonly capture: Capture
  private readonly turns: Array<() => void> = []
  private ids = 0

  constructor(limits: Partial<CaptureLimits> = {}, parts: Partial<CaptureParts> = {}) {
    this.limits = { ...usual, ...limits }
    this.capture = new Capture({
      limits: () => this.limits,
      startMaker: makesInProcess(() => ({ policy: this.policy, maxBody: this.limits.maxBody, inflate, sha256 })),
      makerDied: (why) => {
        throw new Error(why)
      },
      random: () => new Uint8Array(10).fill(++this.ids),
      epoch: () => Date.UTC(2026, 10, 28),
      now: () => this.now,
      turn: () => new Promise((resolve) => void this.turns.push(resolve)),
      ...parts,
    })
  }

  /** An exchange passes; false where nobody records it. */
  pass(path: string, answer = "", isProbe = false): boolean {
    const recording = this.capture.recorders.outbound.current?.begin(isProbe, this.now)
    if (recording === undefined) return false
    tellHead(recording.request, lines(`GET ${path} HTTP/1.1`, "Host: a", "Authorization: Bearer s3cret-s3cret"))
    tellHead(recording.response, lines("HTTP/1.1 200 OK", "Content-Type: application/json"))
    tellContent(recording.response, answer)
    recording.over({ ...facts, bytesOut: answer.length })
    return true
  }

  /** The event loop turns until everything is done that comes of it. */
  async turn(): Promise<void> {
    do {
      for (const resolve of this.turns.splice(0)) resolve()
      await Bun.sleep(0)
    } while (this.turns.length > 0)
  }

  get paths(): ReadonlyArray<string> {
    return this.records.map(({ request }) => request.line.target)
  }

  get records(): ReadonlyArray<ExchangeRecord> {
    return this.capture.ids().map((id) => JSON.parse(Buffer.from(this.capture.line(id)!).toString()))
  }
}

const targetOf = (record: CaptureRecord): string => (isHttp(record) ? record.request.line.target : "")

describe("there is a recorder", () => {
  test("only while records are kept or somebody follows", () => {
    const { capture } = new World()
    expect(capture.recorders.outbound.current).toBeUndefined()
    capture.keep(true)
    expect(capture.recorders.outbound.current).toBeDefined()
    const leave = capture.follow(() => {})
    capture.keep(false)
    expect(capture.recorders.outbound.current).toBeDefined()
    leave()
    expect(capture.recorders.outbound.current).toBeUndefined()
  })
})

test("an exchange becomes a record in a later turn, redacted, then hashed", async () => {
  const world = new World()
  world.capture.keep(true)
  world.pass("/a?api_key=s3cret-s3cret", '{"password":"s3cret-s3cret","n":1}')
  expect(world.capture.ids()).toEqual([])
  await world.turn()
  const [id] = world.capture.ids()
  const line = Buffer.from(world.capture.line(id!)!).toString()
  expect(line).not.toContain("s3cret")
  expect(line.endsWith("}\n")).toBe(true)
  const [record] = world.records
  expect(readRecord(line)).toEqual({ record: record! })
  const body = record?.response?.body
  expect(body?.text).toMatch(/^\{"password":"tok_[0-9a-f]{12}","n":1\}$/)
  expect(body?.sha256).toBe(sha256(Buffer.from(body!.text!)))
  expect(record?.redacted?.map(({ path }) => path)).toContain("request.query.api_key")
})

test("who follows hears what would be kept, and nothing is kept for it", async () => {
  const world = new World()
  const heard: Array<string> = []
  const leave = world.capture.follow((line, record) => {
    heard.push(targetOf(record()), Buffer.from(line.subarray(-1)).toString())
  })
  world.pass("/a")
  await world.turn()
  leave()
  expect(world.pass("/b")).toBe(false)
  expect(heard).toEqual(["/a", "\n"])
  expect({ ids: world.capture.ids(), bytes: world.capture.bytes }).toEqual({ ids: [], bytes: 0 })
})

test("what waits when the last one leaves becomes no record", async () => {
  const world = new World()
  const leave = world.capture.follow(() => {
    throw new Error("told")
  })
  world.pass("/a")
  leave()
  await world.turn()
  expect({ leftOut: world.capture.leftOut.filter, bytes: world.capture.bytes }).toEqual({ leftOut: 1, bytes: 0 })
})

test("a redaction that fails leaves no record, and is counted", async () => {
  const world = new World()
  world.policy = policyOf(
    {},
    {
      redact: () => {
        throw new Error("a defect")
      },
    },
  )
  world.capture.keep(true)
  world.pass("/a")
  await world.turn()
  const { capture } = world
  expect({ ids: capture.ids(), bytes: capture.bytes, dropped: capture.dropped }).toEqual({
    ids: [],
    bytes: 0,
    dropped: { memory: 0, queue: 0, disk: 0, redaction: 1, error: 0 },
  })
})

test("what is not wanted is left out, probes before anything of them is copied", async () => {
  const world = new World()
  world.policy = policyOf({ filter: "not probe not path:/b" })
  world.capture.keep(true)
  expect(world.pass("/a", "", true)).toBe(false)
  world.pass("/b")
  world.pass("/c")
  await world.turn()
  expect(world.paths).toEqual(["/c"])
  expect(world.capture.leftOut).toEqual({ filter: 2, sample: 0 })
})

test("a filter looks at what was redacted: nobody can ask it for a secret", async () => {
  const seen: Array<string> = []
  const world = new World()
  world.policy = policyOf({}, { refuses: (record) => (seen.push(JSON.stringify(record)), undefined) })
  world.capture.keep(true)
  world.pass("/a")
  await world.turn()
  expect(seen).toHaveLength(1)
  expect(seen[0]).not.toContain("s3cret")
})

test("records come in the order in which exchanges were over, however many there are", async () => {
  const world = new World({ maxMemory: 4 * 1024 * 1024 })
  world.capture.keep(true)
  const paths = Array.from({ length: 200 }, (_, i) => `/${i}`)
  for (const path of paths) world.pass(path)
  await world.turn()
  expect(world.paths).toEqual(paths)
})

test("at its end everything that was heard is a record, and nothing more is heard", async () => {
  const world = new World({ maxMemory: 4 * 1024 * 1024 })
  world.capture.keep(true)
  for (let i = 0; i < 100; i++) world.pass(`/${i}`)
  const ended = world.capture.end()
  expect(world.pass("/later")).toBe(false)
  await world.turn()
  await ended
  expect(world.paths).toHaveLength(100)
})

test("memory is bounded, whatever passes, and every exchange is accounted for", async () => {
  const maxMemory = 64 * 1024
  const world = new World({ maxMemory })
  world.capture.keep(true)
  const count = 200
  for (let i = 0; i < count; i++) {
    world.pass(`/${i}`, "x".repeat(500))
    expect(world.capture.bytes).toBeLessThanOrEqual(maxMemory)
    if (i % 20 === 19) await world.turn()
  }
  await world.turn()
  const { counters, dropped } = world.capture
  expect(dropped.queue).toBeGreaterThan(0)
  expect((counters.records.get("exchange") ?? 0) + dropped.memory + dropped.queue).toBe(count)
  world.capture.clear()
  expect(world.capture.bytes).toBe(0)
})

test("what was cut and what was replaced is counted", async () => {
  const world = new World({ maxBody: 4 })
  world.capture.keep(true)
  world.pass("/a", "123456")
  await world.turn()
  const { truncated, redactions, records } = world.capture.counters
  expect([...truncated]).toEqual([["response.body", 1]])
  expect([...records]).toEqual([["exchange", 1]])
  expect([...redactions.values()].reduce((sum, count) => sum + count, 0)).toBe(1)
})

test("what is not drawn is never made into a record, unless it may be kept", async () => {
  const world = new World()
  let redactions = 0
  const redact: Policy["redact"] = (record) => (redactions++, record)
  world.policy = policyOf({ sample: 0 }, { redact })
  world.capture.keep(true)
  world.pass("/a")
  await world.turn()
  expect({ redactions, ids: world.capture.ids() }).toEqual({ redactions: 0, ids: [] })
  world.policy = policyOf({ sample: 0, keep: "path:/b" }, { redact })
  world.pass("/b")
  world.pass("/c")
  await world.turn()
  expect({ redactions, paths: world.paths }).toEqual({ redactions: 2, paths: ["/b"] })
  expect(world.capture.leftOut).toEqual({ filter: 0, sample: 2 })
})

test("an outbound record names the inbound one that made it, which comes later and has that id", async () => {
  const world = new World()
  const { capture } = world
  capture.keep(true)
  const inbound = capture.recorders.inbound.current?.begin(false, world.now)
  tellHead(inbound!.request, lines("GET /in HTTP/1.1", "Host: b"))
  world.pass("/out")
  await world.turn()
  inbound!.over({ ...facts, direction: "inbound" })
  await world.turn()
  expect(world.paths).toEqual(["/out", "/in"])
  const [made, maker] = world.records
  expect(made?.cause).toEqual({ id: maker!.id, by: "alone" })
  expect(maker?.cause).toBeUndefined()
})
