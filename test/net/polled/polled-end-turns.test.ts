/** Several polled ends in one turn, each of which may act upon the others. */
import { describe, expect, test } from "bun:test"

import { chunkBytes, maxEvents } from "../../../src/net/polled/poller.ts"
import { nobody } from "../../../src/net/common/end.ts"
import { ascii } from "../../support/bytes.ts"
import { pairsOf, pattern, polled, Pump, Sink } from "../../support/pair.ts"
import { useFullTurns } from "../../support/polled.ts"
import { within } from "../../support/within.ts"

const inFullTurn = useFullTurns()

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
    for (const { nearEnd } of pairs) nearEnd.write(ascii("x"))
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
      nearEnd.write(ascii(`${i}`))
      nearEnd.shutdown()
    }
    await Promise.all(pairs.map(({ far }, i) => far.hears(`data ${i}`, "ended")))
  })

  test("more ends than a turn has room for hear everything", async () => {
    using pairs = await pairsOf(polled, 400)
    for (let round = 1; round <= 3; round++) {
      for (const { nearEnd } of pairs) nearEnd.write(ascii("x"))
      await Promise.all(pairs.map(({ far }) => far.hears(`data ${"x".repeat(round)}`)))
    }
  })

  test("more ends that are resumed than a turn takes hear everything, though more comes for them meanwhile", async () => {
    using pairs = await pairsOf(polled, 2 * maxEvents)
    for (const { nearEnd, farEnd } of pairs) {
      farEnd.pause()
      nearEnd.write(ascii("unread "))
    }
    // Everyone has been told of it by then.
    for (let turns = 0; turns < 4; turns++) await inFullTurn(() => {})
    await inFullTurn(() => {
      for (const { farEnd } of pairs) farEnd.resume()
      // In the other order, so that what comes first is for those that have their turn last.
      for (const { nearEnd } of pairs.toReversed()) nearEnd.write(ascii("and more"))
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
