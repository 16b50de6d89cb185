/** What ends promise, whichever way their sockets are had. */
import { describe, expect, test } from "bun:test"
import { join } from "node:path"

import { type End, nobody } from "../../../src/net/common/end.ts"
import type { SocketName } from "../../../src/net/sockets/socket-end.ts"
import { ascii } from "../../support/bytes.ts"
import { bothWays, Ear, pairOf, pairsOf } from "../../support/pair.ts"
import { within } from "../../support/within.ts"

const textOf = (name: SocketName | undefined): string => `${name?.address.text} ${name?.port}`

const source = (name: string): string => join(import.meta.dir, "../../../src/net", name)

/** The beginning of a program that has its `sockets` that way. */
const socketsFor = (way: string): string =>
  way === "polled"
    ? `const sockets = (await import("${source("polled/polled-sockets.ts")}")).polledSockets()`
    : `const sockets = (await import("${source("runtime/runtime-sockets.ts")}")).runtimeSockets`

/** The lines that a program writes before it ends, sorted. */
const outputOf = async (program: string): Promise<Array<string>> => {
  const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe", stderr: "pipe" })
  const output = await within(new Response(child.stdout).text(), "end of the program")
  return output.trim().split("\n").toSorted()
}

describe.each(bothWays)("by %s sockets,", (way, sockets) => {
  const pair = () => pairOf(sockets)

  describe("an end", () => {
    test("hands on what arrives, and counts both directions", async () => {
      using both = await pair()
      expect(both.nearEnd.write(ascii("hello"))).toBe(5)
      await both.far.hears("data hello")
      expect(both.farEnd.received).toBe(5)
      expect(both.nearEnd.sent).toBe(5)
    })

    test("writes from an offset to the end of the bytes", async () => {
      using both = await pair()
      expect(both.nearEnd.write(ascii("hello"), 3)).toBe(2)
      await both.far.hears("data lo")
    })

    test("knows the addresses of both sides", async () => {
      using both = await pair()
      const [near, far] = [both.nearEnd, both.farEnd]
      expect([textOf(near.remoteName()), textOf(far.localName())]).toEqual(Array(2).fill(`127.0.0.1 ${both.port}`))
      expect(textOf(near.localName())).toBe(textOf(far.remoteName()))
      expect(near.localName()?.port).not.toBe(both.port)
    })

    test("tells another receiver from the moment it is handed on", async () => {
      using both = await pair()
      both.nearEnd.write(ascii("one"))
      await both.far.hears("data one")
      const next = new Ear()
      both.farEnd.receiver = next
      both.nearEnd.write(ascii("two"))
      await next.hears("data two")
      expect(both.far.heard).toEqual(["data one"])
    })

    test.each([
      ["bytes", (end: End): void => void end.write(ascii("x")), "data xx"],
      ["a FIN", (end: End): void => end.shutdown(), "ended"],
      ["a reset", (end: End): void => end.terminate(), "closed ECONNRESET"],
    ] as const)("has news of %s from when they are here to when it has told them", async (_, act, heard) => {
      using first = await pair()
      using second = await pair()
      // The one that heard something last comes first in the next turn, or else the one that is written to first.
      for (const { nearEnd, far } of [second, first]) {
        nearEnd.write(ascii("x"))
        await far.hears("data x")
      }
      const news = [second.farEnd.hasNews(true), second.farEnd.hasNews(false)]
      first.farEnd.receiver = {
        ...nobody,
        data(end) {
          news.push(
            second.farEnd.hasNews(false),
            end.hasNews(true),
            second.far.heard.length > 1 || second.far.heard[0] !== "data x",
          )
          first.far.data(end, ascii("y"))
        },
      }
      first.nearEnd.write(ascii("y"))
      act(second.nearEnd)
      await first.far.hears("data xy")
      expect(news).toEqual([false, false, true, false, false])
      // A reset may be an end first: its error was told to who asked.
      await second.far.until(() => second.far.heard.at(-1) === heard)
      if (heard === "data xx") expect(second.farEnd.hasNews(true)).toBe(false)
    })

    test("has news in the middle of what it tells, where there is more", async () => {
      using both = await pair()
      const news: Array<boolean> = []
      both.farEnd.receiver = {
        ...nobody,
        data: (end: End): void => void news.push(end.hasNews(false)),
        ended: both.far.ended.bind(both.far),
      }
      both.nearEnd.write(ascii("last words"))
      both.nearEnd.shutdown()
      await both.far.hears("ended")
      expect(news).toEqual([true])
    })

    test("hears everything in its order, however many others hear something in the same turn", async () => {
      using pairs = await pairsOf(sockets, 64)
      let said = ""
      for (let turns = 0; turns < 10; turns++) {
        said += turns
        for (const { nearEnd } of pairs) nearEnd.write(ascii(`${turns}`))
        await Promise.all(pairs.map(({ far }) => far.hears(`data ${said}`)))
      }
      for (const { nearEnd } of pairs) {
        nearEnd.write(ascii("!"))
        nearEnd.shutdown()
      }
      await Promise.all(pairs.map(({ far }) => far.hears(`data ${said}!`, "ended")))
      expect(pairs.map(({ farEnd }) => farEnd.received)).toEqual(pairs.map(() => said.length + 1))
    })

    test("takes no more than the kernel does, and says when it takes more", async () => {
      using both = await pair()
      both.farEnd.pause()
      const large = new Uint8Array(64 * 1024 * 1024)
      const taken = both.nearEnd.write(large)
      expect(taken).toBeLessThan(large.length)
      expect(both.nearEnd.sent).toBe(taken)
      let drained = false
      both.nearEnd.receiver = {
        ...nobody,
        drain() {
          drained = true
          both.far.drain()
        },
      }
      both.farEnd.receiver = { ...nobody, data: () => both.far.drain() }
      both.farEnd.resume()
      await both.far.until(() => drained && both.farEnd.received === taken)
    })
  })

  describe("closing", () => {
    test("shutdown ends one direction only: the other still carries bytes", async () => {
      using both = await pair()
      both.nearEnd.shutdown()
      await both.far.hears("ended")
      both.farEnd.write(ascii("answer"))
      await both.near.hears("data answer")
      expect(both.nearEnd.write(ascii("more"))).toBe(-1)
      expect(both.nearEnd.open).toBe(true)
    })

    test("shutdown on both sides closes in order, and nothing follows", async () => {
      using both = await pair()
      both.nearEnd.shutdown()
      both.nearEnd.shutdown()
      await both.far.hears("ended")
      both.farEnd.shutdown()
      await both.far.hears("ended", "closed in order")
      await both.near.until(() => !both.nearEnd.open)
      expect(both.near.heard.at(-1)).toBe("closed in order")
      expect(both.nearEnd.receiver).toBe(nobody)
      expect(both.nearEnd.write(ascii("x"))).toBe(-1)
    })

    test("a shutdown behind the peer's closes before it returns", async () => {
      using both = await pair()
      both.nearEnd.shutdown()
      await both.far.hears("ended")
      both.farEnd.write(ascii("all"))
      both.farEnd.shutdown()
      expect(both.far.heard).toEqual(["ended", "closed in order"])
      expect(both.farEnd.open).toBe(false)
      await both.near.hears("data all", "closed in order")
    })

    test("behind a shutdown after the peer's what the peer has not read yet still arrives", async () => {
      using both = await pair()
      both.nearEnd.shutdown()
      await both.far.hears("ended")
      both.nearEnd.pause()
      // More than its reader's kernel takes: the rest waits in the kernel of the socket that is done.
      const count = both.farEnd.write(new Uint8Array(8 << 20).fill(0x61))
      both.farEnd.shutdown()
      both.nearEnd.resume()
      await both.near.until(() => !both.nearEnd.open)
      expect(both.near.heard.at(-1)).toBe("closed in order")
      expect(both.nearEnd.received).toBe(count)
      await both.far.hears("ended", "closed in order")
      expect(both.farEnd.sent).toBe(count)
    })

    test("terminate says closed before it returns, once, and resets the peer", async () => {
      using both = await pair()
      both.nearEnd.terminate()
      expect(both.near.heard).toEqual(["closed in order"])
      expect(both.nearEnd.open).toBe(false)
      both.nearEnd.terminate()
      both.nearEnd.shutdown()
      both.nearEnd.pause()
      both.nearEnd.resume()
      expect(both.near.heard).toEqual(["closed in order"])
      await both.far.hears("closed ECONNRESET")
    })

    test("a write to a peer that has reset says -1, and the close that follows is no orderly one", async () => {
      using both = await pair()
      both.farEnd.terminate()
      // The reset is in the kernel; the event loop has not turned since.
      const count = both.nearEnd.write(ascii("too late"))
      expect(count).toBe(-1)
      await both.near.until(() => !both.nearEnd.open)
      expect(both.near.heard.at(-1)).toBe("closed EPIPE")
    })

    test("a paused end is told of a reset all the same", async () => {
      using both = await pair()
      both.farEnd.pause()
      both.nearEnd.terminate()
      await both.far.hears("closed ECONNRESET")
    })
  })

  test("a receiver that throws loses its own connection only, and the defect is not silent", async () => {
    const program = `
      ${socketsFor(way)}
      const { nobody } = await import("${source("common/end.ts")}")
      const { parseAddress } = await import("${join(import.meta.dir, "../../../src/protocol/address.ts")}")
      process.on("uncaughtException", (error) => console.log("caught", error.message))
      const bad = { ...nobody, data() { throw new Error("defect") }, closed: () => console.log("closed") }
      const good = { ...nobody, data(end, chunk) { end.write(chunk) } }
      let connections = 0
      const { port } = sockets.listen(parseAddress("127.0.0.1"), 0, (end) => {
        end.receiver = connections++ === 0 ? good : bad
      })
      const connect = (socket) => Bun.connect({ hostname: "127.0.0.1", port, socket })
      const lasting = await connect({ data() { console.log("still served"); process.exit(0) } })
      const doomed = await connect({ data() {}, close() { lasting.write("x") } })
      doomed.write("x")
    `
    expect(await outputOf(program)).toEqual(["caught defect", "closed", "still served"])
  })

  test("a process that has closed its last socket, and its listener, can end", async () => {
    const program = `
      ${socketsFor(way)}
      const { nobody } = await import("${source("common/end.ts")}")
      const { parseAddress } = await import("${join(import.meta.dir, "../../../src/protocol/address.ts")}")
      const loopback = parseAddress("127.0.0.1")
      const listener = sockets.listen(loopback, 0, (end) => {
        listener.stop()
        end.receiver = { ...nobody, closed: () => console.log("accepted is closed"), ended: () => end.shutdown() }
      })
      sockets.connect(loopback, listener.port, {
        connected({ end }) {
          end.receiver = { ...nobody, closed: () => console.log("connected is closed") }
          end.shutdown()
        },
      })
    `
    expect(await outputOf(program)).toEqual(["accepted is closed", "connected is closed"])
  })
})
