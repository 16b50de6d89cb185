/** When a collection is asked for: once it is quiet after a busy time, and while many connections stall. */
import { expect, spyOn, test } from "bun:test"

import { busyAtLeast, goOn, open, stall, stalledAtLeast } from "../../src/net/collect.ts"
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

test("while enough connections stall, and not for fewer", async () => {
  using collected = collection()
  const started = performance.now()
  for (let i = 0; i < stalledAtLeast - 1; i++) stall()
  setTimeout(stall, 300)
  expect((await collected.made()) - started).toBeGreaterThanOrEqual(500)
  for (let i = 0; i < stalledAtLeast; i++) goOn()
  // The one before was some seconds ago: two are never close together.
}, 10_000)
