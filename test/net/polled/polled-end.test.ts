/** What only polled ends have: several of them are read, told and written in one turn. */
import { dlopen, ptr } from "bun:ffi"
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { constants } from "node:os"
import { join } from "node:path"

import { type End, nobody, type Receiver } from "../../../src/net/common/end.ts"
import { PolledEnd } from "../../../src/net/polled/polled-end.ts"
import { acceptAgainAfter, acceptBatch } from "../../../src/net/polled/polled-sockets.ts"
import { chunkBytes, maxEvents, type Poller } from "../../../src/net/polled/poller.ts"
import { socketAddress } from "../../../src/net/sockets/socket-address.ts"
import { openSockets, type SocketEnd } from "../../../src/net/sockets/socket-end.ts"
import { unheard } from "../../../src/flow/shortfalls.ts"
import { smallWrite } from "../../../src/net/polled/write-batch.ts"
import { address, descriptors } from "../../support/dialling.ts"
import { makeRandom } from "../../support/random.ts"
import { ascii as bytes } from "../../support/bytes.ts"
import { Condition, within } from "../../support/within.ts"
import { Ear, loopback, type Pair, pairOf, pairsOf, pattern, polled } from "../../support/pair.ts"

const pair = (): Promise<Pair> => pairOf(polled)

/** The poller that all of them share. */
const pollerOf = (end: SocketEnd): Poller => (end as unknown as { readonly poller: Poller }).poller

/** Connections of which one hears something in the same turn as the other. */
let stirring: Array<Pair> & Disposable
beforeAll(async () => {
  stirring = await pairsOf(polled, 2)
})
afterAll(() => stirring[Symbol.dispose]())

const stir = (): void => {
  for (const { nearEnd } of stirring) nearEnd.write(bytes("x"))
}

/** Runs `act` in the middle of a turn of several events, where what is written waits for its end. */
const inFullTurn = async (act: () => void): Promise<void> => {
  const done = Promise.withResolvers<void>()
  let acted = false
  const hear = (end: End): void => {
    if (acted) return
    if (!pollerOf(end as SocketEnd).batch.isOpen) return void setImmediate(stir)
    acted = true
    try {
      act()
      done.resolve()
    } catch (error) {
      done.reject(error)
    }
  }
  for (const { farEnd } of stirring) farEnd.receiver = { ...nobody, data: hear }
  stir()
  await within(done.promise, "full turn")
}

test("what this turn has found is known for nothing; the kernel is asked where that is wanted, or in doubt", async () => {
  using both = await pair()
  const { libc } = pollerOf(both.farEnd)
  const { isQuiet } = libc
  let asked = 0
  libc.isQuiet = (fd) => (asked++, isQuiet.call(libc, fd))
  try {
    await inFullTurn(() => expect([both.farEnd.hasNews(false), asked]).toEqual([false, 0]))
    both.nearEnd.write(bytes("hello"))
    await both.far.hears("data hello")
    expect([both.farEnd.hasNews(false), asked]).toEqual([false, 0])
    expect([both.farEnd.hasNews(true), asked]).toEqual([false, 1])
    // Paused it is told nothing, and knows no more than that there was something.
    both.farEnd.pause()
    both.nearEnd.write(bytes("!"))
    await inFullTurn(() => {})
    expect([both.farEnd.hasNews(false), asked]).toEqual([true, 2])
    both.farEnd.resume()
    await both.far.hears("data hello!")
    expect([both.farEnd.hasNews(false), asked]).toEqual([false, 2])
  } finally {
    libc.isQuiet = isQuiet
  }
})

/** Takes everything, and tells when it has as much as it should have. */
class Sink implements Receiver {
  private readonly chunks: Array<Uint8Array> = []
  private readonly condition = new Condition()
  private have = 0
  ends = 0
  largest = 0
  /** "in order", a code, or undefined while it is open. */
  how: string | undefined
  /** It pauses its end behind each chunk. */
  pausing = false

  data(end: End, chunk: Uint8Array): void {
    if (this.pausing) end.pause()
    this.chunks.push(chunk.slice())
    this.have += chunk.length
    this.largest = Math.max(this.largest, chunk.length)
    this.condition.changed()
  }
  drain(): void {}
  ended(): void {
    this.ends++
    this.condition.changed()
  }
  closed(_end: End, code: string | undefined): void {
    expect(this.how).toBeUndefined()
    this.how = code ?? "in order"
    this.condition.changed()
  }
  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }
  until(holds: () => boolean): Promise<true> {
    return this.condition.until(
      () => (holds() ? true : undefined),
      () => `the event; there are ${this.have} bytes, ${this.ends} ends, closed ${this.how}`,
    )
  }
  has(length: number): Promise<true> {
    return this.until(() => this.have >= length)
  }
}

/** Writes `parts`, whenever there is room for them; then FIN. */
class Pump implements Receiver {
  private readonly end: End
  private readonly parts: Array<Uint8Array>
  private offset = 0
  how: string | undefined

  constructor(end: End, parts: ReadonlyArray<Uint8Array>) {
    this.end = end
    this.parts = [...parts]
    end.receiver = this
  }
  drain(): void {
    while (this.parts.length > 0) {
      const part = this.parts[0]!
      const count = this.end.write(part, this.offset)
      if (count < 0) return
      this.offset += count
      if (this.offset < part.length) return
      this.parts.shift()
      this.offset = 0
    }
    this.end.shutdown()
  }
  data(): void {}
  ended(): void {}
  closed(_end: End, code: string | undefined): void {
    this.how = code ?? "in order"
  }
}

