/**
 * Llhttp: the fixtures of llhttp, which Node reads HTTP/1 with, through our parsers: whole, byte by byte, and at every
 * split. What its strict mode refuses we refuse, what it accepts we accept and see alike, but for the table below.
 *
 * The fixtures are no part of this repository: what it promises is held by own.test.ts, and these are one more referee.
 * `TEST_LLHTTP` names the folder `test` of a checkout of llhttp; otherwise they are looked for beside ours.
 */
import { describe, expect, test } from "bun:test"
import { existsSync } from "node:fs"
import { join } from "node:path"

import { cuts } from "../support/bytes.ts"
import { type Expected, type Fixture, readFixtures } from "../support/llhttp.ts"
import { type Message, type Reading, readRequests, readResponses } from "../support/messages.ts"
import { noteSkip } from "../support/skips.ts"

const folder = process.env["TEST_LLHTTP"] ?? join(import.meta.dir, "../../../shared/corpora/llhttp")

/** Where we differ on purpose: what we say, which clause lets or makes us, and why. */
const differences: Readonly<Record<string, readonly [ours: Outcome["end"], clause: string, why: string]>> = {
  "request/invalid: Invalid method": [
    "accepted",
    "RFC 9110 section 9.1",
    "any token is a method; which ones there are is between a client and its origin",
  ],
  "request/invalid: HTTP protocol and ANNOUNCE method": [
    "accepted",
    "RFC 9110 section 9.1",
    "as above; that ANNOUNCE is known from RTSP forbids nobody to use it",
  ],
  "request/method: CONNECT with body": [
    "refused: CONNECT with a body",
    "RFC 9110 section 9.3.6",
    "such content has no meaning: one reader would drop it, another would tunnel it",
  ],
  "request/method: M-SEARCH request": [
    "refused: * is for OPTIONS only",
    "RFC 9112 section 3.2.4",
    "a proxy has no use for * but in OPTIONS; M-SEARCH belongs to UDP",
  ],
  "request/method: PRI request HTTP2": [
    "refused: * is for OPTIONS only",
    "RFC 9112 section 3.2.4",
    "HTTP/2 is not spoken here; the true preface says HTTP/2.0 and is told which versions are",
  ],
  "request/sample: No HTTP version": [
    "refused: invalid request target",
    "RFC 9112 section 2.3",
    "HTTP/0.9 has no head and no length: it cannot be forwarded",
  ],
  "request/transfer-encoding: POST with chunked as last transfer-encoding": [
    "refused: unknown transfer coding",
    "RFC 9112 section 6.1",
    "a coding that is not understood is answered with 501",
  ],
  "request/transfer-encoding: POST with chunked as last transfer-encoding (multiple headers)": [
    "refused: invalid Transfer-Encoding",
    "RFC 9112 section 6.1",
    "a recipient that takes the first line, or the last, would frame it differently",
  ],
  "request/transfer-encoding: Space after chunk header": [
    "accepted",
    "RFC 9112 section 7.1.1",
    "devices pad the sizes of their chunks; what goes on is framed anew, so that nobody else has to read it",
  ],
  "request/uri: Fragment in URI": [
    "refused: invalid request target",
    "RFC 9112 section 3.2",
    "no form of a request target has a fragment",
  ],
  "request/uri: host:port and basic auth": [
    "refused: invalid authority in the request target",
    "RFC 9110 section 4.2.4",
    "userinfo in http: is deprecated, hides where a request goes, and would end in logs",
  ],
  "response/connection: HTTP 100 first, then 400": [
    "refused: invalid HTTP version",
    "RFC 9112 section 2.2",
    "empty lines are forgiven before a request line only; before an answer they are bytes of nobody",
  ],
  "response/connection: HTTP 304 with Content-Length": [
    "refused: invalid HTTP version",
    "RFC 9112 section 2.2",
    "as above: the first answer is whole, what follows it is none",
  ],
  "response/pipelining: Should parse multiple events": [
    "refused: invalid HTTP version",
    "RFC 9112 section 2.2",
    "as above",
  ],
  "response/sample: Response starting with CRLF": ["refused: invalid HTTP version", "RFC 9112 section 2.2", "as above"],
  "response/sample: HTTP version 0.9": [
    "refused: invalid HTTP version",
    "RFC 9112 section 2.3",
    "what calls itself 0.9 and has a status line is neither",
  ],
  "response/transfer-encoding: chunked before other transfer-encoding": [
    "refused: invalid Transfer-Encoding",
    "RFC 9112 section 6.1",
    "chunked must come last: some clients would read chunks, others until the close",
  ],
  "response/transfer-encoding: multiple transfer-encoding where chunked is not the last one": [
    "refused: invalid Transfer-Encoding",
    "RFC 9112 section 6.1",
    "as above, and in two lines",
  ],
  "response/transfer-encoding: chunkedchunked transfer-encoding does not enable chunked enconding": [
    "refused: invalid Transfer-Encoding",
    "RFC 9112 section 6.1",
    "nearly chunked is chunked for a careless client",
  ],
}

/** Cases of what this proxy does not do, with the reason; "" is in scope. */
const outOfScope = ({ type, skipBody, messages, error }: Fixture): string => {
  if (type.includes("lenient")) return "lenient modes"
  if (error === undefined && messages.some(({ protocol }) => protocol === "RTSP" || protocol === "ICE"))
    return "RTSP and ICE"
  return skipBody ? "bodies thrown away" : ""
}

