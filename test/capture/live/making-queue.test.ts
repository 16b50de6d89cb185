/** Making queue: batches, bounds, a maker that is slow or dies, and that everything is accounted for. */
import { describe, expect, test } from "bun:test"

import type { DropReason } from "../../../src/capture/live/counters.ts"
import type { MadeBatch, MakerOwner } from "../../../src/capture/live/maker.ts"
import {
  MakingQueue,
  maxBatch,
  maxBatchBytes,
  maxBatches,
  queueShare,
  restartAfter,
} from "../../../src/capture/live/making-queue.ts"

interface Item {
  readonly name: string
  readonly held: number
}

const nothing: MadeBatch = { records: [], lines: new Uint8Array(0), dropped: {}, leftOut: {}, onDisk: 0 }

/** A queue whose turns are taken one by one, and makers that do what a test says. */
class World {
  now = 1000
  /** No maker can be started. */
  isBarren = false
  maxMemory = 1_000_000
  isKept = true
  released = 0
  made = 0
  unwanted = 0
  readonly dropped: { [R in DropReason]?: number } = {}
  readonly deaths: Array<string> = []
  /** What every maker was given. */
  readonly batches: Array<ReadonlyArray<string>> = []
  readonly makers: Array<{ readonly owner: MakerOwner; end: (() => void) | undefined }> = []
  readonly queue: MakingQueue<Item>
  private turns: Array<() => void> = []

  constructor() {
    this.queue = new MakingQueue<Item>({
      start: (owner) => {
        if (this.isBarren) throw new Error("no thread")
        const maker: World["makers"][number] = { owner, end: undefined }
        this.makers.push(maker)
        return {
          make: (batch) => void this.batches.push(batch.map(({ name }) => name)),
          end: () => new Promise((resolve) => void (maker.end = resolve)),
        }
      },
      owner: {
        made: () => void this.made++,
        dropped: (reason, count) => void (this.dropped[reason] = (this.dropped[reason] ?? 0) + count),
        unwanted: (count) => void (this.unwanted += count),
        died: (why) => void this.deaths.push(why),
      },
      release: (bytes) => void (this.released += bytes),
      maxMemory: () => this.maxMemory,
      isKept: () => this.isKept,
      totals: () => ({ records: {}, dropped: {}, leftOut: {}, truncated: {}, redactions: {} }),
      now: () => this.now,
      turn: () => new Promise((resolve) => void this.turns.push(resolve)),
    })
  }

  add(count: number, held = 100, name = "x"): void {
    for (let i = 0; i < count; i++) this.queue.add({ name, held })
  }

  /** The event loop turns until there is nothing more to do. */
  async turn(): Promise<void> {
    do {
      for (const resolve of this.turns.splice(0)) resolve()
      await Bun.sleep(0)
    } while (this.turns.length > 0)
  }

  get sizes(): ReadonlyArray<number> {
    return this.batches.map(({ length }) => length)
  }
}

describe("batches", () => {
  test("nothing is handed over in the turn in which it was heard", async () => {
    const world = new World()
    world.queue.want(true)
    world.add(3)
    expect(world.batches).toEqual([])
    await world.turn()
    expect(world.sizes).toEqual([3])
  })

  test("have so many and so many bytes at most, and no more than so many are with the maker", async () => {
    expect([maxBatch, maxBatchBytes, maxBatches]).toEqual([64, 512 * 1024, 2])
    const world = new World()
    world.maxMemory = 1e9
    world.queue.want(true)
    world.add(2 * maxBatch + 5)
    world.add(2, maxBatchBytes)
    await world.turn()
    expect(world.sizes).toEqual([64, 64])
    for (const sizes of [
      [64, 64, 5],
      [64, 64, 5, 1],
      [64, 64, 5, 1, 1],
    ]) {
      world.makers[0]!.owner.made(nothing)
      await world.turn()
      expect(world.sizes).toEqual(sizes)
    }
  })

  test("give their memory back when it is known what became of them", async () => {
    const world = new World()
    world.queue.want(true)
    world.add(3, 100)
    await world.turn()
    expect(world.released).toBe(0)
    world.makers[0]!.owner.made(nothing)
    expect(world.released).toBe(300)
    expect(world.made).toBe(1)
  })
})

describe("a maker that is slow", () => {
  test("has what is too much dropped: half of the memory is for what waits", async () => {
    expect(queueShare).toBe(0.5)
    const world = new World()
    world.maxMemory = 1000
    world.queue.want(true)
    world.add(5, 100)
    world.add(1, 100)
    expect(world.dropped).toEqual({ queue: 1 })
    expect(world.released).toBe(100)
    await world.turn()
    // What is with the maker counts as well.
    world.add(1, 100)
    expect(world.dropped).toEqual({ queue: 2 })
    world.makers[0]!.owner.made(nothing)
    world.add(1, 100)
    expect(world.dropped).toEqual({ queue: 2 })
  })

  test("takes one that is larger than that where nothing else waits", () => {
    const world = new World()
    world.maxMemory = 1000
    world.queue.want(true)
    world.add(1, 900)
    world.add(1, 1)
    expect(world.dropped).toEqual({ queue: 1 })
  })
})

