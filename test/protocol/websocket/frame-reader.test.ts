/** FrameReader: the same frames, however their bytes arrive; and nothing behind what is none. */
import { describe, expect, test } from "bun:test"

import { FrameReader, type Opcode } from "../../../src/protocol/websocket/frame-reader.ts"
import { unmask } from "../../../src/protocol/websocket/payload.ts"
import { cuts, fromHex, join } from "../../support/bytes.ts"
import { fuzz, type Random } from "../../support/random.ts"
import { closeFrame, frame } from "../../support/websocket.ts"

/** Reads bytes that lie within others and are spoilt after: whatever was kept of them would show. */
class Reading {
  readonly said: Array<string> = []
  readonly reader: FrameReader
  private payload: Array<number> = []

  constructor(mayCompress: boolean) {
    this.reader = new FrameReader(mayCompress, {
      frameBegan: () => void (this.payload = []),
      framePayload: (bytes, start, end) => void this.payload.push(...bytes.subarray(start, end)),
      frameEnded: ({ op, isFinal, isCompressed, size, mask }) => {
        const content = Uint8Array.from(this.payload)
        unmask(content, mask)
        expect(content.length).toBe(size)
        const marks = `${isFinal ? "" : " goes on"}${isCompressed ? " compressed" : ""}`
        this.said.push(`${op}${marks}: ${Buffer.from(content).toString("latin1")}`)
      },
    })
  }

  feed(bytes: Uint8Array): void {
    const lent = new Uint8Array(bytes.length + 7).fill(0x55)
    lent.set(bytes, 3)
    this.reader.read(lent, 3, 3 + bytes.length)
    lent.fill(0xaa)
  }

  get problem(): string | undefined {
    return this.reader.problem
  }
}

const readAll = (chunks: Iterable<Uint8Array>, mayCompress = false): ReadonlyArray<string> => {
  const reading = new Reading(mayCompress)
  for (const chunk of chunks) reading.feed(chunk)
  return reading.problem === undefined ? reading.said : [...reading.said, `! ${reading.problem}`]
}

const mask = [0x37, 0xfa, 0x21, 0x3d]

type Row = readonly [shows: string, bytes: Uint8Array, said: ReadonlyArray<string>]

const good: ReadonlyArray<Row> = [
  ["an unmasked text (RFC 6455 section 5.7)", fromHex("81 05 48 65 6c 6c 6f"), ["text: Hello"]],
  ["a masked one", fromHex("81 85 37 fa 21 3d 7f 9f 4d 51 58"), ["text: Hello"]],
  ["fragments", fromHex("01 03 48 65 6c 80 02 6c 6f"), ["text goes on: Hel", "continuation: lo"]],
  [
    "a ping and its pong",
    fromHex("89 05 48 65 6c 6c 6f 8a 85 37 fa 21 3d 7f 9f 4d 51 58"),
    ["ping: Hello", "pong: Hello"],
  ],
  ["frames without payload, also masked", join(frame({}), frame({ op: "binary", mask })), ["text: ", "binary: "]],
  [
    "a control frame in a message",
    join(frame({ payload: "a", final: false }), frame({ op: "ping" }), frame({ op: "continuation", payload: "b" })),
    ["text goes on: a", "ping: ", "continuation: b"],
  ],
  ["lengths of 16 bits", frame({ payload: "x".repeat(300), mask }), [`text: ${"x".repeat(300)}`]],
  [
    "lengths of 64 bits",
    frame({ op: "binary", payload: "y".repeat(400), lengthBytes: 8 }),
    [`binary: ${"y".repeat(400)}`],
  ],
  ["a length that could be shorter", frame({ payload: "ab", lengthBytes: 2 }), ["text: ab"]],
  ["a mask of zeros", frame({ payload: "ab", mask: [0, 0, 0, 0] }), ["text: ab"]],
  [
    "frames behind a close",
    join(closeFrame(1000, "", mask), frame({ payload: "late" })),
    ["close: \x03\xe8", "text: late"],
  ],
]

describe("reads", () => {
  test.each(good.map((row) => [row[0], row] as const))("%s", (_, [, bytes, said]) => {
    for (const chunks of cuts(bytes)) expect(readAll(chunks)).toEqual([...said])
    // And with the beginning of the next one behind it.
    for (const chunks of cuts(join(bytes, fromHex("81 fe 01")))) expect(readAll(chunks)).toEqual([...said])
  })
})

test("a compressed message, where that was agreed on", () => {
  const bytes = frame({ payload: fromHex("f2 48 cd c9 c9 07 00"), compressed: true })
  expect(readAll([bytes], true)).toEqual(["text compressed: \xf2H\xcd\xc9\xc9\x07\x00"])
})

