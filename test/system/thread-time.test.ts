import { expect, test } from "bun:test"

import { threadTime } from "../../src/system/thread-time.ts"

test("work is counted, and waiting is not", async () => {
  const before = threadTime()
  await new Promise((resolve) => void setTimeout(resolve, 200))
  const waited = threadTime()
  // Where it is busy, the runtime's own work while it waits takes a while; the wait itself is longer than that.
  expect(waited - before).toBeLessThan(150)
  const started = performance.now()
  while (threadTime() - waited < 50);
  expect(performance.now() - started).toBeGreaterThan(45)
})
