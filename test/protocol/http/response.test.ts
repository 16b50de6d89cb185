import { describe, expect, test } from "bun:test"

import { Fields } from "../../../src/protocol/http/fields.ts"
import { isBodiless, parseResponse, type ResponseHead } from "../../../src/protocol/http/response.ts"
import { chunked, untilClose } from "../../../src/protocol/http/survey.ts"
import type { Refusal } from "../../../src/protocol/refusal.ts"
import { ascii, cuts } from "../../support/bytes.ts"
import { limits, readResponses } from "../../support/messages.ts"
import { fuzz } from "../../support/random.ts"

const response = (line: string, ...fields: ReadonlyArray<string>): string => [line, ...fields, "", ""].join("\r\n")

const parse = (head: string, method = "GET"): ResponseHead | Refusal =>
  parseResponse(ascii(`${head}HTTP/1.1 200 OK\r\n\r\n`), head.length, new Fields(), limits, method)

const accepted = (head: string, method?: string): ResponseHead => {
  const parsed = parse(head, method)
  if ("reason" in parsed) throw new Error(`${parsed.reason}: ${parsed.detail}`)
  return parsed
}

const refused = (head: string): string => {
  const parsed = parse(head)
  return "reason" in parsed ? `${parsed.reason}: ${parsed.detail}` : "accepted"
}

const ok = "HTTP/1.1 200 OK"

describe("a status line (RFC 9112 section 4)", () => {
  test.each([
    ["HTTP/1.1 200 OK", 200, 1],
    ["HTTP/1.0 200 OK", 200, 0],
    ["HTTP/1.1 100 Continue", 100, 1],
    ["HTTP/1.1 404 Not Found At All", 404, 1],
    ["HTTP/1.1 500 Ori\xebntatieprobleem", 500, 1],
    ["HTTP/1.1 200 tab\tbed", 200, 1],
    ["HTTP/1.1 200  two spaces", 200, 1],
    ["HTTP/1.1 200 ", 200, 1],
    ["HTTP/1.1 200", 200, 1],
    ["HTTP/1.1 299 Strange", 299, 1],
    ["HTTP/1.1 999 Stranger", 999, 1],
  ])("%j: status %i of HTTP/1.%i", (line, status, minor) => {
    expect(accepted(response(line, "Content-Length: 0"))).toMatchObject({ status, minor })
  })

  test.each([
    "HTTP/2.0 200 OK",
    "HTTP/1.2 200 OK",
    "HTTP/0.9 200 OK",
    "HTTP/01.1 200 OK",
    "HTTP/11.1 200 OK",
    "HTTP/1.01 200 OK",
    "HTTP/1.1\t200 OK",
    "HTP/1.1 200 OK",
    "HTTPER/1.1 200 OK",
    "http/1.1 200 OK",
    "ICE/1.1 200 OK",
    "RTSP/1.1 200 OK",
    " HTTP/1.1 200 OK",
    "\r\nHTTP/1.1 200 OK",
    "",
  ])("%j has no version that is understood", (line) => {
    expect(refused(response(line))).toBe("response-malformed: invalid HTTP version")
  })

  test.each([
    "HTTP/1.1 20",
    "HTTP/1.1 2 OK",
    "HTTP/1.1 20 OK",
    "HTTP/1.1  200 OK",
    "HTTP/1.1 099 OK",
    "HTTP/1.1 0x2 OK",
    "HTTP/1.1 -20 OK",
    "HTTP/1.1 2 0 OK",
    "HTTP/1.1 OK",
    "HTTP/1.1 ",
  ])("%j has no status", (line) => {
    expect(refused(response(line))).toBe("response-malformed: invalid status code")
  })

  test.each([
    "HTTP/1.1 2000 OK",
    "HTTP/1.1 200OK",
    "HTTP/1.1 200\tOK",
    "HTTP/1.1 200 O\0K",
    "HTTP/1.1 200 O\x7fK",
    "HTTP/1.1 200 OK\rContent-Length: 0",
    "HTTP/1.1 200 OK\r\r",
  ])("%j goes on with what is no reason", (line) => {
    expect(refused(response(line))).toBe("response-malformed: invalid status line")
  })
})

