/** When a collection is asked for: once it is quiet after a busy time. */
import { expect, spyOn, test } from "bun:test"

import { busyAtLeast, open } from "../../src/net/collect.ts"
import { within } from "../support/within.ts"

/** Settles when a collection is asked for; from here on none is made. */
const collection = () => {
  const { promise, resolve } = Promise.withResolvers<number>()
  const gc = spyOn(Bun, "gc").mockImplementation(() => {
    resolve(performance.now())
    return 0
  })
  return { made: () => within(promise, "collection", 8000), [Symbol.dispose]: () => gc.mockRestore() }
}

test("after a busy time, when no more sockets are opened", async () => {
  using collected = collection()
  for (let i = 0; i < busyAtLeast - 1; i++) open()
  // The next ones come while it is busy: each time it waits anew.
  const busy = setInterval(() => {
    for (let i = 0; i < 500; i++) open()
  }, 100)
  const started = performance.now()
  setTimeout(() => clearInterval(busy), 2000)
  expect((await collected.made()) - started).toBeGreaterThanOrEqual(2000)
})