/** What was seen of one message, in the terms of both sides. */
interface Sight {
  readonly start: string
  readonly fields: ReadonlyArray<readonly [string, string]>
  readonly body: string
  readonly whole: boolean
}

interface Outcome {
  readonly messages: ReadonlyArray<Sight>
  readonly end: "accepted" | "stops" | `refused: ${string}`
}

const isRequest = ({ type }: Fixture): boolean => type.startsWith("request")

const expectedSight = (message: Expected): Sight => ({
  start:
    message.url === "" ? `${message.version} ${message.status}` : `${message.method} ${message.url} ${message.version}`,
  // Their spans keep the white space behind a value.
  fields: message.fields.map(([name, value]) => [name, value.replace(/[ \t]+$/, "")]),
  body: message.body,
  whole: message.whole,
})

const ourSight = ({ line, fields, content, whole }: Message<unknown>): Sight => {
  const [, version, reason = ""] = /^HTTP\/(\S+) \d+ ?(.*)$/.exec(line) ?? []
  const start = version === undefined ? line.replace("HTTP/", "") : `${version} ${reason}`
  return { start, fields, body: content, whole }
}

const expected = (fixture: Fixture): Outcome => ({
  messages: fixture.messages.filter(({ headEnd }) => headEnd !== undefined).map(expectedSight),
  end: fixture.error !== undefined ? `refused: ${fixture.error}` : fixture.stops ? "stops" : "accepted",
})

const hostLine = "Host: of.the.test\r\n"

/**
 * The input as it is given to us. llhttp asks for no Host, which RFC 9112 section 3.2 demands, so most of its requests
 * have none: they get one as their last field, or nothing else would ever be judged. For the same reason the fragment
 * that several cases about framing have in their target is made a path.
 */
const given = (fixture: Fixture): Buffer => {
  if (!isRequest(fixture)) return fixture.input
  let text = fixture.input.toString("latin1")
  for (const { begin, headEnd } of fixture.messages.toReversed()) {
    const end = headEnd ?? text.indexOf("\r\n\r\n", begin) + 4
    if (end - 4 < begin || /^host[ \t]*:/im.test(text.slice(begin, end))) continue
    text = text.slice(0, end - 2) + hostLine + text.slice(end - 2)
  }
  return Buffer.from(text.replaceAll("#hey", "/hey"), "latin1")
}

const sameAsGiven = (sight: Sight): Sight => ({
  ...sight,
  start: sight.start.replace("#hey", "/hey"),
  fields: sight.fields.filter(([name, value]) => `${name}: ${value}\r\n` !== hostLine),
})

const ours = (fixture: Fixture, chunks: ReadonlyArray<Uint8Array>): Outcome => {
  const read = (all: ReadonlyArray<Uint8Array>): Reading<unknown> =>
    isRequest(fixture) ? readRequests(all) : readResponses(all)
  let reading = read(chunks)
  // They refuse some heads at the first wrong byte; ours are judged when they are whole, so these are made whole.
  if (reading.end === "waiting" && fixture.error !== undefined) reading = read([...chunks, Buffer.from("\r\n\r\n")])
  const messages = reading.messages.map(ourSight).map(sameAsGiven)
  // Bytes behind a message that closes its connection are an error to them; we never read them.
  if (reading.end === "over" && fixture.error === "Data after `Connection: close`" && reading.left.trim() !== "") {
    return { messages, end: `refused: ${fixture.error}` }
  }
  if (reading.end === "waiting") return { messages, end: "accepted" }
  return { messages, end: reading.end === "over" ? (fixture.stops ? "stops" : "accepted") : reading.end }
}

/** How a refusal is worded may depend on the cut: what is certain early is said early. */
const anyWords = ({ messages, end }: Outcome) => ({ messages, end: end.replace(/^refused: .*/, "refused") })

if (!existsSync(folder)) {
  noteSkip("llhttp's fixtures")
  test.skip("the fixtures of llhttp are not here", () => {})
} else {
  const all = readFixtures(folder)
  const cases = all.filter((fixture) => outOfScope(fixture) === "")

  test("there are cases, every one of the table among them, and those that are not run are counted", () => {
    const skipped = Object.groupBy(all, outOfScope)
    const counts = Object.entries(skipped).map(([why, cases]) => `${cases?.length} ${why || "run"}`)
    console.log(
      `llhttp: ${all.length} cases: ${counts.join(", ")}; ${Object.keys(differences).length} differ on purpose`,
    )
    const names = new Set(cases.map(({ name }) => name))
    expect(names.size).toBe(cases.length)
    expect(cases.length).toBeGreaterThan(150)
    expect(Object.keys(differences).filter((name) => !names.has(name))).toEqual([])
  })

  describe("llhttp", () => {
    test.each(cases.map((fixture) => [fixture.name, fixture] as const))("%s", (name, fixture) => {
      const input = given(fixture)
      const whole = ours(fixture, [input])
      for (const chunks of cuts(input)) expect(anyWords(ours(fixture, chunks))).toEqual(anyWords(whole))

      const theirs = expected(fixture)
      const [difference] = differences[name] ?? []
      if (difference !== undefined) {
        expect(whole.end).toBe(difference)
        expect(theirs.end.startsWith("refused")).toBe(difference === "accepted")
      } else if (theirs.end.startsWith("refused")) {
        expect(whole.end).toStartWith("refused")
        expect(whole.end).not.toBe("refused: no Host")
      } else expect(whole).toEqual({ ...theirs, messages: theirs.messages.map(sameAsGiven) })
    })
  })
}