const wrong: ReadonlyArray<readonly [shows: string, hex: string, problem: string]> = [
  ["a reserved opcode", "83 00", "a frame of the reserved opcode 3"],
  ["a reserved opcode of control", "8b 00", "a frame of the reserved opcode 11"],
  ["RSV1 without an extension", "c1 00", "a reserved bit that no extension explains"],
  ["RSV2", "a1 00", "a reserved bit that no known extension explains"],
  ["RSV1 of a control frame", "c9 00", "a reserved bit in a frame of ping"],
  ["a fragmented control frame", "09 00", "a fragment of ping"],
  ["a large control frame", "89 7e 00 80", "a control frame over 125 bytes"],
  ["a continuation of nothing", "80 00", "a continuation of nothing"],
  ["a message in another one", "01 00 01 00", "a message that begins in another one"],
  ["a length with its highest bit set", "82 7f 80 00 00 00 00 00 00 00", "a frame over 2^53 bytes"],
]

describe("says why it reads no further:", () => {
  test.each(wrong)("%s", (_, hex, problem) => {
    const bytes = fromHex(hex)
    for (const chunks of cuts(join(frame({ payload: "ok" }), bytes, frame({ payload: "never" })))) {
      expect(readAll(chunks).filter((line) => line !== "text goes on: ")).toEqual(["text: ok", `! ${problem}`])
    }
  })

  test("RSV1 of a continuation, also where compression was agreed on", () => {
    const bytes = join(frame({ payload: "a", final: false, compressed: true }), fromHex("c0 00"))
    expect(readAll([bytes], true).at(-1)).toBe("! a reserved bit in a frame of continuation")
  })
})

test("payload may pass unseen, up to its end and no further", () => {
  const reading = new Reading(false)
  const bytes = frame({ op: "binary", payload: "x".repeat(1000) })
  reading.feed(bytes.subarray(0, 4))
  expect(reading.reader.payloadLeft).toBe(1000)
  const ended: Array<string> = []
  const seen = new FrameReader(false, {
    frameBegan: () => void ended.push("began"),
    framePayload: () => void ended.push("payload"),
    frameEnded: () => void ended.push("ended"),
  })
  seen.read(bytes, 0, 4)
  seen.skip(400)
  expect([seen.payloadLeft, ended]).toEqual([600, ["began"]])
  seen.skip(600)
  expect([seen.payloadLeft, ended]).toEqual([0, ["began", "ended"]])
  seen.read(frame({ payload: "" }), 0, 2)
  expect(ended).toEqual(["began", "ended", "began", "ended"])
})

/** Frames that a generator made up, whose truth it therefore knows. */
const conversation = (random: Random): { readonly bytes: Uint8Array; readonly said: ReadonlyArray<string> } => {
  const pieces: Array<Uint8Array> = []
  const said: Array<string> = []
  let isOpen = false
  const put = (op: Opcode, payload: Uint8Array, final: boolean, compressed: boolean): void => {
    const mask = random.below(2) === 0 ? undefined : [...random.bytes(4)]
    pieces.push(frame({ op, payload, final, compressed, mask }))
    const marks = `${final ? "" : " goes on"}${compressed ? " compressed" : ""}`
    said.push(`${op}${marks}: ${Buffer.from(payload).toString("latin1")}`)
  }
  for (let n = 1 + random.below(12); n > 0; n--) {
    const payload = random.bytes(random.pick([0, 1, 5, 125, 126, 300, 70_000]))
    if (random.below(3) === 0) put(random.pick(["ping", "pong", "close"]), payload.subarray(0, 125), true, false)
    else {
      const final = random.below(2) === 0
      put(isOpen ? "continuation" : random.pick(["text", "binary"]), payload, final, !isOpen && random.below(2) === 0)
      isOpen = !final
    }
  }
  return { bytes: join(...pieces), said }
}

test("any conversation, cut anyhow, is read as it was made", () => {
  fuzz(60, (random) => {
    const { bytes, said } = conversation(random)
    const reading = new Reading(true)
    for (let at = 0; at < bytes.length;) {
      const next = at + 1 + random.below(random.pick([1, 3, 200, 100_000]))
      reading.feed(bytes.subarray(at, next))
      at = next
    }
    expect(reading.problem).toBeUndefined()
    expect(reading.said).toEqual([...said])
  })
})

test("bytes that are no frames are never taken for more than they hold, and end in one problem at most", () => {
  fuzz(200, (random) => {
    const bytes = random.bytes(random.below(400))
    const whole = readAll([bytes])
    expect(readAll(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual([...whole])
    expect(whole.filter((line) => line.startsWith("! ")).length).toBeLessThan(2)
  })
})
