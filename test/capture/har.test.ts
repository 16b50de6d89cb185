import { expect, test } from "bun:test"

import { har, harEnd, harEntry, harStart } from "../../src/capture/har.ts"
import type { CaptureRecord } from "../../src/capture/record.ts"
import { fromHex } from "../support/bytes.ts"
import { binaryBody, charge, chat, makeExchange, makeRequest, makeResponse } from "../support/capture-records.ts"

/** What HAR 1.2 requires, by path; `[]` is each of a list, `?` what may be absent. */
const required: ReadonlyArray<readonly [path: string, holds: (value: unknown) => boolean]> = [
  ["startedDateTime", (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(String(value))],
  ["time", (value) => Number(value) >= 0],
  ["request.method", isString],
  ["request.url", (value) => URL.canParse(String(value))],
  ["request.httpVersion", isString],
  ["request.cookies[].name", isString],
  ["request.cookies[].value", isString],
  ["request.headers[].name", isString],
  ["request.headers[].value", isString],
  ["request.queryString[].name", isString],
  ["request.queryString[].value", isString],
  ["request.headersSize", isInteger],
  ["request.bodySize", isInteger],
  ["request.postData?.mimeType", isString],
  ["request.postData?.text", isString],
  ["response.status", isInteger],
  ["response.statusText", isString],
  ["response.httpVersion", isString],
  ["response.cookies[].name", isString],
  ["response.cookies[].value", isString],
  ["response.headers[].name", isString],
  ["response.headers[].value", isString],
  ["response.content.size", isInteger],
  ["response.content.mimeType", isString],
  ["response.content.compression?", isInteger],
  ["response.content.encoding?", (value) => value === "base64"],
  ["response.redirectURL", isString],
  ["response.headersSize", isInteger],
  ["response.bodySize", isInteger],
  ["cache", (value) => JSON.stringify(value) === "{}"],
  ["timings.send", isNumber],
  ["timings.wait", isNumber],
  ["timings.receive", isNumber],
  ["timings.connect", isNumber],
  ["serverIPAddress?", (value) => /^(\d+\.){3}\d+$|^[0-9a-f:.]+$/.test(String(value))],
  ["connection", isString],
]

function isString(value: unknown): boolean {
  return typeof value === "string"
}
function isNumber(value: unknown): boolean {
  return typeof value === "number" && value >= -1
}
function isInteger(value: unknown): boolean {
  return Number.isInteger(value)
}

/** The values at a path; undefined for one that must be there and is not. */
const valuesAt = (value: unknown, steps: ReadonlyArray<string>): ReadonlyArray<unknown> => {
  const [step, ...rest] = steps
  if (step === undefined) return [value]
  const name = step.replace(/\[\]|\?$/, "")
  const field = (value as Record<string, unknown> | undefined)?.[name]
  if (step.endsWith("?") && field === undefined) return []
  if (!step.endsWith("[]")) return valuesAt(field, rest)
  return Array.isArray(field) ? field.flatMap((each) => valuesAt(each, rest)) : [undefined]
}

const wrongOf = (entry: unknown): ReadonlyArray<string> =>
  required.flatMap(([path, holds]) => (valuesAt(entry, path.split(".")).every(holds) ? [] : [path]))

const refused = makeExchange({ refusal: "name-not-found", request: makeRequest({ target: "http://none.test/" }) })
const binary = makeExchange({
  target: "a.test:8443",
  address: "[2001:db8::1]:8443",
  truncated: ["response.body"],
  request: makeRequest({ headers: [["Cookie", "a=1; b = 2;c"]], body: binaryBody(fromHex("ff")) }),
  response: makeResponse(
    302,
    [
      ["Set-Cookie", "sid=x=y; Path=/; Domain=a.test; Expires=Sat, 28 Nov 2026 09:30:00 GMT; HttpOnly; Secure"],
      ["Set-Cookie", "plain; Expires=never"],
      ["Location", "/next"],
    ],
    { ...binaryBody(fromHex("00 ff"), "image/png"), size: 900, truncated: true, coding: ["gzip"] },
  ),
})
const omitted = makeExchange({ response: makeResponse(200, [], { size: 9, wire: 9, type: "", omitted: "off" }) })
const all = [charge, chat, refused, binary, omitted]

test("every entry has all that HAR 1.2 requires", () => {
  for (const record of all) expect(wrongOf(JSON.parse(JSON.stringify(harEntry(record))))).toEqual([])
})

test("an entry that lacks something is found out", () => {
  const entry = JSON.parse(JSON.stringify(harEntry(charge)))
  expect(wrongOf({ ...entry, cache: undefined })).toEqual(["cache"])
  expect(wrongOf({ ...entry, serverIPAddress: "pay.example" })).toEqual(["serverIPAddress?"])
  expect(wrongOf({ ...entry, request: { ...entry.request, headers: [{ name: "a" }] } })).toEqual([
    "request.headers[].value",
  ])
})

test("the document comes in pieces, one an entry, and is JSON together, also when it is empty", () => {
  const { request: _, ...common } = makeExchange()
  const others: ReadonlyArray<CaptureRecord> = [{ ...common, kind: "stream" }]
  const pieces = [...har([...others, ...all, ...others], "1.2.3")]
  expect(pieces).toHaveLength(all.length + 2)
  expect(pieces[0]).toBe(harStart("1.2.3"))
  expect(pieces.at(-1)).toBe(`\n${harEnd}`)
  const { log } = JSON.parse(pieces.join(""))
  expect(log.version).toBe("1.2")
  expect(log.creator).toEqual({ name: "pillion", version: "1.2.3" })
  expect(log.entries).toEqual(all.map((record) => JSON.parse(JSON.stringify(harEntry(record)))))
  expect(JSON.parse([...har([], "1")].join("")).log.entries).toEqual([])
})

test("times follow each other and add up; what is not known is -1", () => {
  expect(harEntry(charge)).toMatchObject({
    startedDateTime: "2026-11-28T09:30:00.123456Z",
    timings: { blocked: -1, dns: -1, connect: 1.302, ssl: -1, send: 0, wait: 150.811, receive: 0.287 },
    time: 152.4,
  })
  // As numbers of a computer they add up to 0.30000000000000004.
  const small = makeExchange({ t_dial: 0.1, t_first_byte: 0.2, t_total: 0.3 })
  expect(harEntry(small)).toMatchObject({ timings: { receive: 0 }, time: 0.3 })
  expect(harEntry(refused)).toMatchObject({ timings: { connect: -1, wait: -1, receive: -1 }, time: 0 })
})

test("request and response as HAR names them", () => {
  expect(harEntry(charge)).toMatchObject({
    serverIPAddress: "203.0.113.7",
    connection: "12",
    _id: charge.id,
    _cause: charge.cause!.id,
    _direction: "outbound",
    request: {
      url: "https://pay.example/v1/charges?key=tok_4b1d9e77a0c2",
      httpVersion: "HTTP/1.1",
      queryString: [{ name: "key", value: "tok_4b1d9e77a0c2" }],
      bodySize: 55,
      postData: { mimeType: "application/json", text: charge.request.body!.text! },
    },
    response: { status: 201, statusText: "Created", bodySize: 55, content: { size: 36, compression: -19 } },
  })
})

test("bytes are base64, cut and left out bodies say so, cookies and redirections are read", () => {
  expect(harEntry(binary)).toMatchObject({
    serverIPAddress: "2001:db8::1",
    _truncated: ["response.body"],
    request: {
      cookies: [
        { name: "a", value: "1" },
        { name: "b", value: "2" },
        { name: "", value: "c" },
      ],
      postData: { text: "/w==", _encoding: "base64" },
    },
    response: {
      redirectURL: "/next",
      content: { size: 900, mimeType: "image/png", text: "AP8=", encoding: "base64", comment: "cut" },
      cookies: [
        {
          name: "sid",
          value: "x=y",
          path: "/",
          domain: "a.test",
          expires: "2026-11-28T09:30:00.000Z",
          httpOnly: true,
          secure: true,
        },
        { name: "", value: "plain", httpOnly: false, secure: false },
      ],
    },
  })
  expect(JSON.stringify(harEntry(binary))).not.toContain("compression")
  expect(harEntry(omitted)).toMatchObject({ response: { content: { size: 9, text: "", comment: "left out: off" } } })
})

test("what was never answered has status 0 and the reason", () => {
  expect(harEntry(refused)).toMatchObject({ _error: "name-not-found", response: { status: 0, bodySize: -1 } })
  expect(harEntry(refused)).not.toHaveProperty("serverIPAddress")
})

test("frames of a WebSocket as browsers write them", () => {
  expect(harEntry(chat)).toMatchObject({
    _resourceType: "websocket",
    request: { url: "ws://shop.test/chat" },
    _webSocketMessages: [
      { type: "send", time: 1795858260.0121, opcode: 1, data: '{"say":"hello"}' },
      { type: "receive", time: 1795858260.02, opcode: 2, data: "AAEC" },
    ],
    _close: { code: 1000, reason: "" },
  })
})
