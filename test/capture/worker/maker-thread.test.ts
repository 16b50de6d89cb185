/** Maker thread: a real thread, from what was heard to lines, in memory and in a directory, and how it ends. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { makeId } from "../../../src/capture/ids.ts"
import type { MadeBatch, Maker } from "../../../src/capture/live/maker.ts"
import { makerScript, makerThreads, maxEnding } from "../../../src/capture/worker/maker-thread.ts"
import type { MakingSettings } from "../../../src/capture/worker/messages.ts"
import { minMoved } from "../../../src/capture/worker/packed.ts"
import type { Identified } from "../../../src/capture/recorder/recorder.ts"
import { facts, Hearing, lines, tellContent, tellHead } from "../../support/heard.ts"

let folder = ""
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "pillion-thread-"))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const settings: MakingSettings = {
  policy: { filter: "", keep: undefined, sample: 100, redaction: { rules: undefined } },
  key: new Uint8Array(32).fill(1),
  salt: 1,
  maxBody: 100_000,
  directory: undefined,
}

const inDirectory = (): MakingSettings => ({
  ...settings,
  directory: {
    path: folder,
    maxBytes: 64 * 1024 * 1024,
    origin: { version: "0.1.0", started: "2026-11-28T09:30:00.000Z", settings: {}, rules: undefined },
  },
})

const noTotals = { records: {}, dropped: {}, leftOut: {}, truncated: {}, redactions: {} }

/** A thread, what it says, and what is expected of it next. */
class Thread {
  readonly maker: Maker<Identified>
  readonly deaths: Array<string> = []
  private readonly batches: Array<MadeBatch> = []
  private waiting: ((batch: MadeBatch | undefined) => void) | undefined = undefined

  constructor(current: () => MakingSettings, script = makerScript, most?: number) {
    const ending = most === undefined ? {} : { maxEnding: most }
    this.maker = makerThreads({ script, settings: current, ...ending })({
      made: (batch) => {
        this.batches.push(batch)
        this.waiting?.(this.batches.shift())
      },
      died: (why) => {
        this.deaths.push(why)
        this.waiting?.(undefined)
      },
    })
  }

  /** What became of the next batch; undefined where the thread has died. */
  async next(): Promise<MadeBatch | undefined> {
    if (this.batches.length > 0 || this.deaths.length > 0) return this.batches.shift()
    return new Promise((resolve) => void (this.waiting = resolve))
  }
}

const hearing = new Hearing(100_000_000, { maxBody: () => 100_000 })

/** What is heard of a request with a body, and of its answer. */
const heard = (path: string, body = '{"password":"s3cret-s3cret"}'): Identified => {
  const recording = hearing.begin()
  tellHead(recording.request, lines(`POST ${path} HTTP/1.1`, "Host: a", "Content-Type: application/json"))
  tellContent(recording.request, body)
  tellHead(recording.response, lines("HTTP/1.1 200 OK"))
  recording.over({ ...facts, bytesIn: body.length })
  return {
    ...hearing.heard.pop()!,
    id: makeId(Date.now(), crypto.getRandomValues(new Uint8Array(10))),
    cause: undefined,
  }
}

const recordsOf = ({ lines }: MadeBatch) =>
  Buffer.from(lines)
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))

test("lines come back redacted and in order, with what is known of them, for bodies small and large", async () => {
  const thread = new Thread(() => settings)
  const large = JSON.stringify({ password: "s3cret-s3cret", data: "x".repeat(2 * minMoved) })
  thread.maker.make([heard("/1"), heard("/2", large), heard("/3", "")], true)
  const batch = await thread.next()
  const records = recordsOf(batch!)
  expect(records.map(({ request }) => request.line.target)).toEqual(["/1", "/2", "/3"])
  expect(records[1].request.body.text).toBe(large.replace("s3cret-s3cret", records[1].redacted[0].token))
  expect(Buffer.from(batch!.lines).toString()).not.toContain("s3cret")
  expect(batch!.records.map(({ id }) => id)).toEqual(records.map(({ id }) => id))
  expect(batch!.records.map(({ length }) => length).reduce((a, b) => a + b)).toBe(batch!.lines.length)
  expect(batch!.records.map(({ kind, redactions, isWritten }) => ({ kind, redactions, isWritten }))).toEqual([
    { kind: "exchange", redactions: { name: 1 }, isWritten: undefined },
    { kind: "exchange", redactions: { name: 1 }, isWritten: undefined },
    { kind: "exchange", redactions: {}, isWritten: undefined },
  ])
  await thread.maker.end(noTotals)
  expect(thread.deaths).toEqual([])
})

