/** Bytes that go from socket to socket past the program: all of them, in order, and no error is lost on the way. */
import { describe, expect, test } from "bun:test"
import { constants } from "node:os"

import type { End } from "../../../src/net/common/end.ts"
import type { SocketEnd } from "../../../src/net/sockets/socket-end.ts"
import type { Sockets } from "../../../src/net/sockets/sockets.ts"
import { openPipe, type Pipe, pipeBytes } from "../../../src/net/splice/pipe.ts"
import { Relay } from "../../../src/net/tunnel/relay.ts"
import { type Moved, Splicer, spliceFrom } from "../../../src/net/splice/splicer.ts"
import { flowOf } from "../../support/flows.ts"
import { empty } from "../../../src/protocol/bytes.ts"
import { checksum, receiveBulk, sendBulk } from "../../support/bulk.ts"
import { descriptors } from "../../support/dialling.ts"
import { rawConnect } from "../../support/peer.ts"
import { eventually, within } from "../../support/within.ts"
import { bothWays, loopback } from "../../support/pair.ts"

const { EAGAIN, ECONNRESET, EINVAL, ENOPROTOOPT, ENOSYS, ENOTCONN, EPERM, EPIPE } = constants.errno

/** An end of which only the numbers count. */
const numbered = (descriptor: number) => {
  const end: Pick<End, "descriptor" | "received" | "sent"> = { descriptor, received: 0, sent: 0 }
  return end as End
}

interface Script {
  /** What each call answers, in order. */
  readonly fill?: ReadonlyArray<number>
  readonly drain?: ReadonlyArray<number>
  readonly read?: ReadonlyArray<number>
  /** What every receiver has room for. */
  readonly room?: number
}

/** A pipe that answers as it was told, and notes what was asked. */
const scripted = ({ fill = [], drain = [], read = [], room = 8 * pipeBytes }: Script) => {
  const asked: Array<string> = []
  const [fills, drains, reads] = [[...fill], [...drain], [...read]]
  const pipe: Pipe = {
    fill: (socket, length) => (asked.push(`fill ${socket} ${length}`), fills.shift() ?? -EAGAIN),
    drain: (socket, length) => (asked.push(`drain ${socket} ${length}`), drains.shift() ?? -EAGAIN),
    room: () => room,
    read: (into) => {
      const count = reads.shift() ?? into.length
      asked.push(`read ${into.length}`)
      into.fill(asked.length, 0, Math.max(0, count))
      return count
    },
    close: () => void asked.push("close"),
  }
  return { pipe, asked }
}

