import { describe, expect, test } from "bun:test"

import { Fields } from "../../../src/protocol/http/fields.ts"
import { type Survey, type SurveyProblem, survey } from "../../../src/protocol/http/survey.ts"
import { ascii } from "../../support/bytes.ts"
import { limits } from "../../support/messages.ts"

const surveyOf = (...lines: ReadonlyArray<string>): Survey | SurveyProblem => {
  const bytes = ascii(lines.map((line) => `${line}\r\n`).join(""))
  const fields = new Fields()
  expect(fields.parse(bytes, 0, bytes.length, 1000)).toBeUndefined()
  return survey(bytes, fields, limits.pseudonym)
}

const found = (...lines: ReadonlyArray<string>): Survey => {
  const survey = surveyOf(...lines)
  if (typeof survey === "string") throw new Error(survey)
  return survey
}

describe("a section without any known field", () => {
  test("frames nothing, closes nothing and expects nothing", () => {
    expect(found("Accept: */*", "X-Y: close, upgrade, chunked")).toEqual(found())
    expect(found()).toMatchObject({
      hosts: 0,
      contentLength: undefined,
      transferCoding: "none",
      close: false,
      upgradeOption: false,
      upgradeOffered: false,
      expects: "nothing",
      maxForwards: undefined,
      passedHere: false,
      listed: [],
      bindsConnection: false,
      healthCheck: false,
    })
  })
})

test("a traceparent has its place, and of several none has", () => {
  const { traceparentStart, traceparentEnd } = found("A: b", "TraceParent: 00-1 ", "C: d")
  expect([traceparentStart, traceparentEnd]).toEqual([19, 23])
  for (const again of [2, 3]) {
    const several = found(...Array.from({ length: again }, (_, i) => `traceparent: 00-${i}`))
    expect(several.traceparentEnd - several.traceparentStart).toBe(0)
  }
  expect(found("A: b")).toMatchObject({ traceparentStart: 0, traceparentEnd: 0 })
})

describe("Content-Length (RFC 9110 section 8.6)", () => {
  test.each([
    ["0", 0],
    ["5", 5],
    ["003", 3],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["0000000000000005", 5],
    [`${"0".repeat(1000)}5`, 5],
    ["000009007199254740991", Number.MAX_SAFE_INTEGER],
    ["0".repeat(40), 0],
  ])("%s is %i", (value, length) => {
    expect(found(`Content-Length: ${value}`).contentLength).toBe(length)
    expect(found(`conTENT-lENGTH:\t ${value} \t`).contentLength).toBe(length)
  })

  test.each([
    "",
    "+5",
    "-0",
    "-5",
    "0x5",
    "5.0",
    "5e0",
    "5 5",
    "5,5",
    "5, 5",
    "5,",
    ",5",
    "5;",
    '"5"',
    "\xb2",
    "5\xa0",
    "\xa05",
    "5_000",
    "9007199254740992",
    "9999999999999999",
    "18446744073709551617",
    "00009007199254740992",
    "00x5",
    "0 5",
    "Infinity",
    "NaN",
  ])("%j is none", (value) => {
    expect(surveyOf(`Content-Length: ${value}`)).toBe("invalid Content-Length")
  })

  test("is never given twice, not even with the same value", () => {
    expect(surveyOf("Content-Length: 5", "Content-Length: 6")).toBe("invalid Content-Length")
    expect(surveyOf("Content-Length: 5", "content-length: 5")).toBe("invalid Content-Length")
    expect(surveyOf("Content-Length: 0", "Content-Length: 0")).toBe("invalid Content-Length")
  })
})

describe("Transfer-Encoding (RFC 9112 section 6.1)", () => {
  test.each(["chunked", "Chunked", "CHUNKED", "\t chunked \t"])("%j is chunked", (value) => {
    expect(found(`Transfer-Encoding: ${value}`).transferCoding).toBe("chunked")
  })

  test.each(["gzip", "identity", "pigeons", "gzip, chunked", "gzip,,chunked", "xchunked", "\xa0chunked", "chunke"])(
    "%j is a coding that this proxy does not know",
    (value) => {
      expect(found(`Transfer-Encoding: ${value}`).transferCoding).toBe("unknown")
    },
  )

  test.each([
    "",
    ",",
    ",chunked",
    "chunked,",
    "chunked, chunked",
    "chunked,gzip",
    "gzip, chunked, gzip",
    "chunked;q=1",
    "chunked ;a",
    "chunked chunked",
    "chunkedchunked",
    "chunked\xa0",
    "chunked\x85",
  ])("%j is refused: its end would be a matter of opinion", (value) => {
    expect(surveyOf(`Transfer-Encoding: ${value}`)).toBe("invalid Transfer-Encoding")
  })

  test("is never given twice", () => {
    expect(surveyOf("Transfer-Encoding: gzip", "Transfer-Encoding: chunked")).toBe("invalid Transfer-Encoding")
    expect(surveyOf("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")).toBe("invalid Transfer-Encoding")
    expect(surveyOf("Transfer-Encoding: chunked", "Transfer-Encoding:")).toBe("invalid Transfer-Encoding")
  })

  test("does not hide a Content-Length: both are told", () => {
    expect(found("Content-Length: 5", "Transfer-Encoding: chunked")).toMatchObject({
      contentLength: 5,
      transferCoding: "chunked",
    })
  })
})

