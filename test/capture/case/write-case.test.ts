import { expect, test } from "bun:test"

import { caseOf } from "../../../src/capture/case/case.ts"
import { titleOf, writeCase } from "../../../src/capture/case/write-case.ts"
import {
  binaryBody,
  charge,
  chat,
  makeExchange,
  makeRequest,
  makeResponse,
  textBody,
} from "../../support/capture-records.ts"

test("the example of the documents, word for word", () => {
  const written = writeCase(caseOf(charge)!, "POST_v1_charges-7c11e4")
  expect(written).toEqual({
    files: [],
    text: [
      "---",
      "pillion: case/1",
      "id: 019b2f6e-1c30-7a41-9d52-6a0f3b7c11e4",
      "direction: outbound",
      "started: 2026-11-28T09:30:00.123456Z",
      "took: 152.4ms",
      "target: pay.example:443",
      "tls: true",
      "cause: 019b2f6e-1bf1-7c02-8e11-0c5d2a77b0aa",
      "---",
      "",
      "# POST https://pay.example/v1/charges?key=tok_4b1d9e77a0c2 → 201",
      "",
      "```http",
      "POST /v1/charges?key=tok_4b1d9e77a0c2 HTTP/1.1",
      "Host: pay.example",
      "Authorization: Bearer tok_9f2c61d3b8aa",
      "Content-Type: application/json",
      "```",
      "",
      "```json",
      "{",
      '  "amount": 2000,',
      '  "card": "4000008812345671",',
      '  "ref": "o-881"',
      "}",
      "```",
      "",
      "## 201 after 150.811ms",
      "",
      "```http",
      "HTTP/1.1 201 Created",
      "Content-Type: application/json",
      "Content-Encoding: gzip",
      "```",
      "",
      "```json exact",
      '{"id": "ch_41", "status": "paid now"}',
      "```",
      "",
    ].join("\n"),
  })
})

test("messages of a WebSocket stand behind the response, each with its sender and time", () => {
  const written = writeCase(caseOf(chat)!, "x")
  expect("text" in written && written.text).toEndWith(
    '```json from=client t=12.1ms\n{ "say": "hello" }\n```\n\n```base64 from=target t=20ms op=binary\nAAEC\n```\n\n```base64 from=client t=800ms op=close\nA+g=\n```\n',
  )
})

test("large bodies are files beside the case, each by its side", () => {
  const body = binaryBody(new Uint8Array(9000), "image/png")
  const made = caseOf(
    makeExchange({
      request: { ...makeRequest({ headers: [["Content-Type", "image/png"]] }), body },
      response: makeResponse(200, [["Content-Type", "image/png"]], body),
    }),
  )!
  const written = writeCase(made, "POST_a-77b0aa")
  expect("files" in written && written.files.map(({ name }) => name)).toEqual([
    "POST_a-77b0aa.request.png",
    "POST_a-77b0aa.response.png",
  ])
})

test("a case whose head does not fit in lines is not written", () => {
  const made = caseOf(makeExchange({ request: makeRequest({ headers: [["A", "b\n```"]] }) }))!
  expect(writeCase(made, "x")).toEqual({ problem: "number 1 of the request's headers does not fit in a line" })
})

const title = (parts: Parameters<typeof makeExchange>[0]) => titleOf(caseOf(makeExchange(parts))!)

test("a title names what there is to name, on one line", () => {
  expect(title({})).toBe("GET http://shop.test/ → no answer")
  expect(title({ refusal: "name-not-found" })).toBe("GET http://shop.test/ → name-not-found")
  expect(title({ code: "ECONNRESET", end: "target" })).toBe("GET http://shop.test/ → ECONNRESET")
  expect(title({ error: "a\nb" })).toBe("GET http://shop.test/ → a\ufffdb")
  expect(title({ request: makeRequest({ target: "http://a.test/b" }) })).toBe("GET http://a.test/b → no answer")
})

test("a body keeps neither its length nor its framing; without one, its length is kept", () => {
  const headers = [
    ["Content-Length", "5"],
    ["transfer-encoding", "chunked"],
    ["A", "b"],
  ] as const
  const withBody = caseOf(makeExchange({ response: makeResponse(200, headers, textBody("hello")) }))!
  expect(withBody.response?.headers).toEqual([["A", "b"]])
  const without = caseOf(makeExchange({ response: makeResponse(200, headers, textBody("")) }))!
  expect(without.response).toEqual(makeResponse(200, headers))
})
