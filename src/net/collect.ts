/**
 * Collect: asks for a garbage collection when many connections stall.
 *
 * Every stalled reader holds one chunk. The chunks that passed before are garbage of about the same size, and when
 * nothing moves any more nothing is allocated, so nothing would collect them. Measured with 50 readers that stop:
 * 52 MB stay without it.
 */

/** Fewer stalled connections hold less than the collector keeps anyway. */
export const stalledAtLeast = 16
/** Milliseconds from the first stall on: what stalls for less is the usual back-pressure of a transfer. */
const wait = 250
/** Milliseconds between two collections that are asked for: one takes some ten of them. */
const interval = 5000

let stalled = 0
let asked = false
let last = -interval

/** A connection was paused. */
export const stall = (): void => {
  stalled++
  if (asked || stalled < stalledAtLeast) return
  asked = true
  setTimeout(collect, Math.max(wait, last + interval - performance.now())).unref()
}

/** It goes on, or is gone. */
export const goOn = (): void => void stalled--

const collect = (): void => {
  asked = false
  if (stalled < stalledAtLeast) return
  last = performance.now()
  Bun.gc(true)
}
