/** Thread priority: of one thread and no other. */
import { expect, test } from "bun:test"
import { join } from "node:path"

const source = join(import.meta.dir, "../../src/system/thread-priority.ts")

/** A process of its own, since nobody gets a priority back: the nice values of its first thread and of all others. */
const script = `
  import { readdirSync, readFileSync } from "node:fs"
  import { lowerThreadPriority } from ${JSON.stringify(source)}
  const niceOf = (id) => Number(readFileSync("/proc/self/task/" + id + "/stat", "latin1").split(") ").at(-1).split(" ")[16])
  const done = lowerThreadPriority(7)
  const others = readdirSync("/proc/self/task").filter((id) => id !== String(process.pid)).map(niceOf)
  console.log(JSON.stringify({ done, own: niceOf(process.pid), others: [...new Set(others)] }))
`

test("the thread that asks goes behind the others of its process, which stay as they were", () => {
  const child = Bun.spawnSync([process.execPath, "-e", script])
  expect(child.stderr.toString()).toBe("")
  expect(JSON.parse(child.stdout.toString())).toEqual({ done: true, own: 7, others: [0] })
})
