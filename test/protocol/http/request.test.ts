import { describe, expect, test } from "bun:test"

import { toLatin1 } from "../../../src/protocol/bytes.ts"
import { Fields } from "../../../src/protocol/http/fields.ts"
import { maxRequestLineBytes, parseRequest, type RequestHead } from "../../../src/protocol/http/request.ts"
import { chunked } from "../../../src/protocol/http/survey.ts"
import type { Refusal } from "../../../src/protocol/refusal.ts"
import { formatTarget } from "../../../src/protocol/target.ts"
import { ascii, cuts } from "../../support/bytes.ts"
import { limits, readRequests } from "../../support/messages.ts"
import { fuzz } from "../../support/random.ts"

/** Parses one whole head, which other bytes follow. */
const parse = (head: string, maxHeadFields = 128): RequestHead | Refusal =>
  parseRequest(ascii(`${head}GET http://next/ HTTP/1.1\r\n\r\n`), head.length, new Fields(), {
    ...limits,
    maxHeadFields,
  })

const request = (line: string, ...fields: ReadonlyArray<string>): string => [line, ...fields, "", ""].join("\r\n")

const accepted = (head: string): RequestHead => {
  const parsed = parse(head)
  if ("reason" in parsed) throw new Error(`${parsed.reason}: ${parsed.detail}`)
  return parsed
}

/** The reason and the detail of a refusal, or "accepted". */
const refused = (head: string): string => {
  const parsed = parse(head)
  return "reason" in parsed ? `${parsed.reason}: ${parsed.detail}` : "accepted"
}

const host = "Host: h"

/** The form and the target of a request, or the reason of its refusal. */
const judge = (line: string, ...fields: ReadonlyArray<string>): unknown => {
  const parsed = parse(request(line, host, ...fields))
  return "reason" in parsed ? parsed.reason : [parsed.form, parsed.target && formatTarget(parsed.target)]
}

/** A request line of so many bytes, its CRLF included. */
const lineOf = (length: number): string => {
  const parts = ["GET http://h/", " HTTP/1.1"]
  return parts.join("x".repeat(length - 2 - parts.join("").length))
}

describe("a request line", () => {
  test.each(["GET", "POST", "G", "get", "CONNECTX", "M-SEARCH", "!#$%&'*+-.^_`|~", "P", "GE", "POSTS", "M".repeat(32)])(
    "may begin with any token of up to 32 bytes for a method: %s",
    (method) => {
      expect(accepted(request(`${method} http://h/ HTTP/1.1`, host)).method).toBe(method)
    },
  )

  test.each(["", ",BAD,", "G\u00cbT", "GET\t", "M".repeat(33), "M".repeat(40), "GET/", "\0", "(GET)", " GET"])(
    "is refused for %j, which is no method",
    (method) => {
      expect(refused(request(`${method} http://h/ HTTP/1.1`, host))).toMatch(
        /^malformed-request: invalid (method|requ)/,
      )
    },
  )

  test.each([
    ["GET http://h/ HTTP/1.0", 0],
    ["GET http://h/ HTTP/1.1", 1],
  ])("%j: HTTP/1.%i", (line, minor) => {
    expect(accepted(request(line, host)).minor).toBe(minor)
  })

  test.each(["HTTP/1.2", "HTTP/1.9", "HTTP/2.0", "HTTP/3.0", "HTTP/0.9", "HTTP/0.0", "HTTP/9.9"])(
    "in %s is answered with what is spoken here (RFC 9112 section 2.3)",
    (version) => {
      expect(refused(request(`GET http://h/ ${version}`, host))).toStartWith("version-not-supported: ")
    },
  )

  test.each([
    "http/1.1",
    "HTTP/1",
    "HTTP/1.",
    "HTTP/1.1 ",
    "HTTP/1.1\t",
    "HTTP/1.10",
    "HTTP/01.1",
    "HTTP/11.1",
    "HTTP/1,1",
    "HTTP/1.x",
    "HTTP/-1.1",
    "HTTP 1.1",
    "HTTPS/1.1",
    "ICE/1.0",
    "RTSP/1.0",
    "",
    "x",
  ])("that ends with %j instead of a version is malformed", (version) => {
    expect(refused(request(`GET http://h/ ${version}`, host))).toMatch(
      /^malformed-request: invalid (HTTP|request line)/,
    )
  })

  test.each([
    "GET  http://h/ HTTP/1.1",
    "GET http://h/  HTTP/1.1",
    " GET http://h/ HTTP/1.1",
    "GET\thttp://h/ HTTP/1.1",
    "GET http://h/\tHTTP/1.1",
    "GET http://h/ HTTP/1.1 x",
    "GET http://h/",
    "GET  HTTP/1.1",
    "GET HTTP/1.1",
    "GET",
    "",
    "GET http://h/\rX HTTP/1.1",
  ])("%j has not one space between its three parts (RFC 9112 section 3)", (line) => {
    expect(refused(request(line, host))).toStartWith("malformed-request: ")
  })

  test("is as long as 16 KiB with its CRLF, and not a byte longer, however it is cut", () => {
    for (const [length, expected] of [
      [maxRequestLineBytes, "waiting"],
      [maxRequestLineBytes + 1, "refused: request line over 16 KiB"],
      [60_000, "refused: request line over 16 KiB"],
    ] as const) {
      const bytes = ascii(request(lineOf(length), host))
      for (const size of [1, 1000, maxRequestLineBytes, maxRequestLineBytes + 1, bytes.length]) {
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.subarray(i * size, (i + 1) * size),
        )
        expect([length, size, readRequests(chunks).end]).toEqual([length, size, expected])
      }
    }
  }, 20_000)
})

