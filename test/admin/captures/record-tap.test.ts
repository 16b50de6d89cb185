/** Records over the admin listener while they are made: for whoever has the token, and bounded for those who are slow. */
import { afterEach, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

import {
  makeRecordTap,
  maxRecordReaders,
  maxRecordWait,
  type RecordFollower,
} from "../../../src/admin/captures/record-tap.ts"
import { makeHandler } from "../../../src/admin/router.ts"
import { serve } from "../../../src/admin/serve.ts"
import { makeTap } from "../../../src/admin/tap.ts"
import type { CaptureRecord } from "../../../src/capture/record.ts"
import { Recent } from "../../../src/observe/access/recent.ts"
import { makeExchange, makeRequest, textBody } from "../../support/capture-records.ts"
import { type Peer, rawConnect } from "../../support/peer.ts"
import { eventually } from "../../support/within.ts"

const scopes: Array<Scope.Closeable> = []

afterEach(async () => {
  for (const scope of scopes.splice(0)) await Effect.runPromise(Scope.close(scope, Exit.void))
})

/** A listener, and records that are told to whoever follows. */
class World {
  readonly followers = new Set<RecordFollower>()
  readonly tap = makeRecordTap({
    token: "t0ken",
    follow: (follower) => {
      this.followers.add(follower)
      return () => void this.followers.delete(follower)
    },
  })
  port = 0

  static async start(): Promise<World> {
    const world = new World()
    const scope = Effect.runSync(Scope.make())
    scopes.push(scope)
    const { route } = makeTap(new Recent(), world.tap.answer)
    const serving = Effect.flatMap(makeHandler([route]), (answer) => serve("127.0.0.1", 0, answer))
    world.port = (await Effect.runPromise(Scope.provide(serving, scope))).port
    return world
  }

  async read(query = "", token = "t0ken"): Promise<{ readonly peer: Peer; readonly head: string }> {
    const peer = await rawConnect(this.port)
    peer.send(`GET /tap?bodies=1${query} HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n\r\n`)
    return { peer, head: await peer.readUntil("\r\n\r\n") }
  }

  tell(record: CaptureRecord): void {
    const line = Buffer.from(`${JSON.stringify(record)}\n`)
    for (const follower of this.followers) follower(line, () => record)
  }
}

const posted = (path: string, body = "x"): CaptureRecord =>
  makeExchange({ request: makeRequest({ method: "POST", target: path, body: textBody(body) }) })

const pathOf = (line: string): string => JSON.parse(line).request.line.target

test("without the token nobody follows", async () => {
  const world = await World.start()
  const { peer, head } = await world.read("", "other")
  expect(head).toContain("401")
  expect(world.followers.size).toBe(0)
  peer.reset()
})

test("a reader gets the records that the filter lets through, and is forgotten when it goes", async () => {
  const world = await World.start()
  const { peer, head } = await world.read(`&filter=${encodeURIComponent("path:/a or request:needle")}`)
  expect(head.toLowerCase()).toContain("content-type: application/x-ndjson")
  await peer.expect("\n")
  for (const record of [posted("/a"), posted("/b"), posted("/c", "a needle")]) world.tell(record)
  expect([pathOf(await peer.readUntil("\n")), pathOf(await peer.readUntil("\n"))]).toEqual(["/a", "/c"])
  peer.reset()
  await eventually(() => Promise.resolve(world.followers.size), 0, "followers")
})

test("a filter that is none is answered with what is wrong", async () => {
  const world = await World.start()
  const { peer, head } = await world.read("&filter=hsot:a")
  expect(head).toContain("400")
  expect((await peer.readToEnd()).toString()).toStartWith('the filter "hsot:a" asks for "hsot"')
  expect(world.followers.size).toBe(0)
})

test("a record of 16 MiB passes, whole and alone", async () => {
  const world = await World.start()
  const { peer } = await world.read()
  await peer.expect("\n")
  const record = posted("/large", "y".repeat(16 * 1024 * 1024))
  world.tell(record)
  expect(await peer.readUntil("\n", 10_000)).toBe(`${JSON.stringify(record)}\n`)
  peer.reset()
}, 20_000)

test("a reader that is slow loses records, is told how many, and costs no more than its bound", async () => {
  const world = await World.start()
  const { peer } = await world.read()
  await peer.expect("\n")
  peer.socket.pause()
  const body = "z".repeat(1024 * 1024)
  const records = 64
  for (let i = 0; i < records; i++) {
    world.tell(posted(`/${i}`, body))
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(world.tap.dropped()).toBeGreaterThan(0)
  expect(records * body.length).toBeGreaterThan(4 * maxRecordWait)
  peer.socket.resume()
  world.tell(posted("/last"))
  let told = 0
  let got = 0
  for (let line = ""; !line.includes('"/last"');) {
    line = await peer.readUntil("\n", 10_000)
    if (line.includes('"request"')) got++
    told += Number(/^\{"dropped":(\d+)\}/.exec(line)?.[1] ?? 0)
  }
  expect(got + told).toBe(records + 1)
  expect(told).toBe(world.tap.dropped())
  peer.reset()
}, 30_000)

test("there are not more readers than there may be", async () => {
  const world = await World.start()
  const readers = await Promise.all(Array.from({ length: maxRecordReaders }, () => world.read()))
  const { peer, head } = await world.read()
  expect(head).toContain("503")
  for (const each of [peer, ...readers.map((reader) => reader.peer)]) each.reset()
})
