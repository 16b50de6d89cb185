/** Make socket: a WebSocket that was heard, as a record. */
import { describe, expect, test } from "bun:test"
import { deflateRawSync } from "node:zlib"

import type { BodyRules } from "../../../src/capture/body.ts"
import { inflate } from "../../../src/capture/coding/inflate.ts"
import { readRecord } from "../../../src/capture/read-record.ts"
import type { RecordedFrame, SocketRecord } from "../../../src/capture/record.ts"
import { makeRecord } from "../../../src/capture/recorder/make-record.ts"
import { maxFrameBytes } from "../../../src/capture/recorder/socket-frames.ts"
import type { CarriedRecording, ExchangeFacts, Sender } from "../../../src/protocol/recording.ts"
import { join } from "../../support/bytes.ts"
import { beganAt, facts, Hearing, lines, tellHead } from "../../support/heard.ts"
import { closeFrame, deflateMessages, frame } from "../../support/websocket.ts"

const id = "019b2f6e-1c30-7a41-9d52-6a0f3b7c11e4"
const usual: BodyRules = { maxBytes: 256 * 1024, keepBulky: undefined }
const mask = [9, 8, 7, 6]

interface World {
  readonly extensions?: string
  readonly rules?: BodyRules
  readonly facts?: Partial<ExchangeFacts>
}

type Tell = (from: Sender, bytes: Uint8Array, at?: number) => void

const socket = async (tells: (tell: Tell) => void, { extensions, rules = usual, facts: more }: World = {}) => {
  const hearing = new Hearing(16 * 1024 * 1024, { maxBody: () => rules.maxBytes })
  const recording = hearing.begin()
  tellHead(recording.request, lines("GET /chat HTTP/1.1", "Host: a", "Upgrade: websocket"))
  const agreed = extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]
  tellHead(recording.response, lines("HTTP/1.1 101 Switching Protocols", "Upgrade: WebSocket", ...agreed), beganAt + 2)
  const carried = recording.upgraded() as CarriedRecording
  tells((from, bytes, at = 10) => carried.carried(from, bytes, 0, bytes.length, beganAt + at))
  const { bytesIn, bytesOut } = carried
  recording.over({ ...facts, bytesIn, bytesOut, end: "client", phase: "data", ...more })
  expect(hearing.memory.used).toBe(hearing.heard[0]!.held)
  // What is heard goes to another thread.
  const record = await makeRecord(structuredClone(hearing.heard[0]!), id, rules, inflate)
  if (record.kind !== "socket") throw new Error(`a record of kind ${record.kind}`)
  expect(readRecord(JSON.stringify(record))).toHaveProperty("record")
  return record
}

const framesOf = async (tells: (tell: Tell) => void, world?: World): Promise<ReadonlyArray<RecordedFrame>> =>
  (await socket(tells, world)).frames

const textsOf = (frames: ReadonlyArray<RecordedFrame>) => frames.map(({ text, omitted }) => text ?? omitted)

test("the upgrade, its frames, and how it was closed", async () => {
  const record = await socket((tell) => {
    tell("client", frame({ payload: "héllo", mask }), 12.1)
    tell("target", frame({ op: "binary", payload: Uint8Array.of(0, 1, 2) }), 20)
    tell("client", frame({ op: "ping", payload: "p", mask }), 21)
    tell("target", frame({ op: "pong", payload: "p" }), 22)
    tell("client", closeFrame(1000, "done", mask), 30)
    tell("target", closeFrame(1000, "done"), 31)
  })
  expect(record).toMatchObject({
    kind: "socket",
    bytes_in: 12 + 7 + 12,
    bytes_out: 5 + 3 + 8,
    request: { line: { method: "GET", target: "/chat", version: "1.1" } },
    response: { line: { status: 101 } },
    close: { code: 1000, reason: "done" },
  })
  expect(record.request.body).toBeUndefined()
  for (const name of ["end", "phase", "error", "lost", "truncated"] as const) expect(record[name]).toBeUndefined()
  expect(record.frames).toEqual([
    { t: 12.1, from: "client", op: "text", text: "héllo", size: 6 },
    { t: 20, from: "target", op: "binary", base64: "AAEC", size: 3 },
    { t: 21, from: "client", op: "ping", text: "p", size: 1 },
    { t: 22, from: "target", op: "pong", text: "p", size: 1 },
    { t: 30, from: "client", op: "close", base64: "A+hkb25l", size: 6 },
    { t: 31, from: "target", op: "close", base64: "A+hkb25l", size: 6 },
  ])
})

