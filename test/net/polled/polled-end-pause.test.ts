/** Polled ends that are paused and resumed. */
import { describe, expect, test } from "bun:test"

import { chunkBytes } from "../../../src/net/polled/poller.ts"
import { nobody } from "../../../src/net/common/end.ts"
import { ascii } from "../../support/bytes.ts"
import { pattern, Pump, Sink } from "../../support/pair.ts"
import { acknowledged, makeRoom, pair, useFullTurns } from "../../support/polled.ts"
import { makeRandom } from "../../support/random.ts"

const inFullTurn = useFullTurns()

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
    both.nearEnd.write(ascii("last"))
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
    both.nearEnd.write(ascii("x"))
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
    both.nearEnd.write(ascii("before"))
    await acknowledged(both.nearEnd)
    await inFullTurn(() => {
      both.nearEnd.terminate()
      both.farEnd.write(ascii("too late"))
    })
    await sink.until(() => sink.how !== undefined)
    expect(["EPIPE", "ECONNRESET"]).toContain(sink.how!)
    expect(sink.bytes.length).toBe(0)
  })
})
