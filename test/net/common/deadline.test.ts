import { expect, test } from "bun:test"
import { join } from "node:path"
import { after, cancel, type Deadline } from "../../../src/net/common/deadline.ts"
import { within } from "../../support/within.ts"

const later = (milliseconds: number, expire: () => void): Deadline => after(milliseconds, { expire })

/** Settles when a deadline of this duration fires, which is after every earlier one of the same duration. */
const passed = (milliseconds: number): Promise<void> =>
  within(new Promise((resolve) => void later(milliseconds, resolve)), "deadline")

test("fires once, and not before its time", async () => {
  let fired = 0
  const started = performance.now()
  const { promise, resolve } = Promise.withResolvers<number>()
  later(30, () => {
    fired++
    resolve(performance.now() - started)
  })
  // A native timer may be up to a millisecond early.
  expect(await within(promise, "deadline")).toBeGreaterThanOrEqual(29)
  await passed(30)
  expect(fired).toBe(1)
})

test("has its owner expire, by the owner's own method, when it is no longer armed", async () => {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  class Owner {
    readonly deadline = after(15, this)
    expire(): void {
      resolve(this.deadline.armed)
    }
  }
  expect(new Owner().deadline.armed).toBe(true)
  expect(await within(promise, "deadline")).toBe(false)
})

test("deadlines of one duration fire in the order in which they were armed", async () => {
  const fired: Array<number> = []
  for (let i = 0; i < 5; i++) later(20, () => void fired.push(i))
  await passed(20)
  expect(fired).toEqual([0, 1, 2, 3, 4])
})

test("a shorter one does not wait for a longer one that was armed before", async () => {
  const fired: Array<string> = []
  const long = new Promise<void>((resolve) => {
    later(60, () => {
      fired.push("long")
      resolve()
    })
  })
  later(15, () => void fired.push("short"))
  await within(long, "deadline")
  expect(fired).toEqual(["short", "long"])
})

test("one that was cancelled never fires, wherever it stands in its queue", async () => {
  for (const index of [0, 1, 2]) {
    const fired: Array<number> = []
    const armed = [0, 1, 2].map((i) => later(20, () => void fired.push(i)))
    cancel(armed[index])
    await passed(20)
    expect(fired).toEqual([0, 1, 2].filter((i) => i !== index))
  }
})

test("one that is armed while the timer runs for one that was cancelled has its full time", async () => {
  cancel(later(40, () => {}))
  await passed(25)
  const started = performance.now()
  await passed(40)
  expect(performance.now() - started).toBeGreaterThanOrEqual(39)
})

test("cancelling twice, after it has fired, or nothing at all, is harmless", async () => {
  let fired = 0
  const deadline = later(15, () => void fired++)
  const doomed = later(15, () => void fired++)
  cancel(doomed)
  cancel(doomed)
  cancel(undefined)
  await passed(15)
  cancel(deadline)
  await passed(15)
  expect(fired).toBe(1)
})

test("one may arm and cancel others when it fires", async () => {
  const fired: Array<string> = []
  const { promise, resolve } = Promise.withResolvers<void>()
  later(20, () => {
    fired.push("first")
    cancel(second)
    later(20, () => {
      fired.push("third")
      resolve()
    })
  })
  const second = later(20, () => void fired.push("second"))
  await within(promise, "deadline")
  expect(fired).toEqual(["first", "third"])
})

test("one that arms another when it fires does not hold up those behind it", async () => {
  const { promise, resolve } = Promise.withResolvers<number>()
  later(200, () => void later(200, () => {}))
  await passed(20)
  const armed = performance.now()
  later(200, () => resolve(performance.now() - armed))
  expect(await within(promise, "deadline")).toBeWithin(195, 300)
})

test("thousands are armed and cancelled, and the one that is left fires", async () => {
  const armed = Array.from({ length: 10_000 }, () => later(20, () => expect.unreachable()))
  const last = passed(20)
  for (const deadline of armed) cancel(deadline)
  await last
})

test("none keeps the process alive", async () => {
  const module = join(import.meta.dir, "../../../src/net/common/deadline.ts")
  const child = Bun.spawn([process.execPath, "-e", `(await import("${module}")).after(60_000, { expire() {} })`])
  expect(await within(child.exited, "exit")).toBe(0)
})
