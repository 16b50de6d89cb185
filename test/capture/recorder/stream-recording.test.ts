/** Stream recording: what is noted of a connection that is carried unread, and the record of that. */
import { describe, expect, test } from "bun:test"

import { inflate } from "../../../src/capture/coding/inflate.ts"
import { readRecord } from "../../../src/capture/read-record.ts"
import { makeRecord } from "../../../src/capture/recorder/make-record.ts"
import type { RecorderParts } from "../../../src/capture/recorder/recorder.ts"
import { maxFirstBytes, streamOverhead } from "../../../src/capture/recorder/stream-recording.ts"
import type { Sender, StreamFacts, StreamRecording } from "../../../src/protocol/recording.ts"
import { ascii } from "../../support/bytes.ts"
import { beganAt, facts, Hearing } from "../../support/heard.ts"
import { clientHello, serverHello } from "../../support/hellos.ts"

const id = "019b2f6e-1c30-7a41-9d52-6a0f3b7c11e4"

const connection: StreamFacts = { ...facts, authority: undefined, end: "client", lost: undefined }

const begin = (parts: Partial<RecorderParts> = {}, maxMemory?: number) => {
  const hearing = new Hearing(maxMemory, parts)
  const recording = hearing.recorder.beginStream(beganAt)
  if (recording === undefined) throw new Error("nothing is recorded")
  return { hearing, recording }
}

const feed = (recording: StreamRecording, from: Sender, bytes: Uint8Array): void => {
  const lent = Uint8Array.from([0x55, ...bytes, 0x55])
  recording.carried(from, lent, 1, 1 + bytes.length, beganAt)
  lent.fill(0xaa)
}

const recorded = async (
  tells: ReadonlyArray<readonly [Sender, Uint8Array]>,
  more: Partial<StreamFacts> = {},
  parts: Partial<RecorderParts> = {},
) => {
  const { hearing, recording } = begin(parts)
  for (const [from, bytes] of tells) feed(recording, from, bytes)
  recording.over({ ...connection, ...more, bytesIn: recording.bytesIn, bytesOut: recording.bytesOut })
  const [heard] = hearing.streams
  expect(heard!.held).toBe(hearing.memory.used)
  const record = await makeRecord(structuredClone(heard!), id, { maxBytes: 0, keepBulky: undefined }, inflate)
  expect(readRecord(JSON.stringify(record))).toHaveProperty("record")
  return record
}

test("a stream: what it seems to speak, and how much passed", async () => {
  const record = await recorded([
    ["client", ascii("*1\r\n$4\r\nPING\r\n")],
    ["target", ascii("+PONG\r\n")],
  ])
  expect(JSON.parse(JSON.stringify(record))).toEqual({
    v: 1,
    id,
    kind: "stream",
    started: "2026-11-28T09:30:00.000250Z",
    flow: 12,
    n: 1,
    direction: "outbound",
    client: "127.0.0.1:40112",
    target: "a.example:80",
    address: "203.0.113.7:80",
    t_dial: 1.302,
    t_first_byte: 20,
    t_total: 25,
    bytes_in: 14,
    bytes_out: 7,
    guess: "redis",
  })
})

test("no byte of it is in the record, unless first bytes are asked for", async () => {
  const bytes = ascii("x".repeat(maxFirstBytes + 10))
  const tells = [
    ["client", bytes.subarray(0, 100)],
    ["client", bytes.subarray(100)],
    ["target", ascii("yes")],
  ] as const
  expect(await recorded(tells)).not.toHaveProperty("first")
  const record = await recorded(tells, {}, { keepsFirst: () => true })
  expect(record).toMatchObject({
    first: { client: btoa("x".repeat(maxFirstBytes)), target: btoa("yes") },
    bytes_in: maxFirstBytes + 10,
  })
})

describe("TLS is a tunnel:", () => {
  const offer = clientHello({ versions: [0x0304, 0x0303], protocols: ["h2", "http/1.1"] })
  const choice = serverHello({ cipher: 0xc02f, protocols: ["h2"] })

  test("what both sides said of themselves", async () => {
    for (const cut of [1, 2, 5, 20, offer.length]) {
      const record = await recorded(
        [
          ["client", offer.subarray(0, cut)],
          ["client", offer.subarray(cut)],
          ["target", choice.subarray(0, cut)],
          ["target", choice.subarray(cut)],
          ["client", ascii("encrypted")],
        ],
        { sni: "a.example" },
        { keepsFirst: () => true },
      )
      expect(record).toMatchObject({
        kind: "tunnel",
        sni: "a.example",
        tls: {
          opened: false,
          version: "1.2",
          cipher: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          alpn: "h2",
          sni: "a.example",
        },
        offered: ["h2", "http/1.1"],
        versions: ["1.3", "1.2"],
        unopened: "TLS is carried as it is",
        bytes_in: offer.length + 9,
        bytes_out: choice.length,
      })
      expect(record).not.toHaveProperty("first")
    }
  })

  test("a hello that nobody can read, and a server that says no", async () => {
    const record = await recorded([
      ["client", ascii("\x16\x03\x01\0\x04\x0b\0\0\0")],
      ["target", ascii("\x15\x03\x03\0\x02\x02\x28")],
    ])
    expect(record).toMatchObject({ kind: "tunnel", tls: { opened: false } })
    expect(record).not.toHaveProperty("offered")
  })

  test("bytes of hellos are held until they are read, and no longer", () => {
    const { hearing, recording } = begin()
    feed(recording, "client", offer.subarray(0, 60))
    expect(hearing.memory.used).toBeGreaterThan(streamOverhead)
    expect([recording.skippable("client"), recording.skippable("target")]).toEqual([0, 0])
    feed(recording, "client", offer.subarray(60))
    feed(recording, "target", choice)
    expect(hearing.memory.used).toBe(streamOverhead)
    expect([recording.skippable("client"), recording.skippable("target")]).toEqual([Infinity, Infinity])
    recording.abandon()
    expect(hearing.memory.used).toBe(0)
  })
})

test("bytes that pass unseen count", () => {
  const { recording } = begin()
  feed(recording, "client", ascii("x".repeat(64)))
  expect(recording.skippable("client")).toBe(Infinity)
  recording.skipped("client", 1000)
  recording.skipped("target", 5)
  expect([recording.bytesIn, recording.bytesOut]).toEqual([1064, 5])
})

describe("how it ended is told where it was not in order:", () => {
  test.each<readonly [string, Partial<StreamFacts>, object]>([
    ["by its target", { end: "target" }, { end: undefined, phase: undefined, error: undefined }],
    ["by a reset", { end: "client", code: "ECONNRESET" }, { end: "client", phase: "data", code: "ECONNRESET" }],
    ["by a deadline", { end: "timeout" }, { end: "timeout", phase: "data" }],
    [
      "by a refusal",
      { end: "proxy", phase: "dial", refusal: "connection-refused", error: "refused" },
      { end: "proxy", phase: "dial", refusal: "connection-refused", error: "refused" },
    ],
  ])("%s", async (_, more, expected) => {
    expect(await recorded([], more)).toMatchObject(expected)
  })
})

test("what was lost says why", async () => {
  expect(await recorded([], { n: 3, lost: "a request: no method" })).toMatchObject({
    kind: "stream",
    n: 3,
    lost: "a request: no method",
    guess: "unknown",
  })
})

test("without memory there is no recording, and that is counted", () => {
  const hearing = new Hearing(streamOverhead - 1)
  expect(hearing.recorder.beginStream(beganAt)).toBeUndefined()
  expect(hearing.recorder.dropped).toBe(1)
})