describe("a maker that dies", () => {
  test("takes with it what it had; what waits is for the next one, a minute after its start", async () => {
    expect(restartAfter).toBe(60_000)
    const world = new World()
    world.queue.want(true)
    world.add(2)
    await world.turn()
    world.add(3, 100, "waits")
    world.now += 1
    world.makers[0]!.owner.died("no memory")
    expect(world.deaths).toEqual(["no memory"])
    expect(world.dropped).toEqual({ error: 2 })
    expect(world.released).toBe(200)
    world.now = 1000 + restartAfter - 1
    world.add(1, 100, "waits")
    await world.turn()
    expect(world.makers).toHaveLength(1)
    world.now++
    world.add(1, 100, "waits")
    await world.turn()
    expect(world.makers).toHaveLength(2)
    expect(world.batches).toEqual([
      ["x", "x"],
      ["waits", "waits", "waits", "waits", "waits"],
    ])
  })

  test("is started again at once where it had lived that long", async () => {
    const world = new World()
    world.queue.want(true)
    world.now += restartAfter
    world.makers[0]!.owner.died("no memory")
    world.add(1)
    await world.turn()
    expect(world.sizes).toEqual([1])
  })

  test("is followed by another one also where so much waits that nothing more fits", async () => {
    const world = new World()
    world.maxMemory = 1000
    world.queue.want(true)
    world.makers[0]!.owner.died("no memory")
    world.add(5, 100)
    await world.turn()
    world.now += restartAfter
    world.add(1, 100)
    await world.turn()
    expect(world.sizes).toEqual([5])
    expect(world.dropped).toEqual({ queue: 1 })
  })

  test("may be one that never lived", async () => {
    const world = new World()
    world.isBarren = true
    world.queue.want(true)
    expect(world.deaths).toEqual(["Error: no thread"])
    world.add(1)
    await world.turn()
    world.isBarren = false
    world.now += restartAfter
    world.add(1)
    await world.turn()
    expect(world.deaths).toHaveLength(1)
    expect(world.sizes).toEqual([2])
  })

  test("is heard no more, whatever it says", async () => {
    const world = new World()
    world.queue.want(true)
    world.add(1)
    await world.turn()
    const { owner } = world.makers[0]!
    owner.died("no memory")
    owner.made(nothing)
    owner.died("again")
    expect([world.made, world.deaths]).toEqual([0, ["no memory"]])
    expect(world.released).toBe(100)
  })
})

describe("when nobody wants records any more", () => {
  test("what waits is left, what is with the maker comes to its end, and then the maker ends", async () => {
    const world = new World()
    world.queue.want(true)
    world.add(1)
    await world.turn()
    world.add(2)
    world.queue.want(false)
    expect(world.unwanted).toBe(2)
    expect(world.makers[0]!.end).toBeUndefined()
    world.makers[0]!.owner.made(nothing)
    expect(world.made).toBe(1)
    expect(world.makers[0]!.end).toBeDefined()
    expect(world.released).toBe(300)
  })

  test("the next maker starts when the one before it has ended, and has what was heard meanwhile", async () => {
    const world = new World()
    world.queue.want(true)
    world.queue.want(false)
    world.queue.want(true)
    world.add(2)
    await world.turn()
    expect(world.makers).toHaveLength(1)
    world.makers[0]!.end!()
    await world.turn()
    expect(world.makers).toHaveLength(2)
    expect(world.sizes).toEqual([2])
  })

  test("there is no maker before anybody wants one", async () => {
    const world = new World()
    world.queue.want(false)
    await world.turn()
    expect(world.makers).toHaveLength(0)
  })
})

describe("to finish", () => {
  test("is to have made all that was heard, and then to end the maker", async () => {
    const world = new World()
    world.queue.want(true)
    world.add(maxBatch * 3)
    let isOver = false
    const finished = world.queue.finish().then(() => (isOver = true))
    await world.turn()
    for (let i = 0; i < 3; i++) {
      expect(world.makers[0]!.end).toBeUndefined()
      world.makers[0]!.owner.made(nothing)
      await world.turn()
    }
    expect(isOver).toBe(false)
    world.makers[0]!.end!()
    await finished
    expect(world.made).toBe(3)
    expect(world.dropped).toEqual({})
  })

  test("takes no time where there is no maker to be had: what waits is dropped", async () => {
    const world = new World()
    world.queue.want(true)
    world.makers[0]!.owner.died("no memory")
    world.add(4)
    const finished = world.queue.finish()
    await world.turn()
    await finished
    expect(world.dropped).toEqual({ error: 4 })
    expect(world.released).toBe(400)
  })
})
