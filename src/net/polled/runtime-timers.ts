/**
 * Timers: whether the runtime has something to do, and when, which it tells nobody; a loop that waits by itself has to
 * know.
 *
 * From `watchTimers` on every setTimeout, setInterval and setImmediate of the program is noted. A timer that is cancelled
 * stays noted, and costs a wake-up. Timers inside of the runtime (Bun.sleep, AbortSignal.timeout, Timeout.refresh) are
 * not seen: those may be late by as long as the loop waits at most.
 */

type Call = (...given: Array<unknown>) => void

/** An immediate that does not keep the loop from waiting: its own. */
export const { setImmediate: unnotedImmediate } = globalThis

/** When timers are due, on the monotonic clock, the next one last. */
const dues: Array<number> = []

/** Immediates that have not run; and whether one has since it was last asked. */
const immediates = new Set<object>()
let ran = false

/** The runtime may fire a timer a fraction of a millisecond after it was due by our clock. */
const slack = 2

/** setTimeout(3): what is no number is 0, and what is too large is at once. */
const maxDelay = 0x7fff_ffff

/** To the millisecond, so that there are never more than there are milliseconds until the last one. */
const note = (milliseconds: number | undefined): void => {
  const wait = Number(milliseconds)
  const due = Math.ceil(performance.now() + (wait > 0 && wait <= maxDelay ? wait : 0))
  let from = 0
  let to = dues.length
  while (from < to) {
    const middle = (from + to) >> 1
    if (dues[middle]! > due) from = middle + 1
    else to = middle
  }
  if (dues[from] !== due) dues.splice(from, 0, due)
}

const { setTimeout, setInterval, setImmediate, clearImmediate } = globalThis

const noteTimeout = (call: Call, milliseconds?: number, ...given: Array<unknown>) => {
  note(milliseconds)
  return setTimeout(call, milliseconds, ...given)
}

const noteInterval = (call: Call, milliseconds?: number, ...given: Array<unknown>) => {
  note(milliseconds)
  const called = (): void => {
    note(milliseconds)
    call(...given)
  }
  return setInterval(called, milliseconds)
}

const noteImmediate = (call: Call, ...given: Array<unknown>) => {
  const immediate = setImmediate(() => {
    immediates.delete(immediate)
    ran = true
    call(...given)
  })
  immediates.add(immediate)
  return immediate
}

/** Both of the ways in which clearImmediate is declared. */
function forgetImmediate(immediate?: number | Timer): void
function forgetImmediate(immediate: NodeJS.Immediate | undefined): void
function forgetImmediate(immediate: unknown): void {
  if (typeof immediate === "object" && immediate !== null) immediates.delete(immediate)
  Reflect.apply(clearImmediate, undefined, [immediate])
}

let watching = false

/** What waits already is not known. */
export const watchTimers = (): void => {
  if (watching) return
  watching = true
  globalThis.setTimeout = Object.assign(noteTimeout, setTimeout)
  globalThis.setInterval = Object.assign(noteInterval, setInterval)
  globalThis.setImmediate = Object.assign(noteImmediate, setImmediate)
  globalThis.clearImmediate = forgetImmediate
}

/** Milliseconds until the runtime has something to do, rounded up; at most `max`. */
export const untilNextTimer = (max: number): number => {
  // One that ran may have given the runtime something to do behind us, which nobody may wait before.
  if (immediates.size > 0 || ran) {
    ran = false
    return 0
  }
  if (dues.length === 0) return max
  const now = performance.now()
  let next = dues.at(-1)!
  while (next + slack < now) {
    dues.pop()
    if (dues.length === 0) return max
    next = dues.at(-1)!
  }
  return Math.min(max, Math.max(1, Math.ceil(next - now)))
}
