import { expect, test } from "bun:test"

import { diffRecords, diffText, maxShownValue } from "../../../src/capture/diff/diff.ts"
import type { CaptureRecord, ExchangeRecord } from "../../../src/capture/record.ts"
import { fromHex } from "../../support/bytes.ts"
import {
  binaryBody,
  charge,
  chat,
  makeExchange,
  makeRequest,
  makeResponse,
  textBody,
} from "../../support/capture-records.ts"

const differences = (before: CaptureRecord, after: CaptureRecord) =>
  diffRecords(before, after).map(({ place, before, after }) => [place, before, after] as const)

const request = (parts: Parameters<typeof makeRequest>[0]) => makeExchange({ request: makeRequest(parts) })
const answer = (body: ExchangeRecord["response"]) => makeExchange(body === undefined ? {} : { response: body })

test("a record is the same as itself, and what belongs to its run only makes no difference", () => {
  expect(differences(charge, charge)).toEqual([])
  expect(differences(charge, { ...charge, id: "x", started: "y", flow: 1, n: 9, t_total: 1, client: "z" })).toEqual([])
})

test("the request line part by part", () => {
  const after = { method: "PUT", target: "/b?x=1&y=2&x=3", version: "1.0", headers: [["Host", "b.test"]] } as const
  expect(differences(request({ target: "/a?x=1&z=0&x=2" }), request(after))).toEqual([
    ["request.method", "GET", "PUT"],
    ["request.authority", "shop.test", "b.test"],
    ["request.path", "/a", "/b"],
    ["request.query.x[1]", "2", "3"],
    ["request.query.z", "0", undefined],
    ["request.query.y", undefined, "2"],
    ["request.version", "1.1", "1.0"],
    ["request.headers.host", "shop.test", "b.test"],
  ])
})

test("headers and trailers by name in any case, each value with its own", () => {
  const before = makeResponse(200, [
    ["A", "1"],
    ["b", "2"],
    ["A", "3"],
  ])
  const after = {
    ...makeResponse(404, [
      ["a", "1"],
      ["A", "4"],
      ["c", ""],
    ]),
    trailers: [["T", "x"]] as const,
  }
  expect(differences(answer(before), answer(after))).toEqual([
    ["response.status", "200", "404"],
    ["response.reason", "OK", ""],
    ["response.headers.a[1]", "3", "4"],
    ["response.headers.b", "2", undefined],
    ["response.headers.c", undefined, ""],
    ["response.trailers.t", undefined, "x"],
  ])
})

const json = (text: string, type = "application/json") => answer(makeResponse(200, [], textBody(text, type)))

test("JSON by path, with numbers as they are written, whatever the layout and the order of names", () => {
  const before = json('{"a":1.10,"b":[1,2],"c":{"d e":null},"same":[{}]}')
  expect(differences(before, json('{ "c": {"d e": null}, "same": [ {} ], "b": [1,2], "a": 1.10 }'))).toEqual([])
  expect(differences(before, json('{"a":1.1,"b":[1,3,{"x":1}],"c":{"d e":"x"},"same":[{}],"n":[]}'))).toEqual([
    ["response.json.$.a", "1.10", "1.1"],
    ["response.json.$.b[1]", "2", "3"],
    ["response.json.$.b[2]", undefined, '{"x":1}'],
    ['response.json.$.c["d e"]', "null", '"x"'],
    ["response.json.$.n", undefined, "[]"],
  ])
  expect(differences(json("[1]"), json('{"a":1}'))).toEqual([["response.json.$", "[1]", '{"a":1}']])
})

test("text by line, also what only calls itself JSON", () => {
  expect(differences(json("a\nb\nc", "text/plain"), json("a\nx\nc", "text/plain"))).toEqual([
    ["response.body:2", "b", undefined],
    ["response.body:2", undefined, "x"],
  ])
  expect(differences(json("{a", "application/json"), json("{b", "application/json"))).toHaveLength(2)
})

test("bytes, and what was left out, as a whole", () => {
  const bytes = (hex: string) => answer(makeResponse(200, [], binaryBody(fromHex(hex))))
  expect(differences(bytes("00 01"), bytes("00 01"))).toEqual([])
  expect(differences(bytes("00 01"), bytes("00 02"))).toEqual([["response.body", "2 B, bytes", "2 B, bytes"]])
  const omitted = answer(makeResponse(200, [], { size: 2048, wire: 1, type: "", omitted: "binary" }))
  expect(differences(bytes("00"), omitted)).toEqual([["response.body", "1 B, bytes", "2 KiB, left out: binary"]])
  expect(differences(omitted, answer(makeResponse(200)))).toEqual([
    ["response.body", "2 KiB, left out: binary", undefined],
  ])
})

test("an answer that did not come, and how it ended", () => {
  const failed = makeExchange({ refusal: "name-not-found", end: "proxy" })
  expect(differences(answer(makeResponse(200, [["A", "b"]])), failed)).toEqual([
    ["response.status", "200", undefined],
    ["response.reason", "OK", undefined],
    ["response.version", "1.1", undefined],
    ["response.headers.a", "b", undefined],
    ["end", undefined, "proxy"],
    ["refusal", undefined, "name-not-found"],
  ])
})

test("records of other kinds differ in that, and in how they ended", () => {
  const { request: _, ...common } = makeExchange()
  const stream = { ...common, kind: "stream", code: "ECONNRESET" } as const
  expect(differences(charge, stream)).toEqual([
    ["kind", "exchange", "stream"],
    ["code", undefined, "ECONNRESET"],
  ])
  expect(differences(charge, chat)[0]).toEqual(["kind", "exchange", "socket"])
})

test("differences are lines that fit, and longer ones stand below their place, whole but for very long ones", () => {
  expect(diffText([], 80)).toBe("the same\n")
  const text = diffText(
    [
      { place: "request.json.$.amount", before: "2000", after: "2500" },
      { place: "response.body:1", before: "a\x1b[31m", after: undefined },
      { place: "response.json.$.text", before: "b".repeat(100), after: "c".repeat(maxShownValue + 1) },
    ],
    60,
  )
  expect(text).toBe(
    [
      "  request.json.$.amount  2000  →  2500",
      "  response.body:1        a\\u001b[31m  →  absent",
      "  response.json.$.text",
      `    - ${"b".repeat(100)}`,
      `    + ${"c".repeat(maxShownValue - 1)}…`,
      "",
    ].join("\n"),
  )
})