describe("what is written in a full turn", () => {
  const sizes = [1, 100, smallWrite, smallWrite + 1, 3, 0, 70_000, 5, 5, smallWrite, smallWrite, smallWrite, 2]

  test("by one end, small and large, arrives whole and in order, and the FIN behind it", async () => {
    using both = await pair()
    const sink = new Sink()
    both.nearEnd.receiver = sink
    const parts = sizes.map((size, i) => pattern(size, i + 1))
    const all = Buffer.concat(parts)
    await inFullTurn(() => new Pump(both.farEnd, parts).drain())
    await sink.until(() => sink.ends === 1)
    expect(sink.bytes.equals(all)).toBe(true)
    expect(both.farEnd.sent).toBe(all.length)
  })

  test("by many ends, more than waits at once, arrives whole and in order at each", async () => {
    using pairs = await pairsOf(polled, 100)
    const sent: Array<Buffer> = []
    const sinks = pairs.map(({ nearEnd, farEnd }, i) => {
      const parts = sizes.map((_, j) => pattern(sizes[(i + j) % sizes.length]!, i * 100 + j))
      sent.push(Buffer.concat(parts))
      farEnd.receiver = { ...nobody, data: () => new Pump(farEnd, parts).drain() }
      const sink = new Sink()
      nearEnd.receiver = sink
      return sink
    })
    for (const { nearEnd } of pairs) nearEnd.write(bytes("go"))
    await Promise.all(sinks.map((sink) => sink.until(() => sink.ends === 1)))
    expect(sinks.map((sink, i) => sink.bytes.equals(sent[i]!))).toEqual(pairs.map(() => true))
    expect(pairs.map(({ farEnd }) => farEnd.sent)).toEqual(sent.map(({ length }) => length))
  })

  test("by one end in many small pieces, more than wait at once, arrives whole and in order", async () => {
    using both = await pair()
    const sink = new Sink()
    both.nearEnd.receiver = sink
    const all = pattern(20_000)
    await inFullTurn(() => {
      for (let at = 0; at < all.length; at += 10) expect(both.farEnd.write(all.subarray(at, at + 10))).toBe(10)
    })
    await sink.has(all.length)
    expect(sink.bytes.equals(all)).toBe(true)
  })

  test("may be overwritten by whoever wrote it", async () => {
    using both = await pair()
    const lent = bytes("hello")
    await inFullTurn(() => {
      both.farEnd.write(lent)
      lent.fill(0x2a)
    })
    await both.near.hears("data hello")
  })

  test("has left when the end's descriptor is asked for, so that what is written past it comes behind", async () => {
    using both = await pair()
    await inFullTurn(() => {
      both.farEnd.write(bytes("first"))
      const { descriptor } = both.farEnd
      expect(raw.send(descriptor, ptr(bytes("second")), 6, 0)).toBe(6n)
      both.farEnd.write(bytes("third"))
    })
    await both.near.hears("data firstsecondthird")
  })

  test("and a shutdown arrive as bytes and FIN, and the other direction still carries bytes", async () => {
    using both = await pair()
    await inFullTurn(() => {
      both.farEnd.write(bytes("last"))
      both.farEnd.shutdown()
      expect(both.farEnd.write(bytes("more"))).toBe(-1)
    })
    await both.near.hears("data last", "ended")
    both.nearEnd.write(bytes("answer"))
    both.nearEnd.shutdown()
    await both.far.hears("data answer", "closed in order")
    await both.near.hears("data last", "ended", "closed in order")
  })

  test("and a shutdown behind the peer's arrive too, and both close in order", async () => {
    using both = await pair()
    both.nearEnd.shutdown()
    await both.far.hears("ended")
    await inFullTurn(() => {
      both.farEnd.write(bytes("last"))
      both.farEnd.shutdown()
    })
    await both.near.hears("data last", "closed in order")
    await both.far.hears("ended", "closed in order")
  })

  test("a shutdown in the turn in which the peer's FIN arrives closes both in order, for many at once", async () => {
    using pairs = await pairsOf(polled, 50)
    const half = pairs.length / 2
    // Whoever of the first half hears of a FIN shuts two down: itself, and one whose FIN has arrived by then and is not told.
    for (const [i, { farEnd }] of pairs.entries()) {
      if (i >= half) continue
      farEnd.receiver = {
        ...nobody,
        ended() {
          for (const end of [pairs[i + half]!.farEnd, farEnd]) {
            end.write(bytes("bye"))
            end.shutdown()
          }
        },
      }
    }
    for (const { nearEnd } of pairs) nearEnd.shutdown()
    await Promise.all(pairs.map(({ near }) => near.until(() => near.heard.some((each) => each.startsWith("closed")))))
    expect(pairs.filter(({ near }) => near.heard.join() === "data bye,closed in order").length).toBe(pairs.length)
    await within(allClosed(pairs), "end of all")
  })

  test("a shutdown in the turn in which the peer's FIN arrives closes in order an end that is paused then", async () => {
    using first = await pair()
    using second = await pair()
    first.farEnd.receiver = {
      ...nobody,
      ended() {
        // Its peer's FIN has been read, and its own waits. When it has left there is nothing to resume for.
        second.farEnd.shutdown()
        queueMicrotask(() => second.farEnd.pause())
      },
    }
    // Both have heard that they are connected: what they hear next, they hear in this order.
    await inFullTurn(() => {})
    first.nearEnd.shutdown()
    second.nearEnd.shutdown()
    await second.far.hears("ended", "closed in order")
  })

  test("before the end is terminated harms nobody: its peer sees the reset, and others get what is theirs", async () => {
    using doomed = await pair()
    using other = await pair()
    await inFullTurn(() => {
      other.farEnd.write(bytes("one "))
      doomed.farEnd.write(bytes("lost"))
      doomed.farEnd.terminate()
      other.farEnd.write(bytes("two"))
    })
    await other.near.hears("data one two")
    await doomed.near.until(() => doomed.near.heard.at(-1) === "closed ECONNRESET")
    expect(doomed.far.heard).toEqual(["closed in order"])
  })

  test("by an end that is gone does not go to whoever has its descriptor next", async () => {
    using doomed = await pair()
    const { descriptor } = doomed.farEnd
    const connected = Promise.withResolvers<SocketEnd>()
    const accepted = Promise.withResolvers<SocketEnd>()
    const ear = new Ear()
    const listener = polled.listen(loopback, 0, (end) => {
      end.receiver = ear
      accepted.resolve(end)
    })
    await inFullTurn(() => {
      doomed.farEnd.write(bytes("not for you"))
      doomed.farEnd.terminate()
      polled.connect(loopback, listener.port, { connected: ({ end }) => connected.resolve(end), failed() {} })
    })
    const next = await within(connected.promise, "connection")
    expect(next.descriptor).toBe(descriptor)
    next.receiver = nobody
    next.write(bytes("for you"))
    await ear.hears("data for you")
    listener.stop()
    next.terminate()
    ;(await accepted.promise).terminate()
  })

  test("to a peer that has reset ends as closed with an error, and was not sent", async () => {
    using both = await pair()
    await inFullTurn(() => {
      both.nearEnd.terminate()
      expect(both.farEnd.write(bytes("too late"))).toBe(8)
      // It is told when the turn is over, not in the middle of a write.
      expect(both.far.heard).toEqual([])
    })
    await both.far.until(() => !both.farEnd.open)
    expect(["closed EPIPE", "closed ECONNRESET"]).toContain(both.far.heard.join())
    expect(both.farEnd.sent).toBe(0)
  })

  test("and FIN to a peer that has reset ends as closed with an error too", async () => {
    using both = await pair()
    await inFullTurn(() => {
      both.nearEnd.terminate()
      both.farEnd.write(bytes("too late"))
      both.farEnd.shutdown()
    })
    await both.far.until(() => !both.farEnd.open)
    expect(["closed EPIPE", "closed ECONNRESET"]).toContain(both.far.heard.join())
  })
})

