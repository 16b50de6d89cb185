/** Who hears of which events, in which turn, and what of it was read before. */
import { describe, expect, test } from "bun:test"
import { constants } from "node:os"

import { unheard } from "../../../src/flow/shortfalls.ts"
import {
  chunkBytes,
  lookEvery,
  maxEvents,
  maxKept,
  maxWait,
  readable,
  unread,
  type Watcher,
  writable,
} from "../../../src/net/polled/poller.ts"
import { ascii } from "../../support/bytes.ts"
import { makePoller, turns } from "../../support/fake-kernel.ts"

const { EAGAIN, ECONNRESET, EINTR, ENOSPC } = constants.errno

describe("a watcher", () => {
  test("is told of the events of its descriptor, in their order", async () => {
    using made = makePoller()
    const { kernel, watch, watcher, heard } = made
    watch(5, watcher("five"))
    watch(6, watcher("six"))
    kernel.turns.push(
      [kernel.happens(6, readable), kernel.happens(5, readable | writable)],
      [kernel.happens(5, writable)],
    )
    await turns(1)
    expect(heard()).toEqual(["six 1", "five 5"])
    await turns(2)
    expect(heard()).toEqual(["five 4"])
  })

  test("is not told of what happened to a descriptor before it was its own", async () => {
    using made = makePoller()
    const { kernel, watch, watcher, deregister, heard } = made
    watch(5, watcher("old"))
    const before = kernel.happens(5)
    deregister(5)
    watch(5, watcher("new"))
    kernel.turns.push([before, kernel.happens(5)], [before])
    await turns(3)
    expect(heard()).toEqual(["new 1"])
  })

  test("that has forgotten its descriptor is not told of anything that comes later", async () => {
    using made = makePoller()
    const { kernel, watch, watcher, deregister, heard } = made
    watch(5, watcher("gone"))
    watch(6, watcher("here"))
    const headLate = kernel.happens(5)
    deregister(5)
    kernel.turns.push([headLate, kernel.happens(6)])
    await turns(2)
    expect(heard()).toEqual(["here 1"])
  })

  test("whose descriptor is not taken is told of nothing, and the loop does not run for it", async () => {
    using made = makePoller()
    const { kernel, watch, watcher } = made
    kernel.answer = -ENOSPC
    expect(watch(5, watcher("none"))).toBe(-ENOSPC)
    await turns(2)
    expect(kernel.waits).toEqual([])
  })

  test("may have any descriptor", async () => {
    using made = makePoller()
    const { kernel, watch, watcher, deregister, heard } = made
    for (const fd of [3, 1023, 1024, 70_000, 5000]) watch(fd, watcher(`${fd}`))
    deregister(1023)
    watch(1023, watcher("1023 again"))
    kernel.turns.push([3, 1023, 1024, 70_000, 5000].map((fd) => kernel.happens(fd)))
    await turns(1)
    expect(heard()).toEqual(["3 1", "1023 again 1", "1024 1", "70000 1", "5000 1"])
  })

  test("that asks for other events is the same to the kernel", () => {
    using made = makePoller()
    const { kernel, poller, watch, watcher } = made
    watch(5, watcher("five"))
    poller.reregister(5, 0)
    const [added, changed] = kernel.watched
    expect([added?.operation, changed?.operation]).toEqual([1, 3])
    expect(changed).toEqual({ ...added!, operation: 3, events: 0 })
  })
})

/** It has been looked at those that are kept. */
const looked = (): Promise<unknown> => Bun.sleep(lookEvery + 20)

describe("a socket that epoll does not take", () => {
  const told: Array<readonly [code: string, kept: boolean]> = []
  const full = () => {
    const made = makePoller()
    made.poller.shortfalls = { ...unheard, cannotWatch: (...what) => void told.push(what) }
    made.kernel.answer = -ENOSPC
    told.length = 0
    return made
  }
  test("is looked at every so often where that is asked for, until it is taken", async () => {
    using made = full()
    const { kernel, watcher, heard } = made
    expect(made.keep(5, watcher("five"))).toBe(0)
    expect(told).toEqual([["ENOSPC", true]])
    await looked()
    expect(heard()).toEqual([`five ${readable | writable}`])
    kernel.answer = 0
    await looked()
    expect(kernel.watched).toEqual([{ operation: 1, fd: 5, events: readable, generation: 1 }])
    kernel.turns.push([kernel.happens(5)])
    await turns(2)
    expect(heard()).toEqual(["five 1"])
    await looked()
    expect(heard()).toEqual([])
  })

  test("is forgotten as any other", async () => {
    using made = full()
    made.keep(5, made.watcher("five"))
    made.deregister(5)
    await looked()
    expect(made.heard()).toEqual([])
  })

  test("is not kept beyond so many", () => {
    using made = full()
    for (let fd = 5; fd < 5 + maxKept; fd++) expect(made.keep(fd, made.watcher("x"))).toBe(0)
    expect(made.keep(500, made.watcher("one too many"))).toBe(-ENOSPC)
    expect(told.filter(([, kept]) => kept).length).toBe(maxKept)
    expect(told.at(-1)).toEqual(["ENOSPC", false])
  })
})

