/** What becomes of bytes that are let go of, and when the collector is kept away. */
import { expect, test } from "bun:test"

import { ballastBytes, heldBallast, letGo, letGoFrom, much } from "../../src/net/let-go.ts"
import { eventually } from "../support/within.ts"

test("bytes that are let go of are freed with every view of them; fewer are left alone", () => {
  const large = new Uint8Array(letGoFrom + 1)
  const view = large.subarray(1)
  const small = new Uint8Array(letGoFrom - 1)
  letGo(view)
  letGo(small)
  expect([large.length, view.length, small.length]).toEqual([0, 0, letGoFrom - 1])
  letGo(view)
})

test("the collector is kept away while much passes, and no longer, and that takes no memory", async () => {
  const chunk = 1 << 20
  const pass = (bytes: number): void => {
    for (let i = 0; i < bytes; i += chunk) letGo(new Uint8Array(chunk))
  }
  pass(much / 2)
  expect(heldBallast()).toBe(0)
  const before = process.memoryUsage.rss()
  pass(much)
  expect(heldBallast()).toBe(ballastBytes)
  expect(process.memoryUsage.rss() - before).toBeLessThan(ballastBytes / 2)
  await eventually(async () => heldBallast(), 0, "end of it")
})
