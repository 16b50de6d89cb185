/**
 * Arrivals: when how many bytes of a body came. Bounded: where there are too many, the last one stands for all that
 * follow.
 */

/** Pieces that are told apart. */
export const maxArrivals = 1000

/** Times and lengths by turns: plain numbers, which can be handed to another thread. */
export type HeardArrivals = ReadonlyArray<number>

export class Arrivals {
  private readonly numbers: Array<number> = []

  /** Notes `length` bytes at `now`. What came at the same moment came as one. */
  add(now: number, length: number): void {
    const { numbers } = this
    const last = numbers.length - 2
    if (last >= 0 && (numbers[last] === now || numbers.length === 2 * maxArrivals)) numbers[last + 1]! += length
    else numbers.push(now, length)
  }

  /** What was noted; nothing more may be. */
  take(): HeardArrivals {
    return this.numbers
  }
}

/** The last moment at which something came. */
export const lastArrival = (arrivals: HeardArrivals): number | undefined => arrivals.at(-2)

/** Every piece, in milliseconds after `started`. */
export const arrivalsSince = (
  arrivals: HeardArrivals,
  started: number,
): ReadonlyArray<readonly [t: number, length: number]> => {
  const pieces: Array<readonly [number, number]> = []
  for (let i = 0; i < arrivals.length; i += 2) pieces.push([microseconds(arrivals[i]! - started), arrivals[i + 1]!])
  return pieces
}

/** Milliseconds, to the microsecond. */
export const microseconds = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000
