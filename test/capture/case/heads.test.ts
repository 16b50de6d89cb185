import { expect, test } from "bun:test"

import type { Block } from "../../../src/capture/case/blocks.ts"
import {
  interimLines,
  isHead,
  readRequest,
  readResponse,
  readTrailers,
  requestLines,
  responseLines,
  trailerLines,
} from "../../../src/capture/case/heads.ts"
import { makeRequest, makeResponse } from "../../support/capture-records.ts"

const block = (content: string): Block => ({
  kind: "block",
  line: 10,
  language: "http",
  words: [],
  values: new Map(),
  content,
})

test("heads keep the order, the case and the repetition of their fields", () => {
  const request = makeRequest({
    method: "M-SEARCH",
    target: "*",
    headers: [
      ["hOST", "a"],
      ["X", ""],
      ["X", "é, b"],
    ],
  })
  expect(requestLines(request)).toEqual(["M-SEARCH * HTTP/1.1", "hOST: a", "X:", "X: é, b"])
  expect(readRequest(block("M-SEARCH * HTTP/1.1\nhOST: a\nX:\nX: é, b"))).toEqual(request)
  expect(responseLines(makeResponse(404, [["A", "b"]]))).toEqual(["HTTP/1.1 404", "A: b"])
  expect(responseLines(makeResponse(200))).toEqual(["HTTP/1.1 200 OK"])
  expect(interimLines({ status: 103, headers: [["Link", "<a>"]], t: 1 }, "1.1")).toEqual(["HTTP/1.1 103", "Link: <a>"])
  expect(trailerLines([["A", "b"]])).toEqual(["A: b"])
})

const lineOf = (text: string) => {
  const read = readResponse(block(text))
  return "severity" in read ? read.text : read.line
}

test("a status line has its reason, or none", () => {
  expect(lineOf("HTTP/1.1 404 Not  Found")).toEqual({ version: "1.1", status: 404, reason: "Not  Found" })
  expect(lineOf("HTTP/2 200")).toEqual({ version: "2", status: 200, reason: "" })
  expect(lineOf("HTTP/1.1 200 ")).toEqual({ version: "1.1", status: 200, reason: "" })
  for (const text of ["HTTP/1.1 20", "HTTP/1.1 2000", "HTTP/1.1 099", "http/1.1 200", ""]) {
    expect(lineOf(text)).toBe("this is no status line: HTTP/1.1 200 OK")
  }
})

test("what does not fit in a line is not written, and says where it stands", () => {
  const number2 = { problem: "number 2 of the request's headers does not fit in a line" }
  for (const field of [
    ["A b", "c"],
    ["A", "b\nC: d"],
    ["A", "b\r"],
    ["A", " b"],
    ["", "b"],
    ["A:", "b"],
  ] as const) {
    expect(requestLines(makeRequest({ headers: [["Host", "a"], field] }))).toEqual(number2)
  }
  const startLine = { problem: "the first line of the request is not one of HTTP" }
  for (const target of ["", "/a b", "/a\nX: y"]) expect(requestLines(makeRequest({ target }))).toEqual(startLine)
  expect(trailerLines([["a\n", "b"]])).toEqual({ problem: "number 1 of the trailers does not fit in a line" })
})

test("a line that is no field is an error in that line", () => {
  const problem = { severity: "error", text: "this is no header: Name: value" } as const
  expect(readRequest(block("GET / HTTP/1.1\nA: b\nc"))).toEqual({ ...problem, line: 13 })
  expect(readTrailers(block("A: b\nC d: e"))).toEqual({ ...problem, line: 12 })
  expect(readTrailers(block("A: b\n\nC: d"))).toEqual({ ...problem, line: 12 })
  expect(readTrailers(block(""))).toEqual({ fields: [] })
})

test("only blocks of http are heads", () => {
  expect(isHead(block(""))).toBe(true)
  expect(isHead({ ...block(""), language: "json" })).toBe(false)
})
