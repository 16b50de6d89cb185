/** Who is told of which events, in which turn, and what of it was read before. */
import { describe, expect, test } from "bun:test"
import { constants } from "node:os"

import { nobody } from "../../../src/net/common/end.ts"
import { dataOfEvent, type SocketCalls, wordsOfEvent } from "../../../src/net/sockets/socket-calls.ts"
import {
  chunkBytes,
  maxKept,
  maxWait,
  lookEvery,
  maxEvents,
  Poller,
  readable,
  unread,
  type Watcher,
  writable,
} from "../../../src/net/polled/poller.ts"
import { unheard } from "../../../src/flow/shortfalls.ts"
import { Condition, within } from "../../support/within.ts"
import { ascii } from "../../support/bytes.ts"
import { loopback, polled } from "../../support/pair.ts"

const { EAGAIN, ECONNRESET, EINTR, ENOSPC } = constants.errno

const epoll = 1000
const runtimes = 1001
/** Where the poller believes that its arena is. */
const base = 0x1000

interface Happening {
  readonly fd: number
  readonly generation: number
  readonly events: number
}

/** A kernel that tells what it is told to, one list of events a turn, and never waits. */
class FakeKernel {
  /** What each turn finds. */
  readonly turns: Array<ReadonlyArray<Happening> | number> = []
  /** What each wait was asked for. */
  readonly waits: Array<{ readonly most: number; readonly milliseconds: number }> = []
  readonly watched: Array<{ operation: number; fd: number; events: number; generation: number }> = []
  /** What a descriptor has to read: bytes, or what recv(2) returns. */
  readonly inputs = new Map<number, Uint8Array | number>()
  memory: Uint8Array = new Uint8Array(0)
  answer = 0

  epollControl(_epoll: number, operation: number, fd: number, events: number, low: number, generation: number): number {
    if (fd === runtimes) return 0
    expect(low).toBe(fd)
    if (this.answer === 0) this.watched.push({ operation, fd, events, generation })
    return this.answer
  }

  epollWait(_epoll: number, into: Uint32Array, most: number, milliseconds: number): number {
    this.waits.push({ most, milliseconds })
    const turn = this.turns.shift() ?? []
    if (typeof turn === "number") return turn
    expect(turn.length).toBeLessThanOrEqual(most)
    for (const [i, { fd, generation, events }] of turn.entries()) {
      const at = i * wordsOfEvent
      into[at] = events
      into[at + dataOfEvent] = fd
      into[at + dataOfEvent + 1] = generation
    }
    return turn.length
  }

  receive(fd: number, into: number, length: number): number {
    const input = this.inputs.get(fd) ?? -EAGAIN
    if (typeof input === "number") return input
    expect(input.length).toBeLessThanOrEqual(length)
    this.memory.set(input, into - base)
    return input.length
  }

  /** The event that epoll(7) has for a descriptor as it is watched now. */
  happens(fd: number, events = readable): Happening {
    const { generation } = this.watched.findLast((each) => each.fd === fd)!
    return { fd, generation, events }
  }
}

const make = () => {
  const kernel = new FakeKernel()
  const addressOf = (memory: Uint8Array): number => {
    if (kernel.memory.length === 0) kernel.memory = memory
    return base
  }
  const poller = new Poller(kernel as unknown as SocketCalls, epoll, runtimes, addressOf)
  const heard: Array<string> = []
  const watching: Array<number> = []
  const watcher = (name: string, ready: (slot: number) => void = () => {}, fd = -1): Watcher => ({
    prefetch: (events, slot) => {
      if (fd >= 0 && (events & readable) !== 0) poller.prefetch(fd, slot)
    },
    ready: (events, slot) => {
      heard.push(`${name} ${events}`)
      ready(slot)
    },
  })
  const watch = (fd: number, by: Watcher, keep = false): number => {
    const result = poller.register(fd, readable, by, keep)
    if (result >= 0) watching.push(fd)
    return result
  }
  const deregister = (fd: number): void => {
    watching.splice(watching.indexOf(fd), 1)
    poller.deregister(fd)
  }
  return {
    kernel,
    poller,
    watcher,
    watch,
    keep: (fd: number, by: Watcher) => watch(fd, by, true),
    deregister,
    /** What was heard since it was last asked. */
    heard: () => heard.splice(0),
    /** The loop ends when nobody watches anything. */
    [Symbol.dispose]: () => watching.slice().forEach(deregister),
  }
}

/** So many turns have passed: one an immediate. */
const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