/** The form of a target, where it leads, its authority and its path; or the reason of its refusal. */
const where = (target: string, method = "GET"): string => {
  const bytes = ascii(request(`${method} ${target} HTTP/1.1`, host))
  const head = parseRequest(bytes, bytes.length, new Fields(), limits)
  if ("reason" in head) return head.reason
  const authority = toLatin1(bytes, head.authorityStart, head.authorityEnd)
  const path = toLatin1(bytes, head.pathStart, head.pathEnd)
  return [head.form, head.target === undefined ? "-" : formatTarget(head.target), authority, path].join(" ")
}

describe("a request target", () => {
  test.each([
    ["http://h/", "absolute h:80 h /"],
    ["http://h", "absolute h:80 h "],
    ["http://h:8080", "absolute h:8080 h:8080 "],
    ["http://h?q", "absolute h:80 h ?q"],
    ["http://h:1?q/r", "absolute h:1 h:1 ?q/r"],
    ["http://h/a//b?c=http://d/&e", "absolute h:80 h /a//b?c=http://d/&e"],
    ["HTTP://Example.COM:80/A", "absolute Example.COM:80 Example.COM:80 /A"],
    ["hTtP://127.0.0.1:4140/x", "absolute 127.0.0.1:4140 127.0.0.1:4140 /x"],
    ["http://[::1]:8080/", "absolute [::1]:8080 [::1]:8080 /"],
    ["http://[::1]/", "absolute [::1]:80 [::1] /"],
    ["http://[::ffff:127.0.0.1]/", "absolute 127.0.0.1:80 [::ffff:127.0.0.1] /"],
    ["http://my_service.local./", "absolute my_service.local.:80 my_service.local. /"],
    ['http://h/{}|\\^`"<>', 'absolute h:80 h /{}|\\^`"<>'],
    ["http://h/%00%0d%0a", "absolute h:80 h /%00%0d%0a"],
  ])("%s: %s (RFC 9112 section 3.2.2)", (target, expected) => {
    expect(where(target)).toBe(expected)
  })

  test.each([
    ["/", "origin -  /"],
    ["/a?b", "origin -  /a?b"],
    ["//h/a", "origin -  //h/a"],
    ["/http://h/", "origin -  /http://h/"],
  ])("%s is for an origin, and names none", (target, expected) => {
    expect(where(target)).toBe(expected)
  })

  test("* belongs to OPTIONS (RFC 9112 section 3.2.4)", () => {
    expect(where("*", "OPTIONS")).toBe("asterisk -  *")
    expect(where("*")).toBe("malformed-request")
    expect(where("*x", "OPTIONS")).toBe("malformed-request")
    expect(where("http://h", "OPTIONS")).toBe("absolute h:80 h ")
  })

  test.each(["https://h/", "ftp://h/", "ws://h/", "urn://x", "httpx://h/", "HTTPS://h"])(
    "%s is a scheme that cannot be had in the clear",
    (target) => {
      expect(where(target)).toBe("not-implemented")
    },
  )

  test("ws:// is http:// to a GET that asks for an upgrade (RFC 6455 section 4.1), and wss:// is not", () => {
    const asks = ["Connection: Upgrade", "Upgrade: websocket"]
    expect(judge("GET ws://h/x HTTP/1.1", ...asks)).toEqual(["absolute", "h:80"])
    expect(judge("GET WS://h:8080?q HTTP/1.1", ...asks)).toEqual(["absolute", "h:8080"])
    expect(judge("GET ws://h/x HTTP/1.1", asks[0]!)).toBe("not-implemented")
    expect(judge("GET ws://h/x HTTP/1.1", asks[1]!)).toBe("not-implemented")
    expect(judge("GET ws://h/x HTTP/1.1", asks[0]!, "Upgrade: h2c")).toBe("not-implemented")
    expect(judge("GET ws://h/x HTTP/1.0", ...asks)).toBe("not-implemented")
    expect(judge("POST ws://h/x HTTP/1.1", ...asks)).toBe("not-implemented")
    expect(judge("GET wss://h/x HTTP/1.1", ...asks)).toBe("not-implemented")
    expect(judge("GET ws://u@h/ HTTP/1.1", ...asks)).toBe("malformed-request")
    expect(judge("GET ws:///x HTTP/1.1", ...asks)).toBe("malformed-request")
    expect(judge("GET ws:// HTTP/1.1", ...asks)).toBe("not-implemented")
  })

  test.each([
    "http://",
    "http:///",
    "http:///path",
    "http://?q",
    "http://:80/",
    "http://h:/",
    "http://h:0/",
    "http://h:65536/",
    "http://h:99999/",
    "http://h:+80/",
    "http://h:8 0/",
    "http://h:80:80/",
    "http://u@h/",
    "http://u:p@h:80/",
    "http://[::1/",
    "http://::1/",
    "http://[::1]x/",
    "http://[fe80::1%25lo]/",
    "http://[127.0.0.1]/",
    "http://127.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://127.0.0.1./",
    "http://a..b/",
    "http://.a/",
    "http://h\\@evil/",
    "http://h%2fevil/",
    "http://h,evil/",
    "http:/h/",
    "http:h",
    "://h/",
    "h",
    "h:80",
    "h/path",
    "?q",
  ])("%s is malformed", (target) => {
    expect(where(target)).toBe("malformed-request")
  })

  test("holds visible ASCII only, and no fragment (RFC 9112 section 3.2)", () => {
    for (let byte = 0; byte < 256; byte++) {
      const visible = byte > 0x20 && byte < 0x7f && byte !== 0x23
      const char = String.fromCharCode(byte)
      const expected = visible ? `absolute h:80 h /a${char}b` : "malformed-request"
      expect(where(`http://h/a${char}b`)).toBe(expected)
    }
  })

  test.each([
    ["h:443", "authority h:443 h:443 "],
    ["example.com", "authority example.com:443 example.com "],
    ["[::1]:8443", "authority [::1]:8443 [::1]:8443 "],
    ["::1:8443", "authority [::1]:8443 ::1:8443 "],
    ["[::1]", "authority [::1]:443 [::1] "],
    ["/", "malformed-request"],
    ["*", "malformed-request"],
    ["http://h:1", "malformed-request"],
    ["http://h/", "malformed-request"],
    ["h:0", "malformed-request"],
    ["h:", "malformed-request"],
    ["h:99999", "malformed-request"],
    ["u@h:1", "malformed-request"],
    ["h:1/", "malformed-request"],
    ["h:1?q", "malformed-request"],
  ])("CONNECT %s: %s (RFC 9110 section 9.3.6)", (target, expected) => {
    expect(where(target, "CONNECT")).toBe(expected)
  })
})

