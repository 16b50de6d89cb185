/** Standard output as processes really find it: stalled, closed, full, shared, a pipe, a socket or a file. */
import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { Lines } from "../../support/process.ts"
import type { End, Report } from "../../support/talker.ts"
import { within } from "../../support/within.ts"

const talker = `'${process.execPath}' '${join(import.meta.dir, "../../support/talker.ts")}'`

/** Runs a shell line whose talker tells its report; `go` is what it may read from descriptor 3. */
const shell = (line: string) => {
  const child = Bun.spawn(["sh", "-c", `exec 3<&0 4>&2; ${line}`], { stdin: "pipe", stdout: "pipe", stderr: "pipe" })
  const said = new Lines(child.stderr)
  const told = (index: number): Promise<string> => said.until(() => said.all[index], `report ${index}`, 20_000)
  return {
    report: async (): Promise<Report> => JSON.parse(await told(0)),
    end: async (): Promise<End> => JSON.parse(await told(1)),
    go: () => {
      child.stdin.write("go\n")
      child.stdin.end()
    },
    stdout: () => within(child.stdout.text(), "end of the talker's output", 20_000),
    [Symbol.dispose]: () => child.kill("SIGKILL"),
  }
}

/** Lines, and what the notices say of the missing ones. */
const count = (text: string): { readonly whole: number; readonly missing: number; readonly other: number } => {
  let [whole, missing, other] = [0, 0, 0]
  for (const line of text.split("\n").slice(0, -1)) {
    const dropped = /^dropped (\d+)$/.exec(line)?.[1]
    if (/^line \d+ x{280}$/.test(line)) whole++
    else if (dropped !== undefined) missing += Number(dropped)
    else other++
  }
  return { whole, missing, other }
}

// Thirty seconds of 5,000 lines a second, as fast as they can be written.
const many = 150_000
const mebibyte = 1 << 20

test("a pipe that nobody reads costs neither time nor memory, and tells what is missing when it is read", async () => {
  using run = shell(`${talker} ${many} 20000 </dev/null | { read go <&3; cat; }`)
  const { dropped, maxPause, grown, nonBlocking } = await run.report()
  expect(dropped).toBeGreaterThan(many / 2)
  expect(maxPause).toBeLessThan(500)
  expect(grown).toBeLessThan(32 * mebibyte)
  // A child of ours that shares the pipe goes on waiting for its reader.
  expect(nonBlocking).toBe(false)
  run.go()
  const read = count(await run.stdout())
  expect(read.other).toBe(0)
  expect(read.missing).toBe(dropped)
  expect(read.whole).toBe(many - dropped)
  expect(await run.end()).toMatchObject({ flushed: true, dropped })
}, 30_000)

test("names are resolved while both outputs are stalled", async () => {
  using run = shell(`${talker} 9000 100 both 2>&1 </dev/null | { read go <&3; }`)
  expect((await run.end()).address).toMatch(/^(127\.0\.0\.1|::1)$/)
}, 30_000)

test("a socket that nobody reads, as systemd gives it, does not stall the process either", async () => {
  const child = Bun.spawn(["sh", "-c", `exec ${talker} ${many} 20000 4>&2`], { stdout: "pipe", stderr: "pipe" })
  try {
    const said = new Lines(child.stderr)
    const report: Report = JSON.parse(await said.until(() => said.all[0], "report", 20_000))
    expect(report.maxPause).toBeLessThan(500)
    expect(report.dropped).toBeGreaterThan(0)
    const read = count(await within(child.stdout.text(), "end of output", 20_000))
    expect(read.other).toBe(0)
    expect(read.whole + read.missing).toBe(many)
  } finally {
    child.kill("SIGKILL")
  }
}, 30_000)

test("a closed pipe neither ends nor delays the process: every line is counted", async () => {
  using run = shell(`sh -c "${talker} 9000 20000" | true`)
  expect((await run.report()).maxPause).toBeLessThan(500)
  expect(await run.end()).toMatchObject({ flushed: false, dropped: 9000 })
}, 30_000)

test("a full disk neither ends nor delays the process: every line is counted", async () => {
  using run = shell(`${talker} 9000 20000 >/dev/full`)
  expect((await run.report()).maxPause).toBeLessThan(500)
  expect(await run.end()).toMatchObject({ flushed: false, dropped: 9000 })
}, 30_000)

test("flush gives up on a stalled reader when its time is over", async () => {
  using run = shell(`${talker} 9000 50 | { read go <&3; }`)
  expect(await run.end()).toMatchObject({ flushed: false })
}, 30_000)

test("a file gets every line at its end, after what others wrote to it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-output-"))
  try {
    const file = join(folder, "log")
    using run = shell(`{ echo before; ${talker} 1000 20000; echo after; } >'${file}'`)
    expect(await run.end()).toMatchObject({ flushed: true, dropped: 0 })
    await run.stdout()
    const lines = (await Bun.file(file).text()).split("\n")
    expect([lines.length, lines[0], lines[1001]]).toEqual([1003, "before", "after"])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 30_000)