/** All ends of all pairs are closed. */
const allClosed = async (pairs: ReadonlyArray<Pair>): Promise<void> => {
  while (pairs.some(({ nearEnd, farEnd }) => nearEnd.open || farEnd.open)) {
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** Small writes in full turns until the kernel takes no more of what was taken of them. */
const pileUp = async (both: Pair, all: Uint8Array): Promise<number> => {
  let at = 0
  both.nearEnd.pause()
  const found = { short: false }
  while (!found.short) {
    await inFullTurn(() => {
      for (let i = 0; i < 10 && !found.short; i++) {
        const part = all.subarray(at, at + 10_000)
        const count = both.farEnd.write(part)
        expect(count).toBeWithin(0, part.length + 1)
        at += count
        found.short = count < part.length
      }
    })
    expect(at).toBeLessThan(all.length)
  }
  // Nothing may be written past it now.
  expect([both.farEnd.open, both.farEnd.descriptor]).toEqual([true, -1])
  expect(both.farEnd.sent).toBe(at)
  return at
}

describe("a peer that reads slowly", () => {
  const all = pattern(32 << 20)

  test("gets all that was taken for it, and then a drain comes", async () => {
    using both = await pair()
    const at = await pileUp(both, all)
    const sink = new Sink()
    both.nearEnd.receiver = sink
    const drained = Promise.withResolvers<void>()
    both.farEnd.receiver = { ...nobody, drain: () => drained.resolve() }
    expect(both.farEnd.write(all.subarray(at, at + 10))).toBe(0)
    both.nearEnd.resume()
    await within(drained.promise, "drain")
    expect(both.farEnd.descriptor).toBeGreaterThan(0)
    expect(both.farEnd.write(all.subarray(at, at + 10))).toBe(10)
    await sink.has(at + 10)
    expect(sink.bytes.equals(all.subarray(0, at + 10))).toBe(true)
    expect(both.farEnd.sent).toBe(at + 10)
  })

  test("gets all of it also where the kernel takes it piece by piece, and the FIN behind it", async () => {
    using both = await pair()
    const [SOL_SOCKET, SO_SNDBUF] = [1, 7]
    expect(raw.setsockopt(both.farEnd.descriptor, SOL_SOCKET, SO_SNDBUF, ptr(new Int32Array([4096])), 4)).toBe(0)
    const sink = new Sink()
    both.nearEnd.receiver = sink
    both.nearEnd.pause()
    const size = 15 * smallWrite
    await inFullTurn(() => {
      for (let at = 0; at < size; at += smallWrite) {
        expect(both.farEnd.write(all.subarray(at, at + smallWrite))).toBe(smallWrite)
      }
      both.farEnd.shutdown()
    })
    expect(both.farEnd.descriptor).toBe(-1)
    both.nearEnd.resume()
    await sink.until(() => sink.ends === 1)
    expect(sink.bytes.equals(all.subarray(0, size))).toBe(true)
    expect(both.farEnd.sent).toBe(size)
  })

  test("gets the FIN behind all of it", async () => {
    using both = await pair()
    const at = await pileUp(both, all)
    both.farEnd.shutdown()
    const sink = new Sink()
    both.nearEnd.receiver = sink
    both.nearEnd.resume()
    await sink.until(() => sink.ends === 1)
    expect(sink.bytes.equals(all.subarray(0, at))).toBe(true)
    expect([both.farEnd.sent, both.farEnd.open]).toEqual([at, true])
    both.nearEnd.shutdown()
    await both.far.hears("closed in order")
    expect(sink.how).toBe("in order")
  })

  test("loses nothing if its own FIN comes meanwhile", async () => {
    using both = await pair()
    const at = await pileUp(both, all)
    both.farEnd.shutdown()
    both.nearEnd.write(bytes("that is all"))
    both.nearEnd.shutdown()
    await both.far.until(() => both.farEnd.received === 11)
    // The FIN is noticed, and nothing is closed for it.
    await inFullTurn(() => {})
    expect(both.far.heard).toEqual(["data that is all", "ended"])
    const sink = new Sink()
    both.nearEnd.receiver = sink
    both.nearEnd.resume()
    await sink.until(() => sink.how !== undefined)
    expect(sink.how).toBe("in order")
    expect(sink.bytes.equals(all.subarray(0, at))).toBe(true)
    await both.far.hears("data that is all", "ended", "closed in order")
    expect(both.farEnd.sent).toBe(at)
  })

  test("loses nothing if its own FIN came before the other's", async () => {
    using both = await pair()
    const at = await pileUp(both, all)
    both.nearEnd.shutdown()
    await both.far.hears("ended")
    both.farEnd.shutdown()
    expect(both.farEnd.open).toBe(true)
    const sink = new Sink()
    both.nearEnd.receiver = sink
    both.nearEnd.resume()
    await sink.until(() => sink.how !== undefined)
    expect(sink.how).toBe("in order")
    expect(sink.bytes.equals(all.subarray(0, at))).toBe(true)
    await both.far.hears("ended", "closed in order")
  })

  test("and resets, is told of as an error", async () => {
    using both = await pair()
    await pileUp(both, all)
    both.nearEnd.terminate()
    await both.far.until(() => !both.farEnd.open)
    expect(["closed EPIPE", "closed ECONNRESET"]).toContain(both.far.heard.join())
  })

  test("is reset when the end that has more for it is terminated", async () => {
    using both = await pair()
    await pileUp(both, all)
    both.farEnd.terminate()
    const sink = new Sink()
    both.nearEnd.receiver = sink
    both.nearEnd.resume()
    await sink.until(() => sink.how !== undefined)
    expect(sink.how).toBe("ECONNRESET")
  })
})

describe("an end that is paused and resumed", () => {
  test.each([1, 2, 3])("loses nothing and gets nothing twice, and the FIN comes last (%d)", async (seed) => {
    const { below } = makeRandom(seed)
    using both = await pair()
    const all = pattern(6 << 20, seed)
    const parts: Array<Uint8Array> = []
    for (let at = 0; at < all.length;) {
      const length = below(4) === 0 ? below(300_000) : below(20_000)
      parts.push(all.subarray(at, at + length))
      at += length
    }
    const sink = new Sink()
    const { farEnd } = both
    let afterPause = 0
    let paused = false
    const resume = (): void => {
      paused = false
      farEnd.resume()
    }
    farEnd.receiver = {
      ...nobody,
      data(end, chunk) {
        if (paused) afterPause++
        sink.data(end, chunk)
        if (paused) return
        switch (below(6)) {
          case 0:
            paused = true
            farEnd.pause()
            return void setImmediate(resume)
          case 1:
            paused = true
            farEnd.pause()
            return void setTimeout(resume, below(3))
          case 2:
            // Both in the same turn.
            farEnd.pause()
            return farEnd.resume()
        }
      },
      ended: () => sink.ended(),
    }
    new Pump(both.nearEnd, parts).drain()
    await sink.until(() => sink.ends === 1)
    expect(sink.bytes.equals(all)).toBe(true)
    expect(afterPause).toBe(0)
    expect(farEnd.received).toBe(all.length)
  })

  test("is not told of the FIN while it is paused, and is then", async () => {
    using both = await pair()
    both.farEnd.pause()
    both.nearEnd.write(bytes("last"))
    both.nearEnd.shutdown()
    await inFullTurn(() => {})
    expect(both.far.heard).toEqual([])
    both.farEnd.resume()
    await both.far.hears("data last", "ended")
  })

  test("hears nothing when nothing has come", async () => {
    using both = await pair()
    both.farEnd.pause()
    both.farEnd.resume()
    await inFullTurn(() => {})
    expect(both.far.heard).toEqual([])
    both.nearEnd.write(bytes("x"))
    await both.far.hears("data x")
  })

  test("is told of a reset at once, without what came before it", async () => {
    using both = await pair()
    const sink = new Sink()
    both.farEnd.receiver = sink
    both.farEnd.pause()
    makeRoom(both.farEnd)
    expect(both.nearEnd.write(pattern(2 * chunkBytes))).toBeGreaterThan(chunkBytes)
    await acknowledged(both.nearEnd)
    both.nearEnd.terminate()
    await sink.until(() => sink.how !== undefined)
    expect(sink.how).toBe("ECONNRESET")
    expect(sink.bytes.length).toBe(0)
  })

  test("is given no more than a chunk, and told of the reset, when it pauses behind that", async () => {
    using both = await pair()
    const sink = new Sink()
    both.farEnd.receiver = sink
    both.farEnd.pause()
    makeRoom(both.farEnd)
    expect(both.nearEnd.write(pattern(3 * chunkBytes))).toBeGreaterThan(2 * chunkBytes)
    await acknowledged(both.nearEnd)
    sink.pausing = true
    await inFullTurn(() => {
      both.nearEnd.terminate()
      both.farEnd.resume()
    })
    await sink.until(() => sink.how !== undefined)
    expect(sink.how).toBe("ECONNRESET")
    expect(sink.bytes.length).toBe(chunkBytes)
  })

  test("is closed, and given nothing, when a write of its own hears of the reset", async () => {
    using both = await pair()
    const sink = new Sink()
    both.farEnd.receiver = sink
    both.farEnd.pause()
    both.nearEnd.write(bytes("before"))
    await acknowledged(both.nearEnd)
    await inFullTurn(() => {
      both.nearEnd.terminate()
      both.farEnd.write(bytes("too late"))
    })
    await sink.until(() => sink.how !== undefined)
    expect(["EPIPE", "ECONNRESET"]).toContain(sink.how!)
    expect(sink.bytes.length).toBe(0)
  })
})

/** For all that a test sends to a reader that is paused. */
const makeRoom = (end: SocketEnd): void => {
  const [SOL_SOCKET, SO_RCVBUF] = [1, 8]
  expect(raw.setsockopt(end.descriptor, SOL_SOCKET, SO_RCVBUF, ptr(new Int32Array([1 << 20])), 4)).toBe(0)
}

/** Waits until the peer's kernel has everything. */
const acknowledged = async (end: SocketEnd): Promise<void> => {
  const SIOCOUTQ = 0x5411
  const left = new Int32Array(1)
  const wait = async (): Promise<void> => {
    for (;;) {
      expect(raw.ioctl(end.descriptor, BigInt(SIOCOUTQ), ptr(left))).toBe(0)
      if (left[0] === 0) return
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
  await within(wait(), "acknowledgement of everything")
}

describe("a chunk", () => {
  test.each([chunkBytes - 1, chunkBytes, chunkBytes + 1, 2 * chunkBytes, 3 * chunkBytes])(
    "is at most what is read at once: %d bytes arrive whole, before and behind others, and FIN after them",
    async (length) => {
      for (const close of [false, true]) {
        using both = await pair()
        const sink = new Sink()
        both.farEnd.receiver = sink
        const all = pattern(length)
        expect(both.nearEnd.write(all)).toBe(length)
        if (!close) {
          await sink.has(length)
          both.nearEnd.write(bytes("more"))
          await sink.has(length + 4)
          expect(sink.bytes.subarray(length).toString()).toBe("more")
        }
        both.nearEnd.shutdown()
        await sink.until(() => sink.ends === 1)
        expect(sink.bytes.subarray(0, length).equals(all)).toBe(true)
        expect(sink.largest).toBeLessThanOrEqual(chunkBytes)
      }
    },
  )

  test("is lent, also to many in one turn: each hears its own", async () => {
    using pairs = await pairsOf(polled, 40)
    const sinks = pairs.map(({ farEnd }) => (farEnd.receiver = new Sink()))
    const all = pairs.map((_, i) => pattern(20_000 + i, i))
    for (const [i, { nearEnd }] of pairs.entries()) nearEnd.write(all[i]!)
    await Promise.all(sinks.map((sink, i) => sink.has(all[i]!.length)))
    expect(sinks.map((sink, i) => sink.bytes.equals(all[i]!))).toEqual(pairs.map(() => true))
  })

  test("behind which there is always more does not keep others waiting: few of one end in one turn", async () => {
    let inTurn = 0
    let most = 0
    const over = Promise.withResolvers<void>()
    const total = 192 << 20
    const listener = polled.listen(loopback, 0, (end) => {
      end.receiver = {
        ...nobody,
        data(end) {
          if (++inTurn === 1) {
            // Microtasks run when the turn is over.
            queueMicrotask(() => {
              most = Math.max(most, inTurn)
              inTurn = 0
            })
          }
          if (end.received >= total) over.resolve()
        },
        ended: () => end.terminate(),
      }
    })
    const program = `
      const zeros = new Uint8Array(1 << 20)
      let left = ${total}
      const go = (socket) => {
        while (left > 0) {
          const count = socket.write(zeros)
          if (count <= 0) return
          left -= count
          if (count < zeros.length) return
        }
        socket.end()
      }
      Bun.connect({ hostname: "127.0.0.1", port: ${listener.port}, socket: { open: go, drain: go, data() {} } })
    `
    await using _child = Bun.spawn([process.execPath, "-e", program], { stdout: "inherit", stderr: "inherit" })
    await within(over.promise, "all bytes", 20_000)
    listener.stop()
    // Because it goes on, and because something new has come; each may be two reads.
    expect(most).toBeLessThanOrEqual(4)
  }, 30_000)
})

describe("in one turn", () => {
  test("an end that another's receiver terminates hears nothing more, though its bytes were read", async () => {
    using pairs = await pairsOf(polled, 20)
    const heard = pairs.map(() => 0)
    const turn = Promise.withResolvers<void>()
    for (const [i, { farEnd }] of pairs.entries()) {
      farEnd.receiver = {
        ...nobody,
        data() {
          heard[i]!++
          for (const { farEnd: other } of pairs) if (other !== farEnd) other.terminate()
          turn.resolve()
        },
      }
    }
    for (const { nearEnd } of pairs) nearEnd.write(bytes("x"))
    await within(turn.promise, "first")
    await inFullTurn(() => {})
    expect(heard.reduce((sum, each) => sum + each, 0)).toBe(1)
  })

  test("an end that another's receiver pauses hears at most what was read, and the rest when it is resumed", async () => {
    using pairs = await pairsOf(polled, 20)
    const sinks = pairs.map(() => new Sink())
    const calls = pairs.map(() => 0)
    const turn = Promise.withResolvers<void>()
    for (const [i, { farEnd }] of pairs.entries()) {
      farEnd.receiver = {
        ...nobody,
        data(end, chunk) {
          calls[i]!++
          sinks[i]!.data(end, chunk)
          for (const { farEnd: other } of pairs) other.pause()
          turn.resolve()
        },
        ended: () => sinks[i]!.ended(),
      }
    }
    const all = pattern(3 * chunkBytes)
    for (const { nearEnd } of pairs) new Pump(nearEnd, [all]).drain()
    await within(turn.promise, "first")
    await inFullTurn(() => {})
    for (const each of calls) expect(each).toBeLessThanOrEqual(1)
    for (const [i, { farEnd }] of pairs.entries()) {
      farEnd.receiver = sinks[i]!
      farEnd.resume()
    }
    await Promise.all(sinks.map((sink) => sink.until(() => sink.ends === 1)))
    expect(sinks.map((sink) => sink.bytes.equals(all))).toEqual(pairs.map(() => true))
  })

  test("bytes and FIN of many that finish at once are heard by each, in this order", async () => {
    using pairs = await pairsOf(polled, 200)
    for (const [i, { nearEnd }] of pairs.entries()) {
      nearEnd.write(bytes(`${i}`))
      nearEnd.shutdown()
    }
    await Promise.all(pairs.map(({ far }, i) => far.hears(`data ${i}`, "ended")))
  })

  test("more ends than a turn has room for hear everything", async () => {
    using pairs = await pairsOf(polled, 400)
    for (let round = 1; round <= 3; round++) {
      for (const { nearEnd } of pairs) nearEnd.write(bytes("x"))
      await Promise.all(pairs.map(({ far }) => far.hears(`data ${"x".repeat(round)}`)))
    }
  })

  test("more ends that are resumed than a turn takes hear everything, though more comes for them meanwhile", async () => {
    using pairs = await pairsOf(polled, 2 * maxEvents)
    for (const { nearEnd, farEnd } of pairs) {
      farEnd.pause()
      nearEnd.write(bytes("unread "))
    }
    // Everyone has been told of it by then.
    for (let turns = 0; turns < 4; turns++) await inFullTurn(() => {})
    await inFullTurn(() => {
      for (const { farEnd } of pairs) farEnd.resume()
      // In the other order, so that what comes first is for those that have their turn last.
      for (const { nearEnd } of pairs.toReversed()) nearEnd.write(bytes("and more"))
    })
    await Promise.all(pairs.map(({ far }) => far.hears("data unread and more")))
  })

  test("more ends that go on than a turn takes hear everything, though more comes for them meanwhile", async () => {
    using pairs = await pairsOf(polled, 2 * maxEvents)
    const length = 6 * chunkBytes + 17
    const all = pattern(length)
    const sinks = pairs.map(({ farEnd }) => {
      const sink = new Sink()
      farEnd.receiver = sink
      return sink
    })
    for (const { nearEnd } of pairs) new Pump(nearEnd, [all]).drain()
    for (const sink of sinks) {
      await sink.until(() => sink.ends === 1)
      expect(sink.bytes.equals(all)).toBe(true)
    }
  })
})

const { symbols: raw } = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  send: { args: ["i32", "ptr", "usize", "i32"], returns: "i64" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
})

const MSG_OOB = 1
const connectRaw = (port: number): number => {
  const fd = raw.socket(2, 0o2000001, 0)
  const to = socketAddress(loopback, port)
  expect(raw.connect(fd, ptr(to), to.length)).toBe(0)
  return fd
}
const send = (fd: number, text: string, flags = 0): void =>
  void expect(raw.send(fd, ptr(bytes(text)), text.length, flags)).toBe(BigInt(text.length))

describe("urgent data", () => {
  test("does not stall what follows it, whether it was read up to there or not", async () => {
    for (const pause of [false, true]) {
      const ear = new Ear()
      const accepted = Promise.withResolvers<SocketEnd>()
      const listener = polled.listen(loopback, 0, (end) => {
        end.receiver = ear
        if (pause) end.pause()
        accepted.resolve(end)
      })
      const fd = connectRaw(listener.port)
      const end = await within(accepted.promise, "connection")
      send(fd, "before ")
      if (!pause) await ear.hears("data before ")
      send(fd, "!", MSG_OOB)
      send(fd, "after")
      send(fd, "?", MSG_OOB)
      // Behind the urgent byte, where a read stops.
      send(fd, " all")
      await inFullTurn(() => {})
      end.resume()
      // An urgent byte that was overtaken by the next one belongs to the stream (tcp(7)).
      await ear.until(() => /^data before !?after all$/.test(ear.heard.join()))
      raw.close(fd)
      await ear.until(() => ear.heard.at(-1) === "ended")
      end.terminate()
      listener.stop()
    }
  })
})

describe("an end that is gone", () => {
  test("has no addresses and no descriptor", async () => {
    using both = await pair()
    both.nearEnd.terminate()
    const { nearEnd } = both
    expect([nearEnd.localName(), nearEnd.remoteName(), nearEnd.descriptor]).toEqual([undefined, undefined, -1])
  })

  test("has left nothing behind: 2,000 connections, ended in every way, and no descriptor more", async () => {
    const base = descriptors()
    const open = openSockets()
    for (let i = 0; i < 100; i++) {
      const pairs = await pairsOf(polled, 20)
      for (const [j, { nearEnd, farEnd }] of pairs.entries()) {
        nearEnd.write(bytes("x"))
        if (j % 4 === 0) nearEnd.terminate()
        else if (j % 4 === 1) farEnd.terminate()
        else {
          nearEnd.shutdown()
          farEnd.shutdown()
          if (j % 4 === 3) nearEnd.terminate()
        }
      }
      await within(allClosed(pairs), "end of the connections")
    }
    expect([descriptors(), openSockets()]).toEqual([base, open])
  })
})

/** Why it cannot be listened there. */
const codeOf = (host: string, port: number): unknown => {
  try {
    polled.listen(address(host), port, () => {}).stop()
    return "none"
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error
  }
}

describe("a listener", () => {
  test("takes any number of connections that come at once, and each works", async () => {
    const count = 3 * acceptBatch + 5
    const condition = new Condition()
    const ends: Array<SocketEnd> = []
    const listener = polled.listen(loopback, 0, (end) => {
      ends.push(end)
      end.receiver = { ...nobody, data: (end, chunk) => void end.write(chunk) }
    })
    let answers = 0
    for (let i = 0; i < count; i++) {
      polled.connect(loopback, listener.port, {
        connected({ end }) {
          ends.push(end)
          end.receiver = {
            ...nobody,
            data() {
              answers++
              condition.changed()
            },
          }
          end.write(bytes("x"))
        },
        failed: (_, code) => expect.unreachable(code),
      })
    }
    await condition.until(
      () => (answers === count ? true : undefined),
      () => `${count} answers but ${answers}`,
    )
    listener.stop()
    for (const end of ends) end.terminate()
  })

  test("takes also those that wait when it is stopped, and nobody who comes later", async () => {
    const count = acceptBatch + 10
    let accepted = 0
    const over = Promise.withResolvers<void>()
    const listener = polled.listen(loopback, 0, (end) => {
      if (++accepted === 1) listener.stop()
      end.terminate()
      if (accepted === count) over.resolve()
    })
    // The kernel has connected each when this returns.
    for (let i = 0; i < count; i++) polled.connect(loopback, listener.port, { connected() {}, failed() {} })
    await within(over.promise, () => `${count} connections but ${accepted}`)
    const headLate = Promise.withResolvers<string>()
    polled.connect(loopback, listener.port, {
      connected: () => headLate.resolve("connected"),
      failed: (_, code) => headLate.resolve(code),
    })
    expect(await within(headLate.promise, "outcome")).toBe("ECONNREFUSED")
  })

  test("may be stopped twice, and stops nothing else then", async () => {
    const first = polled.listen(loopback, 0, () => expect.unreachable())
    first.stop()
    // It has the descriptor of the first.
    const accepted = Promise.withResolvers<void>()
    const second = polled.listen(loopback, 0, (end) => {
      end.terminate()
      accepted.resolve()
    })
    // More often than there are sockets: each counts as one that is not watched any more, if it counts at all.
    for (let i = 0; i < 100; i++) first.stop()
    await inFullTurn(() => {})
    // Not by a polled connection, which would have a loop that has ended begin again.
    const client = Bun.connect({ hostname: "127.0.0.1", port: second.port, socket: { data() {} } })
    await within(accepted.promise, "connection")
    second.stop()
    await client.catch(() => {})
  })

  test("says by its code why it cannot be, and leaves no descriptor behind", () => {
    const taken = polled.listen(loopback, 0, () => {})
    const base = descriptors()
    expect(codeOf("127.0.0.1", taken.port)).toBe("EADDRINUSE")
    expect(codeOf("192.0.2.1", 0)).toBe("EADDRNOTAVAIL")
    expect(descriptors()).toBe(base)
    taken.stop()
    expect(codeOf("127.0.0.1", taken.port)).toBe("none")
  })

  test("on port 0 has a port, another one each time", () => {
    const listeners = Array.from({ length: 5 }, () => polled.listen(loopback, 0, () => {}))
    const ports = listeners.map(({ port }) => port)
    for (const port of ports) expect(port).toBeWithin(1, 65536)
    expect(new Set(ports).size).toBe(5)
    for (const listener of listeners) listener.stop()
  })

  test("on :: takes both families", async () => {
    const accepted: Array<string> = []
    const condition = new Condition()
    const listener = polled.listen(address("::"), 0, (end, peer) => {
      accepted.push(peer.host)
      end.terminate()
      condition.changed()
    })
    for (const host of ["127.0.0.1", "::1"]) {
      polled.connect(address(host), listener.port, { connected() {}, failed() {} })
    }
    await condition.until(() => (accepted.length === 2 ? true : undefined), "two connections")
    expect(accepted.toSorted()).toEqual(["127.0.0.1", "[::1]"])
    listener.stop()
  })
})

const source = (name: string): string => join(import.meta.dir, "../../../src", name)

/** The beginning of a program of its own. */
const prelude = `
  const { polledSockets } = await import("${source("net/polled/polled-sockets.ts")}")
  const { nobody } = await import("${source("net/common/end.ts")}")
  const { parseAddress } = await import("${source("protocol/address.ts")}")
  const sockets = polledSockets()
  const loopback = parseAddress("127.0.0.1")
`

/** What a program prints, sorted. */
const linesOf = async (program: string): Promise<Array<string>> => {
  const child = Bun.spawn([process.execPath, "-e", prelude + program], { stdout: "pipe", stderr: "inherit" })
  const killed = setTimeout(() => child.kill(), 3000)
  const output = await within(new Response(child.stdout).text(), "output")
  clearTimeout(killed)
  return output.trim().split("\n").toSorted()
}

describe("a defect", () => {
  test("of who accepts costs its own connection only", async () => {
    expect(
      await linesOf(`
        process.on("uncaughtException", (error) => console.log("caught", error.message))
        let connections = 0
        const { port } = sockets.listen(loopback, 0, (end) => {
          if (connections++ === 1) throw new Error("defect")
          end.receiver = { ...nobody, data: (end, chunk) => void end.write(chunk) }
        })
        const connect = (socket) => Bun.connect({ hostname: "127.0.0.1", port, socket })
        const first = await connect({ data() { console.log("first is served"); third() } })
        let told = false
        const second = () => {
          if (told) return
          told = true
          console.log("second is closed")
          first.write("x")
        }
        // The reset may overtake the news that it is connected.
        connect({ data() {}, close: second }).catch(second)
        const third = async () =>
          (await connect({ data() { console.log("third is served"); process.exit(0) } })).write("x")
      `),
    ).toEqual(["caught defect", "first is served", "second is closed", "third is served"])
  })

  test("of a receiver that throws also when it is told of the end costs its own connection only", async () => {
    expect(
      await linesOf(`
        process.on("uncaughtException", (error) => console.log("caught", error.message))
        const bad = {
          ...nobody,
          data() { throw new Error("in data") },
          closed() { throw new Error("in closed") },
        }
        const good = { ...nobody, data: (end, chunk) => void end.write(chunk) }
        let connections = 0
        const { port } = sockets.listen(loopback, 0, (end) => {
          end.receiver = connections++ === 0 ? good : bad
        })
        const connect = (socket) => Bun.connect({ hostname: "127.0.0.1", port, socket })
        const lasting = await connect({ data() { console.log("still served"); process.exit(0) } })
        const doomed = await connect({ data() {}, close() { lasting.write("x") } })
        doomed.write("x")
      `),
    ).toContain("still served")
  })
})

/** A listener whose accept fails so often, and what it was heard to say; each of its connections is ended at once. */
const failing = async (code: "EPERM" | "ECONNABORTED", times: number) => {
  const poller = pollerOf(stirring[0]!.nearEnd)
  const { libc } = poller
  const heard: Array<string> = []
  poller.shortfalls = {
    ...unheard,
    cannotAccept: (port, why) => void heard.push(`${why} on ${port === listener.port}`),
    acceptsAgain: (port) => void heard.push(`again on ${port === listener.port}`),
  }
  const accepted = Promise.withResolvers<void>()
  const listener = polled.listen(loopback, 0, (end) => {
    end.terminate()
    accepted.resolve()
  })
  let left = times
  const { accept } = libc
  libc.accept = (fd, peer) => (left-- > 0 ? -constants.errno[code] : accept.call(libc, fd, peer))
  const started = performance.now()
  try {
    polled.connect(loopback, listener.port, { connected: ({ end }) => end.terminate(), failed() {} })
    await within(accepted.promise, "accepted connection")
    return { heard, calls: times - left, milliseconds: performance.now() - started }
  } finally {
    libc.accept = accept
    poller.shortfalls = unheard
    listener.stop()
  }
}

describe("where accept(2) fails", () => {
  test("because it is refused the listener rests, longer each time, and says so", async () => {
    const { heard, milliseconds } = await failing("EPERM", 3)
    expect(heard).toEqual(["EPERM on true", "EPERM on true", "EPERM on true", "again on true"])
    expect(milliseconds).toBeGreaterThan(7 * acceptAgainAfter - 20)
  })

  test("by what the connection had already the next one is taken at once", async () => {
    const { heard, milliseconds } = await failing("ECONNABORTED", acceptBatch - 1)
    expect(heard).toEqual([])
    expect(milliseconds).toBeLessThan(acceptAgainAfter)
  })

  test("by that again and again it rests too", async () => {
    const { heard } = await failing("ECONNABORTED", acceptBatch)
    expect(heard).toEqual(["ECONNABORTED on true", "again on true"])
  })
})

test("at the limit of descriptors a listener rests, and takes those that waited when there are some again", async () => {
  const count = 100
  const program = `
    ${prelude}
    const ends = []
    let accepted = 0
    const said = (what) => console.log(JSON.stringify(what))
    const listener = sockets.listen(loopback, 0, (end) => {
      accepted++
      ends.push(end)
      if (accepted === ${count}) {
        said({ accepted })
        process.exit(0)
      }
      if (recovering) end.terminate()
    })
    let recovering = false
    process.stdin.once("data", () => {
      const before = process.cpuUsage()
      setTimeout(() => {
        const { user, system } = process.cpuUsage(before)
        said({ accepted, busy: (user + system) / 300_000 })
        recovering = true
        for (const end of ends) end.terminate()
      }, 300)
    })
    said({ port: listener.port })
  `
  await using child = Bun.spawn(["sh", "-c", 'ulimit -n 48; exec "$0" -e "$1"', process.execPath, program], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  })
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader()
  let buffered = ""
  const line = async (): Promise<{ port?: number; accepted?: number; busy?: number }> => {
    while (!buffered.includes("\n")) {
      const { done, value } = await within(lines.read(), "line of the child")
      if (done) throw new Error("the child has ended")
      buffered += value
    }
    const [first, ...rest] = buffered.split("\n")
    buffered = rest.join("\n")
    return JSON.parse(first!)
  }
  const { port } = await line()
  const condition = new Condition()
  const ends: Array<SocketEnd> = []
  for (let i = 0; i < count; i++) {
    polled.connect(loopback, port!, {
      connected({ end }) {
        end.receiver = nobody
        ends.push(end)
        condition.changed()
      },
      failed: (_, code) => expect.unreachable(code),
    })
  }
  // The kernel has them all, whether they are accepted or not.
  await condition.until(() => (ends.length === count ? true : undefined), "connections")
  child.stdin.write("go\n")
  child.stdin.flush()
  const starved = await line()
  expect(starved.accepted).toBeWithin(5, 48)
  expect(starved.busy).toBeLessThan(0.5)
  expect(await line()).toEqual({ accepted: count })
  expect(await within(child.exited, "end of the child")).toBe(0)
  for (const end of ends) end.terminate()
})

test("these are polled ends", async () => {
  using both = await pair()
  expect(both.nearEnd).toBeInstanceOf(PolledEnd)
  expect(both.farEnd).toBeInstanceOf(PolledEnd)
})