describe("Host (RFC 9112 section 3.2)", () => {
  const line = "GET http://h/ HTTP/1.1"

  test("must be there in HTTP/1.1, and need not be in HTTP/1.0", () => {
    expect(refused(request(line))).toBe("malformed-request: no Host")
    expect(refused(request(line, "X-Host: h"))).toBe("malformed-request: no Host")
    expect(accepted(request("GET http://h/ HTTP/1.0")).survey.hosts).toBe(0)
  })

  test("must not be there twice, even with one value, even in HTTP/1.0", () => {
    expect(refused(request(line, host, host))).toBe("malformed-request: more than one Host")
    expect(refused(request("GET http://h/ HTTP/1.0", host, "hOST: h"))).toBe("malformed-request: more than one Host")
  })

  test("may differ from the target, which alone decides, and may be empty", () => {
    for (const value of ["other", "other:1", "[::1]:80", "a_b", "0.0.0.0=5000", ""]) {
      expect(refused(request(line, `Host: ${value}`))).toBe("accepted")
    }
  })

  test("must be what a host and a port can be", () => {
    for (const value of ["a b", "a/b", "a@b", "a?b", "a#b", "a\\b", "a, b", "<a>", '"a"', "a\tb", "\xe4", "http://a"]) {
      expect(refused(request(line, `Host: ${value}`))).toBe("malformed-request: invalid Host")
    }
  })
})