const options = (count: number): string => Array.from({ length: count }, (_, i) => `o${i}`).join(",")

describe("Connection (RFC 9110 section 7.6.1)", () => {
  test("says close in any case and any place, as Proxy-Connection does", () => {
    expect(found("Connection: close").close).toBe(true)
    expect(found("Connection: x, CLOSE ,y").close).toBe(true)
    expect(found("Connection: x", "Connection: Close").close).toBe(true)
    expect(found("Proxy-Connection: close").close).toBe(true)
    expect(found("Connection: keep-alive").close).toBe(false)
    expect(found("Connection: closed, xclose").close).toBe(false)
  })

  test("lists fields for this connection only, in lower case; its own options are no fields", () => {
    expect(found("Connection: X-Foo, close, keep-alive, TE, Upgrade, bar").listed).toEqual(["x-foo", "bar"])
    expect(found("Connection: a", "Proxy-Connection: B").listed).toEqual(["a", "b"])
    expect(found("Connection: ,, ,").listed).toEqual([])
  })

  test("cannot list an end-to-end field: nobody may take that from a message", () => {
    const names = "Host, Content-Length, Content-Type, Transfer-Encoding, Authorization, Cookie, Set-Cookie, Via"
    expect(
      found(`Connection: ${names}, Forwarded, Cache-Control, Expect, Max-Forwards, Range, Trailer`).listed,
    ).toEqual([])
  })

  test("has at most 64 options, in however many lines", () => {
    expect(found(`Connection: ${options(64)}`).listed).toHaveLength(64)
    expect(surveyOf(`Connection: ${options(65)}`)).toBe("too many connection options")
    expect(surveyOf(`Connection: ${"close,".repeat(65)}`)).toBe("too many connection options")
    expect(surveyOf(...Array.from({ length: 65 }, () => "Connection: close"))).toBe("too many connection options")
  })
})

describe("Upgrade (RFC 9110 section 7.8)", () => {
  test("is asked for by the option, and offered by the field", () => {
    expect(found("Connection: Upgrade")).toMatchObject({ upgradeOption: true, upgradeOffered: false })
    expect(found("Upgrade: websocket")).toMatchObject({ upgradeOption: false, upgradeOffered: true })
  })

  test("to cleartext HTTP/2 is no offer for a proxy (RFC 9113 section 3.1)", () => {
    expect(found("Upgrade: h2c").upgradeOffered).toBe(false)
    expect(found("Upgrade: H2C, h2c").upgradeOffered).toBe(false)
    expect(found("Upgrade:").upgradeOffered).toBe(false)
    expect(found("Upgrade: h2c, websocket").upgradeOffered).toBe(true)
    expect(found("Upgrade: websocket, h2c").upgradeOffered).toBe(true)
    expect(found("Upgrade: h2c", "Upgrade: websocket").upgradeOffered).toBe(true)
  })
})

test("a Content-Length with zeros before it is told from one that goes on as it is", () => {
  for (const value of ["0", "5", "10", "100"]) expect(found(`Content-Length: ${value}`).contentLengthPadded).toBe(false)
  for (const value of ["00", "05", "010"]) expect(found(`Content-Length: ${value}`).contentLengthPadded).toBe(true)
})

