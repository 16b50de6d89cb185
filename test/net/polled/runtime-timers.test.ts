/** What a loop that waits by itself knows of the runtime's timers, and that they come on time beside one. */
import { describe, expect, spyOn, test } from "bun:test"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"

import type * as timersModule from "../../../src/net/polled/runtime-timers.ts"
import { maxWait } from "../../../src/net/polled/poller.ts"
import { within } from "../../support/within.ts"
import { loopback, polled } from "../../support/pair.ts"

type Timers = typeof timersModule

let fresh = 0

/** Watched timers that know of no other ones, by a clock that only `pass` moves; all is as before when it is disposed of. */
const watched = async (): Promise<Timers & Disposable> => {
  const timers: Timers = await import(
    `${join(import.meta.dir, "../../../src/net/polled/runtime-timers.ts")}?fresh=${fresh++}`
  )
  const { setTimeout, setInterval, setImmediate, clearImmediate } = globalThis
  now = 1000.25
  const clock = spyOn(performance, "now").mockImplementation(() => now)
  timers.watchTimers()
  const restore = (): void => {
    Object.assign(globalThis, { setTimeout, setInterval, setImmediate, clearImmediate })
    clock.mockRestore()
  }
  return { ...timers, [Symbol.dispose]: restore }
}

let now = 0

/** A due is passed when it is more than two milliseconds old. */
const pass = (count: number): void => void (now += count)

/** Longer than any timer of these tests. */
const most = 100_000

const readNothing = (): void => {}

/** Notes a timer that never fires. */
const note = (milliseconds?: number): void => clearTimeout(setTimeout(readNothing, milliseconds))

const milliseconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count))

describe("until the next timer", () => {
  test("it is as long as may be waited, where there is none, or none so soon", async () => {
    using timers = await watched()
    expect(timers.untilNextTimer(250)).toBe(250)
    note(5000)
    expect(timers.untilNextTimer(250)).toBe(250)
    expect(timers.untilNextTimer(most)).toBe(5001)
  })

  test("it is what a timeout was given, rounded up, and what has passed of it is not", async () => {
    using timers = await watched()
    note(500)
    expect(timers.untilNextTimer(most)).toBe(501)
    pass(20)
    expect(timers.untilNextTimer(most)).toBe(481)
    pass(480.5)
    expect(timers.untilNextTimer(most)).toBe(1)
  })

  test("it is what an interval was given", async () => {
    using timers = await watched()
    clearInterval(setInterval(readNothing, 500))
    expect(timers.untilNextTimer(most)).toBe(501)
  })

  test("it is never nothing: what is due now is a millisecond away", async () => {
    for (const delay of [undefined, 0, -5, 0.2]) {
      using timers = await watched()
      note(delay)
      expect(timers.untilNextTimer(most)).toBe(1)
      // The runtime's clock may be behind ours.
      pass(2)
      expect(timers.untilNextTimer(most)).toBe(1)
      pass(1)
      expect(timers.untilNextTimer(most)).toBe(most)
    }
  })

  test("it is a number of milliseconds whatever a timer was given", async () => {
    for (const delay of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 40]) {
      using timers = await watched()
      note(delay)
      expect(timers.untilNextTimer(250)).toBe(1)
      pass(10)
      expect(timers.untilNextTimer(250)).toBe(250)
      note(50)
      expect(timers.untilNextTimer(250)).toBe(51)
    }
  })

  test("it is the soonest, in whichever order they were set", async () => {
    using timers = await watched()
    for (const delay of [500, 300, 700, 200, 600, 400, 200]) note(delay)
    expect(timers.untilNextTimer(most)).toBe(201)
    note(900)
    expect(timers.untilNextTimer(most)).toBe(201)
  })

  test("it is the next one when the first has passed, one after the other", async () => {
    using timers = await watched()
    for (const delay of [2000, 10, 1000, 20, 3000]) note(delay)
    pass(25)
    expect(timers.untilNextTimer(most)).toBe(976)
    pass(1000)
    expect(timers.untilNextTimer(most)).toBe(976)
    pass(1000)
    expect(timers.untilNextTimer(most)).toBe(976)
  })

  test("one that is cancelled ends one wait too early, and then no other", async () => {
    using timers = await watched()
    note(10)
    expect(timers.untilNextTimer(most)).toBe(11)
    pass(15)
    expect(timers.untilNextTimer(most)).toBe(most)
  })

  test("an interval is noted again at each of its calls", async () => {
    using timers = await watched()
    const { promise, resolve } = Promise.withResolvers<void>()
    const waits: Array<number> = []
    const timer = setInterval(() => {
      waits.push(timers.untilNextTimer(most))
      pass(50)
      if (waits.length === 3) resolve()
    }, 10)
    await within(promise, "three calls")
    clearInterval(timer)
    expect(waits.slice(0, 3)).toEqual([11, 11, 11])
  })
})