/** The length of the body that these fields frame, or why they are refused. */
const bodyLength = (...fields: ReadonlyArray<string>): number | string => {
  const parsed = parse(request("POST http://h/ HTTP/1.1", host, ...fields))
  return "reason" in parsed ? `${parsed.reason}: ${parsed.detail}` : parsed.bodyLength
}

describe("the length of a request's body (RFC 9112 section 6.3)", () => {
  test("is nothing, what Content-Length says, or chunked", () => {
    expect(bodyLength()).toBe(0)
    expect(bodyLength("Content-Length: 0")).toBe(0)
    expect(bodyLength("Content-Length: 5")).toBe(5)
    expect(bodyLength("Transfer-Encoding: Chunked")).toBe(chunked)
  })

  test.each([
    [["Content-Length: 5", "Transfer-Encoding: chunked"], "malformed-request"],
    [["Transfer-Encoding: chunked", "Content-Length: 5"], "malformed-request"],
    [["Content-Length: 0", "Transfer-Encoding: chunked"], "malformed-request"],
    [["Content-Length: 5", "Transfer-Encoding: gzip"], "malformed-request"],
    [["Content-Length: 5", "Content-Length: 5"], "malformed-request"],
    [["Content-Length: 5, 5"], "malformed-request"],
    [["Content-Length: +5"], "malformed-request"],
    [["Transfer-Encoding: chunked, chunked"], "malformed-request"],
    [["Transfer-Encoding:"], "malformed-request"],
    [["Transfer-Encoding : chunked"], "malformed-request"],
    [["Transfer-Encoding: chunked", " x"], "malformed-request"],
    [["Transfer-Encoding: gzip"], "not-implemented"],
    [["Transfer-Encoding: gzip, chunked"], "not-implemented"],
    [["Transfer-Encoding: identity"], "not-implemented"],
  ])("%j: %s", (fields, reason) => {
    expect(String(bodyLength(...fields))).toStartWith(`${reason}: `)
  })

  test("is never chunked in HTTP/1.0", () => {
    const head = request("POST http://h/ HTTP/1.0", host, "Transfer-Encoding: chunked")
    expect(refused(head)).toBe("malformed-request: Transfer-Encoding in HTTP/1.0")
  })

  test("is nothing for CONNECT: with a body it is refused, and no body has no bytes", () => {
    for (const field of ["Content-Length: 5", "Content-Length: 01", "Transfer-Encoding: chunked"]) {
      expect(refused(request("CONNECT h:443 HTTP/1.1", host, field))).toBe("malformed-request: CONNECT with a body")
    }
    for (const field of ["Content-Length: 0", "content-length:000"]) {
      expect(refused(request("CONNECT h:443 HTTP/1.1", host, field))).toBe("accepted")
      expect(refused(request("CONNECT h:443 HTTP/1.0", field))).toBe("accepted")
    }
  })
})

