/** What only polled ends have: they know what the turn has found, are read in chunks, and are given urgent data. */
import { ptr } from "bun:ffi"
import { describe, expect, test } from "bun:test"

import { PolledEnd } from "../../../src/net/polled/polled-end.ts"
import { chunkBytes } from "../../../src/net/polled/poller.ts"
import { socketAddress } from "../../../src/net/sockets/socket-address.ts"
import { openSockets, type SocketEnd } from "../../../src/net/sockets/socket-end.ts"
import { nobody } from "../../../src/net/common/end.ts"
import { descriptors } from "../../support/dialling.ts"
import { ascii } from "../../support/bytes.ts"
import { allClosed, Ear, loopback, pairsOf, pattern, polled, Sink } from "../../support/pair.ts"
import { linesOf, pair, pollerOf, raw, useFullTurns } from "../../support/polled.ts"
import { within } from "../../support/within.ts"

const inFullTurn = useFullTurns()

test("these are polled ends", async () => {
  using both = await pair()
  expect(both.nearEnd).toBeInstanceOf(PolledEnd)
  expect(both.farEnd).toBeInstanceOf(PolledEnd)
})

test("what this turn has found is known for nothing; the kernel is asked where that is wanted, or in doubt", async () => {
  using both = await pair()
  const { libc } = pollerOf(both.farEnd)
  const { isQuiet } = libc
  let asked = 0
  libc.isQuiet = (fd) => (asked++, isQuiet.call(libc, fd))
  try {
    await inFullTurn(() => expect([both.farEnd.hasNews(false), asked]).toEqual([false, 0]))
    both.nearEnd.write(ascii("hello"))
    await both.far.hears("data hello")
    expect([both.farEnd.hasNews(false), asked]).toEqual([false, 0])
    expect([both.farEnd.hasNews(true), asked]).toEqual([false, 1])
    // Paused it is told nothing, and knows no more than that there was something.
    both.farEnd.pause()
    both.nearEnd.write(ascii("!"))
    await inFullTurn(() => {})
    expect([both.farEnd.hasNews(false), asked]).toEqual([true, 2])
    both.farEnd.resume()
    await both.far.hears("data hello!")
    expect([both.farEnd.hasNews(false), asked]).toEqual([false, 2])
  } finally {
    libc.isQuiet = isQuiet
  }
})

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
          both.nearEnd.write(ascii("more"))
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

const MSG_OOB = 1
const connectRaw = (port: number): number => {
  const fd = raw.socket(2, 0o2000001, 0)
  const to = socketAddress(loopback, port)
  expect(raw.connect(fd, ptr(to), to.length)).toBe(0)
  return fd
}
const send = (fd: number, text: string, flags = 0): void =>
  void expect(raw.send(fd, ptr(ascii(text)), text.length, flags)).toBe(BigInt(text.length))

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
        nearEnd.write(ascii("x"))
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

describe("a defect", () => {
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
