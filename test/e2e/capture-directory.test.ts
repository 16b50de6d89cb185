/** A capture to a directory: what is killed reads, what is full or stopped holds nothing up, and all of it is accounted for. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test"
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { readDirectory } from "../../src/capture/directory/read-directory.ts"
import { readRecord } from "../../src/capture/read-record.ts"
import { type CaptureRecord, isHttp } from "../../src/capture/record.ts"
import { scrape } from "../support/metrics.ts"
import { needs } from "../support/needs.ts"
import { type Pillion, pillion, startPillion } from "../support/pillion.ts"
import { makeRandom } from "../support/random.ts"
import { stopThread, threadsOfNice } from "../support/stop-thread.ts"
import { eventually } from "../support/within.ts"

const mebibyte = 1024 * 1024

// Each starts proxies and passes hundreds of exchanges.
setDefaultTimeout(30_000)

let folder = ""
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "pillion-capture-"))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Of the thread that makes records. */
const nice = 10

/** Bytes that cannot be made smaller, as text. */
const noise = Buffer.from(makeRandom(1).bytes(100_000)).toString("base64")

const answer = (request: Request): Response => {
  const length = Number(new URL(request.url).searchParams.get("bytes") ?? 100)
  return new Response(noise.slice(0, length), { headers: { "Content-Type": "text/plain" } })
}

/** An origin whose answers have as many bytes as they are asked for. */
let origin: ReturnType<typeof Bun.serve> | undefined
beforeAll(() => void (origin = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer })))
afterAll(() => origin?.stop(true))

const captureTo = (path: string, ...flags: ReadonlyArray<string>) =>
  startPillion({ flags: ["--proxy-type=forward", `--capture=${path}`, ...flags], env: { XDG_RUNTIME_DIR: folder } })

const ask = async (running: Pillion, path: string): Promise<void> => {
  const proxy = `http://127.0.0.1:${running.ports.out}`
  const answer = await fetch(`http://127.0.0.1:${origin!.port}${path}`, { proxy })
  expect(answer.status).toBe(200)
  await answer.arrayBuffer()
}

/** Asks for all paths, so many at a time. */
const askAll = async (running: Pillion, paths: ReadonlyArray<string>, atOnce = 8): Promise<void> => {
  const left = [...paths]
  const worker = async (): Promise<void> => {
    for (let path = left.pop(); path !== undefined; path = left.pop()) await ask(running, path)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

const pathsOf = (count: number, more = ""): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, i) => `/${i}${more}`)

/** All records of a directory; every line of it has to be one. */
const recordsOf = async (path: string) => {
  const result = await readDirectory(path)
  if ("problem" in result) throw new Error(result.problem)
  const records: Array<CaptureRecord> = []
  for await (const line of result.reading.lines) {
    const read = readRecord(line)
    if ("problem" in read) throw new Error(read.problem)
    records.push(read.record)
  }
  return { records, skipped: result.reading.skipped }
}

/** The path that a record's request was for, and what follows it. */
const targetOf = (record: CaptureRecord): string =>
  isHttp(record) ? record.request.line.target.replace(/^http:\/\/[^/]*/, "") : ""

/** Counts of what was captured, by the metrics. */
const countsOf = async (running: Pillion) => {
  const { samples } = await scrape(running)
  const sum = (name: string): number =>
    [...samples].reduce((all, [key, value]) => (key.startsWith(`pillion_capture_${name}{`) ? all + value : all), 0)
  const dropped = (reason: string): number => samples.get(`pillion_capture_dropped_total{reason="${reason}"}`) ?? 0
  return {
    records: sum("records_total"),
    dropped: sum("dropped_total"),
    leftOut: sum("left_out_total"),
    disk: dropped("disk"),
    queue: dropped("queue"),
  }
}

/** Waits until so many exchanges are accounted for. */
const accounted = async (running: Pillion, count: number) => {
  const sum = async (): Promise<number> => {
    const { records, dropped, leftOut } = await countsOf(running)
    return records + dropped + leftOut
  }
  await eventually(sum, count, "exchanges that are accounted for", 20_000)
  return countsOf(running)
}

/** Bytes that a directory takes on the disk, as du(1) counts them. */
const usageOf = (path: string): number =>
  [path, ...readdirSync(path).map((name) => join(path, name))].reduce(
    (sum, each) => sum + (statSync(each, { throwIfNoEntry: false })?.blocks ?? 0) * 512,
    0,
  )

/** Fills a file system to its last byte. */
const fill = (path: string): void => {
  try {
    writeFileSync(path, new Uint8Array(16 * mebibyte))
    throw new Error("it has more room than it should")
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error
  }
}

test("every exchange is a record in the directory when the proxy has ended, and capture.json counts them", async () => {
  const path = join(folder, "captures")
  await using running = await captureTo(path)
  await askAll(running, pathsOf(300))
  expect(await running.stop()).toBe(0)
  const { records, skipped } = await recordsOf(path)
  expect(records.map(targetOf).toSorted()).toEqual(pathsOf(300).toSorted())
  expect(skipped).toEqual({ lines: 0, segments: 0 })
  const { counters } = await Bun.file(join(path, "capture.json")).json()
  expect(counters.records).toEqual({ exchange: 300 })
})

