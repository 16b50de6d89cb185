import { expect, test } from "bun:test"

import { excerptRoom, maxPlaces, searchRecord } from "../../src/capture/search.ts"
import {
  binaryBody,
  charge,
  chat,
  makeExchange,
  makeRequest,
  makeResponse,
  textBody,
} from "../support/capture-records.ts"

const places = (record: Parameters<typeof searchRecord>[0], needle: string) =>
  searchRecord(record, needle).map(({ place }) => place)

test("a text is found in every part of an exchange, in any case", () => {
  const record = makeExchange({
    target: "needle.test:80",
    error: "no Needle",
    request: {
      ...makeRequest({
        target: "/needle",
        headers: [
          ["X-Needle", "1"],
          ["A", "NEEDLE"],
        ],
        body: textBody("a\nneedle\n"),
      }),
      trailers: [["T", "needle"]],
    },
    response: {
      ...makeResponse(200, [["Set-Cookie", "needle=1"]], binaryBody(new TextEncoder().encode("\0needle"))),
      trailers: [["T", "needle"]],
    },
  })
  expect(places(record, "Needle")).toEqual([
    "request.line",
    "request.headers.x-needle",
    "request.headers.a",
    "request.body:2",
    "request.trailers.t",
    "response.headers.set-cookie",
    "response.body",
    "response.trailers.t",
    "target",
    "error",
  ])
})

test("the line in a body is that of the match, and each match is a place", () => {
  const record = makeExchange({ request: makeRequest({ body: textBody("x x\n\nx") }) })
  expect(places(record, "x")).toEqual(["request.body:1", "request.body:1", "request.body:3"])
  expect(searchRecord(makeExchange({ request: makeRequest({ body: textBody("\nx") }) }), "\nx")).toEqual([
    { place: "request.body:1", excerpt: "\nx" },
  ])
})

test("an excerpt has what is around, and stays in its line", () => {
  const text = `first\n${"a".repeat(50)}NEEDLE${"b".repeat(50)}\nlast`
  const [found] = searchRecord(makeExchange({ request: makeRequest({ body: textBody(text) }) }), "needle")
  expect(found?.excerpt).toBe(`${"a".repeat(excerptRoom)}NEEDLE${"b".repeat(excerptRoom)}`)
  const [short] = searchRecord(makeExchange({ request: makeRequest({ body: textBody("a\nxy\nb") }) }), "y")
  expect(short?.excerpt).toBe("xy")
})

test("messages, calls, queries and streams are searched too", () => {
  expect(places(chat, "hello")).toEqual(["frames[0]:1"])
  expect(places(chat, "\x01\x02")).toEqual(["frames[1]"])
  const { request: _, ...common } = makeExchange({ sni: "pay.example" })
  expect(places({ ...common, kind: "call", rpc: "/a.B/C" }, "a.b")).toEqual(["rpc"])
  expect(places({ ...common, kind: "query", system: "mysql", statement: "SELECT 1" }, "select")).toEqual(["statement"])
  expect(places({ ...common, kind: "stream" }, "PAY.")).toEqual(["sni"])
  const stream = {
    ...common,
    kind: "stream",
    lost: "a request: no method",
    first: { target: btoa("220 hello") },
  } as const
  expect(places(stream, "method")).toEqual(["lost"])
  expect(places(stream, "hello")).toEqual(["first.target"])
  expect(places({ ...chat, close: { code: 1001, reason: "going away" } }, "away")).toEqual(["close"])
})

test("nothing is found for an empty text, and no more than a few places of one record", () => {
  expect(places(charge, "")).toEqual([])
  expect(places(charge, "nowhere")).toEqual([])
  expect(places(makeExchange({ request: makeRequest({ body: textBody("x".repeat(1000)) }) }), "x")).toHaveLength(
    maxPlaces,
  )
})

test("a letter whose lower case is longer does not shift what is found", () => {
  const [found] = searchRecord(makeExchange({ request: makeRequest({ body: textBody("İİİ needle") }) }), "needle")
  expect(found?.excerpt).toBe("İİİ needle")
})
