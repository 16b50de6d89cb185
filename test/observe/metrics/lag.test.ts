import { expect, test } from "bun:test"

import { watchLag } from "../../../src/observe/metrics/lag.ts"
import { within } from "../../support/within.ts"

test("a timer that comes late says by how many seconds", async () => {
  const { promise, resolve } = Promise.withResolvers<number>()
  const stop = watchLag(resolve)
  try {
    Bun.sleepSync(1300)
    const lag = await within(promise, "first measurement")
    expect(lag).toBeGreaterThanOrEqual(0.29)
    expect(lag).toBeLessThan(30)
  } finally {
    stop()
  }
})
