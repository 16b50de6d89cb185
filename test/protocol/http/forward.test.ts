import { describe, expect, test } from "bun:test"

import { Fields } from "../../../src/protocol/http/fields.ts"
import {
  forwardRequest,
  forwardResponse,
  makeForwarding,
  type ResponseForm,
} from "../../../src/protocol/http/forward.ts"
import { parseRequest } from "../../../src/protocol/http/request.ts"
import { parseResponse } from "../../../src/protocol/http/response.ts"
import { ascii } from "../../support/bytes.ts"
import { limits } from "../../support/messages.ts"
import { fuzz } from "../../support/random.ts"

const forwarding = makeForwarding("pillion-1")
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1")
const head = (...lines: ReadonlyArray<string>): string => `${lines.join("\r\n")}\r\n\r\n`

/** The request as it goes on, as lines; other bytes follow the received one. */
const request = (
  lines: ReadonlyArray<string>,
  { upgrade = false, body = "", maxHeadFields = 128 } = {},
): ReadonlyArray<string> => {
  const received = head(...lines)
  const bytes = ascii(`${received}left alone`)
  const fields = new Fields()
  const parsed = parseRequest(bytes, received.length, fields, { ...limits, maxHeadFields })
  if ("reason" in parsed) throw new Error(`${parsed.reason}: ${parsed.detail}`)
  return text(forwardRequest(bytes, received.length, parsed, fields, forwarding, upgrade, ascii(body))).split("\r\n")
}

const stays: ResponseForm = { close: false, upgrade: false, chunks: true }

const response = (
  lines: ReadonlyArray<string>,
  form: ResponseForm = stays,
  { method = "GET", body = "" } = {},
): ReadonlyArray<string> => {
  const received = head(...lines)
  const bytes = ascii(`${received}left alone`)
  const fields = new Fields()
  const parsed = parseResponse(bytes, received.length, fields, limits, method)
  if ("reason" in parsed) throw new Error(`${parsed.reason}: ${parsed.detail}`)
  return text(forwardResponse(bytes, received.length, parsed, fields, forwarding, form, ascii(body))).split("\r\n")
}

const get = "GET http://h/ HTTP/1.1"
const ok = "HTTP/1.1 200 OK"
const via = "Via: 1.1 pillion-1"

/** The field lines that a request with these field lines goes on with, its Host and Via apart. */
const kept = (fields: ReadonlyArray<string>, upgrade = false): ReadonlyArray<string> => {
  const lines = request([get, "Host: h", ...fields], { upgrade })
  expect(lines.slice(0, 2)).toEqual(["GET / HTTP/1.1", "Host: h"])
  expect(lines.slice(-2)).toEqual(["", ""])
  return lines.slice(2, -2).filter((line) => line !== via)
}

const forwards = (method: string, value: string): string | undefined =>
  request([`${method} http://h/ HTTP/1.1`, "Host: h", `max-forwards:${value}`])[2]

test("an expectation goes on once, and none not at all (RFC 9110 section 10.1.1)", () => {
  expect(kept(["Expect: 100-Continue"])).toEqual(["Expect: 100-Continue"])
  expect(kept(["expect:100-continue"])).toEqual(["expect:100-continue"])
  for (const fields of [
    ["Expect: 100-continue, 100-Continue"],
    ["Expect: 100-continue", "Expect: 100-continue"],
    ["Expect:", "Expect: 100-continue,", "Expect: 100-continue"],
    ["Expect:,100-continue"],
  ]) {
    expect(kept(["A: b", ...fields, "C: d"])).toEqual(["A: b", "Expect: 100-continue", "C: d"])
  }
  for (const value of ["", " ", ","]) expect(kept(["A: b", `Expect:${value}`, "C: d"])).toEqual(["A: b", "C: d"])
})

