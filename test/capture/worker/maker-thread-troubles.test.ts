/** Maker thread: what becomes of a capture whose thread stops, or dies. Traffic tells of everything and waits for nothing. */
import { afterEach, beforeEach, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { readDirectory } from "../../../src/capture/directory/read-directory.ts"
import { Capture } from "../../../src/capture/live/capture.ts"
import { restartAfter } from "../../../src/capture/live/making-queue.ts"
import { makerThreads } from "../../../src/capture/worker/maker-thread.ts"
import type { MakingSettings } from "../../../src/capture/worker/messages.ts"
import { facts, lines, tellContent, tellHead } from "../../support/heard.ts"

let folder = ""
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "pillion-troubles-"))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const maxMemory = 1024 * 1024

const sum = (counts: object): number => Object.values(counts).reduce((a: number, b: number) => a + b, 0)

/** A capture to a directory whose thread has another program. */
class World {
  /** Milliseconds that the clock is ahead. */
  ahead = 0
  seen = 0
  readonly deaths: Array<string> = []
  readonly capture: Capture

  constructor(script: string) {
    const settings: MakingSettings = {
      policy: { filter: "not path:/unwanted", keep: undefined, sample: 100, redaction: { rules: undefined } },
      key: new Uint8Array(32),
      salt: 0,
      maxBody: 10_000,
      directory: {
        path: folder,
        maxBytes: 64 * 1024 * 1024,
        origin: { version: "0.1.0", started: "2026-11-28T09:30:00.000Z", settings: {}, rules: undefined },
      },
    }
    this.capture = new Capture({
      limits: () => ({ maxBody: 10_000, maxMemory, wantsProbes: false }),
      startMaker: makerThreads({
        script: new URL(`../../support/${script}`, import.meta.url).href,
        settings: () => settings,
      }),
      makerDied: (why) => void this.deaths.push(why),
      random: () => crypto.getRandomValues(new Uint8Array(10)),
      epoch: () => Date.now(),
      now: () => performance.now() + this.ahead,
      turn: () => new Promise((resolve) => void setImmediate(resolve)),
    })
    this.capture.keep(true)
  }

  /** Traffic in as many turns of the event loop; the longest of them in milliseconds. */
  async pass(turns: number, path = "/a"): Promise<number> {
    let longest = 0
    for (let i = 0; i < turns; i++) {
      const before = performance.now()
      this.exchange(path)
      await new Promise((resolve) => void setImmediate(resolve))
      longest = Math.max(longest, performance.now() - before)
    }
    return longest
  }

  private exchange(path: string): void {
    this.seen++
    const recording = this.capture.recorders.inbound.current?.begin(false, performance.now())
    if (recording === undefined) return
    tellHead(recording.request, lines(`GET ${path} HTTP/1.1`, "Host: a"))
    tellHead(recording.response, lines("HTTP/1.1 200 OK", "Content-Type: text/plain"))
    tellContent(recording.response, "x".repeat(10_000))
    recording.over({ ...facts, bytesOut: 10_000 })
    expect(this.capture.bytes).toBeLessThanOrEqual(maxMemory)
  }

  /** Resolves when so many records have come back. */
  async records(count: number): Promise<void> {
    while ((this.capture.counters.records.get("exchange") ?? 0) < count) await Bun.sleep(1)
  }

  /** Everything that was seen, by what became of it; the first is what the directory has. */
  async account() {
    const result = await readDirectory(folder)
    if ("problem" in result) throw new Error(result.problem)
    const written = (await Array.fromAsync(result.reading.lines)).length
    expect(result.reading.skipped).toEqual({ lines: 0, segments: 0 })
    const { dropped, leftOut } = this.capture
    return { written, dropped, leftOut: leftOut.filter, sum: written + sum(dropped) + sum(leftOut) }
  }
}

test("a thread that stops: what is too much is dropped, traffic goes on, and everything is accounted for", async () => {
  const world = new World("stopped-worker.ts")
  await world.pass(1)
  await world.records(1)
  const longest = await world.pass(500)
  // Half a turn of what the thread is stopped for would be to wait for it.
  expect(longest).toBeLessThan(500)
  expect(world.capture.counters.records.get("exchange")).toBe(1)
  const { queue } = world.capture.dropped
  expect(queue).toBeGreaterThan(400)
  await world.capture.end()
  const account = await world.account()
  expect(account.dropped).toEqual({ memory: 0, queue, disk: 0, redaction: 0, error: 0 })
  expect(account.written).toBeGreaterThan(10)
  expect(account.sum).toBe(world.seen)
})

test("a thread that dies takes with it what it had; after a minute there is another, and everything is accounted for", async () => {
  const world = new World("dying-worker.ts")
  await world.pass(3, "/unwanted")
  await world.pass(1)
  while (world.deaths.length === 0) await world.pass(1)
  expect(world.deaths).toEqual(["it ended with 3"])
  const lost = world.capture.dropped.error
  expect(lost).toBeGreaterThan(0)
  await world.pass(200)
  expect(world.capture.dropped.error).toBe(lost)
  world.ahead += restartAfter
  // The next thread dies at its second batch as well.
  while (world.deaths.length < 2) await world.pass(1)
  expect(world.capture.dropped.queue).toBeGreaterThan(100)
  await world.capture.end()
  const account = await world.account()
  expect(account.written).toBeGreaterThan(0)
  expect(account.sum).toBe(world.seen)
})
