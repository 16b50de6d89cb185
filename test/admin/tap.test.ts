/** The tap over real HTTP: what ends, line by line, and what becomes of readers that are slow. */
import { afterEach, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

import { makeHandler, text } from "../../src/admin/router.ts"
import { serve } from "../../src/admin/serve.ts"
import { maxWait, makeTap, maxReaders, type Tap } from "../../src/admin/tap.ts"
import { Recent } from "../../src/observe/access/recent.ts"
import { asLine } from "../support/line.ts"
import { type Peer, rawConnect } from "../support/peer.ts"
import { eventually } from "../support/within.ts"

const scopes: Array<Scope.Closeable> = []

afterEach(async () => {
  for (const scope of scopes.splice(0)) await Effect.runPromise(Scope.close(scope, Exit.void))
})

/** A recent that says how many follow it. */
class Followed extends Recent {
  reading = 0

  override follow(follower: Parameters<Recent["follow"]>[0]): () => void {
    this.reading++
    const leave = super.follow(follower)
    return () => {
      this.reading--
      leave()
    }
  }

  /** Something to this target ended; its line is padded to `length` characters. */
  over(target: string, length = 0): void {
    this.add(asLine(`${JSON.stringify({ target, pad: "x".repeat(length) })}\n`))
  }
}

const start = async (): Promise<{ readonly recent: Followed; readonly tap: Tap; readonly port: number }> => {
  const scope = Effect.runSync(Scope.make())
  scopes.push(scope)
  const recent = new Followed()
  const tap = makeTap(recent, () => text(401, "no records"))
  const serving = Effect.flatMap(makeHandler([tap.route]), (answer) => serve("127.0.0.1", 0, answer))
  const { port } = await Effect.runPromise(Scope.provide(serving, scope))
  return { recent, tap, port }
}

const read = async (port: number, query = ""): Promise<{ readonly peer: Peer; readonly head: string }> => {
  const peer = await rawConnect(port)
  peer.send(`GET /tap${query} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n`)
  return { peer, head: await peer.readUntil("\r\n\r\n") }
}

test("a reader gets every line from its start on, and leaves no trace when it goes", async () => {
  const { recent, port } = await start()
  recent.over("before:1")
  const { peer, head } = await read(port)
  expect(head).toContain("200 OK")
  expect(head.toLowerCase()).toContain("content-type: application/x-ndjson")
  recent.over("a:1")
  recent.over("b:2")
  await peer.expect('\n{"target":"a:1","pad":""}\n{"target":"b:2","pad":""}\n')
  expect(recent.reading).toBe(1)
  peer.reset()
  await eventually(() => Promise.resolve(recent.reading), 0, "readers")
})

test("a reader with a filter gets what it lets through", async () => {
  const { recent, port } = await start()
  const { peer } = await read(port, `?filter=${encodeURIComponent("host ~ api")}`)
  recent.over("db:1")
  recent.over("api:2")
  await peer.expect('\n{"target":"api:2","pad":""}\n')
  peer.reset()
})

test("a filter that is none is answered with what is wrong", async () => {
  const { recent, port } = await start()
  const { peer, head } = await read(port, "?filter=nobody%20%3D%201")
  expect(head).toContain("400")
  expect((await peer.readToEnd()).toString()).toStartWith(
    'the filter "nobody = 1" asks for "nobody" at character 1: write one of host',
  )
  expect(recent.reading).toBe(0)
})

test("a reader that is slow costs its buffer and no more; it is told how many lines it lost, and they are counted", async () => {
  const { recent, tap, port } = await start()
  const { peer } = await read(port)
  peer.socket.pause()
  // Far more than the kernel's buffers and the reader's own hold together.
  const lines = 4000
  const length = 16_000
  for (let i = 0; i < lines; i++) {
    recent.over("x:1", length)
    if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  expect(tap.dropped()).toBeGreaterThan(0)
  expect(length * lines).toBeGreaterThan(100 * maxWait)
  peer.socket.resume()
  // Short enough for the little room that a full buffer has.
  recent.over("last:1")
  let told = 0
  let got = 0
  for (let line = ""; !line.includes("last:1");) {
    line = await peer.readUntil("\n", 10_000)
    if (line.includes("target")) got++
    told += Number(/"dropped":(\d+)/.exec(line)?.[1] ?? 0)
  }
  expect(got + told).toBe(lines + 1)
  expect(told).toBe(tap.dropped())
  peer.reset()
}, 30_000)

test("there are not more readers than there may be", async () => {
  const { recent, port } = await start()
  const readers = await Promise.all(Array.from({ length: maxReaders }, () => read(port)))
  const { peer, head } = await read(port)
  expect(head).toContain("503")
  expect((await peer.readToEnd()).toString()).toContain("readers are here already")
  readers[0]!.peer.reset()
  await eventually(() => Promise.resolve(recent.reading), maxReaders - 1, "readers")
  const again = await read(port)
  expect(again.head).toContain("200")
  for (const each of [...readers, again]) each.peer.reset()
})
