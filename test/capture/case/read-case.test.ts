import { expect, test } from "bun:test"

import { caseOf, type Case } from "../../../src/capture/case/case.ts"
import { lint, readCase } from "../../../src/capture/case/read-case.ts"
import { writeCase } from "../../../src/capture/case/write-case.ts"
import type { CaptureRecord, FieldList, RecordedBody, RecordedFrame } from "../../../src/capture/record.ts"
import { readingWith } from "../../support/case-files.ts"
import { fuzz, type Random } from "../../support/random.ts"
import {
  binaryBody,
  charge,
  chat,
  makeExchange,
  makeRequest,
  makeResponse,
  textBody,
} from "../../support/capture-records.ts"

/** The text of a case, and the case that is read from it again. */
const pass = (made: Case) => {
  const written = writeCase(made, "stem")
  if ("problem" in written) throw new Error(written.problem)
  const files = Object.fromEntries(written.files.map(({ name, bytes }) => [name, bytes]))
  return { ...written, read: readCase(written.text, readingWith(files)) }
}

const text = pass(caseOf(charge)!).text

/** The case that is read after an edit of the example. */
const edited = (from: string, to: string): Case => {
  expect(text).toContain(from)
  const { made, problems } = readCase(text.replace(from, to), readingWith())
  expect(problems).toEqual([])
  return made!
}

test("a record's case is written and read back as it was", () => {
  for (const record of [charge, chat, makeExchange()]) {
    const made = caseOf(record)!
    expect(pass(made).read).toEqual({ made, problems: [] })
  }
})

test("every part can be edited, and the edit is read", () => {
  expect(edited("direction: outbound", "direction: inbound").direction).toBe("inbound")
  expect(edited("took: 152.4ms", "took: 1.5s").took).toBe(1500)
  expect(edited("after 150.811ms", "after 3ms").firstByte).toBe(3)
  expect(edited("POST /v1/charges?key=tok_4b1d9e77a0c2 HTTP/1.1", "PUT /v2 HTTP/1.0").request.line).toEqual({
    method: "PUT",
    target: "/v2",
    version: "1.0",
  })
  expect(edited("Host: pay.example", "Host:  pay.test \nX-More:").request.headers.slice(0, 2)).toEqual([
    ["Host", "pay.test"],
    ["X-More", ""],
  ])
  expect(edited('"amount": 2000', '"amount":   1.10').request.body).toMatchObject({
    text: '{"amount":1.10,"card":"4000008812345671","ref":"o-881"}',
    size: 55,
    wire: 55,
  })
  expect(edited("paid now", "paid").response?.body?.text).toBe('{"id": "ch_41", "status": "paid"}')
  expect(edited("```json exact\n", "```json\n").response?.body?.text).toBe('{"id":"ch_41","status":"paid now"}')
  expect(edited("Content-Encoding: gzip\n", "").response?.body?.coding).toBeUndefined()
  expect(edited("tls: true", "match: { ignore: [$.ref] }").match).toEqual({ ignore: ["$.ref"] })
  expect(edited(text.slice(text.indexOf("\n## 201")), "").response).toBeUndefined()
})

test("the heading's words are not read, and lines may end as on Windows", () => {
  expect(edited("# POST https://pay.example", "# Pays")).toEqual(caseOf(charge)!)
  expect(readCase(`\ufeff${text.replaceAll("\n", "\r\n")}`, readingWith()).made).toEqual(caseOf(charge)!)
})

test("a status in the heading that is not the response's is a warning, and the response counts", () => {
  const { made, problems } = readCase(text.replace("HTTP/1.1 201", "HTTP/1.1 409"), readingWith())
  expect(made?.response?.line.status).toBe(409)
  expect(problems).toEqual([
    { line: 29, severity: "warning", text: "the heading says 201, and the response 409, which is what counts" },
  ])
})

