/** Hundreds of ends that do what ends can do, in any order, also to each other in the middle of a turn. */
import { describe, expect, test } from "bun:test"

import type { End, Receiver } from "../../src/net/common/end.ts"
import type { SocketEnd } from "../../src/net/sockets/socket-end.ts"
import type { Sockets } from "../../src/net/sockets/sockets.ts"
import { bothWays, pairsOf, pattern } from "../support/pair.ts"
import { makeRandom, type Random } from "../support/random.ts"

/** More than have their turn at once. */
const pairs = 400
/** Of these one pair may be reset at any moment. */
const rudeAmong = 10
const maxBytes = 300_000

const rounds = Number(process.env["TEST_ROUNDS"] ?? 8)

/** Enough for the slowest machine: what is not over then will never be. */
const maxTurns = 200_000

/** What an end can do, as `act` counts. */
const deeds = 6

/** One end: what it has to write, and whether what it hears is what the other one has written. */
class Side implements Receiver {
  readonly plan: Uint8Array
  other!: Side
  written = 0
  heard = 0
  ends = 0
  how: string | undefined
  private heardPaused = 0
  private paused = false
  private finished = false
  private readonly end: SocketEnd
  private readonly crowd: Crowd

  constructor(end: SocketEnd, crowd: Crowd) {
    this.end = end
    this.crowd = crowd
    const length = crowd.random.below(4) === 0 ? crowd.random.below(maxBytes) : crowd.random.below(500)
    this.plan = pattern(length, crowd.random.below(1 << 20))
    end.receiver = this
  }

  data(_end: End, chunk: Uint8Array): void {
    const { plan } = this.other
    const expected = plan.subarray(this.heard, this.heard + chunk.length)
    this.crowd.check(Buffer.compare(chunk, expected) === 0, "heard is what was written, whole and in order")
    this.crowd.check(this.how === undefined && this.ends === 0, "nothing is heard after the end")
    this.heard += chunk.length
    if (this.paused) this.crowd.check(++this.heardPaused <= 1, "at most one chunk is heard while it is paused")
    this.crowd.meddle()
  }
  drain(): void {
    this.write()
  }
  ended(): void {
    this.crowd.check(this.how === undefined, "FIN comes before the close")
    this.crowd.check(++this.ends === 1, "FIN comes once")
    this.crowd.meddle()
  }
  closed(_end: End, code: string | undefined): void {
    this.crowd.check(this.how === undefined, "the close comes once")
    this.how = code ?? "in order"
    this.crowd.meddle()
  }

  private write(): void {
    if (!this.end.open || this.finished || this.written === this.plan.length) return
    const { random } = this.crowd
    const length = random.below(3) === 0 ? random.below(100_000) : random.below(2000)
    const count = this.end.write(this.plan.subarray(0, this.written + length), this.written)
    if (count > 0) this.written += count
  }

  act(deed = this.crowd.random.below(deeds)): void {
    if (!this.end.open) return
    switch (deed) {
      case 0:
        this.heardPaused = 0
        this.paused = true
        return this.end.pause()
      case 1:
      case 2:
        this.paused = false
        return this.end.resume()
      case 3:
        if (this.written < this.plan.length) return
        this.finished = true
        return this.end.shutdown()
      default:
        return this.write()
    }
  }

  reset(): void {
    this.end.terminate()
  }
}

/** All of them. What does not hold is told at the end: a receiver must not throw. */
class Crowd {
  readonly random: Random
  readonly sides: Array<readonly [Side, Side]> = []
  readonly broken = new Set<string>()

  constructor(random: Random) {
    this.random = random
  }

  check(holds: boolean, what: string): void {
    if (!holds) this.broken.add(what)
  }

  anyone(): Side {
    const { random } = this
    return this.sides[random.below(this.sides.length)]![random.below(2)]!
  }

  /** Now and then somebody does something to anybody. */
  meddle(): void {
    if (this.random.below(8) === 0) this.anyone().act()
  }

  /** All do the same, those of one side first, from either end of the row. */
  everybody(): void {
    const { random } = this
    const deed = random.below(deeds)
    const row = random.below(2) === 0 ? this.sides : this.sides.toReversed()
    const first = random.below(2)
    for (const both of row) both[first]!.act(deed)
    if (random.below(2) === 0) for (const both of row) both[1 - first]!.act(deed)
  }

  rude(): void {
    const rude = Math.floor(this.sides.length / rudeAmong)
    if (rude > 0) this.sides[this.random.below(rude)]![this.random.below(2)]!.reset()
  }

  over(): boolean {
    return this.sides.every((both) => both.every(({ how }) => how !== undefined))
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Plays it with one seed. Returns what does not hold. */
const play = async (sockets: Sockets, seed: number): Promise<ReadonlyArray<string>> => {
  const crowd = new Crowd(makeRandom(seed))
  using all = await pairsOf(sockets, pairs)
  for (const { nearEnd, farEnd } of all) {
    const both = [new Side(nearEnd, crowd), new Side(farEnd, crowd)] as const
    both[0].other = both[1]
    both[1].other = both[0]
    crowd.sides.push(both)
  }
  for (let turns = 0; turns < maxTurns && !crowd.over(); turns++) {
    for (let i = 0; i < 200; i++) crowd.anyone().act()
    for (let i = crowd.random.below(4); i > 0; i--) crowd.everybody()
    if (crowd.random.below(4) === 0) crowd.rude()
    await turn()
  }
  const gentle = crowd.sides.slice(Math.floor(pairs / rudeAmong)).flat()
  const incomplete = gentle.filter(({ how, heard, other }) => how !== "in order" || heard !== other.plan.length)
  return [
    ...crowd.broken,
    ...incomplete.map(({ how, heard, other }) => `heard ${heard} of ${other.plan.length}, closed ${how}`),
  ]
}

describe.each(bothWays)("by %s sockets, many ends in any order", (_way, sockets) => {
  test("hear everything that was written, whole and in order, and one end of it", async () => {
    const first = Number(process.env["TEST_SEED"] ?? crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1)
    for (let seed = first; seed < first + rounds; seed++) {
      expect([seed, ...(await play(sockets, seed))]).toEqual([seed])
    }
  }, 60_000)
})