describe("a request goes on", () => {
  test.each([
    ["http://h/", "GET / HTTP/1.1"],
    ["http://h", "GET / HTTP/1.1"],
    ["http://h?a=b", "GET /?a=b HTTP/1.1"],
    ["http://h/a/b?c", "GET /a/b?c HTTP/1.1"],
    ["http://h//x", "GET //x HTTP/1.1"],
    ["HTTP://H/%7e{}", "GET /%7e{} HTTP/1.1"],
    [`http://h/${"x".repeat(5000)}`, `GET /${"x".repeat(5000)} HTTP/1.1`],
    ["/own", "GET /own HTTP/1.1"],
  ])("%s as %s: in origin-form (RFC 9112 section 3.2.1)", (target, expected) => {
    expect(request([`GET ${target} HTTP/1.1`, "Host: h"])[0]).toBe(expected)
  })

  test("to the whole server as * when it is OPTIONS (RFC 9112 section 3.2.4)", () => {
    expect(request(["OPTIONS http://h HTTP/1.1", "Host: h"])[0]).toBe("OPTIONS * HTTP/1.1")
    expect(request(["OPTIONS http://h/ HTTP/1.1", "Host: h"])[0]).toBe("OPTIONS / HTTP/1.1")
    expect(request(["OPTIONS http://h?q HTTP/1.1", "Host: h"])[0]).toBe("OPTIONS /?q HTTP/1.1")
    expect(request(["OPTIONS * HTTP/1.1", "Host: h"])[0]).toBe("OPTIONS * HTTP/1.1")
  })

  test("with its method as it came", () => {
    expect(request(["m-search http://h/ HTTP/1.1", "Host: h"])[0]).toBe("m-search / HTTP/1.1")
  })

  test("in HTTP/1.1 whatever it came in, and Via says what that was (RFC 9110 section 7.6.3)", () => {
    expect(request(["GET http://h/ HTTP/1.0", "Host: h"])).toEqual([
      "GET / HTTP/1.1",
      "Host: h",
      "Via: 1.0 pillion-1",
      "",
      "",
    ])
    expect(request([get, "Host: h", "Via: 1.0 before"])).toEqual([
      "GET / HTTP/1.1",
      "Host: h",
      "Via: 1.0 before",
      via,
      "",
      "",
    ])
  })

  test("with the Host of its target, in its place and under the name that the client wrote", () => {
    expect(request(["GET http://real:81/ HTTP/1.1", "A: b", "hOst:\tother", "C: d"])).toEqual([
      "GET / HTTP/1.1",
      "A: b",
      "hOst: real:81",
      "C: d",
      via,
      "",
      "",
    ])
    expect(request(["GET http://[::1]:8080/ HTTP/1.1", "Host:"])[1]).toBe("Host: [::1]:8080")
    expect(request(["GET http://h/ HTTP/1.1", "Host: H"])[1]).toBe("Host: h")
  })

  test("with a Host even where HTTP/1.0 had none", () => {
    expect(request(["GET http://h:81/x HTTP/1.0"])).toEqual([
      "GET /x HTTP/1.1",
      "Host: h:81",
      "Via: 1.0 pillion-1",
      "",
      "",
    ])
  })

  test("with its own Host when it names no origin", () => {
    expect(request(["GET /x HTTP/1.1", "Host: other"])[1]).toBe("Host: other")
  })

  test("with every end-to-end field byte for byte: name, case, spaces, order, repetition", () => {
    const fields = [
      "tRaceparent:00-x",
      "aCCept:*/*",
      "X-Empty:",
      "Cookie: a=\xe4;b",
      "X:  1  ",
      "x:\t2",
      "Cookie: c",
      "Authorization: B x",
    ]
    expect(kept(fields)).toEqual(fields)
  })

  test("without the fields of its connection (RFC 9110 section 7.6.1) and the credentials meant for the proxy", () => {
    expect(
      kept([
        "Connection: keep-alive",
        "A: 1",
        "Proxy-Connection: keep-alive",
        "Keep-Alive: timeout=5",
        "B: 2",
        "TE: trailers",
        "HTTP2-Settings: x",
        "Proxy-Authorization: Basic c2VjcmV0",
        "C: 3",
        "Proxy-Authentication-Info: x",
        "Upgrade: websocket",
      ]),
    ).toEqual(["A: 1", "B: 2", "C: 3"])
  })

  test("without what Connection lists, in any case, wherever it stands", () => {
    expect(kept(["X-One: 1", "A: 1", "Connection: x-ONE, Two", "tWO: 2", "Twofold: 3", "B: 2"])).toEqual([
      "A: 1",
      "Twofold: 3",
      "B: 2",
    ])
  })

  test("without a field that we know which Connection lists", () => {
    expect(kept(["Connection: user-agent, traceparent", "User-Agent: a", "A: 1", "Traceparent: b"])).toEqual(["A: 1"])
  })

  test("with the end-to-end fields that Connection lists all the same", () => {
    const fields = [
      "Cookie: a",
      "Authorization: b",
      "Content-Type: c",
      "Forwarded: d",
      "Content-Length: 0",
      "Via: 1.1 x",
    ]
    const connection = "Connection: host, cookie, authorization, content-type, forwarded, content-length, via"
    expect(kept([connection, ...fields])).toEqual(fields)
  })

  test("framed as it came, and chunked in one spelling", () => {
    expect(kept(["Content-Length: 5"])).toEqual(["Content-Length: 5"])
    expect(kept(["A: b", "content-LENGTH:\t0005 ", "C: d"])).toEqual(["A: b", "Content-Length: 5", "C: d"])
    expect(kept([`Content-Length: ${"0".repeat(1000)}`])).toEqual(["Content-Length: 0"])
    expect(kept(["Content-Length:00"])).toEqual(["Content-Length: 0"])
    expect(kept(["Content-Length: 010"])).toEqual(["Content-Length: 10"])
    expect(kept(["transfer-ENCODING:\t CHUNKED "])).toEqual(["Transfer-Encoding: chunked"])
  })

  test("with one forward less when it is OPTIONS, and as it came when it is not", () => {
    expect(forwards("OPTIONS", "10")).toBe("Max-Forwards: 9")
    expect(forwards("OPTIONS", "0")).toBe("Max-Forwards: 0")
    expect(forwards("OPTIONS", "x")).toBe("max-forwards:x")
    expect(forwards("GET", "10")).toBe("max-forwards:10")
  })

  test("with its Upgrade when that is passed on, and then says so (RFC 9110 section 7.8)", () => {
    expect(kept(["Connection: Upgrade", "Upgrade: websocket", "A: b"], true)).toEqual([
      "Upgrade: websocket",
      "A: b",
      "Connection: Upgrade",
    ])
    expect(kept(["Connection: Upgrade", "Upgrade: websocket", "A: b"])).toEqual(["A: b"])
  })

  test("in one write with the body that came with it", () => {
    expect(request([get, "Host: h", "Content-Length: 5"], { body: "hello" }).slice(-2)).toEqual(["", "hello"])
  })

  test("as large as it must become, with every field that can grow", () => {
    const lines = ["OPTIONS http://h HTTP/1.0", "transfer:x", "max-forwards:5", "connection:upgrade", "upgrade:x"]
    const fields = Array.from({ length: 900 }, (_, i) => `n${i}:${i}`)
    const forwarded = request([...lines, ...fields], { upgrade: true, maxHeadFields: 1000, body: "x".repeat(70_000) })
    expect(forwarded.slice(0, 5)).toEqual([
      "OPTIONS * HTTP/1.1",
      "Host: h",
      "transfer:x",
      "Max-Forwards: 4",
      "upgrade:x",
    ])
    expect(forwarded.slice(5, -4)).toEqual(fields)
    expect(forwarded.slice(-4)).toEqual(["Via: 1.0 pillion-1", "Connection: Upgrade", "", "x".repeat(70_000)])
    const longName = `${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(61)}:65535`
    expect(request([`GET http://${longName} HTTP/1.1`, "Host:"])[1]).toBe(`Host: ${longName}`)
    expect(request([`GET http://${longName} HTTP/1.0`])[1]).toBe(`Host: ${longName}`)
  })

  test("with exactly the fields that a slow reader of the rules would keep", () => {
    const dropped = /^(connection|proxy-connection|keep-alive|te|upgrade|x-listed|proxy-authorization):/i
    fuzz(2000, (random) => {
      const pool = [
        "A: 1",
        "b:2",
        "X-Listed: x",
        "Keep-Alive: 1",
        "TE: x",
        "Proxy-Authorization: y",
        "Cookie: z",
        "Te-x: 1",
      ]
      const fields = Array.from({ length: random.below(12) }, () => random.pick([...pool, `L: ${"l".repeat(50)}`]))
      const all = [...fields, "Connection: x-listed"]
      expect(kept(all)).toEqual(all.filter((line) => !dropped.test(line)))
    })
  })
})

