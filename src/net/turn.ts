/**
 * Turn: what arrives in one turn of the event loop is read from all sockets first, and handed over then.
 *
 * Whoever waits for a socket is woken by what is written to it, and a wake-up is a sixth of all that a request costs. A
 * peer that is given several answers at once wakes up once: 5 to 7 % of a request. Where a turn brings one chunk only
 * there is nothing to gain, and to ask for the turn's end costs 4 %; so it is done while turns are full.
 *
 * Nothing that a socket tells changes its place: what waits is handed over before the next thing that is not a chunk.
 */

/** Who is given what has arrived. */
export interface Arriving {
  /** Must not throw. */
  readonly take: (chunk: Uint8Array) => void
}

/** Chunks between two looks at how many come in a turn, while they are handed over at once. */
export const lookEvery = 32
/** Chunks that wait at most: of `largeChunk` each these would be 4 MiB. */
export const mostWaiting = 256
/** Chunks behind the one that was looked at, in the same turn, from which on turns are full. */
const fullFrom = 2
/** Turns in a row with one chunk each, after which they are not full any more. */
export const lonelyAtMost = 16

export class Turn {
  private readonly ends: Array<Arriving | undefined> = []
  private readonly chunks: Array<Uint8Array | undefined> = []
  /** How many of them wait. */
  private waiting = 0
  private delivering = false
  /** Turns are full: chunks wait for the end of theirs. */
  private full = false
  /** Chunks since the last look, or since the turn began. */
  private count = 0
  private lonely = 0
  private readonly atEnd: (call: () => void) => void

  /** `atEnd` calls when all sockets that have something were read. */
  constructor(atEnd: (call: () => void) => void = setImmediate) {
    this.atEnd = atEnd
  }

  /** Hands a chunk over now, or at the end of this turn. */
  add(end: Arriving, chunk: Uint8Array): void {
    this.count++
    if (!this.full) {
      if (this.count === lookEvery) this.atEnd(this.look)
      return end.take(chunk)
    }
    if (this.count === 1) this.atEnd(this.end)
    this.ends[this.waiting] = end
    this.chunks[this.waiting++] = chunk
    if (this.waiting === mostWaiting) this.deliver()
  }

  /** Hands over what waits, in the order in which it came; does nothing in the middle of that. */
  deliver(): void {
    if (this.waiting === 0 || this.delivering) return
    this.delivering = true
    for (let i = 0; i < this.waiting; i++) {
      const end = this.ends[i]!
      const chunk = this.chunks[i]!
      this.ends[i] = undefined
      this.chunks[i] = undefined
      end.take(chunk)
    }
    this.waiting = 0
    this.delivering = false
  }

  private readonly look = (): void => {
    this.full = this.count - lookEvery >= fullFrom
    this.count = 0
  }

  private readonly end = (): void => {
    this.lonely = this.count === 1 ? this.lonely + 1 : 0
    this.count = 0
    if (this.lonely === lonelyAtMost) {
      this.lonely = 0
      this.full = false
    }
    this.deliver()
  }
}
