import { expect, test } from "bun:test"
import { join } from "node:path"

import { loggedPerMinute, makeLastResort } from "../../../src/observe/log/last-resort.ts"
import type { LogFields } from "../../../src/observe/log/log.ts"
import { runCommand } from "../../support/process.ts"

/** A last resort with a clock of its own, what it logged and how often it counted. */
const recorded = () => {
  const logged: Array<LogFields> = []
  const clock = { now: 0 }
  let counted = 0
  const report = makeLastResort({
    log: { error: (message, fields) => void logged.push({ message, ...fields }) },
    count: () => void counted++,
    now: () => clock.now,
  })
  return { logged, clock, report, counted: () => counted }
}

test("a defect is logged with its stack, and counted", () => {
  const { logged, report, counted } = recorded()
  report("uncaught exception", new TypeError("boom"))
  expect(logged[0]).toMatchObject({ message: "uncaught exception", error: "TypeError: boom" })
  expect(String(logged[0]?.["stack"])).toContain("last-resort.test.ts")
  expect(counted()).toBe(1)
})

test("a defect on a hot path is counted every time, but logged only so often a minute", () => {
  const { logged, clock, report, counted } = recorded()
  for (let i = 0; i < 10_000; i++) report("uncaught exception", new Error("again"))
  expect([logged.length, counted()]).toEqual([loggedPerMinute, 10_000])
  clock.now = 60_000
  report("uncaught exception", new Error("later"))
  expect(logged.at(-1)).toMatchObject({ error: "Error: later", not_logged: 10_000 - loggedPerMinute })
})

test("whatever is thrown can be reported", () => {
  const { logged, report } = recorded()
  const hostile = {
    toString: () => {
      throw new Error("no")
    },
  }
  for (const cause of [undefined, null, "text", 7, Symbol("s"), Object.create(null), hostile]) report("uncaught", cause)
  expect(logged.length).toBe(7)
})

test("the process outlives an exception and a rejection that nobody caught", async () => {
  const file = join(import.meta.dir, "../../../src/observe/log/last-resort.ts")
  const script = `
    import { catchLastResort } from ${JSON.stringify(file)}
    let left = 2
    const done = () => --left === 0 && setImmediate(() => console.log("alive"))
    catchLastResort({ log: { error: (message, { error }) => console.log(message, error) }, count: done })
    setImmediate(() => { throw new Error("one") })
    Promise.reject(new Error("two"))
  `
  const { code, stdout } = await runCommand([process.execPath, "-e", script])
  expect(code).toBe(0)
  const lines = stdout.trimEnd().split("\n")
  expect(lines.pop()).toBe("alive")
  expect(lines.toSorted()).toEqual(["uncaught exception Error: one", "unhandled rejection Error: two"])
})