test("killed at 50 random moments: every segment reads, and every record that had been counted is there", async () => {
  const seed = Number(process.env["TEST_SEED"] ?? Date.now() % 1_000_000)
  console.log(`killed at moments of TEST_SEED=${seed}`)
  const random = makeRandom(seed)
  const path = join(folder, "captures")
  const counted: Array<number> = []
  for (let kills = 0; kills < 50; kills++) {
    await using running = await captureTo(path)
    // Until it is killed.
    const worker = async (name: string): Promise<void> => {
      for (let i = 0; ; i++) {
        const isAnswered = await ask(running, `/${kills}/${name}/${i}?bytes=${random.below(3000)}`).then(
          () => true,
          () => false,
        )
        if (!isAnswered) return
      }
    }
    const workers = ["a", "b", "c", "d"].map(worker)
    await eventually(async () => (await countsOf(running)).records > 0, true, "a first record")
    // The moments are what is tested.
    await Bun.sleep(random.below(200))
    counted.push((await countsOf(running)).records)
    await Bun.sleep(random.below(20))
    running.signal("SIGKILL")
    await Promise.all([...workers, running.exited])
  }
  const { records, skipped } = await recordsOf(path)
  expect(skipped.segments).toBe(0)
  expect(skipped.lines).toBeLessThanOrEqual(counted.length)
  const found = counted.map(() => 0)
  for (const record of records) found[Number(targetOf(record).split("/")[1])]! += 1
  expect(found.filter((count, i) => count < counted[i]!)).toEqual([])
  expect(records.length).toBeGreaterThan(counted.length)
}, 120_000)

test("a directory never takes more than it may, and 4 MiB; the newest records are in it", async () => {
  const path = join(folder, "captures")
  const budget = 4 * mebibyte
  await using running = await captureTo(path, "--capture-disk=4MiB")
  let most = 0
  for (let i = 0; i < 40; i++) {
    await askAll(
      running,
      pathsOf(16).map((each) => `${each}/${i}?bytes=40000`),
    )
    // The thread has its time: what is tested is the disk.
    expect(await accounted(running, 16 * (i + 1))).toMatchObject({ records: 16 * (i + 1) })
    most = Math.max(most, usageOf(path))
  }
  // 25 MB passed, and were compressed: a segment before it is, is a quarter of the budget.
  expect(most).toBeGreaterThan(budget / 4)
  expect(most).toBeLessThanOrEqual(budget + 4 * mebibyte)
  await running.stop()
  const { records } = await recordsOf(path)
  expect(records.length).toBeGreaterThan(20)
  expect(targetOf(records.at(-1)!)).toEndWith("/39?bytes=40000")
})

test("a directory that is not this user's alone is refused at the start, in one line that says what to do", async () => {
  const path = join(folder, "open")
  mkdirSync(path)
  chmodSync(path, 0o755)
  expect(await pillion(["--capture", path])).toEqual({
    code: 78,
    stdout: "",
    stderr: `pillion: capture ${JSON.stringify(path)} (flag --capture) is open to other users: chmod 700 it, or name one below it\n`,
  })
})

test("two proxies that share a directory have a directory each, and one key", async () => {
  const path = join(folder, "captures")
  await using first = await captureTo(path)
  await using second = await captureTo(path)
  await ask(first, "/first")
  await ask(second, "/second")
  await first.stop()
  await second.stop()
  const below = readdirSync(path).filter((name) => name.endsWith(`-${second.pid}`))
  expect(below).toHaveLength(1)
  expect(readdirSync(join(path, below[0]!))).not.toContain(".key")
  const { records } = await recordsOf(path)
  expect(records.map(targetOf)).toEqual(["/first", "/second"])
})

needs("namespace")(
  "on a full disk traffic goes on, records are dropped and counted, and go on when there is room again",
  async () => {
    const mount = join(folder, "small")
    const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"]
    const script = `mkdir ${mount} && mount -t tmpfs -o size=8m,mode=700 none ${mount}; exec "$0" "$@"`
    await using running = await startPillion({
      wrapper: ["unshare", "--mount", ...user, "--", "sh", "-c", script],
      flags: ["--proxy-type=forward", `--capture=${mount}/captures`],
      env: { XDG_RUNTIME_DIR: folder },
    })
    const inside = `/proc/${running.pid}/root${mount}`
    fill(join(inside, "filler"))
    await askAll(running, pathsOf(500, "?bytes=1000"))
    const full = await accounted(running, 500)
    expect(full).toMatchObject({ records: 0, disk: 500 })
    unlinkSync(join(inside, "filler"))
    let asked = 500
    const isWritten = async (): Promise<boolean> => {
      await ask(running, "/again?bytes=1000")
      return (await accounted(running, ++asked)).records > 0
    }
    await eventually(isWritten, true, "record after there is room")
    await askAll(running, pathsOf(100, "?bytes=1000"))
    expect(await accounted(running, asked + 100)).toMatchObject({ records: 101, dropped: asked - 1 })
    const written = await recordsOf(join(inside, "captures"))
    expect(written.records).toHaveLength(101)
    expect(written.skipped).toEqual({ lines: 0, segments: 0 })
  },
)

needs("ptrace")(
  "while the thread that makes records stands still traffic goes on, memory stays bounded, and all is accounted for",
  async () => {
    const path = join(folder, "captures")
    await using running = await captureTo(path, "--capture-memory=4MiB")
    await askAll(running, pathsOf(20))
    await accounted(running, 20)
    const [thread, ...others] = threadsOfNice(running.pid, nice)
    expect(others).toEqual([])
    const stopped = stopThread(thread!)!
    await askAll(running, pathsOf(1000, "?bytes=20000"))
    const before = running.residentBytes()
    await askAll(running, pathsOf(1000, "?bytes=20000"))
    expect(running.residentBytes() - before).toBeLessThan(40 * mebibyte)
    const { records, queue } = await countsOf(running)
    expect(records).toBe(20)
    expect(queue).toBeGreaterThan(1000)
    stopped.release()
    const after = await accounted(running, 2020)
    expect(after.dropped).toBe(queue)
    await running.stop()
    expect((await recordsOf(path)).records).toHaveLength(after.records)
  },
  60_000,
)
