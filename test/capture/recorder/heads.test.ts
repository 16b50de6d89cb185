/** Heads: lines and fields as they came. */
import { describe, expect, test } from "bun:test"

import {
  joined,
  recordedFields,
  recordedRequestHead,
  recordedResponseHead,
} from "../../../src/capture/recorder/heads.ts"
import { ascii } from "../../support/bytes.ts"

const request = (text: string) => recordedRequestHead(ascii(text))
const response = (text: string) => recordedResponseHead(ascii(text))

test("order, case and repetition stay, blanks around a value do not", () => {
  expect(request("GET /a?b HTTP/1.1\r\nHost: a\r\nX-A:1\r\nx-a:\t2 \r\nEmpty:\r\n\r\n")).toEqual({
    line: { method: "GET", target: "/a?b", version: "1.1" },
    headers: [
      ["Host", "a"],
      ["X-A", "1"],
      ["x-a", "2"],
      ["Empty", ""],
    ],
  })
})

test("bytes beyond ASCII are a character each", () => {
  expect(response("HTTP/1.1 200 \xc3\xa9\r\nX: \xff\xa0\r\n\r\n")).toEqual({
    line: { version: "1.1", status: 200, reason: "\xc3\xa9" },
    headers: [["X", "\xff\xa0"]],
  })
})

describe("request lines, also such as a careless server would take:", () => {
  test.each([
    ["GET http://a/b HTTP/1.0", "GET", "http://a/b", "1.0"],
    ["CONNECT a:443 HTTP/1.1", "CONNECT", "a:443", "1.1"],
    ["GET  /a  HTTP/1.1", "GET", "/a", "1.1"],
    ["GET /a b HTTP/1.1", "GET", "/a b", "1.1"],
    ["GET /a", "GET", "/a", ""],
    ["GET", "GET", "", ""],
    ["", "", "", ""],
  ])("%s", (line, method, target, version) => {
    expect(request(`${line}\r\n\r\n`).line).toEqual({ method, target, version })
  })
})

describe("status lines:", () => {
  test.each([
    ["HTTP/1.1 404 Not Found", "1.1", 404, "Not Found"],
    ["HTTP/1.0 200", "1.0", 200, ""],
    ["HTTP/1.1 200 ", "1.1", 200, ""],
    ["HTTP/1.1 2000", "", 0, ""],
    ["ICY 200 OK", "", 0, ""],
  ])("%s", (line, version, status, reason) => {
    expect(response(`${line}\r\n\r\n`).line).toEqual({ version, status, reason })
  })
})

test("line feeds alone, folded lines, lines without a colon, and empty lines ahead", () => {
  expect(request("\r\n\nGET / HTTP/1.1\nA: 1\n  2\nB:\n\tx\nodd\n\nbody: 1").headers).toEqual([
    ["A", "1 2"],
    ["B", "x"],
    ["odd", ""],
  ])
})

test("trailers", () => {
  expect(recordedFields(ascii("T: 1\r\nU: 2\r\n\r\n"))).toEqual([
    ["T", "1"],
    ["U", "2"],
  ])
  expect(recordedFields(ascii("\r\n"))).toEqual([])
  expect(recordedFields(ascii(""))).toEqual([])
})

test("a field that is there twice is a list", () => {
  const fields = [
    ["Content-Encoding", "gzip"],
    ["X", "y"],
    ["content-encoding", "br"],
  ] as const
  expect(joined(fields, "content-encoding")).toBe("gzip, br")
  expect(joined(fields, "content-type")).toBe("")
})
