/** When a collection is asked for: while the number of sockets grows, and once it is quiet after a busy time. */
import { expect, spyOn, test } from "bun:test"

import { minBusyOpens, minGrowth, noteSocketOpened } from "../../src/system/collect-garbage.ts"
import { within } from "../support/within.ts"

/** Remembers what collections are asked for, and when one that waits for its end is; from here on none is made. */
const collection = () => {
  const { promise, resolve } = Promise.withResolvers<number>()
  const asked: Array<boolean> = []
  const gc = spyOn(Bun, "gc").mockImplementation((force = false) => {
    asked.push(force)
    if (force) resolve(performance.now())
    return 0
  })
  return { asked, made: () => within(promise, "collection", 8000), [Symbol.dispose]: () => gc.mockRestore() }
}

/** As many sockets as `to` are open, one after another, where `from` were. */
const grow = (from: number, to: number): void => {
  for (let sockets = from + 1; sockets <= to; sockets++) noteSocketOpened(sockets)
}

test("while sockets grow in number, ever more seldom, and again after they went", () => {
  using collected = collection()
  const { asked } = collected
  grow(0, minGrowth - 1)
  expect(asked).toEqual([])
  grow(minGrowth - 1, minGrowth)
  expect(asked).toEqual([false])
  // Whoever goes is followed by another.
  for (let i = 0; i < 10 * minGrowth; i++) noteSocketOpened(minGrowth)
  expect(asked).toEqual([false])
  grow(minGrowth, 100 * minGrowth)
  const { length } = asked
  expect(length).toBeGreaterThan(10)
  expect(length).toBeLessThan(50)
  noteSocketOpened(10)
  grow(10, minGrowth + 9)
  expect(asked.length).toBe(length)
  noteSocketOpened(minGrowth + 10 + minGrowth / 8)
  expect(asked.length).toBe(length + 1)
})

test("after a busy time, when no more sockets are opened", async () => {
  using collected = collection()
  for (let i = 0; i < minBusyOpens - 1; i++) noteSocketOpened(1)
  // The next ones come while it is busy: each time it waits anew.
  const busy = setInterval(() => {
    for (let i = 0; i < 500; i++) noteSocketOpened(1)
  }, 100)
  const started = performance.now()
  setTimeout(() => clearInterval(busy), 2000)
  expect((await collected.made()) - started).toBeGreaterThanOrEqual(2000)
})