describe("timers that are watched", () => {
  test("pass on the arguments that they were given", async () => {
    using _timers = await watched()
    const heard: Array<unknown> = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const interval = setInterval((...given: Array<unknown>) => heard.push(given), 1, "a", 1)
    setTimeout((...given: Array<unknown>) => (heard.push(given), resolve()), 15, "b", 2)
    await within(promise, "timeout")
    clearInterval(interval)
    expect(heard[0]).toEqual(["a", 1])
    expect(heard.at(-1)).toEqual(["b", 2])
  })

  test("can be cleared, and let the process end, as before", async () => {
    using _timers = await watched()
    for (const timer of [setTimeout(() => expect.unreachable(), 5), setInterval(() => expect.unreachable(), 5)]) {
      expect(timer.hasRef()).toBe(true)
      expect(timer.unref().hasRef()).toBe(false)
      clearTimeout(timer)
    }
    await milliseconds(10)
  })

  test("can be made promises of, as before", async () => {
    using _timers = await watched()
    const wait: (milliseconds: number, value: string) => Promise<string> = promisify(setTimeout)
    expect(await within(wait(5, "over"), "promise")).toBe("over")
  })

  test("are watched once", async () => {
    using timers = await watched()
    const { setTimeout, setInterval } = globalThis
    timers.watchTimers()
    expect([globalThis.setTimeout, globalThis.setInterval]).toEqual([setTimeout, setInterval])
  })
})

/** How long something takes while a polled listener is open and nothing else happens. */
const beside = async (what: () => Promise<unknown>): Promise<number> => {
  const listener = polled.listen(loopback, 0, () => {})
  // The loop has begun, and waits.
  await milliseconds(5)
  const began = performance.now()
  await within(what(), "the end of it")
  const took = performance.now() - began
  listener.stop()
  return took
}

/** So often that it would take many times as long if the loop did not know of it. */
const often = 10

/** Far less than if each time had taken `maxWait`, and far more than any machine needs. */
const inTime = (often * maxWait) / 2

const tenTimes = (what: () => Promise<unknown>) => async (): Promise<void> => {
  for (let i = 0; i < often; i++) await what()
}

const tenCalls = (): Promise<void> =>
  new Promise((resolve) => {
    let calls = 0
    const timer = setInterval(() => {
      if (++calls < often) return
      clearInterval(timer)
      resolve()
    }, 20)
  })

const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe("an immediate", () => {
  test("has nobody wait until it has run, and is given its arguments", async () => {
    using timers = await watched()
    const { promise, resolve } = Promise.withResolvers<string>()
    setImmediate(resolve, "given")
    expect(timers.untilNextTimer(most)).toBe(0)
    expect(await within(promise, "immediate")).toBe("given")
    // What it has given others to do comes first, once.
    expect(timers.untilNextTimer(most)).toBe(0)
    expect(timers.untilNextTimer(most)).toBeGreaterThan(0)
  })

  test("that is cleared has nobody wait, and does not run", async () => {
    using timers = await watched()
    let ran = false
    const cleared = setImmediate(() => (ran = true))
    const left = Promise.withResolvers<void>()
    setImmediate(left.resolve)
    clearImmediate(cleared)
    expect(timers.untilNextTimer(most)).toBe(0)
    await within(left.promise, "the other immediate")
    expect(timers.untilNextTimer(most)).toBe(0)
    expect(timers.untilNextTimer(most)).toBeGreaterThan(0)
    expect(ran).toBe(false)
  })

  test("of the loop's own does not keep it from waiting", async () => {
    using timers = await watched()
    const { promise, resolve } = Promise.withResolvers<void>()
    timers.unnotedImmediate(resolve)
    expect(timers.untilNextTimer(most)).toBe(most)
    await within(promise, "immediate")
  })
})

test("a hundred thousand timers of one time are noted as quickly as one", async () => {
  using timers = await watched()
  // Quadratic work would meet the test's own deadline.
  for (let i = 0; i < 100_000; i++) note(10_000)
  note(20)
  expect(timers.untilNextTimer(most)).toBe(21)
})

describe("beside a loop that waits", () => {
  test("timeouts fire in time, also those that are set where others fire", async () => {
    const took = await beside(tenTimes(() => milliseconds(20)))
    expect(took).toBeWithin(often * 19, inTime)
  })

  test("an interval fires in time, each time", async () => {
    const took = await beside(tenCalls)
    expect(took).toBeWithin(often * 19, inTime)
  })

  test("an Effect that sleeps wakes up in time", async () => {
    const took = await beside(tenTimes(() => Effect.runPromise(Effect.sleep(20))))
    expect(took).toBeWithin(often * 19, inTime)
  })

  test("an immediate that is set in an immediate does not wait", async () => {
    expect(await beside(tenTimes(immediate))).toBeLessThan(inTime)
  })

  test("a fiber that yields goes on at once", async () => {
    const yields = Effect.gen(function* () {
      for (let i = 0; i < often; i++) yield* Effect.yieldNow
    })
    expect(await beside(() => Effect.runPromise(yields))).toBeLessThan(inTime)
  })

  test("what other threads do is heard of at once", async () => {
    expect(await beside(tenTimes(() => readFile("/etc/hosts")))).toBeLessThan(inTime)
  })

  test("a timer that nobody knows of fires too, once the loop has waited its longest", async () => {
    expect(await beside(() => Bun.sleep(30))).toBeGreaterThanOrEqual(29)
  })
})