test("batches are answered in their order, and settings hold for those behind them", async () => {
  let current = settings
  const thread = new Thread(() => current)
  thread.maker.make([heard("/a"), heard("/b")], true)
  current = { ...settings, policy: { ...settings.policy, filter: "path:/b" } }
  thread.maker.make([heard("/a"), heard("/b")], true)
  expect(recordsOf((await thread.next())!)).toHaveLength(2)
  const second = await thread.next()
  expect(recordsOf(second!).map(({ request }) => request.line.target)).toEqual(["/b"])
  expect(second!.leftOut).toEqual({ filter: 1 })
  await thread.maker.end(noTotals)
})

describe("with a directory", () => {
  test("what is kept is there when it is told, what is only followed is not; at the end it says what there was", async () => {
    const thread = new Thread(inDirectory)
    thread.maker.make([heard("/kept")], true)
    const kept = await thread.next()
    expect(kept!.records[0]!.isWritten).toBe(true)
    expect(readFileSync(join(folder, "000001.jsonl"))).toEqual(Buffer.from(kept!.lines))
    expect(kept!.onDisk).toBe(kept!.lines.length)
    thread.maker.make([heard("/followed")], false)
    const followed = await thread.next()
    expect(followed!.records[0]!.isWritten).toBeUndefined()
    const running = JSON.parse(readFileSync(join(folder, "capture.json"), "utf8"))
    expect(running).toEqual({
      capture: 1,
      version: "0.1.0",
      started: "2026-11-28T09:30:00.000Z",
      settings: {},
      rules: "built-in",
    })
    await thread.maker.end({ ...noTotals, records: { exchange: 1 } })
    const ended = JSON.parse(readFileSync(join(folder, "capture.json"), "utf8"))
    expect(ended.counters.records).toEqual({ exchange: 1 })
    expect(readdirSync(folder).toSorted()).toEqual(["000001.jsonl", "capture.json"])
    expect(readFileSync(join(folder, "000001.jsonl"))).toEqual(Buffer.from(kept!.lines))
  })

  test("closed segments are compressed without anybody asking for more", async () => {
    const thread = new Thread(() => {
      const { directory } = inDirectory()
      return { ...settings, directory: { ...directory!, maxBytes: 1024 * 1024 } }
    })
    const body = JSON.stringify({ data: "x".repeat(90_000) })
    for (let i = 0; i < 4; i++) {
      thread.maker.make([heard(`/${i}`, body)], true)
      expect((await thread.next())!.records[0]!.isWritten).toBe(true)
    }
    const isClosed = (): boolean => readdirSync(folder).includes("000001.jsonl.zst")
    while (!isClosed()) await Bun.sleep(1)
    expect(readdirSync(folder).toSorted()).toEqual(["000001.jsonl.zst", "000002.jsonl", "capture.json"])
    await thread.maker.end(noTotals)
  })
})

describe("a thread that cannot go on says so", () => {
  test("where settings are not understood", async () => {
    const thread = new Thread(() => ({ ...settings, policy: { ...settings.policy, filter: "((" } }))
    thread.maker.make([heard("/a")], true)
    expect(await thread.next()).toBeUndefined()
    expect(thread.deaths).toHaveLength(1)
    expect(thread.deaths[0]).toContain("the filter")
    await thread.maker.end(noTotals)
  })

  test("where its directory has gone", async () => {
    rmSync(folder, { recursive: true })
    const thread = new Thread(inDirectory)
    thread.maker.make([heard("/a")], true)
    expect(await thread.next()).toBeUndefined()
    expect(thread.deaths[0]).toContain("ENOENT")
  })

  test("where there is no such program", async () => {
    const thread = new Thread(() => settings, new URL("./nothing.ts", import.meta.url).href)
    thread.maker.make([heard("/a")], true)
    expect(await thread.next()).toBeUndefined()
    expect(thread.deaths).toHaveLength(1)
  })
})

test("a thread that does not end when it is told is ended, and that is no death", async () => {
  const script = new URL("../../support/deaf-worker.ts", import.meta.url).href
  const thread = new Thread(() => settings, script, 20)
  await thread.maker.end(noTotals)
  expect(thread.deaths).toEqual([])
  expect(maxEnding).toBe(30_000)
})
