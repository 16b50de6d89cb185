/** Large bodies of requests that are read as they pass go past the program, as far as their end is known. */
import { describe, expect, test } from "bun:test"

import type { SocketEnd } from "../../src/net/sockets/socket-end.ts"
import type { Sockets } from "../../src/net/sockets/sockets.ts"
import type { End } from "../../src/net/common/end.ts"
import { openPipe } from "../../src/net/splice/pipe.ts"
import { type Moved, Splicer } from "../../src/net/splice/splicer.ts"
import { Relay } from "../../src/net/tunnel/relay.ts"
import type { RequestRecord } from "../../src/flow/request-record.ts"
import { empty } from "../../src/protocol/bytes.ts"
import type { ExchangeRecorder } from "../../src/protocol/recording.ts"
import { followRequests } from "../../src/proxy/followed-requests.ts"
import { checksum, pourBulk, receiveBulk, sendBulk } from "../support/bulk.ts"
import { flowOf } from "../support/flows.ts"
import { bothWays, loopback } from "../support/pair.ts"
import { rawConnect } from "../support/peer.ts"
import { settingsOf } from "../support/settings.ts"
import { Told } from "../support/told.ts"
import { within } from "../support/within.ts"

const limits = settingsOf()

/** Two peers joined by a relay whose requests are read, and recorded by `recorder`. */
const joined = async (sockets: Sockets, recorder?: ExchangeRecorder) => {
  const accepted: Array<SocketEnd> = []
  const both = Promise.withResolvers<void>()
  const server = sockets.listen(loopback, 0, (end) => {
    if (accepted.push(end) === 2) both.resolve()
  })
  const browser = await rawConnect(server.port)
  const workload = await rawConnect(server.port)
  await both.promise
  server.stop()
  const pipe = openPipe()
  if (!("fill" in pipe)) throw new Error("no pipe")
  const splicer = new Splicer(pipe)
  const over = Promise.withResolvers<void>()
  const [client, target] = accepted as [SocketEnd, SocketEnd]
  const flow = flowOf({ protocol: "http" })
  flow.carryTunnel(target)
  const seen = { spliced: 0, requests: new Array<RequestRecord>(), unfollowed: new Array<string>() }
  const observer = {
    followed: (_: unknown, request: RequestRecord) => void seen.requests.push(request),
    unfollowed: (_: unknown, why: string) => void seen.unfollowed.push(why),
  }
  const move = (from: End, to: End, limit?: number): Moved => {
    const before = from.received
    const moved = splicer.move(from, to, limit)
    seen.spliced += from.received - before
    return moved
  }
  const relay = new Relay(client, target, {
    flow,
    limits: () => limits,
    splicer: { move },
    wiretap: (first, held) =>
      followRequests(first, held, flow, client, { settings: () => limits, observer, recorders: { current: recorder } }),
    relayed: over.resolve,
  })
  relay.start(empty, empty, false)
  const close = (): void => {
    for (const peer of [browser, workload]) peer[Symbol.dispose]()
    splicer.close()
  }
  return { browser, workload, seen, over: over.promise, [Symbol.dispose]: close }
}

const mebibytes = 200
const head = (length: number): string => `Content-Length: ${length}\r\n\r\n`

describe.each(bothWays)("between %s sockets", (_, sockets) => {
  test("an answer of hundreds of megabytes by its length, and one that ends with its connection", async () => {
    for (const framing of [head(mebibytes << 20), "\r\n"]) {
      using between = await joined(sockets)
      const { browser, workload, seen, over } = between
      browser.send("GET /much HTTP/1.1\r\nHost: a\r\n\r\n")
      await workload.readUntil("\r\n\r\n")
      workload.send(`HTTP/1.1 200 OK\r\n${framing}`)
      await browser.readUntil("\r\n\r\n")
      const [sum] = await Promise.all([receiveBulk(browser, 60_000), sendBulk(workload, mebibytes, 1)])
      expect(sum).toBe(checksum(mebibytes, 1))
      browser.end()
      await within(over, "end of the relay")
      expect(seen.requests).toMatchObject([
        { path: "/much", status: 200, bytesOut: mebibytes << 20, endedBy: undefined },
      ])
      expect(seen.spliced).toBeGreaterThan(mebibytes << 19)
    }
  }, 120_000)

  test("an answer that is recorded, from where no more of it is wanted", async () => {
    const wanted = 256 * 1024
    const told = new Told(wanted)
    using between = await joined(sockets, { begin: () => told, beginStream: () => undefined })
    const { browser, workload, seen, over } = between
    browser.send("GET /much HTTP/1.1\r\nHost: a\r\n\r\n")
    await workload.readUntil("\r\n\r\n")
    workload.send(`HTTP/1.1 200 OK\r\n${head(mebibytes << 20)}`)
    await browser.readUntil("\r\n\r\n")
    const [sum] = await Promise.all([receiveBulk(browser, 60_000), sendBulk(workload, mebibytes, 1)])
    expect(sum).toBe(checksum(mebibytes, 1))
    browser.end()
    await within(over, "end of the relay")
    expect(told.ends).toMatchObject([{ n: 1, bytesOut: mebibytes << 20, responseIsWhole: true }])
    expect(told.response.body.length).toBeGreaterThanOrEqual(wanted)
    expect(seen.spliced).toBeGreaterThan(mebibytes << 19)
    expect(seen.spliced).toBeLessThanOrEqual((mebibytes << 20) - wanted)
  }, 120_000)

  test("a request of hundreds of megabytes, and the next one behind it", async () => {
    using between = await joined(sockets)
    const { browser, workload, seen, over } = between
    let left = mebibytes << 20
    browser.send(`PUT /much HTTP/1.1\r\nHost: a\r\n${head(left)}`)
    await workload.readUntil("\r\n\r\n")
    const taken = Promise.withResolvers<void>()
    workload.sink = (chunk) => {
      left -= chunk.length
      if (left <= 0) taken.resolve()
    }
    left -= workload.takePending().length
    await pourBulk(browser, mebibytes, 1)
    await within(taken.promise, "the whole body", 60_000)
    workload.send(`HTTP/1.1 201 Created\r\n${head(0)}`)
    await browser.readUntil("\r\n\r\n")
    browser.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
    await workload.untilReceived(workload.received + 1)
    workload.send(`HTTP/1.1 404 No\r\n${head(2)}no`).end()
    browser.end()
    await within(over, "end of the relay")
    expect(seen.requests).toMatchObject([
      { method: "PUT", path: "/much", status: 201, bytesIn: mebibytes << 20 },
      { method: "GET", path: "/next", status: 404, bytesIn: 0, bytesOut: 2 },
    ])
    expect(seen.unfollowed).toEqual([])
    expect(seen.spliced).toBeGreaterThan(mebibytes << 19)
  }, 120_000)
})
