/** What becomes of bytes that are let go of, and when the collector is kept away. */
import { expect, test } from "bun:test"
import { join } from "node:path"

import { ballastBytes, releaseBytes, releaseFrom } from "../../src/system/release-bytes.ts"
import { runCommand } from "../support/process.ts"

test("bytes that are let go of are freed with every view of them; fewer are left alone", () => {
  const large = new Uint8Array(releaseFrom + 1)
  const view = large.subarray(1)
  const small = new Uint8Array(releaseFrom - 1)
  releaseBytes(view)
  releaseBytes(small)
  expect([large.length, view.length, small.length]).toEqual([0, 0, releaseFrom - 1])
  releaseBytes(view)
})

test("the collector is kept away while much passes, and no longer, and that takes no memory", async () => {
  // In a process of its own: only memory that was never used is not there until somebody touches it.
  const program = `
    const { heldBallast, releaseBytes, busyBytes } = await import("${join(import.meta.dir, "../../src/system/release-bytes.ts")}")
    const chunk = 1 << 20
    const pass = (bytes) => {
      for (let i = 0; i < bytes; i += chunk) releaseBytes(new Uint8Array(chunk))
    }
    pass(busyBytes / 2)
    const little = heldBallast()
    const before = process.memoryUsage.rss()
    pass(busyBytes)
    const held = heldBallast()
    const grown = process.memoryUsage.rss() - before
    while (heldBallast() > 0) await Bun.sleep(20)
    console.log(JSON.stringify({ little, held, grown }))
  `
  const { stdout, stderr } = await runCommand([process.execPath, "-e", program])
  expect(stderr).toBe("")
  const { little, held, grown } = JSON.parse(stdout)
  expect([little, held]).toEqual([0, ballastBytes])
  expect(grown).toBeLessThan(ballastBytes / 2)
})
