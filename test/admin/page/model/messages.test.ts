/** Conversations: frames, events, lines and pieces. */
import { expect, test } from "bun:test"

import { messagesOf } from "../../../../src/admin/page/model/messages.ts"
import type { RecordedBody, RecordedFrame } from "../../../../src/capture/record.ts"
import { charge, makeExchange, makeResponse, textBody } from "../../../support/capture-records.ts"

const answered = (body: Partial<RecordedBody>, type: string) =>
  makeExchange({ response: makeResponse(200, [], { ...textBody("", type), ...body }) })

const shown = (record: Parameters<typeof messagesOf>[0]): ReadonlyArray<readonly [string, string]> =>
  messagesOf(record).map(({ words, content }) => [words, "text" in content ? content.text : content._tag])

test("frames say who sent what, when, and how it came", () => {
  const frames: ReadonlyArray<RecordedFrame> = [
    {
      t: 1.5,
      from: "client",
      op: "text",
      size: 7,
      text: `{"a":1}`,
      wire: 5,
      fragments: [
        [1, 3],
        [2, 4],
      ],
    },
    { t: 2000, from: "target", op: "binary", size: 2, base64: "AAE=" },
    { t: 3, from: "target", op: "text", size: 9, omitted: "budget" },
  ]
  const record = { ...makeExchange(), kind: "socket", frames } as const
  expect(shown(record)).toEqual([
    ["text · 1.5 ms · 7 B · compressed to 5 B · in 2 frames", '{ "a": 1 }'],
    ["binary · 2 s · 2 B", "Bytes"],
    ["text · 3 ms · 9 B · left out: budget", "Nothing"],
  ])
  expect(messagesOf(record).map(({ from }) => from)).toEqual(["client", "target", "target"])
})

test("events of a stream have their names and times, as far as these are known", () => {
  const text = ": hello\n\nevent: tick\nid: 7\ndata: [1]\n\ndata: a\ndata: b\n\n"
  expect(shown(answered({ text, events: [1, 20] }, "text/event-stream; charset=utf-8"))).toEqual([
    ["comment · 1 ms", "hello"],
    ["tick · id 7 · 20 ms", "[1]"],
    ["message", "a\nb"],
  ])
})

test("lines of NDJSON are messages", () => {
  expect(shown(answered({ text: "1\n{}\n\n", events: [1, 2] }, "application/x-ndjson"))).toEqual([
    ["line · 1 ms", "1"],
    ["line · 2 ms", "{}"],
  ])
})

test("of any other body it is told when its pieces came; of most there is nothing to tell", () => {
  expect(
    shown(
      answered(
        {
          text: "abc",
          chunks: [
            [1, 2],
            [1500, 1],
          ],
        },
        "text/plain",
      ),
    ),
  ).toEqual([
    ["piece · 1 ms · 2 B", "Nothing"],
    ["piece · 1.5 s · 1 B", "Nothing"],
  ])
  expect([messagesOf(charge), messagesOf(makeExchange())]).toEqual([[], []])
})