const errors: ReadonlyArray<readonly [text: string, line: number, from: string | RegExp, to: string]> = [
  ["a case begins with a line of three hyphens", 1, "---\n", ""],
  ["the front matter is never closed: a line of three hyphens is missing", 1, "\n---\n\n#", "\n\n#"],
  ["pillion must be case/1", 2, "case/1", "case/2"],
  ["pillion is missing", 1, "pillion: case/1\n", ""],
  ["id must be a UUID of version 7", 3, "id: 019b", "id: 019x"],
  ["took must be a time such as 152.4ms", 6, "took: 152.4ms", "took: 152.4"],
  ["direction must be one of inbound, outbound", 4, "outbound", "out"],
  ["cause must be a UUID of version 7", 9, /cause: .*/, "cause: 77b0aa"],
  [
    '"colour" is no key of a case: pillion, id, direction, started, took, target, tls, cause, end, phase, code, refusal, error, close, match, compare',
    8,
    "tls: true",
    "colour: red",
  ],
  ["a heading is missing here: # METHOD URL → STATUS", 14, /# POST.*/, ""],
  ["the request is missing here: a block of http", 16, /```http\nPOST[^`]*```/, ""],
  ["this is no request line: METHOD TARGET HTTP/1.1", 15, "HTTP/1.1\nHost", "\nHost"],
  ["this is no header: Name: value", 17, "Authorization: Bearer", "Authorization Bearer"],
  ["this is no header: Name: value", 18, "Content-Type: application/json\n", "Content Type: application/json\n"],
  ["this is not JSON here; `json exact` keeps a text that is none", 24, '"amount": 2000,', '"amount": 2000'],
  ["this is not JSON here; `json exact` keeps a text that is none", 25, '"ref": "o-881"', '"ref": o-881'],
  ["the JSON ends too early", 26, '"o-881"\n}', '"o-881"\n'],
  ["this block is never closed: a line of 3 backquotes is missing", 37, /}\n```\n$/, "}\n"],
  ["text outside of a block: only headings and blocks stand here", 28, "\n## 201", "A word\n## 201"],
  ["this heading is not that of a response: ## 200 after 12.5ms", 29, "## 201 after", "## 201 within"],
  ["this is no status line: HTTP/1.1 200 OK", 32, "HTTP/1.1 201", "HTTP 201"],
  ["the response is missing here: a block of http", 33, /```http\nHTTP[^`]*```/, ""],
  ["this block of http is one too many", 41, /$/, "\n```http\nGET / HTTP/1.1\n```\n"],
]

test.each(errors)("reported with its line: %s", (problem, line, from, to) => {
  const changed = text.replace(from, () => to)
  expect(changed).not.toBe(text)
  const { made, problems } = readCase(changed, readingWith())
  expect(made).toBeUndefined()
  expect(problems.map((each) => `${each.line}: ${each.text}`)).toContain(`${line}: ${problem}`)
})

const blocks: ReadonlyArray<readonly [text: string, line: number, block: string]> = [
  ["t= must be a time such as 12.1ms", 42, "```text from=client\n```"],
  ["from= must be client or target", 42, "```text from=server t=1ms\n```"],
  ["op= must be one of text, binary, continuation, ping, pong, close", 42, "```text from=client t=1ms op=pang\n```"],
  ["colour means nothing behind text", 42, "```text from=client t=1ms colour=red\n```"],
  ["size= must say how many bytes there were", 42, "```text from=client t=1ms size=many\n```"],
  [
    "this block belongs to nothing: a body stands behind its head, and a message says from=client or from=target",
    42,
    "```text\n```",
  ],
  ["this heading is one too many: a case is of one exchange", 42, "## 200"],
]

test.each(blocks)("reported behind the response: %s", (problem, line, block) => {
  const problems = lint(`${text}\n\n${block}\n`, readingWith())
  expect(problems).toContainEqual({ line, severity: "error", text: problem })
})

test("every beginning of a case is a case, or has an error within its lines", () => {
  for (let end = 0; end < text.length; end++) {
    const { made, problems } = readCase(text.slice(0, end), readingWith())
    const count = text.slice(0, end).split("\n").length
    if (made === undefined) expect(problems.length).toBeGreaterThan(0)
    for (const { line } of problems) expect(line).toBeWithin(1, count + 1)
  }
})

test("YAML that is none is reported in the line that the reader of YAML names, counted in the file", () => {
  const { problems } = readCase(text.replace("id: ", "id: ["), readingWith())
  expect(problems[0]).toMatchObject({ line: 3, severity: "error" })
})

const odd = [
  "",
  "a",
  "\n",
  "```",
  "````js\n```",
  "a\r\nb\r\n",
  "\r",
  "a\nb\r\n",
  "\x00",
  "\ufeffx",
  "é😀",
  "---",
  "# a",
  " 1.10 ",
]
const json = ['{"a":1}', '{"a": 1}', "[1,2,[3]]", "1.10", "{", '"\\u0000"', "12345678901234567890", '{"`":"```"}']
const types = [
  "",
  "text/plain",
  "application/json",
  "text/html; charset=utf-8",
  "application/x-www-form-urlencoded",
  "image/png",
]

