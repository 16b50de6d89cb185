/** Make record: an exchange that was heard, as a record. */
import { describe, expect, test } from "bun:test"
import { gzipSync } from "node:zlib"

import type { BodyRules } from "../../../src/capture/body.ts"
import { inflate } from "../../../src/capture/coding/inflate.ts"
import { readRecord } from "../../../src/capture/read-record.ts"
import type { ExchangeRecord } from "../../../src/capture/record.ts"
import { makeRecord } from "../../../src/capture/recorder/make-record.ts"
import { recordingOverhead } from "../../../src/capture/recorder/recording.ts"
import type { ExchangeFacts, ExchangeRecording } from "../../../src/protocol/recording.ts"
import { beganAt, facts, Hearing, lines, tell, tellContent, tellHead } from "../../support/heard.ts"

const id = "019b2f6e-1c30-7a41-9d52-6a0f3b7c11e4"
const rules: BodyRules = { maxBytes: 64, keepBulky: undefined }

const get = lines("GET /a HTTP/1.1", "Host: a")
const ok = (...fields: ReadonlyArray<string>): string => lines("HTTP/1.1 200 OK", ...fields)

const recorded = async (
  tells: (recording: ExchangeRecording) => void,
  more: Partial<ExchangeFacts> = {},
  hearing = new Hearing(),
): Promise<ExchangeRecord> => {
  const recording = hearing.begin()
  tells(recording)
  recording.over({ ...facts, ...more })
  const record = await makeRecord(hearing.heard[0]!, id, rules, inflate)
  if (record.kind !== "exchange") throw new Error(`a record of kind ${record.kind}`)
  return record
}

test("a request and its answer", async () => {
  const record = await recorded(
    ({ request, response }) => {
      tellHead(request, lines("POST /a HTTP/1.1", "Host: a", "Content-Type: text/plain"))
      tellContent(request, "abc")
      tellHead(response, ok("Content-Type: application/json"), beganAt + 20)
      tellContent(response, "{}", beganAt + 21)
    },
    { bytesIn: 3, bytesOut: 2 },
  )
  expect(record).toEqual({
    v: 1,
    id,
    kind: "exchange",
    started: "2026-11-28T09:30:00.000250Z",
    flow: 12,
    n: 1,
    direction: "outbound",
    client: "127.0.0.1:40112",
    target: "a.example:80",
    address: "203.0.113.7:80",
    authority: "a.example:80",
    t_dial: 1.302,
    t_first_byte: 20,
    t_total: 25,
    bytes_in: 3,
    bytes_out: 2,
    request: {
      line: { method: "POST", target: "/a", version: "1.1" },
      headers: [
        ["Host", "a"],
        ["Content-Type", "text/plain"],
      ],
      body: { size: 3, wire: 3, type: "text/plain", text: "abc" },
    },
    response: {
      line: { version: "1.1", status: 200, reason: "OK" },
      headers: [["Content-Type", "application/json"]],
      body: { size: 2, wire: 2, type: "application/json", text: "{}" },
    },
  })
  expect(readRecord(JSON.stringify(record))).toEqual({ record: JSON.parse(JSON.stringify(record)) })
})

test("without an answer there is none, and it is told how it ended", async () => {
  const refused = { end: "proxy", phase: "dial", refusal: "connection-refused", error: "connection-refused" }
  const record = await recorded(({ request }) => tellHead(request, get), refused)
  expect(record).toMatchObject(refused)
  expect(record.response).toBeUndefined()
  expect(record.request).toEqual({ line: { method: "GET", target: "/a", version: "1.1" }, headers: [["Host", "a"]] })
})

test("interim answers and trailers", async () => {
  const record = await recorded(
    (recording) => {
      tellHead(recording.request, get)
      tell(lines("HTTP/1.1 103 Early Hints", "Link: x"), (bytes, start, end) =>
        recording.interim(bytes, start, end, beganAt + 1.5),
      )
      tellHead(recording.response, ok())
      tellContent(recording.response, "x")
      tell("T: 1\r\n\r\n", (bytes, start, end) => recording.response.trailers(bytes, start, end))
    },
    { bytesOut: 1 },
  )
  expect(record.response?.interim).toEqual([{ status: 103, headers: [["Link", "x"]], t: 1.5 }])
  expect(record.response?.trailers).toEqual([["T", "1"]])
})

