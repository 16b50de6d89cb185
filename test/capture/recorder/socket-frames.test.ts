/** Socket frames: what is copied of the frames of a WebSocket, and where that ends. */
import { describe, expect, test } from "bun:test"

import { Memory } from "../../../src/capture/recorder/memory.ts"
import {
  frameOverhead,
  type HeardSocket,
  maxFrameBytes,
  maxFrames,
  SocketFrames,
} from "../../../src/capture/recorder/socket-frames.ts"
import type { Sender } from "../../../src/protocol/recording.ts"
import type { Extensions } from "../../../src/protocol/websocket/extensions.ts"
import { fromHex } from "../../support/bytes.ts"
import { closeFrame, closePayload, frame } from "../../support/websocket.ts"

const plain: Extensions = { deflate: false, others: [] }
const mask = [1, 2, 3, 4]

const makeFrames = (maxMemory = 8 * 1024 * 1024, extensions: Extensions = plain, keepsPayload = true) => {
  const memory = new Memory(
    () => maxMemory,
    () => false,
  )
  const frames = new SocketFrames(extensions, keepsPayload, memory)
  const feed = (from: Sender, bytes: Uint8Array, now = 0): void => {
    const lent = Uint8Array.from([0x55, ...bytes, 0x55])
    frames.carried(from, lent, 1, 1 + bytes.length, now)
    lent.fill(0xaa)
  }
  return { memory, frames, feed }
}

const said = ({ frames }: HeardSocket): ReadonlyArray<string> =>
  frames.map(({ at, from, op, size, kept }) => `${at} ${from} ${op} ${kept}/${size}`)

test("frames of both sides in the order in which they began, with their times", () => {
  const { frames, feed } = makeFrames()
  const large = frame({ payload: "abcdef", mask })
  feed("client", large.subarray(0, 8), 1)
  feed("target", frame({ payload: "xy" }), 2)
  feed("client", large.subarray(8), 3)
  feed("target", closeFrame(1000, "done"), 4)
  feed("client", closeFrame(1001, "", mask), 5)
  expect([frames.bytesIn, frames.bytesOut]).toEqual([12 + 8, 4 + 8])
  const heard = frames.take()
  expect(said(heard)).toEqual(["1 client text 6/6", "2 target text 2/2", "4 target close 6/6", "5 client close 2/2"])
  expect(Buffer.from(heard.payloads.target).toString("latin1")).toBe("xy\x03\xe8done")
  expect([heard.close, heard.lost, heard.isCut]).toEqual([closePayload(1000, "done"), undefined, false])
})

test("beyond so many frames only the close is of interest", () => {
  const { frames, feed } = makeFrames()
  for (let i = 0; i < maxFrames; i++) feed("client", frame({ op: "ping" }))
  expect(frames.take).toBeDefined()
  feed("target", frame({ payload: "x".repeat(200) }).subarray(0, 10))
  expect(frames.skippable("target")).toBe(200 - 6)
  frames.skipped("target", 194)
  feed("target", closeFrame(1011, "why", mask))
  const heard = frames.take()
  expect(heard.frames).toHaveLength(maxFrames)
  expect([heard.close, heard.isCut]).toEqual([closePayload(1011, "why"), true])
})

test("beyond so many bytes of payload, of both sides together, no more is copied, and what passes may pass unseen", () => {
  const { frames, feed } = makeFrames()
  const half = frame({ op: "binary", payload: new Uint8Array(maxFrameBytes / 2 + 1) })
  feed("client", half)
  expect(frames.skippable("client")).toBe(0)
  feed("target", half.subarray(0, 100))
  expect(frames.skippable("target")).toBe(0)
  feed("target", half.subarray(100))
  feed("target", half.subarray(0, 10))
  expect(frames.skippable("target")).toBe(maxFrameBytes / 2 + 1)
  const heard = frames.take()
  expect(heard.frames.map(({ kept }) => kept)).toEqual([maxFrameBytes / 2 + 1, maxFrameBytes / 2 - 1])
  expect(heard.isCut).toBe(true)
})

test("memory that is not there cuts the frames, and all that was taken is told", () => {
  const { memory, frames, feed } = makeFrames(3000)
  for (let i = 0; i < 40; i++) feed("client", frame({ payload: "x".repeat(100) }))
  expect(frames.held).toBe(memory.used)
  expect(memory.used).toBeLessThanOrEqual(3000)
  const heard = frames.take()
  expect(heard.isCut).toBe(true)
  expect(heard.frames.length).toBeGreaterThan(3)
  expect(heard.frames.length).toBeLessThan(3000 / frameOverhead)
})

test("where no bodies are kept no payload is, and nothing counts as cut", () => {
  const { memory, frames, feed } = makeFrames(undefined, plain, false)
  feed("client", frame({ payload: "x".repeat(100) }).subarray(0, 10))
  expect(frames.skippable("client")).toBe(100 - 8)
  frames.skipped("client", 92)
  feed("client", closeFrame(1000))
  expect(memory.used).toBe(2 * frameOverhead)
  const heard = frames.take()
  expect(said(heard)).toEqual(["0 client text 0/100", "0 client close 0/2"])
  expect([heard.close, heard.isCut]).toEqual([closePayload(1000), false])
})

test("a frame that is not whole at the end is cut", () => {
  const { frames, feed } = makeFrames()
  feed("client", frame({ payload: "abcdef" }).subarray(0, 5))
  const heard = frames.take()
  expect(said(heard)).toEqual(["0 client text 3/6"])
  expect(heard.isCut).toBe(true)
})

describe("what cannot be read says why, and bytes pass unseen:", () => {
  test("bytes that are no frame", () => {
    const { frames, feed } = makeFrames()
    feed("client", frame({ payload: "ok", mask }))
    feed("target", fromHex("f3 00"))
    feed("target", frame({ payload: "never" }))
    expect([frames.skippable("client"), frames.skippable("target")]).toEqual([Infinity, Infinity])
    const heard = frames.take()
    expect(said(heard)).toEqual(["0 client text 2/2"])
    expect(heard.lost).toBe("the target: a frame of the reserved opcode 3")
    expect(frames.bytesOut).toBe(2 + 7)
  })

  test("an extension that may have changed the payload", () => {
    const { frames, feed } = makeFrames(undefined, { deflate: true, others: ["x-cipher"] })
    feed("client", frame({ payload: "ok", mask }))
    expect(frames.take()).toMatchObject({ frames: [], lost: "an extension that is not known: x-cipher" })
  })
})
