/**
 * Turn clock: the time, read once for all that a turn of the event loop has found.
 *
 * A turn hands on hundreds of chunks that were there when it began, and each request of which one is a part would read
 * two clocks four times, at 50 ns. What passes in a later turn is later; within one all is at once. For what is measured
 * and logged, not for deadlines.
 */
let isTurn = false
let monotonic: number | undefined
let wall: number | undefined

/** Milliseconds on the monotonic clock: as they are now, or when they were first asked for in this turn. */
export const turnTime = (): number => (isTurn ? (monotonic ??= performance.now()) : performance.now())

/** Milliseconds since the epoch, likewise. */
export const turnDate = (): number => (isTurn ? (wall ??= Date.now()) : Date.now())

/** Begins a turn, which must be ended: until then the time stands still. */
export const beginTurn = (): void => {
  isTurn = true
}

export const endTurn = (): void => {
  isTurn = false
  monotonic = undefined
  wall = undefined
}