describe("a move", () => {
  test("takes what is there to the other side, and counts it on both", () => {
    const { pipe, asked } = scripted({ fill: [1000], drain: [600, 400] })
    const [from, to] = [numbered(5), numbered(6)]
    expect(new Splicer(pipe).move(from, to)).toBeUndefined()
    expect(asked).toEqual([`fill 5 ${pipeBytes}`, "drain 6 1000", "drain 6 400"])
    expect([from.received, from.sent, to.received, to.sent]).toEqual([1000, 0, 0, 1000])
  })

  test.each([
    ["is full", -EAGAIN],
    ["is broken", -EPIPE],
    ["cannot be spliced to", -EINVAL],
  ])("gives back what the receiver does not take because it %s", (_, errno) => {
    const { pipe, asked } = scripted({ fill: [1000], drain: [997, errno], read: [1, 2] })
    const [from, to] = [numbered(5), numbered(6)]
    const splicer = new Splicer(pipe)
    expect(splicer.move(from, to)).toEqual(Uint8Array.of(4, 5, 5))
    expect([from.received, to.sent]).toEqual([1000, 997])
    expect(asked.slice(3)).toEqual(["read 3", "read 2"])
  })

  test.each([
    ["nothing is there", -EAGAIN],
    ["the sender has ended", 0],
    ["the sender is gone already", -ENOTCONN],
  ])("does nothing where %s", (_, answer) => {
    const { pipe, asked } = scripted({ fill: [answer, 7], drain: [7] })
    const [from, to] = [numbered(5), numbered(6)]
    const splicer = new Splicer(pipe)
    expect(splicer.move(from, to)).toBeUndefined()
    expect([from.received, to.sent, asked.length]).toEqual([0, 0, 1])
    expect(splicer.move(from, to)).toBeUndefined()
    expect([from.received, to.sent]).toEqual([7, 7])
  })

  test.each([
    ["no more than the pipe holds", pipeBytes + 1, pipeBytes, [`fill 5 ${pipeBytes}`]],
    ["no more than the receiver has room for", 300_000, pipeBytes, ["fill 5 300000"]],
    ["no more than it may", 300_000, 100_000, ["fill 5 100000"]],
    ["nothing where the receiver has room for less than a chunk", spliceFrom - 1, pipeBytes, []],
    ["nothing where it may take less than a chunk", 300_000, spliceFrom - 1, []],
    ["no more than a chunk where the kernel does not say", -ENOPROTOOPT, pipeBytes, [`fill 5 ${spliceFrom}`]],
  ])("takes %s", (_, room, limit, wanted) => {
    const { pipe, asked } = scripted({ room })
    expect(new Splicer(pipe).move(numbered(5), numbered(6), limit)).toBeUndefined()
    expect(asked).toEqual([...wanted])
  })

  test("says that the sender broke, for nobody else hears of it, and works on for others", () => {
    const { pipe } = scripted({ fill: [-ECONNRESET, 7], drain: [7] })
    const splicer = new Splicer(pipe)
    expect(splicer.move(numbered(5), numbered(6))).toBe("ECONNRESET")
    expect(splicer.move(numbered(7), numbered(8))).toBeUndefined()
  })

  test.each([EINVAL, ENOSYS, EPERM])("is not tried again where there is no such call (errno %p)", (errno) => {
    const { pipe, asked } = scripted({ fill: [-errno] })
    const splicer = new Splicer(pipe)
    for (let i = 0; i < 3; i++) expect(splicer.move(numbered(5), numbered(6))).toBeUndefined()
    expect(asked).toEqual([`fill 5 ${pipeBytes}`, "close"])
  })

  test("ends a connection whose bytes the pipe has lost, and the pipe, so that nobody else gets them", () => {
    const { pipe, asked } = scripted({ fill: [10], drain: [4], read: [-EAGAIN] })
    const splicer = new Splicer(pipe)
    expect(splicer.move(numbered(5), numbered(6))).toBe("EAGAIN")
    expect(splicer.move(numbered(5), numbered(6))).toBeUndefined()
    expect(asked.filter((each) => each.startsWith("fill") || each === "close").length).toBe(2)
  })

  test("does nothing without a pipe, or for an end that has no descriptor", () => {
    const { pipe, asked } = scripted({ fill: [7] })
    expect(new Splicer(undefined).move(numbered(5), numbered(6))).toBeUndefined()
    expect(new Splicer(pipe).move(numbered(-1), numbered(6))).toBeUndefined()
    expect(new Splicer(pipe).move(numbered(5), numbered(-1))).toBeUndefined()
    expect(asked).toEqual([])
  })
})

/** A pipe of the kernel, closed with the test. */
const realPipe = (): Pipe & Disposable => {
  const pipe = openPipe()
  if ("reason" in pipe) throw new Error(`this system has no pipe: ${pipe.reason}`)
  return { ...pipe, [Symbol.dispose]: pipe.close }
}

/** With a pipe of the kernel; `changes` answer instead of it. */
const realSplicer = (changes: Partial<Pipe> = {}): Splicer & Disposable => {
  const splicer = new Splicer({ ...realPipe(), ...changes })
  return Object.assign(splicer, { [Symbol.dispose]: () => splicer.close() })
}

const limits = () => ({ halfCloseTimeout: 60_000 })

/** Two peers joined by a relay that splices; `moved` has the outcome of every move that did something. */
const joined = async (sockets: Sockets, splicer: Splicer) => {
  const accepted: Array<SocketEnd> = []
  const both = Promise.withResolvers<void>()
  const server = sockets.listen(loopback, 0, (end) => {
    if (accepted.push(end) === 2) both.resolve()
  })
  const left = await rawConnect(server.port)
  const right = await rawConnect(server.port)
  await both.promise
  server.stop()
  const moved: Array<Moved> = []
  const noting = {
    move: (from: End, to: End): Moved => {
      const { received } = from
      const outcome = splicer.move(from, to)
      if (from.received > received || outcome !== undefined) moved.push(outcome)
      return outcome
    },
  }
  const [client, target] = accepted as [SocketEnd, SocketEnd]
  const flow = flowOf()
  flow.carryTunnel(target)
  const over = Promise.withResolvers<void>()
  new Relay(client, target, { flow, limits, splicer: noting, wiretap: () => undefined, relayed: over.resolve }).start(
    empty,
    empty,
    false,
  )
  const close = (): void => {
    for (const peer of [left, right]) peer[Symbol.dispose]()
  }
  return { left, right, target, flow, moved, over: over.promise, [Symbol.dispose]: close }
}

