import { expect, test } from "bun:test"

import { describe, maxHexBytes } from "../../src/capture/describe.ts"
import type { CaptureRecord, RecordedBody } from "../../src/capture/record.ts"
import {
  binaryBody,
  charge,
  chat,
  makeExchange,
  makeRequest,
  makeResponse,
  textBody,
} from "../support/capture-records.ts"

const shown = (record: CaptureRecord) => describe(record, { columns: 80, color: false })

test("the example of the documents", () => {
  const effect = makeExchange({ request: makeRequest({ target: "/effect" }) })
  expect(describe(charge, { columns: 80, color: false, effects: [effect] })).toBe(
    [
      "7c11e4  POST https://pay.example/v1/charges?key=tok_4b1d9e77a0c2  201",
      "id       019b2f6e-1c30-7a41-9d52-6a0f3b7c11e4",
      "started  2026-11-28T09:30:00.123456Z, outbound, connection 12, number 1",
      "peers    client 127.0.0.1:40112, target pay.example:443, 203.0.113.7:443",
      "tls      1.3, TLS_AES_128_GCM_SHA256, http/1.1, opened",
      "cause    77b0aa, by traceparent",
      "bytes    in 55 B, out 55 B",
      "effect   77b0aa GET http://shop.test/effect",
      "time     152 ms  ░ dial 1.3 ms  ▒ wait 151 ms  █ receive 0.29 ms",
      `         ░${"▒".repeat(59)}`,
      "",
      "POST /v1/charges?key=tok_4b1d9e77a0c2 HTTP/1.1",
      "Host: pay.example",
      "Authorization: Bearer tok_9f2c61d3b8aa",
      "Content-Type: application/json",
      "Content-Length: 55",
      "",
      "{",
      '  "amount": 2000,',
      '  "card": "4000008812345671",',
      '  "ref": "o-881"',
      "}",
      "",
      "HTTP/1.1 201 Created",
      "Content-Type: application/json",
      "Content-Encoding: gzip",
      "",
      '{ "id": "ch_41", "status": "paid now" }',
      "",
      "redacted",
      "request.query.key              name  tok_4b1d9e77a0c2",
      "request.headers.authorization  bearer  tok_9f2c61d3b8aa",
      "request.json.$.card            card  4000008812345671",
      "",
    ].join("\n"),
  )
})

test("messages of a WebSocket with their direction, time and size", () => {
  expect(shown(chat)).toEndWith(
    [
      "",
      "→ text  12.1 ms  15 B",
      '{ "say": "hello" }',
      "",
      "← binary  20 ms  3 B",
      `00000000  00 01 02${" ".repeat(39)}  ...`,
      "",
      "→ close  800 ms  2 B",
      `00000000  03 e8${" ".repeat(42)}  ..`,
      "",
    ].join("\n"),
  )
})

test("how a WebSocket was closed, what became of its messages, and why no more could be read", () => {
  const text = shown({
    ...chat,
    frames: [
      {
        t: 1,
        from: "client",
        op: "text",
        text: "abc",
        size: 3,
        wire: 2,
        fragments: [
          [1, 1],
          [2, 1],
        ],
      },
      { t: 2, from: "target", op: "binary", omitted: "coding", size: 9, wire: 9 },
    ],
    close: { code: 1001, reason: "going\x1baway" },
    lost: "the target: a frame of the reserved opcode 3",
  })
  expect(text).toContain("closed   1001 going\\u001baway, lost: the target: a frame of the reserved opcode 3\n")
  expect(text).toEndWith(
    [
      "",
      "→ text  1 ms  3 B  compressed to 2 B  in 2 frames",
      "abc",
      "",
      "← binary  2 ms  9 B  compressed to 9 B  left out: coding",
      "",
    ].join("\n"),
  )
})

test("events of a stream with their times", () => {
  const body = {
    ...textBody(': hi\n\nevent: add\nid: 7\ndata: {"a":1}\n\ndata: two\ndata: lines\n\ndata: cut', "text/event-stream"),
    events: [1, 20.5, 30],
  }
  expect(bodyLines(body)).toBe(
    [
      "",
      "← comment  1 ms",
      "hi",
      "",
      "← add  id 7  20.5 ms",
      '{ "a": 1 }',
      "",
      "← message  30 ms",
      "two",
      "lines",
      "",
      "← message",
      "cut",
      "",
    ].join("\n"),
  )
})

test("what is known of connections that nobody reads", () => {
  const { request: _, ...common } = makeExchange({ target: "db.example:5432" })
  const stream = shown({
    ...common,
    kind: "stream",
    guess: "postgres",
    lost: "why",
    first: { client: "AAEC", target: "" },
  })
  expect(stream).toContain("stream   postgres, lost: why\n")
  expect(stream).toContain(`→ began with\n00000000  00 01 02${" ".repeat(39)}  ...\n`)
  const tunnel = shown({
    ...common,
    kind: "tunnel",
    sni: "db.example",
    tls: { opened: false, version: "1.3", cipher: "TLS_AES_128_GCM_SHA256" },
    offered: ["h2", "http/1.1"],
    versions: ["1.3", "1.2"],
    unopened: "TLS is carried as it is",
  })
  expect(tunnel).toContain("tls      1.3, TLS_AES_128_GCM_SHA256, not opened\n")
  expect(tunnel).toContain("tunnel   TLS is carried as it is, versions 1.3 1.2, offers h2 http/1.1\n")
})