test("a message in fragments is one, and tells when they came", async () => {
  const frames = await framesOf((tell) => {
    tell("client", frame({ payload: "one ", final: false, mask }), 1)
    tell("client", frame({ op: "ping", mask }), 2)
    tell("target", frame({ payload: "between" }), 3)
    tell("client", frame({ op: "continuation", payload: "two ", final: false, mask }), 4)
    tell("client", frame({ op: "continuation", payload: "three", mask }), 5)
    tell("client", closeFrame(1000, "", mask), 6)
  })
  expect(frames.slice(0, 3)).toEqual([
    {
      t: 1,
      from: "client",
      op: "text",
      text: "one two three",
      size: 13,
      fragments: [
        [1, 4],
        [4, 4],
        [5, 5],
      ],
    },
    { t: 2, from: "client", op: "ping", text: "", size: 0 },
    { t: 3, from: "target", op: "text", text: "between", size: 7 },
  ])
})

test("text that is none is there as bytes", async () => {
  const [bad] = await framesOf((tell) => tell("client", frame({ payload: Uint8Array.of(0xff, 0x41), mask })))
  expect(bad).toMatchObject({ op: "text", base64: "/0E=", size: 2 })
})

describe("how it ended:", () => {
  test("without a close frame is not well", async () => {
    const record = await socket((tell) => tell("client", frame({ payload: "a", mask })))
    expect(record).toMatchObject({ end: "client", phase: "data", error: "the connection ended without a close frame" })
    expect(record.close).toBeUndefined()
  })

  test("a reset is told, whatever was said before", async () => {
    const more = { facts: { end: "target", code: "ECONNRESET" } }
    const record = await socket((tell) => tell("client", closeFrame(1000, "", mask)), more)
    expect(record).toMatchObject({ end: "target", code: "ECONNRESET", close: { code: 1000, reason: "" } })
  })

  test("frames that could not be read on say why", async () => {
    const record = await socket((tell) => tell("target", Uint8Array.of(0xff, 0xff)))
    expect(record.lost).toBe("the target: a frame of the reserved opcode 15")
    expect(record.end).toBeUndefined()
  })
})