test("codings are taken away", async () => {
  const content = Buffer.from(gzipSync("hello")).toString("latin1")
  const record = await recorded(
    ({ request, response }) => {
      tellHead(request, get)
      tellHead(response, ok("Content-Encoding: gzip", "Content-Type: text/plain"))
      tellContent(response, content)
    },
    { bytesOut: content.length },
  )
  expect(record.response?.body).toEqual({
    size: 5,
    wire: content.length,
    type: "text/plain",
    coding: ["gzip"],
    text: "hello",
  })
})

describe("what is not whole says so:", () => {
  test("a body beyond the limit", async () => {
    const long = "x".repeat(100)
    const record = await recorded(
      ({ request, response }) => {
        tellHead(request, get)
        tellHead(response, ok())
        tellContent(response, long)
      },
      { bytesOut: 100 },
    )
    expect(record.truncated).toEqual(["response.body"])
    expect(record.response?.body).toEqual({ size: 100, wire: 100, type: "", text: "x".repeat(64), truncated: true })
  })

  test("a body that its sender never ended", async () => {
    const record = await recorded(
      ({ request }) => {
        tellHead(request, lines("POST / HTTP/1.1", "Content-Length: 9"))
        tellContent(request, "abc")
      },
      { bytesIn: 3, requestIsWhole: false },
    )
    expect(record.truncated).toEqual(["request.body"])
    expect(record.request.body?.truncated).toBe(true)
  })

  test("a body for which there was no memory", async () => {
    const record = await recorded(
      ({ request }) => {
        tellHead(request, lines("POST / HTTP/1.1", "Content-Length: 3"))
        tellContent(request, "abc")
      },
      { bytesIn: 3 },
      new Hearing(recordingOverhead + 1024),
    )
    expect(record.request.body).toMatchObject({ size: 3, wire: 3, omitted: "budget" })
    expect(record.request.body?.text).toBeUndefined()
  })

  test("a head", async () => {
    const record = await recorded(({ request }) => tellHead(request, "POST / HTTP/1.1\r\nHost: a\r\n"))
    expect(record.truncated).toEqual(["head"])
  })
})

const pieces = (type: string, last: number) =>
  recorded(
    ({ request, response }) => {
      tellHead(request, get)
      tellHead(response, ok(`Content-Type: ${type}`), beganAt + 10)
      tellContent(response, "a", beganAt + 10)
      tellContent(response, "b", beganAt + last)
    },
    { bytesOut: 2 },
  )

describe("when the pieces of a body came is told of", () => {
  test.each(["text/event-stream", "application/x-ndjson; charset=utf-8", "application/grpc", "application/grpc+json"])(
    "%s",
    async (type) => {
      expect((await pieces(type, 12)).response?.body?.chunks).toEqual([
        [10, 1],
        [12, 1],
      ])
    },
  )

  test("any type that took longer than a second behind its head", async () => {
    expect((await pieces("text/plain", 1010)).response?.body?.chunks).toBeUndefined()
    expect((await pieces("text/plain", 1011)).response?.body?.chunks).toEqual([
      [10, 1],
      [1011, 1],
    ])
  })
})

const event = "data: a\n\n"
/** The body of an answer whose pieces came at these times. */
const answered = async (type: string, pieces: ReadonlyArray<readonly [at: number, text: string]>) => {
  const sent = pieces.map(([, text]) => text).join("")
  const { response } = await recorded(
    ({ request, response }) => {
      tellHead(request, get)
      tellHead(response, ok(`Content-Type: ${type}`), beganAt + 5)
      for (const [at, text] of pieces) tellContent(response, text, beganAt + at)
    },
    { bytesOut: sent.length },
  )
  return response?.body
}

describe("pieces of a body have times:", () => {
  test("events when they were whole, also those that came in pieces or together", async () => {
    const body = await answered("text/event-stream", [
      [10, event],
      [20, "data: b"],
      [30, `\n\n${event}${event}data:`],
    ])
    expect(body?.events).toEqual([10, 30, 30, 30])
    expect(body?.chunks).toEqual([
      [10, 9],
      [20, 7],
      [30, 25],
    ])
  })

  test("lines of JSON", async () => {
    const body = await answered("application/x-ndjson", [
      [10, '{"a":1}\n{"b'],
      [20, '":2}\n'],
    ])
    expect(body?.events).toEqual([10, 20])
    expect(body?.chunks).toHaveLength(2)
  })

  test("of another type none", async () => {
    expect(await answered("text/plain", [[10, event]])).not.toHaveProperty("events")
  })
})
