/** What the recording of an exchange is told: messages as they came, whatever became of them on their way. */
import { describe, expect, test } from "bun:test"

import type { ExchangeContext } from "../../../src/net/http/exchange-context.ts"
import { spliceBody } from "../../../src/net/http/upload.ts"
import { Body } from "../../../src/protocol/http/body.ts"
import { RecordedMessage } from "../../../src/protocol/http/passive/recorded-messages.ts"
import { chunked } from "../../../src/protocol/http/survey.ts"
import { ascii } from "../../support/bytes.ts"
import { holdTime, plays } from "../../support/playbook.ts"
import { exchange } from "../../support/http-worlds.ts"
import { Told } from "../../support/told.ts"
import { Ends } from "../../support/worlds.ts"

holdTime()

plays(exchange({ records: Infinity }), {
  "heads are told of as they came, and each request has its number": `
    client > GET http://a/1?q HTTP/1.1|Host: a|Proxy-Connection: x||
    needs Origin a:80
    supply
    origin < GET /1?q HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 2|Keep-Alive: 5||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports GET a:80/1 200 with 2
    recorded 1, whole: request and response
    recorded > GET http://a/1?q HTTP/1.1|Host: a|Proxy-Connection: x||
    recorded < HTTP/1.1 200 OK|Content-Length: 2|Keep-Alive: 5|| ok
    client > GET http://a/2 HTTP/1.1|Host: a||
    origin < GET /2 HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 204 X||
    client < HTTP/1.1 204 X|Via: 1.1 px||
    reports GET a:80/2 204 with 0
    recorded 2, whole: request and response
    recorded > GET http://a/2 HTTP/1.1|Host: a||
    recorded < HTTP/1.1 204 X||`,

  "bodies that come in pieces, without their framing": `
    client > POST http://a/ HTTP/1.1|Host: a|Transfer-Encoding: chunked||3|ab
    needs Origin a:80
    supply
    origin < POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked|Via: 1.1 px||3|ab
    client > c|0|T: v||
    origin < c|0|T: v||
    origin > HTTP/1.1 103 Early|L: x||
    client < HTTP/1.1 103 Early|L: x|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 4||ab
    client < HTTP/1.1 200 OK|Content-Length: 4|Via: 1.1 px||ab
    origin > cd
    client < cd
    reports POST a:80/ 200 with 4
    recorded 1, whole: request and response
    recorded > POST http://a/ HTTP/1.1|Host: a|Transfer-Encoding: chunked|| abc T: v||
    recorded < HTTP/1.1 103 Early|L: x||
    recorded < HTTP/1.1 200 OK|Content-Length: 4|| abcd`,

  "a request without an answer": `
    client > GET http://a/ HTTP/1.1|Host: a||
    needs Origin a:80
    decline connection-refused
    reports GET a:80/ 0 with 0, ended by proxy in dial: connection-refused
    recorded 1, whole: request
    recorded > GET http://a/ HTTP/1.1|Host: a||
    recorded <
    client < HTTP/1.1 502 Bad Gateway|...`,

  "an answer that ends early": `
    client > GET http://a/ HTTP/1.1|Host: a||
    needs Origin a:80
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 4||ab
    client < HTTP/1.1 200 OK|Content-Length: 4|Via: 1.1 px||ab
    origin finishes
    reports GET a:80/ 200 with 2, ended by target in data: the origin ended its answer early
    recorded 1, whole: request
    recorded > GET http://a/ HTTP/1.1|Host: a||
    recorded < HTTP/1.1 200 OK|Content-Length: 4|| ab
    origin is reset
    needs Over in order`,

  "a switch of protocols": `
    client > GET http://a/ HTTP/1.1|Host: a|Connection: upgrade|Upgrade: websocket||
    needs Origin a:80
    supply
    origin < GET / HTTP/1.1|Host: a|Upgrade: websocket|Via: 1.1 px|Connection: Upgrade||
    origin > HTTP/1.1 101 Switching|Connection: upgrade|Upgrade: websocket||frames
    reports GET a:80/ 101 with 0
    recorded 1, whole: request
    recorded > GET http://a/ HTTP/1.1|Host: a|Connection: upgrade|Upgrade: websocket||
    recorded < HTTP/1.1 101 Switching|Connection: upgrade|Upgrade: websocket||
    needs Upgraded, ...`,
})

/** The most bytes that may go past, with so much of them wanted, behind `first`. */
const mostOf = (framing: number, first: string, wanted: number | undefined): number => {
  const ends = new Ends()
  const [from, to] = [ends.next("from"), ends.next("to")]
  let most = -1
  const splicer: ExchangeContext["splicer"] = {
    move: (_from, _to, limit = -1) => {
      most = limit
      return undefined
    },
  }
  const body = new Body(framing, "chunks", { maxHeadBytes: 1000, maxHeadFields: 10 })
  const recorded = wanted === undefined ? undefined : new RecordedMessage(new Told(wanted).response, 1000)
  recorded?.begin(ascii(""), 0, framing, 0)
  const bytes = ascii(first)
  body.pass(bytes, 0)
  recorded?.carried(bytes, 0, body.consumed, 0)
  spliceBody({ splicer }, from, to, body, recorded)
  return most
}

describe("a body is spliced", () => {
  test("where nobody records it", () => expect(mostOf(100, "0123456789", undefined)).toBe(90))
  test("not while more of it is wanted", () => expect(mostOf(100, "0123456789", 11)).toBe(0))
  test("where no more of it is wanted", () => expect(mostOf(100, "0123456789", 10)).toBe(90))
  test("within the data of a chunk", () => expect(mostOf(chunked, "64\r\n0123456789", 10)).toBe(90))
})