/** What a head is parsed to when these bytes follow it. */
const judged = (head: string, trailing: string): unknown =>
  parseRequest(ascii(head + trailing), head.length, new Fields(), limits)

describe("a head", () => {
  test("with too many fields is refused as too large", () => {
    const fields = Array.from({ length: 128 }, () => "A: b")
    expect(refused(request("GET http://h/ HTTP/1.1", ...fields, host))).toBe("head-too-large: too many fields")
    expect(refused(request("GET http://h/ HTTP/1.1", ...fields.slice(1), host))).toBe("accepted")
  })

  test.each([
    ["Expect: foo", "expectation-failed: unknown expectation"],
    [`Via: 1.1 ${limits.pseudonym}`, "loop-detected: our own name stands in Via"],
    [`Connection: ${"a,".repeat(65)}`, "head-too-large: too many connection options"],
    ["X: a\r\n b", "malformed-request: folded line"],
    [": v", "malformed-request: invalid field name"],
    ["X: a\rb", "malformed-request: invalid field value"],
    ["Expect:", "accepted"],
    ["Expect: 100-continue, 100-continue", "accepted"],
    ["Max-Forwards: 1\r\nMax-Forwards: 2", "malformed-request: more than one Max-Forwards"],
  ])("with %j: %s", (field, expected) => {
    expect(refused(request("GET http://h/ HTTP/1.1", host, field))).toBe(expected)
  })

  test("is judged by its own bytes, whatever follows it", () => {
    const text = request("GET http://h/ HTTP/1.1", host)
    for (let end = 0; end < text.length; end++) {
      const head = `${text.slice(0, end)}\r\n\r\n`
      for (const trailing of [" HTTP/1.1\r\n\r\n", ": x\r\n\r\n", "P/1.1\r\nHost: h\r\n\r\n", "\0"]) {
        expect(judged(head, trailing)).toEqual(judged(head, ""))
      }
    }
  })

  test("of any bytes is parsed or refused, never more, and the same for every cut", () => {
    fuzz(2000, (random) => {
      const pieces = ["GET ", "http://h", "/", " HTTP/1.1", "\r\n", "\r\n\r\n", "Host: h", ":", " ", "\0", "\xff", "*"]
      const text = Array.from({ length: random.below(16) }, () => random.pick(pieces)).join("")
      const whole = readRequests([ascii(text)])
      for (const chunks of cuts(ascii(text))) {
        const cut = readRequests(chunks)
        expect(cut.messages.map(({ line, fields }) => [line, fields])).toEqual(
          whole.messages.map(({ line, fields }) => [line, fields]),
        )
        expect(cut.reason).toBe(whole.reason)
      }
    })
  })
})

describe("requests one after another", () => {
  const requests = [
    `\r\n${request("POST http://h/1 HTTP/1.1", host, "Content-Length: 5")}12345`,
    `\r\n\r\n${request("PUT http://h/2 HTTP/1.1", host, "Transfer-Encoding: chunked")}3\r\nabc\r\n0\r\nT: x\r\n\r\n`,
    request("GET http://h/3 HTTP/1.1", host),
    request("DELETE http://h/4 HTTP/1.1", host, "Connection: close"),
  ]
  const expected = [
    ["POST http://h/1 HTTP/1.1", "12345"],
    ["PUT http://h/2 HTTP/1.1", "abc"],
    ["GET http://h/3 HTTP/1.1", ""],
    ["DELETE http://h/4 HTTP/1.1", ""],
  ]

  test("are told apart in every cut, and what follows the last one is left alone", () => {
    for (const trailing of ["", "GET", "\r\n\r\n", "\0"]) {
      for (const chunks of cuts(ascii(requests.join("") + trailing))) {
        const { messages, end, left } = readRequests(chunks)
        expect(messages.map(({ line, content }) => [line, content])).toEqual(expected)
        expect([end, left]).toEqual(["over", trailing])
      }
    }
  })

  test("may be three empty lines apart for nobody (RFC 9112 section 2.2)", () => {
    for (const chunks of cuts(ascii(`\r\n\r\n\r\n${requests[2]}`))) {
      expect(readRequests(chunks).reason).toBe("malformed-request")
    }
  })
})
