/** Records as they go by: as `curl -v` shows an exchange, harmless for a terminal. */
import { expect, test } from "bun:test"

import { verbose } from "../../../src/cli/watch/verbose.ts"
import { charge, chat, makeExchange, makeRequest, makeResponse, textBody } from "../../support/capture-records.ts"

const plain = (record: Parameters<typeof verbose>[0]): string => verbose(record, { color: false })

test("an exchange is who, what went there, what came back, and how long that took", () => {
  expect(plain(charge))
    .toBe(`* 7c11e4 09:30:00.123 outbound from 127.0.0.1:40112 to pay.example:443 at 203.0.113.7:443 caused by 77b0aa
> POST /v1/charges?key=tok_4b1d9e77a0c2 HTTP/1.1
> Host: pay.example
> Authorization: Bearer tok_9f2c61d3b8aa
> Content-Type: application/json
> Content-Length: 55
>
{
  "amount": 2000,
  "card": "4000008812345671",
  "ref": "o-881"
}
< HTTP/1.1 201 Created
< Content-Type: application/json
< Content-Encoding: gzip
<
{ "id": "ch_41", "status": "paid now" }
* 152 ms; dial 1.3 ms; wait 151 ms; in 55 B; out 55 B; redacted: 3

`)
})

test("interim answers and trailers stand where they came, and what was cut is told", () => {
  const record = makeExchange({
    truncated: ["response.body"],
    request: makeRequest({
      body: textBody("a=b&c=d", "application/x-www-form-urlencoded"),
      trailers: [["X-Sum", "1"]],
    }),
    response: {
      ...makeResponse(200, [], { ...textBody("cut"), size: 9, truncated: true }),
      interim: [{ status: 103, headers: [["Link", "</a.css>"]], t: 1 }],
      trailers: [["X-End", "2"]],
    },
  })
  expect(plain(record)).toBe(`* 77b0aa 09:30:00.061 inbound
> GET / HTTP/1.1
> Host: shop.test
>
a = b
c = d
> X-Sum: 1
< 103
< Link: </a.css>
<
< HTTP/1.1 200 OK
<
cut
(cut at 3 B of 9 B)
< X-End: 2
* in 0 B; out 0 B; not whole: response.body

`)
})

test("an exchange without an answer says how it ended, and the reason once", () => {
  const failed = makeExchange({ end: "target", code: "ECONNRESET", error: "the target closed before it answered" })
  expect(plain(failed)).toContain("ended by target, ECONNRESET, the target closed before it answered\n")
  const refused = makeExchange({ end: "proxy", refusal: "connection-refused", error: "connection-refused" })
  expect(plain(refused)).toEndWith("ended by proxy, connection-refused\n\n")
})

test("the frames of a WebSocket follow the exchange that opened it", () => {
  const text = plain(chat)
  expect(text.indexOf("< HTTP/1.1 101")).toBeGreaterThan(text.indexOf("> GET /chat"))
  expect(text.indexOf("→ text")).toBeGreaterThan(text.indexOf("< HTTP/1.1 101"))
  expect(text).toContain("← binary")
})

test("what is no exchange is told in lines of its own", () => {
  const { request: _, response: _1, ...rest } = charge
  const lines = plain({ ...rest, kind: "stream", guess: "postgres" })
    .trimEnd()
    .split("\n")
  expect(lines.length).toBeGreaterThan(3)
  for (const line of lines) expect(line).toStartWith("* ")
  expect(lines.join("\n")).toContain("postgres")
})

test("nothing that strangers sent steers the terminal", () => {
  const record = makeExchange({
    client: "\x1b[2J",
    request: makeRequest({
      target: "/\x1b[31m",
      headers: [["X-\u202e", "\x9b31m"]],
      body: textBody("\x07\x1b]0;\x07"),
    }),
    response: makeResponse(200, [["Y", "\r\x1b"]], textBody('{"a":"\x1b"}', "application/json")),
    error: "\x1b",
    end: "client",
  })
  expect(plain(record)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/)
  expect(verbose(record, { color: true }).replaceAll(/\x1b\[\d*m/g, "")).toBe(plain(record))
})