describe("the loop", () => {
  test("ends when nobody watches anything, and begins again", async () => {
    using made = makePoller()
    const { kernel, watch, watcher, deregister, heard } = made
    watch(5, watcher("five"))
    await turns(3)
    expect(kernel.waits.length).toBe(3)
    deregister(5)
    await turns(3)
    expect(kernel.waits.length).toBeLessThanOrEqual(4)
    const before = kernel.waits.length
    watch(6, watcher("six"))
    kernel.turns.push([kernel.happens(6)])
    await turns(1)
    expect(heard()).toEqual(["six 1"])
    expect(kernel.waits.length).toBe(before + 1)
  })

  test("runs once, however many watch", async () => {
    using made = makePoller()
    const { kernel, watch, watcher } = made
    for (let fd = 5; fd < 50; fd++) watch(fd, watcher("x"))
    await turns(3)
    expect(kernel.waits.length).toBe(3)
  })

  test("waits for its longest wait at most, where nobody goes on", async () => {
    using made = makePoller()
    const { kernel, watch, watcher } = made
    watch(5, watcher("five"))
    await turns(2)
    for (const { most, milliseconds } of kernel.waits) {
      expect(most).toBe(maxEvents)
      expect(milliseconds).toBeWithin(0, maxWait + 1)
    }
  })

  test("goes on after a signal", async () => {
    using made = makePoller()
    const { kernel, watch, watcher, heard } = made
    watch(5, watcher("five"))
    kernel.turns.push(-EINTR, [kernel.happens(5)])
    await turns(2)
    expect(heard()).toEqual(["five 1"])
  })
})

describe("who goes on", () => {
  test("is told in the next turn, before what has happened, and nobody waits for anything", async () => {
    using made = makePoller()
    const { kernel, poller, watch, watcher, heard } = made
    const going: Watcher = watcher("going")
    watch(5, going)
    watch(6, watcher("new"))
    poller.requeue(going, writable)
    kernel.turns.push([kernel.happens(6)])
    await turns(1)
    expect(heard()).toEqual(["going 4", "new 1"])
    expect(kernel.waits[0]).toEqual({ most: maxEvents - 1, milliseconds: 0 })
    await turns(1)
    expect(heard()).toEqual([])
  })

  test("again and again, has a turn each time", async () => {
    using made = makePoller()
    const { poller, watch, watcher, heard } = made
    let requeued = 3
    const going: Watcher = watcher("going", () => {
      if (requeued-- > 0) poller.requeue(going, requeued)
    })
    watch(5, going)
    poller.requeue(going, 9)
    await turns(1)
    expect(heard()).toEqual(["going 9"])
    await turns(5)
    expect(heard()).toEqual(["going 2", "going 1", "going 0"])
  })

  test("leaves room for others: so many of them are spread over turns, each once and in order", async () => {
    using made = makePoller()
    const { kernel, poller, watch, watcher, heard } = made
    const half = maxEvents / 2
    const count = 2 * half + 10
    for (let fd = 5; fd < 5 + half; fd++) watch(fd, watcher("new"))
    const all = Array.from({ length: count }, (_, i) => watcher(`${i}`))
    for (const [i, each] of all.entries()) poller.requeue(each, i)
    kernel.turns.push(Array.from({ length: half }, (_, i) => kernel.happens(5 + i)))
    const goneOn: Array<string> = []
    for (const expected of [half, half, 10, 0]) {
      await turns(1)
      const told = heard().filter((each) => !each.startsWith("new"))
      expect(told.length).toBe(expected)
      goneOn.push(...told)
    }
    expect(goneOn).toEqual(Array.from({ length: count }, (_, i) => `${i} ${i}`))
    expect(kernel.waits.map(({ most }) => most)).toEqual([half, half, maxEvents - 10, maxEvents])
    expect(kernel.waits.slice(0, 3).map(({ milliseconds }) => milliseconds)).toEqual([0, 0, 0])
  })
})

const isWhole = (fd: number, chunk: Uint8Array): boolean =>
  chunk.length === chunkBytes && chunk.every((byte) => byte === fd)