const bodyLength = (line: string, fields: ReadonlyArray<string>, method?: string): number =>
  accepted(response(line, ...fields), method).bodyLength

describe("the length of an answer's body (RFC 9112 section 6.3)", () => {
  test("is what Content-Length says, chunked, or what comes until the close", () => {
    expect(bodyLength(ok, ["Content-Length: 5"])).toBe(5)
    expect(bodyLength(ok, ["Content-Length: 0"])).toBe(0)
    expect(bodyLength(ok, ["Transfer-Encoding: CHUNKED"])).toBe(chunked)
    expect(bodyLength(ok, [])).toBe(untilClose)
    expect(bodyLength("HTTP/1.0 200 OK", ["Transfer-Encoding: chunked"])).toBe(chunked)
  })

  test("in a coding that is not known here ends with the connection", () => {
    expect(bodyLength(ok, ["Transfer-Encoding: gzip"])).toBe(untilClose)
    expect(bodyLength(ok, ["Transfer-Encoding: gzip, chunked"])).toBe(untilClose)
  })

  test.each([
    ["HTTP/1.1 100 Continue", "GET"],
    ["HTTP/1.1 101 Switching Protocols", "GET"],
    ["HTTP/1.1 103 Early Hints", "POST"],
    ["HTTP/1.1 204 No Content", "DELETE"],
    ["HTTP/1.1 304 Not Modified", "GET"],
    ["HTTP/1.1 200 OK", "HEAD"],
    ["HTTP/1.1 404 Not Found", "HEAD"],
  ])("%s to %s is nothing, whatever its fields say", (line, method) => {
    for (const fields of [[], ["Content-Length: 10"], ["Transfer-Encoding: chunked"], ["Transfer-Encoding: gzip"]]) {
      expect(bodyLength(line, fields, method)).toBe(0)
    }
  })

  test("is something for every other status", () => {
    expect([200, 201, 203, 205, 206, 301, 400, 426, 500].filter((status) => isBodiless(status, "GET"))).toEqual([])
  })

  test.each([
    [["Content-Length: 5", "Content-Length: 6"], "invalid Content-Length"],
    [["Content-Length: 5", "Content-Length: 5"], "invalid Content-Length"],
    [["Content-Length: 5, 5"], "invalid Content-Length"],
    [["Content-Length: -1"], "invalid Content-Length"],
    [["Content-Length: 5", "Transfer-Encoding: chunked"], "both Content-Length and Transfer-Encoding"],
    [["Content-Length: 5", "Transfer-Encoding: gzip"], "both Content-Length and Transfer-Encoding"],
    [["Transfer-Encoding: chunked, gzip"], "invalid Transfer-Encoding"],
    [["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], "invalid Transfer-Encoding"],
    [["Transfer-Encoding: chunkedchunked"], "invalid Transfer-Encoding"],
  ])("is refused for %j: %s", (fields, detail) => {
    for (const line of [ok, "HTTP/1.0 200 OK", "HTTP/1.1 304 Not Modified"]) {
      expect(refused(response(line, ...fields))).toBe(`response-malformed: ${detail}`)
    }
  })
})

const persistent = (line: string, fields: ReadonlyArray<string>, method?: string): boolean =>
  accepted(response(line, ...fields), method).keepAlive

describe("a connection to an origin", () => {
  test("lasts when the answer has an end of its own", () => {
    expect(persistent(ok, ["Content-Length: 5"])).toBe(true)
    expect(persistent(ok, ["Transfer-Encoding: chunked"])).toBe(true)
    expect(persistent("HTTP/1.1 204 No Content", [])).toBe(true)
    expect(persistent(ok, [], "HEAD")).toBe(true)
  })

  test("does not last behind a close, a body without an end, or HTTP/1.0 (RFC 9112 section 9.3)", () => {
    expect(persistent(ok, ["Content-Length: 5", "Connection: x, Close"])).toBe(false)
    expect(persistent(ok, [])).toBe(false)
    expect(persistent(ok, ["Transfer-Encoding: gzip, chunked"])).toBe(false)
    expect(persistent("HTTP/1.0 200 OK", ["Content-Length: 5", "Connection: keep-alive"])).toBe(false)
    expect(persistent("HTTP/1.0 200 OK", ["Transfer-Encoding: chunked", "Connection: keep-alive"])).toBe(false)
  })
})

describe("an answer's head", () => {
  test.each([
    ["A : b", "invalid field name"],
    [": b", "invalid field name"],
    ["A: b\r\n c", "folded line"],
    ["A: \0", "invalid field value"],
    [`Connection: ${"a,".repeat(65)}`, "too many connection options"],
  ])("is refused for %j: %s", (field, detail) => {
    expect(refused(response(ok, field))).toBe(`response-malformed: ${detail}`)
  })

  test("with too many fields is too large", () => {
    const fields = Array.from({ length: 129 }, () => "A: b")
    expect(refused(response(ok, ...fields))).toBe("response-too-large: too many fields")
    expect(refused(response(ok, ...fields.slice(1)))).toBe("accepted")
  })

  test("may carry our own name in Via, and any expectation: both are for requests", () => {
    expect(refused(response(ok, `Via: 1.1 ${limits.pseudonym}`, "Expect: x"))).toBe("accepted")
    expect(refused(response(ok, "Max-Forwards: 3", "Max-Forwards: 4"))).toBe("accepted")
    expect(refused(response(ok, "Host: a b", "Host: c", "Expect:", "TE: x", "Upgrade: h2c"))).toBe("accepted")
  })
})

describe("answers one after another", () => {
  const answers = [
    response("HTTP/1.1 100 Continue"),
    response("HTTP/1.1 103 Early Hints", "Link: </a>", "Content-Length: 7"),
    `${response(ok, "Content-Length: 5")}hello`,
    response("HTTP/1.1 304 Not Modified", "Content-Length: 10"),
    `${response(ok, "Transfer-Encoding: chunked")}5;a=b\r\nhello\r\n1\r\n!\r\n0\r\n\r\n`,
    `${response(ok, "Content-Length: 3", "Connection: close")}bye`,
  ]

  test("are told apart in every cut, and what follows the last one is left alone", () => {
    for (const trailing of ["", "HTTP/1.1 200 OK\r\n\r\n", "\0"]) {
      for (const chunks of cuts(ascii(answers.join("") + trailing))) {
        const { messages, end, left } = readResponses(chunks)
        expect(messages.map(({ head, content }) => `${head.status} ${content}`)).toEqual([
          "100 ",
          "103 ",
          "200 hello",
          "304 ",
          "200 hello!",
          "200 bye",
        ])
        expect([end, left]).toEqual(["over", trailing])
      }
    }
  })

  test("until the close are never whole by themselves", () => {
    for (const chunks of cuts(ascii(`${response(ok)}HTTP/1.1 200 OK\r\n\r\n`))) {
      const { messages, end } = readResponses(chunks)
      expect(messages.map(({ content, whole }) => [content, whole])).toEqual([["HTTP/1.1 200 OK\r\n\r\n", false]])
      expect(end).toBe("waiting")
    }
  })

  test("of any bytes are the same for every cut", () => {
    fuzz(2000, (random) => {
      const pieces = [
        "HTTP/1.",
        "1 ",
        "0 ",
        "200",
        "204",
        " OK",
        "\r\n",
        "\r\n\r\n",
        "Content-Length: 3",
        "abc",
        ":",
        "\0",
      ]
      const bytes = ascii(Array.from({ length: random.below(16) }, () => random.pick(pieces)).join(""))
      const whole = readResponses([bytes])
      for (const chunks of cuts(bytes)) {
        const cut = readResponses(chunks)
        expect(cut.messages.map(({ line, content }) => [line, content])).toEqual(
          whole.messages.map(({ line, content }) => [line, content]),
        )
        expect(cut.reason).toBe(whole.reason)
      }
    })
  })
})
