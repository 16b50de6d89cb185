/**
 * Runtime timers: tracks when the runtime's next timer is due. The runtime does not say, and our loop must not sleep
 * past it.
 *
 * From `watchTimers` on every setTimeout, setInterval and setImmediate of the program is noted. A timer that is
 * cancelled stays noted, and costs a wake-up. Timers inside of the runtime (Bun.sleep, AbortSignal.timeout,
 * Timeout.refresh) are not seen: those may be late by as long as the loop waits at most.
 */

type Call = (...given: Array<unknown>) => void

/** The runtime's own setImmediate, for the loop itself: an immediate by it does not keep the loop from waiting. */
export const { setImmediate: unnotedImmediate } = globalThis

/** Due times on the monotonic clock, the next one last. */
const dues: Array<number> = []

/** Immediates that have not run; and whether one has run since `untilNextTimer` was called last. */
const immediates = new Set<object>()
let ran = false

/** The runtime may fire a timer a fraction of a millisecond after it was due by our clock. */
const slack = 2

/** The longest delay of a timer: a longer one fires at once, and so does one that is no number. */
const maxDelay = 0x7fff_ffff

/** Notes a due time, to the millisecond: so there are never more of them than milliseconds until the last one. */
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

/** Forgets an immediate. Overloaded as clearImmediate is. */
function forgetImmediate(immediate?: number | Timer): void
function forgetImmediate(immediate: NodeJS.Immediate | undefined): void
function forgetImmediate(immediate: unknown): void {
  if (typeof immediate === "object" && immediate !== null) immediates.delete(immediate)
  Reflect.apply(clearImmediate, undefined, [immediate])
}

let watching = false

/** Begins to note timers. Timers that were set before are not seen. */
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
  // An immediate that ran may have given the runtime something to do behind us, and that must not wait.
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