describe.each(bothWays)("between %s sockets", (_, sockets) => {
  test("hundreds of megabytes go through whole, both ways at once, and past the program", async () => {
    using splicer = realSplicer()
    using between = await joined(sockets, splicer)
    const { left, right, flow, moved, over } = between
    const mebibytes = 192
    const sums = Promise.all([receiveBulk(left, 30_000), receiveBulk(right, 30_000)])
    await Promise.all([sendBulk(left, mebibytes, 1), sendBulk(right, mebibytes, 2)])
    expect(await sums).toEqual([checksum(mebibytes, 2), checksum(mebibytes, 1)])
    await within(over, "end of the relay")
    expect([flow.bytesIn, flow.bytesOut]).toEqual([mebibytes << 20, mebibytes << 20])
    expect(moved.length).toBeGreaterThan(0)
    expect(moved.some((each) => typeof each === "string")).toBe(false)
  }, 60_000)

  test("a receiver has room while it reads, and none once its buffers are full", async () => {
    using pipe = realPipe()
    using between = await joined(sockets, new Splicer(undefined))
    const { right, target } = between
    expect(pipe.room(target.descriptor)).toBeGreaterThanOrEqual(spliceFrom)
    right.pause()
    const block = new Uint8Array(256 * 1024)
    while (target.write(block) === block.length);
    expect(pipe.room(target.descriptor)).toBeLessThan(spliceFrom)
  })

  test("a reader that stops and goes on gets every byte, also those that were in the pipe when it was full", async () => {
    // As where memory is scarce: then the kernel takes back what it had promised.
    using splicer = realSplicer({ room: () => pipeBytes })
    let readBack = false
    while (!readBack) {
      using between = await joined(sockets, splicer)
      const { left, right, target, moved } = between
      right.pause()
      const sent = sendBulk(left, 32, 3)
      let before = -1
      const standsStill = async (): Promise<boolean> => before === (before = target.sent)
      await eventually(standsStill, true, "whether nothing moves")
      right.resume()
      expect(await receiveBulk(right, 10_000)).toBe(checksum(32, 3))
      await sent
      // It was either a write that was short, or a move.
      readBack = moved.some((each) => each instanceof Uint8Array)
    }
  }, 60_000)

  test("a sender that resets in the middle of much is a reset for the receiver, every time", async () => {
    using splicer = realSplicer()
    for (let i = 0; i < 30; i++) {
      using between = await joined(sockets, splicer)
      const { left, right } = between
      right.sink = () => {}
      left.sink = () => {}
      const much = new Uint8Array(4 << 20)
      left.socket.write(much)
      await right.untilReceived(spliceFrom * (1 + (i % 7)))
      left.reset()
      expect(await right.untilOver()).toBe("reset")
    }
  })

  test("a receiver that resets in the middle of much is a reset for the sender, and the pipe is empty for the next", async () => {
    using splicer = realSplicer()
    for (let i = 0; i < 30; i++) {
      using between = await joined(sockets, splicer)
      const { left, right } = between
      right.sink = () => {}
      left.socket.write(new Uint8Array(16 << 20))
      await right.untilReceived(spliceFrom * (1 + (i % 7)))
      right.reset()
      expect(await left.untilOver()).toBe("reset")
    }
    using last = await joined(sockets, splicer)
    const sum = receiveBulk(last.right, 10_000)
    await sendBulk(last.left, 8, 4)
    expect(await sum).toBe(checksum(8, 4))
  })
})

test("a pipe leaves no descriptor behind", () => {
  const base = descriptors()
  for (let i = 0; i < 10; i++) {
    const pipe = realPipe()
    expect(descriptors()).toBe(base + 2)
    pipe.close()
  }
  expect(descriptors()).toBe(base)
})