describe("what has arrived", () => {
  test("is read before anybody is told, and each is told of its own", async () => {
    using made = makePoller()
    const { kernel, poller, watch, watcher } = made
    const told: Array<string> = []
    for (let fd = 5; fd < 105; fd++) {
      kernel.inputs.set(fd, ascii(`${fd}`.repeat(fd % 50)))
      const ready = (slot: number): void => {
        // Whoever comes later finds nothing more.
        kernel.inputs.clear()
        told.push(Buffer.from(poller.chunk(slot)).toString())
      }
      watch(fd, watcher("x", ready, fd))
    }
    const all = Array.from({ length: 100 }, (_, i) => 5 + i)
    kernel.turns.push(all.map((fd) => kernel.happens(fd)))
    await turns(1)
    expect(told).toEqual(all.map((fd) => `${fd}`.repeat(fd % 50)))
  })

  test.each([
    ["the end", 0],
    ["nothing", -EAGAIN],
    ["an error", -ECONNRESET],
  ])("is told as it is, if it is %s", async (_, result) => {
    using made = makePoller()
    const { kernel, poller, watch, watcher } = made
    const results: Array<number> = []
    kernel.inputs.set(5, result)
    watch(
      5,
      watcher("x", (slot) => results.push(poller.prefetched(slot)), 5),
    )
    kernel.turns.push([kernel.happens(5)])
    await turns(1)
    expect(results).toEqual([result])
  })

  test("is not read for who does not ask for it, whatever was read in its slot before", async () => {
    using made = makePoller()
    const { kernel, poller, watch, watcher } = made
    const results: Array<number> = []
    const note = (slot: number): void => void results.push(poller.prefetched(slot))
    kernel.inputs.set(5, ascii("hello"))
    watch(5, watcher("reads", note, 5))
    watch(6, watcher("does not", note))
    kernel.turns.push([kernel.happens(5)], [kernel.happens(6)], [kernel.happens(5, writable)])
    await turns(3)
    expect(results).toEqual([5, unread, unread])
  })

  test("is left where it is when there is no room, and can be read without harm to what lies there", async () => {
    using made = makePoller()
    const { kernel, poller, watch, watcher } = made
    const lying: Array<readonly [number, Uint8Array]> = []
    const count = 20
    let left = 0
    for (let fd = 5; fd < 5 + count; fd++) {
      kernel.inputs.set(fd, new Uint8Array(chunkBytes).fill(fd))
      const ready = (slot: number): void => {
        if (poller.prefetched(slot) !== unread) return void lying.push([fd, poller.chunk(slot)])
        left++
        expect(isWhole(fd, poller.received(poller.receive(fd)))).toBe(true)
      }
      watch(fd, watcher("x", ready, fd))
    }
    const all = Array.from({ length: count }, (_, i) => 5 + i)
    kernel.turns.push(all.map((fd) => kernel.happens(fd)))
    await turns(1)
    expect(left).toBeWithin(1, count - 1)
    expect(lying.length).toBe(count - left)
    for (const [fd, chunk] of lying) expect(isWhole(fd, chunk)).toBe(true)
  })

  test("has all the room again in the next turn", async () => {
    using made = makePoller()
    const { kernel, poller, watch, watcher } = made
    const results: Array<Array<number>> = []
    for (let fd = 5; fd < 25; fd++) {
      kernel.inputs.set(fd, new Uint8Array(chunkBytes))
      watch(
        fd,
        watcher("x", (slot) => results.at(-1)!.push(poller.prefetched(slot)), fd),
      )
    }
    const all = Array.from({ length: 20 }, (_, i) => kernel.happens(5 + i))
    kernel.turns.push(all, all)
    for (let i = 0; i < 2; i++) {
      results.push([])
      await turns(1)
    }
    expect(results[0]!.filter((each) => each === chunkBytes).length).toBeGreaterThan(1)
    expect(results[1]).toEqual(results[0]!)
  })
})

test("what is written in a turn of several events leaves at its end, and in one of a single event at once", async () => {
  using made = makePoller()
  const { kernel, poller, watch, watcher } = made
  const events: Array<string> = []
  const write = (name: string) => (): void => {
    const waits = poller.batch.add({ sendBatched: () => void events.push(`${name} leaves`) }, ascii("x"), 0)
    events.push(`${name} ${waits ? "waits" : "does not wait"}`)
  }
  watch(5, watcher("five", write("five")))
  watch(6, watcher("six", write("six")))
  kernel.turns.push([kernel.happens(5)], [kernel.happens(5), kernel.happens(6)])
  await turns(2)
  write("between turns")()
  kernel.turns.push([kernel.happens(6)])
  await turns(1)
  expect(events).toEqual([
    "five does not wait",
    "five waits",
    "six waits",
    "five leaves",
    "six leaves",
    "between turns does not wait",
    "six does not wait",
  ])
})
