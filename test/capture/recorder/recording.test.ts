/** Recording: what is kept of an exchange, what is not, and that all of its memory comes back. */
import { expect, test } from "bun:test"

import { pieceBytes, piecesAtOnce } from "../../../src/capture/recorder/arrivals.ts"
import { type HeardMessage, maxInterims, recordingOverhead } from "../../../src/capture/recorder/recording.ts"
import { facts, Hearing, lines, tell, tellContent, tellHead } from "../../support/heard.ts"

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1")
const said = ({ head, content, trailers }: HeardMessage): ReadonlyArray<string> => [head, content, trailers].map(text)

const asked = lines("POST / HTTP/1.1", "Host: a")
const answered = lines("HTTP/1.1 200 OK")

test("both messages are kept as they came", () => {
  const hearing = new Hearing()
  const recording = hearing.begin()
  tellHead(recording.request, asked)
  tellContent(recording.request, "ab", 1001)
  tellContent(recording.request, "c", 1002)
  tell(lines("HTTP/1.1 100 Continue"), (bytes, start, end) => recording.interim(bytes, start, end, 1003))
  tellHead(recording.response, answered, 1004)
  tellContent(recording.response, "hello", 1005)
  tell("T: 1\r\n", (bytes, start, end) => recording.response.trailers(bytes, start, end))
  tell("\r\n", (bytes, start, end) => recording.response.trailers(bytes, start, end))
  recording.over(facts)
  const [heard] = hearing.heard
  expect(said(heard!.request)).toEqual([asked, "abc", ""])
  expect(said(heard!.response)).toEqual([answered, "hello", "T: 1\r\n\r\n"])
  expect(heard!.interims.map(({ head, at }) => [text(head), at])).toEqual([[lines("HTTP/1.1 100 Continue"), 1003]])
  expect(heard!.request.arrivals).toEqual([1001, 2, 1002, 1])
  expect(heard!.response.headAt).toBe(1004)
})

test("a body is kept up to its limit, and is full from there on", () => {
  const hearing = new Hearing(undefined, { maxBody: () => 4 })
  const recording = hearing.begin()
  tellHead(recording.request, asked)
  tellContent(recording.request, "abc")
  expect(recording.request.isFull).toBe(false)
  tellContent(recording.request, "def")
  expect(recording.request.isFull).toBe(true)
  expect(recording.response.isFull).toBe(false)
  recording.over(facts)
  expect(said(hearing.heard[0]!.request)).toEqual([asked, "abcd", ""])
})

test("a body of which nothing is kept is full at once", () => {
  expect(new Hearing(undefined, { maxBody: () => 0 }).begin().request.isFull).toBe(true)
})

test("a head takes the place of the part of it that came before", () => {
  const hearing = new Hearing()
  const recording = hearing.begin()
  tellHead(recording.request, "POST / HTTP/1.1\r\nHo")
  tellHead(recording.request, asked)
  recording.over(facts)
  expect(said(hearing.heard[0]!.request)[0]).toBe(asked)
})

test("nothing is heard behind the end, and the end is told once", () => {
  const hearing = new Hearing()
  const recording = hearing.begin()
  tellHead(recording.request, asked)
  tellContent(recording.request, "abc")
  recording.over(facts)
  const { used } = hearing.memory
  tellContent(recording.request, "def")
  tellHead(recording.response, answered)
  tell("\r\n", (bytes, start, end) => recording.request.trailers(bytes, start, end))
  tell(answered, (bytes, start, end) => recording.interim(bytes, start, end, 1))
  recording.over(facts)
  recording.abandon()
  expect(hearing.heard).toHaveLength(1)
  expect(said(hearing.heard[0]!.request)).toEqual([asked, "abc", ""])
  expect(hearing.memory.used).toBe(used)
})

test("what is heard goes with its memory, and what is abandoned gives it back", () => {
  const hearing = new Hearing()
  for (const isHeard of [true, false]) {
    const recording = hearing.begin()
    tellHead(recording.request, asked)
    tellHead(recording.response, answered)
    for (let i = 0; i < 60; i++) tellContent(recording.response, "x", i)
    tell(answered, (bytes, start, end) => recording.interim(bytes, start, end, 1))
    if (isHeard) recording.over(facts)
    else recording.abandon()
  }
  expect(hearing.memory.used).toBe(hearing.heard[0]!.held)
  // The times of the first pieces are among the overhead.
  expect(hearing.heard[0]!.held).toBeGreaterThan(recordingOverhead + piecesAtOnce * pieceBytes)
  hearing.memory.release(hearing.heard[0]!.held)
  expect(hearing.memory.used).toBe(0)
})

test("only so many interim answers are kept", () => {
  const hearing = new Hearing()
  const recording = hearing.begin()
  tellHead(recording.request, asked)
  for (let i = 0; i <= maxInterims; i++) tell(answered, (bytes, start, end) => recording.interim(bytes, start, end, i))
  recording.over(facts)
  expect(hearing.heard[0]!.interims.map(({ at }) => at)).toEqual(Array.from({ length: maxInterims }, (_, i) => i))
})

test("without memory for a head there is no record, it is counted, and all memory comes back", () => {
  const hearing = new Hearing(recordingOverhead + asked.length + answered.length - 1)
  const recording = hearing.begin()
  tellHead(recording.request, asked)
  tellHead(recording.response, answered)
  expect(recording.response.isFull).toBe(true)
  tellContent(recording.response, "abc")
  recording.over(facts)
  expect({ heard: hearing.heard, dropped: hearing.recorder.dropped, used: hearing.memory.used }).toEqual({
    heard: [],
    dropped: 1,
    used: 0,
  })
})

test("without memory for a body the record lacks that", () => {
  const hearing = new Hearing(recordingOverhead + asked.length + 2)
  const recording = hearing.begin()
  tellHead(recording.request, asked)
  tellContent(recording.request, "abc")
  expect(recording.request.isFull).toBe(true)
  recording.over(facts)
  expect(said(hearing.heard[0]!.request)).toEqual([asked, "", ""])
  expect(hearing.heard[0]!.request.lacksMemory).toBe(true)
})
