import { expect, test } from "bun:test"

import { threadTime } from "../../src/system/thread-time.ts"

test("time goes on while this thread works, and hardly while it waits", async () => {
  const before = threadTime()
  while (threadTime() - before < 30) Math.sqrt(before)
  const worked = threadTime()
  const began = performance.now()
  await Bun.sleep(200)
  const waited = performance.now() - began
  expect(worked - before).toBeGreaterThanOrEqual(30)
  expect(threadTime() - worked).toBeLessThan(waited / 2)
})