describe("permessage-deflate", () => {
  const deflate = { extensions: "permessage-deflate" }
  const messages = ["hello hello hello", '{"a":"hello hello hello"}', "x".repeat(40_000), "hello again, hello hello"]

  test("each message goes on with the window of its side, and none of the other's", async () => {
    const sent = await deflateMessages(messages)
    const got = await deflateMessages(messages.toReversed())
    const frames = await framesOf((tell) => {
      for (const [i, payload] of sent.entries()) {
        tell("client", frame({ payload, compressed: true, mask }))
        tell("target", frame({ payload: got[i]!, compressed: true }))
      }
    }, deflate)
    const said = frames.filter(({ from }) => from === "client")
    expect(textsOf(said)).toEqual([...messages])
    expect(textsOf(frames.filter(({ from }) => from === "target"))).toEqual(messages.toReversed())
    expect(said[2]).toMatchObject({ size: 40_000, wire: sent[2]!.length })
    // The window pays: the last one would be larger alone.
    expect(sent[3]!.length).toBeLessThan(deflateRawSync(messages[3]!).length)
  })

  test("fragments are inflated together, and what was not compressed stays as it is, out of the window", async () => {
    const [first, second] = await deflateMessages([messages[0]!, messages[1]!])
    const frames = await framesOf((tell) => {
      tell("client", frame({ payload: first!.subarray(0, 3), compressed: true, final: false, mask }))
      tell("client", frame({ op: "continuation", payload: first!.subarray(3), mask }))
      tell("client", frame({ payload: "plain", mask }))
      tell("client", frame({ payload: second!, compressed: true, mask }))
    }, deflate)
    expect(textsOf(frames)).toEqual([messages[0], "plain", messages[1]])
  })

  test("a message that ends with a final block", async () => {
    const payload = join(deflateRawSync("final"), Uint8Array.of(0))
    const frames = await framesOf((tell) => tell("client", frame({ payload, compressed: true, mask })), deflate)
    expect(textsOf(frames)).toEqual(["final"])
  })

  test("what cannot be inflated is not there, nor what its side sends compressed behind it", async () => {
    const [first, second] = await deflateMessages([messages[0]!, messages[1]!])
    const frames = await framesOf((tell) => {
      tell("client", frame({ payload: Uint8Array.of(0xff, 0xff, 0x12), compressed: true, mask }))
      tell("client", frame({ payload: second!, compressed: true, mask }))
      tell("client", frame({ payload: "plain", mask }))
      tell("target", frame({ payload: first!, compressed: true }))
    }, deflate)
    expect(textsOf(frames)).toEqual(["coding", "coding", "plain", messages[0]])
    expect(frames[0]).toEqual({ t: 10, from: "client", op: "text", omitted: "coding", size: 3, wire: 3 })
  })

  test("gigabytes out of a few bytes end at the limit, and so does the record", async () => {
    const bomb = deflateRawSync(Buffer.alloc(64 * 1024 * 1024))
    const record = await socket((tell) => {
      tell("client", frame({ op: "binary", payload: bomb, compressed: true, mask }))
      tell("client", frame({ payload: "behind", mask }))
    }, deflate)
    expect(record.truncated).toEqual(["frames"])
    expect(record.frames).toHaveLength(1)
    const [only] = record.frames
    expect(only).toMatchObject({ size: maxFrameBytes, wire: bomb.length })
    expect(Buffer.from(only!.base64!, "base64").length).toBe(usual.maxBytes)
  })

  test("a message that is cut is there as far as it goes", async () => {
    const [whole] = await deflateMessages(["a".repeat(50) + "bcdefghijklmnopqrstuvwxyz0123456789"])
    const record = await socket((tell) => {
      const bytes = frame({ payload: whole!, compressed: true, mask })
      tell("client", bytes.subarray(0, bytes.length - 10))
    }, deflate)
    expect(record.truncated).toEqual(["frames"])
    expect(record.frames[0]?.text).toStartWith("aaaa")
    expect(`${"a".repeat(50)}bcdefghijklmnopqrstuvwxyz0123456789`).toStartWith(record.frames[0]!.text!)
  })
})

test("payload has the limit of bodies: text is cut on a character", async () => {
  const rules = { maxBytes: 4, keepBulky: undefined }
  const record = await socket((tell) => tell("client", frame({ payload: "abcé", mask })), { rules })
  expect(record.frames).toEqual([{ t: 10, from: "client", op: "text", text: "abc", size: 5 }])
  expect(record.truncated).toEqual(["frames"])
})

test("where no bodies are kept frames are without payload", async () => {
  const rules = { maxBytes: 0, keepBulky: undefined }
  const record: SocketRecord = await socket((tell) => tell("client", frame({ payload: "abc", mask })), { rules })
  expect(record.frames).toEqual([{ t: 10, from: "client", op: "text", omitted: "off", size: 3 }])
  expect(record.truncated).toBeUndefined()
})

test("another protocol is none of these", () => {
  const recording = new Hearing().begin()
  tellHead(recording.response, lines("HTTP/1.1 101 Switching Protocols", "Upgrade: echo"), beganAt)
  expect(recording.upgraded()).toBeUndefined()
})
