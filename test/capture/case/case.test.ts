import { expect, test } from "bun:test"

import { caseOf, defined, describedBy, makeCaseBody } from "../../../src/capture/case/case.ts"
import { charge, chat, makeExchange, makeRequest, textBody } from "../../support/capture-records.ts"

test("a case keeps what the exchange was, and nothing of the wire", () => {
  const { headers, body } = caseOf(charge)!.request
  expect(headers.map(([name]) => name)).toEqual(["Host", "Authorization", "Content-Type"])
  expect(body).toEqual({ size: 55, wire: 55, type: "application/json", text: charge.request.body!.text! })
  expect(caseOf(charge)).not.toContainAnyKeys(["flow", "n", "client", "bytes_in", "redacted", "t_dial"])
  expect(caseOf(charge)?.response?.body).toMatchObject({ size: 37, wire: 37, coding: ["gzip"] })
})

test("of a body that is not here whole, the size is kept", () => {
  const cut = { ...textBody("abc"), size: 5000, wire: 700, truncated: true, sha256: "x", raw: "YWJj", chunks: [] }
  const request = { ...makeRequest(), body: cut }
  expect(caseOf(makeExchange({ request }))?.request.body).toEqual({
    size: 5000,
    wire: 5000,
    type: "",
    text: "abc",
    truncated: true,
  })
})

test("records without an HTTP request have no case", () => {
  const { request: _, ...common } = makeExchange()
  expect(caseOf({ ...common, kind: "stream" })).toBeUndefined()
})

test("a head describes its body, by any case of its names", () => {
  expect(
    describedBy([
      ["content-type", "a/b"],
      ["Content-Type", "c/d"],
      ["CONTENT-ENCODING", "br"],
    ]),
  ).toEqual({
    type: "a/b",
    coding: ["br"],
  })
  expect(describedBy([])).toEqual({ type: "" })
  expect(makeCaseBody([["Content-Type", "a/b"]], { base64: "AAEC" })).toEqual({
    size: 3,
    wire: 3,
    type: "a/b",
    base64: "AAEC",
  })
})

test("a body that was left out for its coding keeps the coding in its head only", () => {
  const headers = [["Content-Encoding", "gzip"]] as const
  expect(makeCaseBody(headers, { omitted: "coding" }, 9)).toEqual({ size: 9, wire: 9, type: "", omitted: "coding" })
  expect(makeCaseBody(headers, { omitted: "binary" }, 9)).toHaveProperty("coding", ["gzip"])
})

test("a WebSocket on which nothing was said has no frames in its case", () => {
  expect(caseOf({ ...chat, frames: [] })).not.toHaveProperty("frames")
})

test("fields that are undefined are gone", () => {
  expect(Object.keys(defined({ a: 1, b: undefined, c: null }))).toEqual(["a", "c"])
})