describe("Expect (RFC 9110 section 10.1.1)", () => {
  test("knows 100-continue, in any case, and nothing else", () => {
    expect(found("Expect: 100-continue").expects).toBe("100-continue")
    expect(found("Expect: 100-Continue").expects).toBe("100-continue")
    expect(found("Expect: 100-continue", "Expect: 100-continue").expects).toBe("100-continue")
    expect(found("Expect: 100-continue, 100-Continue").expects).toBe("100-continue")
    expect(found("Expect: ,\t100-continue ,").expects).toBe("100-continue")
    expect(found("Expect: foo").expects).toBe("unknown")
    expect(found("Expect: 100-continue;q=1").expects).toBe("unknown")
    expect(found("Expect: 100-continue 100-continue").expects).toBe("unknown")
    expect(found("Expect: 100-continue, foo").expects).toBe("unknown")
    expect(found("Expect: foo, 100-continue").expects).toBe("unknown")
  })

  test("may hold nothing, and says nothing then", () => {
    for (const value of ["", " \t", ",", " , ,"]) expect(found(`Expect:${value}`).expects).toBe("nothing")
    expect(found("Expect:", "Expect: 100-continue")).toMatchObject({ expects: "100-continue", expectField: 1 })
    expect(found("Expect:", "Expect: foo").expects).toBe("unknown")
  })

  test("does not forget an unknown expectation for a known one", () => {
    expect(found("Expect: foo", "Expect: 100-continue").expects).toBe("unknown")
    expect(found("Expect: 100-continue", "Expect: foo").expects).toBe("unknown")
  })
})

describe("Max-Forwards (RFC 9110 section 7.6.2)", () => {
  test("is a number, and is not there when it is something else", () => {
    expect(found("Max-Forwards: 0").maxForwards).toBe(0)
    expect(found("Max-Forwards: 10").maxForwards).toBe(10)
    expect(found("Max-Forwards: -1").maxForwards).toBeUndefined()
    expect(found("Max-Forwards: ten").maxForwards).toBeUndefined()
    expect(found("Max-Forwards:").maxForwards).toBeUndefined()
  })

  test("is noticed when it is given twice", () => {
    expect(found("Max-Forwards: 1").maxForwardsTwice).toBe(false)
    expect(found("Max-Forwards: 1", "Max-Forwards: 1").maxForwardsTwice).toBe(true)
    expect(found("Max-Forwards: x", "Max-Forwards: 1").maxForwardsTwice).toBe(true)
    expect(found("Max-Forwards: 1", "Max-Forwards: 1", "Max-Forwards: 1").maxForwardsTwice).toBe(true)
  })
})

describe("Via and Host", () => {
  test("our own name in any Via says that the message was here before", () => {
    expect(found(`Via: 1.1 ${limits.pseudonym}`).passedHere).toBe(true)
    expect(found("Via: 1.0 a", `Via: 1.1 b, 1.1 ${limits.pseudonym} (x)`).passedHere).toBe(true)
    expect(found("Via: 1.1 somebody-else").passedHere).toBe(false)
    expect(found(`X-Via: ${limits.pseudonym}`).passedHere).toBe(false)
  })

  test("hosts are counted, and the last one is shown", () => {
    const { hosts, hostStart, hostEnd } = found("Host: a")
    expect([hosts, hostStart, hostEnd]).toEqual([1, 6, 7])
    expect(found("Host: a", "Host: a").hosts).toBe(2)
    expect(found("Host:").hosts).toBe(1)
  })
})

describe("a health check by its User-Agent", () => {
  test.each(["kube-probe/1.34", "GoogleHC/1.0", "ELB-HealthChecker/2.0", "kube-probe/"])("%s is one", (agent) => {
    expect(found("Accept: */*", `User-Agent: ${agent}`, "Host: a").healthCheck).toBe(true)
    expect(found(`user-agent: ${agent.toUpperCase()}`).healthCheck).toBe(true)
  })

  test.each(["curl/8.5.0", "kube-probe", "my kube-probe/1.34", "Mozilla/5.0 (kube-probe/1.34)", ""])(
    "%p is none",
    (agent) => expect(found(`User-Agent: ${agent}`, "X-Agent: kube-probe/1.34").healthCheck).toBe(false),
  )
})

describe("an authentication that holds for a connection (RFC 4559)", () => {
  test.each([
    "Authorization: Negotiate YIIJ",
    "authorization: NTLM TlRMTVNTUAAB",
    "Authorization: negotiate",
    "WWW-Authenticate: NTLM",
    'WWW-Authenticate: Basic realm="a, b", NeGoTiAtE',
  ])("%s is one", (line) => {
    expect(found("Accept: */*", line).bindsConnection).toBe(true)
    expect(found(line, "Authorization: Basic YTpi", "WWW-Authenticate: Digest").bindsConnection).toBe(true)
  })

  test.each([
    "Authorization: Basic YTpi",
    "Authorization: Bearer negotiate",
    "Authorization: Negotiated x",
    "Authorization: NTLMv2 x",
    "WWW-Authenticate: Basic realm=NTLM",
    "WWW-Authenticate:",
    "Authentication: NTLM",
  ])("%s is none", (line) => {
    expect(found(line).bindsConnection).toBe(false)
  })
})
