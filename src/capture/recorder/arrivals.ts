/**
 * Arrivals: when how many bytes of a body came. Bounded: where there are too many, or the capture has no memory for more,
 * the last one stands for all that follow.
 */
import type { Memory } from "./memory.ts"

/** Pieces that are told apart. */
export const maxArrivals = 1000

/** Pieces that a recording has room for among its own objects, and for how many more memory is taken at once. */
export const piecesAtOnce = 50

/** Bytes of memory that a piece takes: two numbers. */
export const pieceBytes = 16

/** Times and lengths by turns: plain numbers, which can be handed to another thread. */
export type HeardArrivals = ReadonlyArray<number>

export class Arrivals {
  /** Bytes of the capture's memory that this holds. */
  held = 0
  private readonly numbers: Array<number> = []
  private readonly memory: Memory
  /** Pieces that there is room for. */
  private room = piecesAtOnce
  private isFull = false

  constructor(memory: Memory) {
    this.memory = memory
  }

  /** Notes `length` bytes at `now`. What came at the same moment came as one. */
  add(now: number, length: number): void {
    const { numbers } = this
    const last = numbers.length - 2
    if (last >= 0 && (numbers[last] === now || !this.hasRoom())) numbers[last + 1]! += length
    else numbers.push(now, length)
  }

  /** What was noted; nothing more may be. */
  take(): HeardArrivals {
    return this.numbers
  }

  private hasRoom(): boolean {
    if (this.isFull || this.numbers.length < 2 * this.room) return !this.isFull
    const bytes = piecesAtOnce * pieceBytes
    this.isFull = this.room >= maxArrivals || !this.memory.reserve(bytes)
    if (this.isFull) return false
    this.held += bytes
    this.room += piecesAtOnce
    return true
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