/** What is shown of a body, below its response's head. */
const bodyLines = (body: RecordedBody): string =>
  shown(makeExchange({ response: makeResponse(200, [], body) })).split("HTTP/1.1 200 OK\n")[1]!

test("bodies are laid out by their type", () => {
  expect(bodyLines(textBody('{"a":[{"b":1}]}', "application/json"))).toBe('\n{\n  "a": [\n    { "b": 1 }\n  ]\n}\n')
  expect(bodyLines(textBody("{a", "application/json"))).toBe("\n{a\n")
  expect(bodyLines(textBody("a=1&b=%0A+x", "application/x-www-form-urlencoded"))).toBe("\na = 1\nb = \\u000a x\n")
  expect(bodyLines(textBody("a\r\nb"))).toBe("\na\nb\n")
  expect(bodyLines(textBody(""))).toBe("")
})

test("bytes are shown in hexadecimal, the first of them", () => {
  const bytes = Uint8Array.from({ length: maxHexBytes + 10 }, (_, i) => i)
  const lines = bodyLines(binaryBody(bytes)).split("\n")
  expect(lines).toHaveLength(maxHexBytes / 16 + 3)
  expect(lines[4]).toBe("00000030  30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f  0123456789:;<=>?")
  expect(lines.at(-2)).toBe("(and 10 B more)")
})

test("what is not here says how much there was, and why", () => {
  expect(bodyLines({ size: 5000, wire: 1, type: "", omitted: "binary" })).toBe("\n(4.9 KiB left out: binary)\n")
  expect(bodyLines({ ...textBody("abc"), size: 3_250_586, truncated: true })).toBe("\nabc\n(cut at 3 B of 3.1 MiB)\n")
  expect(bodyLines({ ...textBody("abc"), truncated: true })).toBe("\nabc\n(cut at 3 B)\n")
})

test("interim responses and trailers stand where they came", () => {
  const record = makeExchange({
    request: { ...makeRequest(), trailers: [["T", "1"]] },
    response: {
      ...makeResponse(200),
      interim: [{ status: 103, headers: [["Link", "<a>"]], t: 1.5 }],
      trailers: [["U", "2"]],
    },
  })
  expect(shown(record)).toEndWith(
    "GET / HTTP/1.1\nHost: shop.test\n\ntrailers\nT: 1\n\n103 after 1.5 ms\nLink: <a>\n\nHTTP/1.1 200 OK\n\ntrailers\nU: 2\n",
  )
})

test("how it ended, and what other kinds of records say", () => {
  const refused = makeExchange({ end: "proxy", phase: "dial", refusal: "name-not-found", truncated: ["head"] })
  expect(shown(refused)).toContain("  name-not-found\n")
  expect(shown(refused)).toContain("\nended    by proxy, dial, name-not-found\n")
  expect(shown(refused)).toContain("\nnot whole head\n")
  const { request: _, ...common } = makeExchange({ target: "a.test:1", workload: { pod: "p", namespace: "n" } })
  const stream = shown({ ...common, kind: "stream", guess: "redis", lost: "two lengths" })
  expect(stream).toStartWith("77b0aa  redis a.test:1  no answer\n")
  expect(stream).toContain("\nstream   redis, lost: two lengths\n")
  expect(stream).toContain("\nworkload n, p\n")
  const tunnel = shown({ ...common, kind: "tunnel", unopened: "not asked for", names: ["a", "b"], sni: "s.test" })
  expect(tunnel).toContain("\ntunnel   not asked for, a b\n")
  expect(tunnel).toContain("\ntls      s.test\n")
})

const bar = (t_dial: number, t_first_byte: number, t_total: number, columns: number) =>
  describe(makeExchange({ t_dial, t_first_byte, t_total }), { columns, color: false })
    .split("\n")
    .find((line) => /^ {9}[░▒█]+$/.test(line))
    ?.trim()

test("the bar is as wide as there is room, and shares it by the times", () => {
  expect(bar(25, 50, 100, 29)).toBe(`${"░".repeat(5)}${"▒".repeat(10)}${"█".repeat(5)}`)
  expect(bar(0, 0, 1, 29)).toBe("█".repeat(20))
  expect(bar(1, 1, 3, 500)).toHaveLength(60)
  expect(bar(0, 0, 0, 80)).toBeUndefined()
  expect(bar(1, 1, 3, 5)).toBeUndefined()
})

test("colours are escapes that end, and only where they are asked for", () => {
  const colored = describe(charge, { columns: 80, color: true })
  expect(colored).toContain("\x1b[1m7c11e4\x1b[0m")
  expect(colored.replaceAll(/\x1b\[\d+m/g, "")).toBe(shown(charge))
  expect(describe(makeExchange({ error: "x" }), { columns: 80, color: true })).toContain("\x1b[31merror\x1b[0m")
})

test("nothing that was recorded steers the terminal", () => {
  const evil = "\x1b]0;x\x07\u202e\x9b"
  const record = makeExchange({
    error: evil,
    client: evil,
    redacted: [{ path: evil, rule: evil, token: evil, hint: { alg: evil } }],
    request: makeRequest({ method: evil, target: evil, headers: [[evil, evil]], body: textBody(evil) }),
    response: makeResponse(200, [[evil, evil]], textBody(JSON.stringify(evil) + evil, "application/json")),
  })
  expect(shown(record)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/)
})
