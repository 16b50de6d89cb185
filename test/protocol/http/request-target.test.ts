import { describe, expect, test } from "bun:test"

import { requestTarget } from "../../../src/protocol/http/request-target.ts"
import { formatTarget } from "../../../src/protocol/target.ts"
import { ascii } from "../../support/bytes.ts"

/** What is said of a target that stands between other bytes, its spans as text. */
const judged = (text: string, method = "GET", isWebSocket = false): string => {
  const before = "GET "
  const bytes = ascii(`${before}${text} HTTP/1.1\r\n`)
  const found = requestTarget(bytes, before.length, before.length + text.length, method, isWebSocket)
  if ("reason" in found) return found.reason
  const { form, target, authorityStart, authorityEnd, pathStart, pathEnd } = found
  const span = (start: number, end: number): string => Buffer.from(bytes.subarray(start, end)).toString("latin1")
  const named = target === undefined ? "-" : formatTarget(target)
  return [form, named, span(authorityStart, authorityEnd), span(pathStart, pathEnd)].join(" ")
}

describe("a request target", () => {
  test.each([
    ["/", "origin -  /"],
    ["/a?b", "origin -  /a?b"],
    ["http://h", "absolute h:80 h "],
    ["http://h/", "absolute h:80 h /"],
    ["HTTP://H:8080?q", "absolute H:8080 H:8080 ?q"],
    ["http://[::1]:81/x", "absolute [::1]:81 [::1]:81 /x"],
  ])("%s is %s", (text, expected) => {
    expect(judged(text)).toBe(expected)
  })

  test.each([
    ["h:443", "authority h:443 h:443 "],
    ["h", "authority h:443 h "],
    ["/", "malformed-request"],
    ["u@h:1", "malformed-request"],
  ])("%s of CONNECT is %s", (text, expected) => {
    expect(judged(text, "CONNECT")).toBe(expected)
  })

  test("* is for OPTIONS alone", () => {
    expect(judged("*", "OPTIONS")).toBe("asterisk -  *")
    expect(judged("*")).toBe("malformed-request")
    expect(judged("*x", "OPTIONS")).toBe("malformed-request")
  })

  test.each(["http://", "http:///", "http://u@h/", "http://h:0/", "http://127.1/", "example.com", "http:h", "://h"])(
    "%s is none",
    (text) => {
      expect(judged(text)).toBe("malformed-request")
    },
  )

  test("of another scheme cannot be had in the clear; ws is for upgrades only", () => {
    expect(judged("https://h/")).toBe("not-implemented")
    expect(judged("ftp://h/")).toBe("not-implemented")
    expect(judged("ws://h/")).toBe("not-implemented")
    expect(judged("ws://h/", "GET", true)).toBe("absolute h:80 h /")
  })

  test("means the very same target when it comes again", () => {
    const [first, second] = [0, 1].map(() => requestTarget(ascii("http://same.test/"), 0, 17, "GET", false))
    if (first === undefined || "reason" in first) return expect.unreachable()
    expect(first.target).toBeDefined()
    expect(second !== undefined && "target" in second && second.target === first.target).toBe(true)
  })
})