describe("an answer goes on", () => {
  test("byte for byte, with a Via behind it", () => {
    const lines = ["HTTP/1.1 404 Not  Found\t\xe4", "sERVER:x", "Set-Cookie: a", "Set-Cookie: b", "Content-Length: 5"]
    expect(response(lines, stays, { body: "hello" })).toEqual([...lines, via, "", "hello"])
  })

  test("in HTTP/1.1 whatever it came in, and Via says what that was", () => {
    expect(response(["HTTP/1.0 200 OK", "Content-Length: 0"])).toEqual([
      "HTTP/1.1 200 OK",
      "Content-Length: 0",
      "Via: 1.0 pillion-1",
      "",
      "",
    ])
  })

  test("without any field, and without a reason", () => {
    expect(response(["HTTP/1.1 204 No Content"])).toEqual(["HTTP/1.1 204 No Content", via, "", ""])
    expect(response(["HTTP/1.1 200"])).toEqual(["HTTP/1.1 200", via, "", ""])
  })

  test("without the fields of its connection", () => {
    const fields = [
      "Connection: close, x-a",
      "X-A: 1",
      "Keep-Alive: 5",
      "Proxy-Connection: x",
      "B: 2",
      "Upgrade: h2c",
      "TE: x",
    ]
    expect(response([ok, ...fields, "Content-Length: 0"])).toEqual([ok, "B: 2", "Content-Length: 0", via, "", ""])
  })

  test("says close when the connection will", () => {
    expect(response([ok, "Content-Length: 0"], { ...stays, close: true })).toEqual([
      ok,
      "Content-Length: 0",
      via,
      "Connection: close",
      "",
      "",
    ])
  })

  test("chunked to a client that knows chunked, and without a word of it to one that does not", () => {
    const lines = [ok, "transfer-encoding:Chunked"]
    expect(response(lines)).toEqual([ok, "Transfer-Encoding: chunked", via, "", ""])
    expect(response(lines, { ...stays, chunks: false })).toEqual([ok, via, "", ""])
  })

  test("with a coding that is not known here as it came: its bytes are not changed either", () => {
    const lines = [ok, "Transfer-Encoding: gzip, chunked"]
    expect(response(lines)).toEqual([...lines, via, "", ""])
  })

  test.each(["100 Continue", "101 Switching Protocols", "103 Early Hints", "204 No Content"])(
    "as %s without any framing (RFC 9112 section 6.1)",
    (status) => {
      const line = `HTTP/1.1 ${status}`
      expect(response([line, "Content-Length: 5", "A: b"])).toEqual([line, "A: b", via, "", ""])
      expect(response([line, "Transfer-Encoding: chunked", "A: b"])).toEqual([line, "A: b", via, "", ""])
    },
  )

  test("as 304 or to HEAD with the framing that GET would have had", () => {
    const notModified = ["HTTP/1.1 304 Not Modified", "Content-Length: 10"]
    expect(response(["HTTP/1.1 304 Not Modified", "Content-Length: 00010"])).toEqual([...notModified, via, "", ""])
    expect(response([ok, "Content-Length: 010", "A: b"])).toEqual([ok, "Content-Length: 10", "A: b", via, "", ""])
    expect(response(notModified)).toEqual([...notModified, via, "", ""])
    expect(response([ok, "Content-Length: 10"], stays, { method: "HEAD" })).toEqual([
      ok,
      "Content-Length: 10",
      via,
      "",
      "",
    ])
  })

  test("with its Upgrade when it is 101 or 426, and with both options when it closes too", () => {
    expect(response(["HTTP/1.1 101 S", "Upgrade: x", "Connection: Upgrade"], { ...stays, upgrade: true })).toEqual([
      "HTTP/1.1 101 S",
      "Upgrade: x",
      via,
      "Connection: Upgrade",
      "",
      "",
    ])
    const required = ["HTTP/1.1 426 Upgrade Required", "Upgrade: x", "Content-Length: 0"]
    expect(response(required, { close: true, upgrade: true, chunks: true })).toEqual([
      ...required,
      via,
      "Connection: Upgrade",
      "Connection: close",
      "",
      "",
    ])
  })
})