const bodyOf = (random: Random, type: string): RecordedBody | undefined => {
  const kind = random.below(6)
  if (kind === 0) return undefined
  if (kind === 1) return binaryBody(random.bytes(random.below(3) * 5000), type)
  if (kind === 2)
    return {
      size: random.below(1000),
      wire: 5,
      type,
      omitted: random.pick(["off", "coding", "redaction", "budget", "binary"]),
    }
  const text = kind < 5 ? random.pick(odd) + random.pick(odd) : random.pick(json)
  return { ...textBody(text, type), ...(random.below(4) === 0 ? { truncated: true, size: 999_999 } : {}) }
}

const headersOf = (random: Random, type: string): FieldList => [
  ...(type === "" ? [] : [["content-TYPE", type] as const]),
  ...(random.below(3) === 0 ? [["Content-Encoding", random.pick(["gzip", "br, gzip", "unknown"])] as const] : []),
  ...Array.from(
    { length: random.below(4) },
    () => [`X-${random.below(3)}`, random.pick(["", "a", "a: b", "é \t#`"])] as const,
  ),
  ["Content-Length", "12"],
]

const frameOf = (random: Random): RecordedFrame => {
  const text = random.pick([...odd, ...json])
  const from = random.pick(["client", "target"] as const)
  const t = random.below(1_000_000) / 1000
  if (random.below(2) === 0) return { t, from, op: "text", text, size: new TextEncoder().encode(text).length }
  const bytes = random.bytes(random.below(20))
  const op = random.pick(["binary", "ping", "pong", "close", "continuation"] as const)
  return random.below(4) === 0
    ? { t, from, op, size: 70_000 }
    : { t, from, op, base64: bytes.toBase64(), size: bytes.length }
}

const recordOf = (random: Random): CaptureRecord => {
  const [type, answered] = [random.pick(types), random.pick(types)]
  const body = bodyOf(random, type)
  const answer = makeResponse(random.pick([200, 404, 599]), headersOf(random, answered), bodyOf(random, answered))
  const trailers = random.below(3) === 0 ? { trailers: [["X-Sum", "1"]] as const } : {}
  const interim =
    random.below(3) === 0 ? { interim: [{ status: 103, headers: [["Link", "<a>"]] as const, t: 1.25 }] } : {}
  const exchange = makeExchange({
    ...(random.below(2) === 0 ? { t_total: random.below(1e6) / 1000, t_first_byte: random.below(1e6) / 1000 } : {}),
    ...(random.below(2) === 0 ? { target: random.pick(["a.test:80", "[::1]:443", "true", "1e5", "x: y", "é\n"]) } : {}),
    ...(random.below(2) === 0 ? { error: random.pick(["reset", "it said: no", "- a", "null", '"', "\u2028"]) } : {}),
    request: {
      ...makeRequest({ method: "POST", headers: headersOf(random, type), ...trailers }),
      ...(body === undefined ? {} : { body }),
    },
    ...(random.below(4) === 0 ? {} : { response: { ...answer, ...trailers, ...interim } }),
  })
  if (random.below(3) > 0) return exchange
  return { ...exchange, kind: "socket", frames: Array.from({ length: random.below(5) }, () => frameOf(random)) }
}

test("any record: record → case → file → case is the same case", () => {
  fuzz(400, (random) => {
    const made = caseOf(recordOf(random))!
    expect(pass(made).read).toEqual({ made, problems: [] })
  })
})

test("saving what was read writes the same file", () => {
  fuzz(100, (random) => {
    const first = pass(caseOf(recordOf(random))!)
    expect(pass(first.read.made!).text).toBe(first.text)
  })
})

test("nothing that may stand in a file makes reading it fail", () => {
  fuzz(500, (random) => {
    const lines = pass(caseOf(recordOf(random))!).text.split("\n")
    for (let i = random.below(4); i >= 0; i--)
      lines.splice(random.below(lines.length), random.below(3), random.pick(odd))
    expect(() => readCase(lines.join("\n"), readingWith())).not.toThrow()
  })
})
