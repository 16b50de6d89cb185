/**
 * Lag: how long the program keeps everyone waiting. One timer a second says how late it came; a proxy that runs on one
 * processor has no better sign that this one is not enough.
 */

/** Milliseconds; one wake-up of some microseconds each. */
const every = 1000

/** Tells `observe` in seconds, until the function that it returns is called. The timer keeps no process alive. */
export const watchLag = (observe: (seconds: number) => void): (() => void) => {
  let expected = performance.now() + every
  const timer = setInterval(() => {
    const now = performance.now()
    observe(Math.max(0, now - expected) / 1000)
    expected = now + every
  }, every)
  timer.unref()
  return () => clearInterval(timer)
}
