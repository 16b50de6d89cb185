/** Writes that wait for the end of a turn, and those that the kernel does not take then. */
import { ptr } from "bun:ffi"
import { describe, expect, test } from "bun:test"

import { nobody } from "../../../src/net/common/end.ts"
import { smallWrite } from "../../../src/net/polled/write-batch.ts"
import type { SocketEnd } from "../../../src/net/sockets/socket-end.ts"
import { ascii } from "../../support/bytes.ts"
import { allClosed, Ear, loopback, type Pair, pairsOf, pattern, polled, Pump, Sink } from "../../support/pair.ts"
import { pair, raw, useFullTurns } from "../../support/polled.ts"
import { within } from "../../support/within.ts"

const inFullTurn = useFullTurns()

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
    for (const { nearEnd } of pairs) nearEnd.write(ascii("go"))
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
    const lent = ascii("hello")
    await inFullTurn(() => {
      both.farEnd.write(lent)
      lent.fill(0x2a)
    })
    await both.near.hears("data hello")
  })

  test("has left when the end's descriptor is asked for, so that what is written past it comes behind", async () => {
    using both = await pair()
    await inFullTurn(() => {
      both.farEnd.write(ascii("first"))
      const { descriptor } = both.farEnd
      expect(raw.send(descriptor, ptr(ascii("second")), 6, 0)).toBe(6n)
      both.farEnd.write(ascii("third"))
    })
    await both.near.hears("data firstsecondthird")
  })

  test("and a shutdown arrive as bytes and FIN, and the other direction still carries bytes", async () => {
    using both = await pair()
    await inFullTurn(() => {
      both.farEnd.write(ascii("last"))
      both.farEnd.shutdown()
      expect(both.farEnd.write(ascii("more"))).toBe(-1)
    })
    await both.near.hears("data last", "ended")
    both.nearEnd.write(ascii("answer"))
    both.nearEnd.shutdown()
    await both.far.hears("data answer", "closed in order")
    await both.near.hears("data last", "ended", "closed in order")
  })

  test("and a shutdown behind the peer's arrive too, and both close in order", async () => {
    using both = await pair()
    both.nearEnd.shutdown()
    await both.far.hears("ended")
    await inFullTurn(() => {
      both.farEnd.write(ascii("last"))
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
            end.write(ascii("bye"))
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
      other.farEnd.write(ascii("one "))
      doomed.farEnd.write(ascii("lost"))
      doomed.farEnd.terminate()
      other.farEnd.write(ascii("two"))
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
      doomed.farEnd.write(ascii("not for you"))
      doomed.farEnd.terminate()
      polled.connect(loopback, listener.port, { connected: ({ end }) => connected.resolve(end), failed() {} })
    })
    const next = await within(connected.promise, "connection")
    expect(next.descriptor).toBe(descriptor)
    next.receiver = nobody
    next.write(ascii("for you"))
    await ear.hears("data for you")
    listener.stop()
    next.terminate()
    ;(await accepted.promise).terminate()
  })

  test("to a peer that has reset ends as closed with an error, and was not sent", async () => {
    using both = await pair()
    await inFullTurn(() => {
      both.nearEnd.terminate()
      expect(both.farEnd.write(ascii("too late"))).toBe(8)
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
      both.farEnd.write(ascii("too late"))
      both.farEnd.shutdown()
    })
    await both.far.until(() => !both.farEnd.open)
    expect(["closed EPIPE", "closed ECONNRESET"]).toContain(both.far.heard.join())
  })
})

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
    both.nearEnd.write(ascii("that is all"))
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