describe("a watcher", () => {
  test("is told of the events of its descriptor, in their order", async () => {
    using made = make()
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
    using made = make()
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
    using made = make()
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
    using made = make()
    const { kernel, watch, watcher } = made
    kernel.answer = -ENOSPC
    expect(watch(5, watcher("none"))).toBe(-ENOSPC)
    await turns(2)
    expect(kernel.waits).toEqual([])
  })

  test("may have any descriptor", async () => {
    using made = make()
    const { kernel, watch, watcher, deregister, heard } = made
    for (const fd of [3, 1023, 1024, 70_000, 5000]) watch(fd, watcher(`${fd}`))
    deregister(1023)
    watch(1023, watcher("1023 again"))
    kernel.turns.push([3, 1023, 1024, 70_000, 5000].map((fd) => kernel.happens(fd)))
    await turns(1)
    expect(heard()).toEqual(["3 1", "1023 again 1", "1024 1", "70000 1", "5000 1"])
  })

  test("that asks for other events is the same to the kernel", () => {
    using made = make()
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
    const made = make()
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
    using made = make()
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
    using made = make()
    const { kernel, watch, watcher } = made
    for (let fd = 5; fd < 50; fd++) watch(fd, watcher("x"))
    await turns(3)
    expect(kernel.waits.length).toBe(3)
  })

  test("waits for its longest wait at most, where nobody goes on", async () => {
    using made = make()
    const { kernel, watch, watcher } = made
    watch(5, watcher("five"))
    await turns(2)
    for (const { most, milliseconds } of kernel.waits) {
      expect(most).toBe(maxEvents)
      expect(milliseconds).toBeWithin(0, maxWait + 1)
    }
  })

  test("goes on after a signal", async () => {
    using made = make()
    const { kernel, watch, watcher, heard } = made
    watch(5, watcher("five"))
    kernel.turns.push(-EINTR, [kernel.happens(5)])
    await turns(2)
    expect(heard()).toEqual(["five 1"])
  })
})

describe("who goes on", () => {
  test("is told in the next turn, before what has happened, and nobody waits for anything", async () => {
    using made = make()
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
    using made = make()
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
    using made = make()
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
    using made = make()
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
    using made = make()
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
    using made = make()
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
    using made = make()
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
    using made = make()
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
  using made = make()
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

test("the runtime's sockets, its timers and polled sockets get on with each other", async () => {
  const rounds = 1000
  const condition = new Condition()
  const done = { polledServer: 0, runtimesServer: 0, ticks: 0, closed: 0 }
  const closed = (): void => {
    done.closed++
    condition.changed()
  }
  const ours = polled.listen(loopback, 0, (end) => {
    end.receiver = {
      ...nobody,
      data: (end, chunk) => void end.write(chunk),
      ended: (end) => end.shutdown(),
      closed,
    }
  })
  const theirs = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket, chunk) => void socket.write(chunk), end: (socket) => void socket.end() },
  })
  const client = await Bun.connect({
    hostname: "127.0.0.1",
    port: ours.port,
    socket: {
      data(socket, chunk) {
        done.polledServer += chunk.length
        if (done.polledServer < rounds) socket.write("x")
        else condition.changed()
      },
    },
  })
  const timer = setInterval(() => void done.ticks++, 1)
  client.write("x")
  polled.connect(loopback, theirs.port, {
    connected({ end }) {
      end.receiver = {
        ...nobody,
        closed,
        data(end, chunk) {
          done.runtimesServer += chunk.length
          if (done.runtimesServer < rounds) end.write(ascii("x"))
          else {
            condition.changed()
            end.shutdown()
          }
        },
      }
      end.write(ascii("x"))
    },
    failed: (_, code) => expect.unreachable(code),
  })
  await condition.until(
    () => (done.polledServer === rounds && done.runtimesServer === rounds ? true : undefined),
    () => `end of the round trips: ${JSON.stringify(done)}`,
  )
  clearInterval(timer)
  client.end()
  ours.stop()
  await condition.until(
    () => (done.closed === 2 ? true : undefined),
    () => `end of both: ${JSON.stringify(done)}`,
  )
  theirs.stop(true)
  expect(done.ticks).toBeGreaterThan(5)
})

const timer = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2))

const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test("what the runtime does is not kept waiting by polled sockets that are never done", async () => {
  // Two ends that answer each other for ever, so that every turn has something to do at once.
  const listener = polled.listen(loopback, 0, (end) => {
    end.receiver = { ...nobody, data: (end, chunk) => void end.write(chunk) }
  })
  polled.connect(loopback, listener.port, {
    connected({ end }) {
      end.receiver = { ...nobody, data: (end, chunk) => void (stopped ? end.terminate() : end.write(chunk)) }
      end.write(ascii("x"))
    },
    failed: (_, code) => expect.unreachable(code),
  })
  let stopped = false
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("") })
  const began = performance.now()
  for (let i = 0; i < 10; i++) {
    await within(timer(), "timer")
    await within(immediate(), "immediate")
    await within(fetch(server.url, { keepalive: false }), "answer")
  }
  expect(performance.now() - began).toBeLessThan(1000)
  stopped = true
  listener.stop()
  await server.stop(true)
})
