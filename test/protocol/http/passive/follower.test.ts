/** Whole connections, each fed whole, byte by byte, and cut in two everywhere: what is said of them is the same. */
import { describe, expect, test } from "bun:test"

import { maxPendingText } from "../../../../src/protocol/http/passive/request-queue.ts"
import { ascii } from "../../../support/bytes.ts"
import { byteByByte, type Cut, follow, Following, type Step, wholly } from "../../../support/following.ts"

const head = (...lines: ReadonlyArray<string>): string => lines.map((line) => `${line}\r\n`).join("") + "\r\n"
const get = (path = "/a", ...fields: ReadonlyArray<string>): string =>
  head(`GET ${path} HTTP/1.1`, "Host: h", ...fields)
const post = (...fields: ReadonlyArray<string>): string => head("POST /p HTTP/1.1", "Host: h", ...fields)
const answer = (status: number, ...fields: ReadonlyArray<string>): string => head(`HTTP/1.1 ${status} X`, ...fields)
const ok = answer(200, "Content-Length: 2") + "ok"
const none = answer(204)

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

type Row = readonly [shows: string, steps: ReadonlyArray<Step>, ...said: ReadonlyArray<string>]

/** Every offset of the longest step at which bytes may be cut in two. */
const splits = (steps: ReadonlyArray<Step>): ReadonlyArray<Cut> => {
  const longest = Math.max(...steps.map(({ length }) => length))
  return Array.from({ length: Math.min(longest, 400) }, (_, at): Cut => (bytes) => [
    bytes.subarray(0, at + 1),
    bytes.subarray(at + 1),
  ])
}

const hold = (about: string, rows: ReadonlyArray<Row>): void =>
  describe(about, () => {
    test.each(rows.map((row) => [row[0], row] as const))("%s", (_, [, steps, ...said]) => {
      for (const cut of [wholly, byteByByte, ...splits(steps)]) expect(follow(steps, cut)).toEqual(said)
    })
  })

hold("requests and their answers:", [
  ["one", [`>${get()}`, `<${ok}`], "GET h /a 1.1 200 0/2"],
  [
    "one behind the other",
    [`>${get()}`, `<${ok}`, `>${get("/b")}`, `<${none}`],
    "GET h /a 1.1 200 0/2",
    "GET h /b 1.1 204 0/0",
  ],
  [
    "sent ahead, answered together",
    [`>${get("/a")}${get("/b")}${get("/c")}`, `<${ok}${none}${ok}`],
    "GET h /a 1.1 200 0/2",
    "GET h /b 1.1 204 0/0",
    "GET h /c 1.1 200 0/2",
  ],
  [
    "the second sent before the first answer",
    [`>${get("/a")}`, `>${get("/b")}`, `<${ok}`, `<${none}`],
    "GET h /a 1.1 200 0/2",
    "GET h /b 1.1 204 0/0",
  ],
  ["a body by length", [`>${post("Content-Length: 5")}hello`, `<${none}`], "POST h /p 1.1 204 5/0"],
  ["a body by length of nothing", [`>${post("Content-Length: 0")}`, `<${none}`], "POST h /p 1.1 204 0/0"],
  [
    "a chunked body",
    [`>${post("Transfer-Encoding: chunked")}3\r\nabc\r\n0\r\n\r\n`, `<${none}`],
    "POST h /p 1.1 204 3/0",
  ],
  [
    "chunks with extensions, padded sizes and trailers",
    [
      `>${post("Transfer-Encoding: chunked")}003;a="b;c"\r\nabc\r\nA  \r\n0123456789\r\n0;x\r\nT: v\r\nU: w\r\n\r\n${get()}`,
      `<${none}${none}`,
    ],
    "POST h /p 1.1 204 13/0",
    "GET h /a 1.1 204 0/0",
  ],
  [
    "a chunked answer",
    [`>${get()}`, `<${answer(200, "Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\n\r\n`],
    "GET h /a 1.1 200 0/5",
  ],
  [
    "codings before chunked are content",
    [`>${get()}`, `<${answer(200, "Transfer-Encoding: gzip, Chunked")}1\r\nx\r\n0\r\n\r\n`],
    "GET h /a 1.1 200 0/1",
  ],
  [
    "codings in two lines",
    [`>${get()}`, `<${answer(200, "Transfer-Encoding: gzip", "Transfer-Encoding: chunked")}0\r\n\r\n`],
    "GET h /a 1.1 200 0/0",
  ],
  [
    "an answer that ends with the connection",
    [`>${get()}`, `<${answer(200)}hello`, "target ends"],
    "GET h /a 1.1 200 0/5",
  ],
  [
    "one that is not chunked last",
    [`>${get()}`, `<${answer(200, "Transfer-Encoding: gzip")}hello`, "target ends"],
    "GET h /a 1.1 200 0/5",
  ],
  ["HTTP/1.0", [">GET /a HTTP/1.0\r\n\r\n", "<HTTP/1.0 200 OK\r\n\r\nhello", "target ends"], "GET - /a 1.0 200 0/5"],
  [
    "HTTP/1.0 that stays",
    [
      ">GET /a HTTP/1.0\r\n\r\nGET /b HTTP/1.0\r\n\r\n",
      `<${"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok".repeat(2)}`,
    ],
    "GET - /a 1.0 200 0/2",
    "GET - /b 1.0 200 0/2",
  ],
  [
    "the same length twice",
    [`>${post("Content-Length: 2", "Content-Length: 2")}hi`, `<${none}`],
    "POST h /p 1.1 204 2/0",
  ],
  ["the same length in a list", [`>${post("Content-Length: 2, 2")}hi`, `<${none}`], "POST h /p 1.1 204 2/0"],
])

hold("answers without a body, whatever their fields say:", [
  [
    "to HEAD",
    [">HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n", `<${answer(200, "Content-Length: 99")}`, `>${get()}`, `<${ok}`],
    "HEAD h /a 1.1 200 0/0",
    "GET h /a 1.1 200 0/2",
  ],
  [
    "to HEAD, chunked",
    [">HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n", `<${answer(200, "Transfer-Encoding: chunked")}`],
    "HEAD h /a 1.1 200 0/0",
  ],
  [
    "204",
    [`>${get()}${get("/b")}`, `<${answer(204, "Content-Length: 9")}${ok}`],
    "GET h /a 1.1 204 0/0",
    "GET h /b 1.1 200 0/2",
  ],
  [
    "304",
    [`>${get()}${get("/b")}`, `<${answer(304, "Content-Length: 9")}${ok}`],
    "GET h /a 1.1 304 0/0",
    "GET h /b 1.1 200 0/2",
  ],
  [
    "100, 102 and 103 before the answer",
    [`>${get()}`, `<${answer(100)}${answer(102)}${answer(103, "Link: </s>")}${answer(103)}${ok}`],
    "GET h /a 1.1 200 0/2",
  ],
])

hold("early answers:", [
  [
    "413 before the body, and close",
    [`>${post("Content-Length: 9")}abc`, `<${answer(413, "Content-Length: 0", "Connection: close")}`, "target ends"],
    "POST h /p 1.1 413 3/0",
  ],
  [
    "413, and the body all the same",
    [`>${post("Content-Length: 9")}abc`, `<${answer(413, "Content-Length: 0")}`, ">defghi", `>${get()}`, `<${ok}`],
    "POST h /p 1.1 413 9/0",
    "GET h /a 1.1 200 0/2",
  ],
  [
    "413 to chunks, and a reset",
    [`>${post("Transfer-Encoding: chunked")}3\r\nab`, `<${answer(413, "Content-Length: 0")}`, "over: target"],
    "POST h /p 1.1 413 2/0",
  ],
  [
    "an answer while the body is sent",
    [`>${post("Content-Length: 4")}ab`, `<${answer(200, "Content-Length: 4")}AB`, ">cd", "<CD"],
    "POST h /p 1.1 200 4/4",
  ],
  [
    "the client ends its direction instead of its body",
    [`>${post("Content-Length: 4")}ab`, `<${answer(400, "Content-Length: 0")}`, "client ends"],
    "POST h /p 1.1 400 2/0",
  ],
  [
    "the client had ended its direction in its body",
    [`>${post("Content-Length: 4")}ab`, "client ends", `<${answer(400, "Content-Length: 0")}`],
    "POST h /p 1.1 400 2/0",
  ],
  [
    "a refusal of half a head",
    [">GET /a HTTP/1.1\r\nHost: h\r\nX", `<${answer(431, "Content-Length: 1")}x`, "target ends"],
    "GET - /a 1.1 431 0/1",
  ],
  [
    "a refusal of half a head that goes on",
    [
      ">GET /a HTTP/1.1\r\nX",
      `<${answer(408, "Content-Length: 0")}`,
      ">: y\r\nHost: h\r\n\r\n",
      `>${get("/b")}`,
      `<${ok}`,
    ],
    "GET h /a 1.1 408 0/0",
    "GET h /b 1.1 200 0/2",
  ],
  [
    "half a head of which nothing becomes",
    [">GET /a HTTP/1.1\r\nHost: h\r\n", "target ends", ">\r\n", "over: target"],
    "GET h /a 1.1 0 0/0 cut by target",
  ],
  ["half a head, and the connection is over", [">GET /a HTTP/1.1\r\nHost: h\r\n", "over: client"]],
])

hold("Expect: 100-continue:", [
  [
    "continue, and the body",
    [`>${post("Content-Length: 2", "Expect: 100-continue")}`, `<${answer(100)}`, ">hi", `<${none}`],
    "POST h /p 1.1 204 2/0",
  ],
  [
    "417, and close",
    [`>${post("Content-Length: 2", "Expect: 100-Continue")}`, `<${answer(417, "Content-Length: 0")}`, "target ends"],
    "POST h /p 1.1 417 0/0",
  ],
  [
    "417, and bytes that may be anything",
    [`>${post("Content-Length: 2", "Expect: 100-continue")}`, `<${answer(417, "Content-Length: 0")}`, ">hi"],
    "POST h /p 1.1 417 0/0",
    "lost: a request: more of it, or another one, behind an answer instead of 100 (Continue)",
  ],
  [
    "not waited for",
    [`>${post("Content-Length: 2", "Expect: 100-continue")}h`, `<${none}`, `>i${get()}`, `<${ok}`],
    "POST h /p 1.1 204 2/0",
    "GET h /a 1.1 200 0/2",
  ],
  [
    "without a body there is nothing to wait for",
    [`>${get("/a", "Expect: 100-continue")}`, `<${ok}`, `>${get("/b")}`, `<${ok}`],
    "GET h /a 1.1 200 0/2",
    "GET h /b 1.1 200 0/2",
  ],
])

const websocket = get("/w", "Connection: Upgrade", "Upgrade: WebSocket")
const connect = head("CONNECT h:443 HTTP/1.1", "Host: h:443")

hold("connections that become something else:", [
  [
    "a WebSocket, with bytes behind both heads",
    [`>${websocket}\x81\x00`, `<${answer(101, "Upgrade: WebSocket")}\x81\x00HTTP`, ">GET", "<x"],
    "GET h /w 1.1 101 0/0",
    "upgraded: websocket",
  ],
  [
    "behind another request",
    [`>${get()}${websocket}`, `<${ok}${answer(101, "Upgrade: h2c")}`],
    "GET h /a 1.1 200 0/2",
    "GET h /w 1.1 101 0/0",
    "upgraded: h2c",
  ],
  [
    "behind an interim answer",
    [`>${websocket}`, `<${answer(103)}${answer(101, "Upgrade: TLS/1.0, HTTP/1.1")}`],
    "GET h /w 1.1 101 0/0",
    "upgraded: unknown",
  ],
  [
    "to what has no name",
    [`>${websocket}`, `<${answer(101)}`, "over: client"],
    "GET h /w 1.1 101 0/0",
    "upgraded: unknown",
  ],
  [
    "an offer that is not taken, and requests behind it",
    [`>${websocket}${get("/b")}`, `>${get("/c")}`, `<${ok}${none}${ok}`],
    "GET h /w 1.1 200 0/2",
    "GET h /b 1.1 204 0/0",
    "GET h /c 1.1 200 0/2",
  ],
  [
    "an offer with a body",
    [`>${post("Upgrade: h2c", "Content-Length: 2")}hi${get()}`, `<${ok}${none}`],
    "POST h /p 1.1 200 2/2",
    "GET h /a 1.1 204 0/0",
  ],
  [
    "an offer that gets no answer",
    [`>${websocket}${get("/b")}`, "target ends", `>${get("/c")}`, "over: client"],
    "GET h /w 1.1 0 0/0 cut by target",
  ],
  [
    "CONNECT",
    [`>${connect}\x16\x03`, `<${answer(200, "Content-Length: 5")}\x16\x03`, ">\x17", "over: client"],
    "CONNECT h:443  1.1 200 0/0",
    "upgraded: tunnel",
  ],
  [
    "CONNECT that is refused",
    [`>${connect}`, `<${answer(403, "Content-Length: 2")}no`, `>${get()}`, `<${ok}`],
    "CONNECT h:443  1.1 403 0/2",
    "GET h /a 1.1 200 0/2",
  ],
])

hold("connections that end too early:", [
  ["no answer: the target leaves", [`>${get()}`, "target ends"], "GET h /a 1.1 0 0/0 cut by target"],
  ["no answer: the target resets", [`>${get()}`, "over: target"], "GET h /a 1.1 0 0/0 cut by target"],
  ["no answer: the client leaves", [`>${get()}`, "client ends", "target ends"], "GET h /a 1.1 0 0/0 cut by client"],
  ["no answer: the client resets", [`>${get()}`, "over: client"], "GET h /a 1.1 0 0/0 cut by client"],
  ["no answer in time", [`>${get()}`, "over: proxy"], "GET h /a 1.1 0 0/0 cut by proxy"],
  [
    "an interim answer and no other",
    [`>${get()}`, `<${answer(103)}`, "target ends"],
    "GET h /a 1.1 0 0/0 cut by target",
  ],
  [
    "in the head of the answer",
    [`>${get()}`, "<HTTP/1.1 200 OK\r\nContent", "target ends"],
    "GET h /a 1.1 0 0/0 cut by target",
  ],
  [
    "in a body by length",
    [`>${get()}`, `<${answer(200, "Content-Length: 9")}abc`, "target ends", "client ends"],
    "GET h /a 1.1 200 0/3 cut by target",
  ],
  [
    "in a chunk",
    [`>${get()}`, `<${answer(200, "Transfer-Encoding: chunked")}5\r\nab`, "target ends"],
    "GET h /a 1.1 200 0/2 cut by target",
  ],
  [
    "before the last chunk",
    [`>${get()}`, `<${answer(200, "Transfer-Encoding: chunked")}2\r\nab\r\n`, "target ends"],
    "GET h /a 1.1 200 0/2 cut by target",
  ],
  [
    "a body until close that is reset",
    [`>${get()}`, `<${answer(200)}abc`, "over: target"],
    "GET h /a 1.1 200 0/3 cut by target",
  ],
  [
    "the client, in the answer's body",
    [`>${get()}`, `<${answer(200, "Content-Length: 9")}abc`, "over: client"],
    "GET h /a 1.1 200 0/3 cut by client",
  ],
  [
    "the client, in its own body",
    [`>${post("Content-Length: 9")}abc`, "over: client"],
    "POST h /p 1.1 0 3/0 cut by client",
  ],
  ["a FIN of the client cuts nothing", [`>${get()}`, "client ends", `<${ok}`, "target ends"], "GET h /a 1.1 200 0/2"],
  [
    "those behind the one that ended the connection",
    [`>${get("/a")}${get("/b")}${get("/c")}`, `<${answer(200)}abc`, "target ends"],
    "GET h /a 1.1 200 0/3",
    "GET h /b 1.1 0 0/0 cut by target",
    "GET h /c 1.1 0 0/0 cut by target",
  ],
  [
    "a request behind the target's FIN",
    [`>${get("/a")}`, `<${ok}`, "target ends", `>${get("/b")}`],
    "GET h /a 1.1 200 0/2",
    "GET h /b 1.1 0 0/0 cut by target",
  ],
  [
    "one with a body behind the target's FIN",
    ["target ends", `>${post("Content-Length: 4")}ab`, ">cd", `>${post("Content-Length: 4")}a`, "over: client"],
    "POST h /p 1.1 0 4/0 cut by target",
    "POST h /p 1.1 0 1/0 cut by target",
  ],
  [
    "a body that goes on behind the target's FIN",
    [`>${post("Content-Length: 4")}ab`, "target ends", `>cd${get()}`],
    "POST h /p 1.1 0 2/0 cut by target",
    "GET h /a 1.1 0 0/0 cut by target",
  ],
  ["nothing at all", ["client ends", "target ends", "over: client"]],
  [
    "nothing is said twice",
    [`>${get()}`, `<${ok}`, "client ends", "target ends", "over: target", `>${get()}`, `<${ok}`, "target ends"],
    "GET h /a 1.1 200 0/2",
  ],
])

hold("what is forgiven:", [
  [
    "line feeds alone",
    [">GET /a HTTP/1.1\nHost: h\nContent-Length: 2\n\nhi", "<HTTP/1.1 200 OK\nContent-Length: 2\n\nok"],
    "GET h /a 1.1 200 2/2",
  ],
  [
    "both kinds of line end",
    [">GET /a HTTP/1.1\r\nHost: h\n\r\n", "<HTTP/1.1 204 X\nA: b\r\n\n"],
    "GET h /a 1.1 204 0/0",
  ],
  [
    "line feeds alone in trailers",
    [`>${get()}`, `<${answer(200, "Transfer-Encoding: chunked")}0\r\nT: v\n\n${""}`, `>${get("/b")}`, `<${none}`],
    "GET h /a 1.1 200 0/0",
    "GET h /b 1.1 204 0/0",
  ],
  [
    "empty lines before requests",
    [`>\r\n\r\n\n${get()}\r\n${get("/b")}`, `<${none}${none}`],
    "GET h /a 1.1 204 0/0",
    "GET h /b 1.1 204 0/0",
  ],
  [
    "empty lines before answers",
    [`>${get()}${get("/b")}`, `<${ok}\r\n${ok}\r\n`],
    "GET h /a 1.1 200 0/2",
    "GET h /b 1.1 200 0/2",
  ],
  ["folded lines", [`>${get("/a", "X: a", " b", "\tc")}`, `<${answer(204, "X: a", "  : c")}`], "GET h /a 1.1 204 0/0"],
  [
    "lines that are no fields",
    [`>${get("/a", "no colon", ": no name", "a b: c", "\x80: c")}`, `<${answer(204, "HTTP/1.1 200 OK")}`],
    "GET h /a 1.1 204 0/0",
  ],
  [
    "blanks around values, and none",
    [`>${head("POST /p HTTP/1.1", "Host:h", "Content-Length: \t 2 \t")}hi`, `<${none}`],
    "POST h /p 1.1 204 2/0",
  ],
  [
    "names in any case",
    [
      `>${head("POST /p HTTP/1.1", "hOST: h", "cONTENT-lENGTH: 2")}hi`,
      `<${answer(200, "TRANSFER-ENCODING: CHUNKED")}0\r\n\r\n`,
    ],
    "POST h /p 1.1 200 2/0",
  ],
  [
    "names that are nearly others",
    [`>${get("/a", "Content-Lengthy: 5", "XContent-Length: 5", "Content_Length: 5")}`, `<${none}`],
    "GET h /a 1.1 204 0/0",
  ],
  [
    "blanks in the request line",
    [`>${head("GET   /a b   HTTP/1.1  ", "Host: h")}`, `<${none}`],
    "GET h /a b 1.1 204 0/0",
  ],
  [
    "no reason, and blanks before the status",
    [`>${get()}${get()}`, `<HTTP/1.1 204\r\n\r\nHTTP/1.1  204 \r\n\r\n`],
    "GET h /a 1.1 204 0/0",
    "GET h /a 1.1 204 0/0",
  ],
  [
    "an HTTP/1.0 answer to HTTP/1.1",
    [`>${get()}`, "<HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"],
    "GET h /a 1.1 200 0/2",
  ],
  [
    "no Host, and two",
    [`>${head("GET /a HTTP/1.1")}${head("GET /a HTTP/1.1", "Host: a", "Host: b")}`, `<${none}${none}`],
    "GET - /a 1.1 204 0/0",
    "GET a /a 1.1 204 0/0",
  ],
])

hold("what is known of a request:", [
  [
    "its path without its query",
    [`>${get("/a/b?c=/d")}${get("/a#b")}${get("/?")}`, `<${none}${none}${none}`],
    "GET h /a/b 1.1 204 0/0",
    "GET h /a 1.1 204 0/0",
    "GET h / 1.1 204 0/0",
  ],
  ["the asterisk of OPTIONS", [`>${head("OPTIONS * HTTP/1.1", "Host: h")}`, `<${none}`], "OPTIONS h * 1.1 204 0/0"],
  [
    "an absolute-form target",
    [`>${get("HTTP://other:81/x?y")}${get("https://other")}${get("ws://other?y")}`, `<${none}${none}${none}`],
    "GET other:81 /x 1.1 204 0/0",
    "GET other / 1.1 204 0/0",
    "GET other / 1.1 204 0/0",
  ],
  [
    "no userinfo",
    [`>${get("http://u:p@other/")}${head("GET /a HTTP/1.1", "Host: u@h")}`, `<${none}${none}`],
    "GET other / 1.1 204 0/0",
    "GET h /a 1.1 204 0/0",
  ],
  ["an IPv6 address", [`>${head("GET /a HTTP/1.1", "Host: [::1]:80")}`, `<${none}`], "GET [::1]:80 /a 1.1 204 0/0"],
  ["a target of no known form", [`>${get("a/b")}`, `<${none}`], "GET h a/b 1.1 204 0/0"],
  [
    "methods that nobody knows",
    [`>${head("BREW /pot HTTP/1.1")}${head("get /a HTTP/1.1")}`, `<${none}${none}`],
    "BREW - /pot 1.1 204 0/0",
    "get - /a 1.1 204 0/0",
  ],
  ["bytes beyond ASCII", [`>${get("/\xe4\x00\x1b")}`, `<${none}`], "GET h /\xe4\x00\x1b 1.1 204 0/0"],
  ["a health check", [`>${get("/a", "User-Agent: kube-probe/1.31")}`, `<${none}`], "GET h /a 1.1 204 0/0 probe"],
  ["an HTTP library is none", [`>${get("/a", "User-Agent: Go-http-client/1.1")}`, `<${none}`], "GET h /a 1.1 204 0/0"],
  [
    "a traceparent",
    [`>${get("/a", `traceparent: ${traceparent}`)}`, `<${none}`],
    `GET h /a 1.1 204 0/0 ${traceparent}`,
  ],
  [
    "what is no traceparent",
    [
      `>${get("/a", `traceparent: ${traceparent.replace("4", "g")}`, "X: y")}${get("/a", "Traceparent: 00")}`,
      `<${none}${none}`,
    ],
    "GET h /a 1.1 204 0/0",
    "GET h /a 1.1 204 0/0",
  ],
])

const lostBy = (shows: string, request: string, why: string): Row => [
  shows,
  [`>${request}`, `<${ok}`],
  `lost: a request: ${why}`,
]
const lostInBody = (shows: string, chunks: string, bytesIn: number, why: string): Row => [
  shows,
  [`>${post("Transfer-Encoding: chunked")}${chunks}`, `<${ok}`],
  `POST h /p 1.1 200 ${bytesIn}/2`,
  `lost: a request: ${why}`,
]
const lostIn = (shows: string, answer: string, why: string): Row => [
  shows,
  [`>${get()}`, `<${answer}`, "over: client"],
  `lost: an answer: ${why}`,
]

hold("requests that cannot be followed:", [
  lostBy("lengths that differ", post("Content-Length: 2", "Content-Length: 3"), "Content-Lengths that differ"),
  lostBy("lengths that differ in a list", post("Content-Length: 2, 3"), "a Content-Length that is none"),
  lostBy("a length that is none", post("Content-Length: +2"), "a Content-Length that is none"),
  lostBy("a length that is empty", post("Content-Length:"), "a Content-Length that is none"),
  lostBy("a length beyond all numbers", post(`Content-Length: ${"9".repeat(20)}`), "a Content-Length that is none"),
  lostBy(
    "a length and chunks",
    post("Content-Length: 2", "Transfer-Encoding: chunked"),
    "both Content-Length and Transfer-Encoding",
  ),
  lostBy("chunks in HTTP/1.0", head("POST /p HTTP/1.0", "Transfer-Encoding: chunked"), "Transfer-Encoding in HTTP/1.0"),
  lostBy(
    "a coding that is not chunked",
    post("Transfer-Encoding: gzip"),
    "a request of which the last transfer coding is not chunked",
  ),
  lostBy(
    "chunked before another",
    post("Transfer-Encoding: chunked, gzip"),
    "a Transfer-Encoding that cannot be relied on",
  ),
  lostBy(
    "chunked twice",
    post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    "a Transfer-Encoding that cannot be relied on",
  ),
  lostBy("nearly chunked", post("Transfer-Encoding: chunkedx"), "a Transfer-Encoding that cannot be relied on"),
  lostBy(
    "chunked with a parameter",
    post("Transfer-Encoding: chunked;q=1"),
    "a Transfer-Encoding that cannot be relied on",
  ),
  lostBy("no coding", post("Transfer-Encoding:"), "a Transfer-Encoding that cannot be relied on"),
  lostBy("a blank before the colon", post("Content-Length : 2"), "a line that some read as framing"),
  lostBy("a byte before the name", post("\x0bTransfer-Encoding: chunked"), "a line that some read as framing"),
  lostBy("a folded length", post("X: y", " Content-Length: 2"), "a line that some read as framing"),
  lostBy(
    "a length that goes on",
    post("Content-Length: 2", " 0"),
    "a field that frames the message goes on in another line",
  ),
  lostBy("a CR alone", post("X: a\rContent-Length: 2"), "a CR alone"),
  lostBy("a CR alone in the request line", head("GET /a\r HTTP/1.1"), "a CR alone"),
  lostBy("two CRs", "GET /a HTTP/1.1\r\r\nHost: h\r\n\r\n", "no version of HTTP"),
  lostBy("HTTP/0.9", "GET /a\r\n", "no version of HTTP"),
  lostBy("HTTP/1.2", "GET /a HTTP/1.2\r\n", "a version of HTTP other than 1.0 and 1.1"),
  lostBy("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "a version of HTTP other than 1.0 and 1.1"),
  lostBy("no target", "GET  HTTP/1.1\r\n", "no target"),
  lostBy("no space before the version", "GET /aHTTP/1.1\r\n", "no target"),
  lostBy("another protocol", "\x16\x03\x01", "not of HTTP/1"),
  lostBy("a method with a colon", "GE:T", "not of HTTP/1"),
  lostBy("a method that is too long", "M".repeat(33), "not of HTTP/1"),
  lostBy("a CR alone before it", "\rG", "not of HTTP/1"),
  lostBy("CONNECT with a body", head("CONNECT h:1 HTTP/1.1", "Content-Length: 2"), "CONNECT with content"),
  lostBy("CONNECT with chunks", head("CONNECT h:1 HTTP/1.1", "Transfer-Encoding: chunked"), "CONNECT with content"),
  lostBy("129 fields", get("/a", ...Array.from({ length: 128 }, (_, i) => `X${i}: y`)), "over 128 fields (limit)"),
  lostInBody("a chunk size that is none", "x\r\n", 0, "a chunk size that is none"),
  lostInBody("a chunk size with a prefix", "0x2\r\n", 0, "a chunk size that is none"),
  lostInBody("no chunk size", "\r\n", 0, "a chunk size that is none"),
  lostInBody("a chunk size beyond all numbers", "fffffffffffffffff\r\n", 0, "a chunk size that is too large"),
  lostInBody("a digit behind blanks", "1 2\r\n", 0, "a chunk size that is none"),
  lostInBody("a line feed behind a size", "2\nhi\n", 0, "a chunk size that is none"),
  lostInBody("a line feed behind an extension", "2;a\nhi", 0, "a chunk size line that does not end with CRLF"),
  lostInBody("a CR alone in an extension", "2;a\rb", 0, "a chunk size line that does not end with CRLF"),
  lostInBody("a chunk longer than its size", "2\r\nhix", 2, "chunk data without its line end"),
  lostInBody("a line feed behind a chunk", "2\r\nhi\n", 2, "chunk data without its line end"),
  lostInBody("a CR alone behind a chunk", "2\r\nhi\rx", 2, "chunk data without its line end"),
  lostInBody("a CR alone in trailers", "0\r\nT: \rv", 0, "a CR alone in trailers"),
  lostInBody("a CR alone before trailers", "0\r\n\rT", 0, "a CR alone in trailers"),
])

hold("the answers to requests before one that cannot be followed:", [
  [
    "are told, and then the reason",
    [`>${get("/a")}${get("/b")}\0${get("/c")}`, `<${ok}`, `>${get("/d")}`, `<${none}${none}`],
    "GET h /a 1.1 200 0/2",
    "GET h /b 1.1 204 0/0",
    "lost: a request: not of HTTP/1",
  ],
  [
    "are cut if there are none",
    [`>${get()}${post("Content-Length: x")}`, "target ends"],
    "GET h /a 1.1 0 0/0 cut by target",
    "lost: a request: a Content-Length that is none",
  ],
  [
    "are cut with the connection",
    [`>${get()}\0`, `<${answer(200)}x`, "over: client"],
    "GET h /a 1.1 200 0/1 cut by client",
    "lost: a request: not of HTTP/1",
  ],
  [
    "may be there already, and whole",
    [`>${post("Transfer-Encoding: chunked")}1\r\n`, `<${none}`, ">xyz"],
    "POST h /p 1.1 204 1/0",
    "lost: a request: chunk data without its line end",
  ],
  [
    "may make the connection something else",
    [`>${websocket}`, `>${"x".repeat(70_000)}`, `<${answer(101, "Upgrade: x")}`],
    "GET h /w 1.1 101 0/0",
    "upgraded: x",
  ],
  ["may be lost themselves", [`>${get()}\0`, "<x"], "lost: an answer: not of HTTP/1"],
])

hold("answers that cannot be followed:", [
  lostIn(
    "a length and chunks",
    answer(200, "Content-Length: 2", "Transfer-Encoding: chunked"),
    "both Content-Length and Transfer-Encoding",
  ),
  lostIn(
    "chunks in HTTP/1.0",
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "Transfer-Encoding in HTTP/1.0",
  ),
  lostIn("lengths that differ", answer(200, "Content-Length: 2", "Content-Length: 3"), "Content-Lengths that differ"),
  lostIn("HTTP/0.9", "<html>", "not of HTTP/1"),
  lostIn("a stream of music", "ICY 200 OK\r\n", "not of HTTP/1"),
  lostIn("HTTP/2", "HTTP/2.0 200 OK\r\n", "a version of HTTP other than 1.0 and 1.1"),
  lostIn("no status", "HTTP/1.1 OK\r\n", "no status"),
  lostIn("a status of four digits", "HTTP/1.1 2000 OK\r\n", "no status"),
  lostIn("a status below 100", "HTTP/1.1 099 OK\r\n", "no status"),
  lostIn("no space before the status", "HTTP/1.1200 OK\r\n", "no status"),
  lostIn("101 that nobody asked for", answer(101, "Upgrade: websocket"), "101 to a request that did not ask for it"),
  lostIn("a chunk size that is none", `${answer(200, "Transfer-Encoding: chunked")}x`, "a chunk size that is none"),
  ["no request", [`<${ok}`, `>${get()}`], "lost: the target answered what nobody asked"],
  ["a server that speaks first", ["<220 mail.example ESMTP\r\n"], "lost: the target answered what nobody asked"],
  ["a part of a request line", [">GET /a HTT", `<${ok}`], "lost: the target answered what nobody asked"],
  [
    "a second answer",
    [`>${get()}`, `<${ok}${ok}`],
    "GET h /a 1.1 200 0/2",
    "lost: the target answered what nobody asked",
  ],
  [
    "a body of a HEAD",
    [">HEAD /a HTTP/1.1\r\n\r\n", `<${ok}`],
    "HEAD - /a 1.1 200 0/0",
    "lost: the target answered what nobody asked",
  ],
  [
    "a second answer before the body is whole",
    [`>${post("Content-Length: 9")}`, `<${ok}${ok}`],
    "lost: the target answered what nobody asked",
  ],
  [
    "a tunnel for half a head",
    [">CONNECT h:1 HTTP/1.1\r\nX", `<${answer(200)}`],
    "lost: an answer: 200 to a request that did not ask for it",
  ],
])

const filled = (start: string, length: number): string =>
  `${start}\r\nX: ${"x".repeat(length - start.length - 9)}\r\n\r\n`

describe("limits:", () => {
  const small = { maxHeadBytes: 100 }
  test.each([
    [[`>${filled("GET /a HTTP/1.1", 100)}`, `<${filled("HTTP/1.1 204 X", 100)}`], "GET - /a 1.1 204 0/0"],
    [[`>${filled("GET /a HTTP/1.1", 101)}`], "lost: a request: a head over 100 bytes (limit)"],
    [[`>GET /${"a".repeat(96)}`], "lost: a request: a head over 100 bytes (limit)"],
    [[`>${get()}`, `<${filled("HTTP/1.1 204 X", 101)}`], "lost: an answer: a head over 100 bytes (limit)"],
    [[`>${get()}`, `<HTTP/1.1 ${"2".repeat(92)}`], "lost: an answer: a head over 100 bytes (limit)"],
    [[`>${post("Transfer-Encoding: chunked")}0\r\nT: ${"v".repeat(93)}\r\n\r\n`, `<${none}`], "POST h /p 1.1 204 0/0"],
    [
      [`>${post("Transfer-Encoding: chunked")}0\r\nT: ${"v".repeat(94)}\r\n\r\n`, `<${none}`],
      "lost: a request: trailers over 100 bytes (limit)",
    ],
    [[`>${websocket}`, `>${filled("GET /a HTTP/1.1", 100)}`, `<${none}${none}`], "GET - /a 1.1 204 0/0"],
    [
      [`>${websocket}`, `>${"x".repeat(101)}`, `<${none}`],
      "lost: over 100 bytes behind a request to switch protocols, before its answer (limit)",
    ],
  ] satisfies ReadonlyArray<readonly [ReadonlyArray<Step>, string]>)("%j: %s", (steps, last) => {
    for (const cut of [wholly, byteByByte, ...splits(steps)]) expect(follow(steps, cut, small).at(-1)).toBe(last)
  })

  test("so many fields, and one more", () => {
    for (const [fields, said] of [
      [3, "GET h /a 1.1 204 0/0"],
      [2, "lost: a request: over 2 fields (limit)"],
    ] as const) {
      expect(follow([`>${get("/a", "X: y", "no field")}`, `<${none}`], byteByByte, { maxHeadFields: fields })).toEqual([
        said,
      ])
    }
  })

  test("so many requests without an answer, and one more; those with one no longer count", () => {
    const limits = { maxPipelined: 3 }
    const three = `>${get().repeat(3)}` as const
    expect(follow([three, `<${none.repeat(3)}`, three, `<${none.repeat(3)}`], wholly, limits)).toHaveLength(6)
    expect(follow([three, `<${none}`, three, `<${none.repeat(3)}`], wholly, limits).slice(4)).toEqual([
      `lost: over 3 requests, or ${maxPendingText} bytes of paths, without an answer (limit)`,
    ])
  })

  test("so many bytes of paths without an answer, and more; those with one no longer count", () => {
    const long = get(`/${"x".repeat(60_000)}`)
    const steps = [`>${long.repeat(17)}`, `<${none.repeat(17)}`] as const
    expect(follow([...steps, ...steps])).toHaveLength(34)
    expect(follow([`>${long.repeat(18)}`, `<${none.repeat(18)}`]).slice(17)).toEqual([
      `lost: over 1024 requests, or ${maxPendingText} bytes of paths, without an answer (limit)`,
    ])
  })
})

describe("times:", () => {
  test("of the request's head, of the answer's head, and of the answer's end", () => {
    const following = new Following()
    const at = (now: number, step: Step): void => {
      following.now = now
      following.step(step, wholly)
    }
    at(1, ">POST /p HTTP/1.1\r\nHost: h\r\n")
    at(2, ">Content-Length: 2\r\n\r\n")
    at(3, "<HTTP/1.1 200 X\r\n")
    at(4, "<Content-Length: 2\r\n\r\n")
    at(5, "<o")
    at(6, "<k")
    at(7, ">h")
    expect(following.requests).toEqual([])
    at(8, ">i")
    at(9, `>${get()}`)
    at(10, "over: client")
    expect(following.requests.map(({ startedAt, answeredAt, endedAt }) => [startedAt, answeredAt, endedAt])).toEqual([
      [2, 4, 6],
      [9, undefined, 10],
    ])
  })
})

const skippable = ({ follower }: Following) => [follower.requestSkippable, follower.responseSkippable]

const skip = (following: Following, by: "client" | "target", count: number): void => {
  if (by === "client") following.follower.requestSkipped(count, following.now)
  else following.follower.responseSkipped(count, following.now)
}
test("bodies by length, in both directions, and the next request behind them", () => {
  const following = new Following()
  expect(skippable(following)).toEqual([0, 0])
  following.step(`>${post("Content-Length: 1000")}ab`, wholly)
  expect(skippable(following)).toEqual([998, 0])
  skip(following, "client", 900)
  expect(skippable(following)).toEqual([98, 0])
  following.step(`<${answer(200, "Content-Length: 5000000000")}`, wholly)
  expect(skippable(following)).toEqual([98, 5_000_000_000])
  skip(following, "client", 98)
  skip(following, "target", 4_999_999_999)
  expect(skippable(following)).toEqual([0, 1])
  following.step(`<x${ok}`.slice(0, 2) as Step, wholly)
  following.step(`>${get()}`, wholly)
  following.step(`<${ok}`, wholly)
  expect(following.said).toEqual(["POST h /p 1.1 200 1000/5000000000", "GET h /a 1.1 200 0/2"])
})

describe("bytes that pass unseen:", () => {
  test("the last byte of a body may be one of them", () => {
    const following = new Following()
    following.step(`>${get()}`, wholly)
    following.step(`<${answer(200, "Content-Length: 3")}`, wholly)
    skip(following, "target", 0)
    expect(following.said).toEqual([])
    skip(following, "target", 3)
    expect(following.said).toEqual(["GET h /a 1.1 200 0/3"])
  })

  test("a body until the close, all of it", () => {
    const following = new Following()
    following.step(`>${get()}`, wholly)
    following.step(`<${answer(200)}x`, wholly)
    expect(skippable(following)).toEqual([0, Infinity])
    skip(following, "target", 1_000_000)
    following.step("target ends", wholly)
    expect(following.said).toEqual(["GET h /a 1.1 200 0/1000001"])
    expect(skippable(following)).toEqual([0, 0])
  })

  test("what is left of a chunk, but not its framing", () => {
    const following = new Following()
    following.step(`>${post("Transfer-Encoding: chunked")}64\r\nab`, wholly)
    expect(skippable(following)).toEqual([98, 0])
    skip(following, "client", 98)
    expect(skippable(following)).toEqual([0, 0])
    following.step(">\r\n0\r\n\r\n", byteByByte)
    following.step(`<${none}`, wholly)
    expect(following.said).toEqual(["POST h /p 1.1 204 100/0"])
  })

  test("everything, once nothing is followed", () => {
    for (const end of [["over: client"], ["<x"], [`>${connect}`, `<${none}`]] satisfies Array<Array<Step>>) {
      const following = new Following()
      for (const step of end) following.step(step, wholly)
      expect(skippable(following)).toEqual([Infinity, Infinity])
      const { length } = following.said
      skip(following, "client", 5)
      skip(following, "target", 5)
      expect(following.said).toHaveLength(length)
    }
  })

  test("nothing while it is uncertain what comes", () => {
    const following = new Following()
    following.step(`>${post("Content-Length: 2", "Expect: 100-continue")}`, wholly)
    expect(skippable(following)).toEqual([2, 0])
    following.step(`<${answer(417, "Content-Length: 0")}`, wholly)
    expect(skippable(following)).toEqual([0, 0])
  })
})

/** Each of these would take minutes if a byte were looked at, or moved, again for each byte or request behind it. */
describe("time grows with the bytes, not with their square:", () => {
  test("a head of a megabyte, byte by byte", () => {
    const maxHeadBytes = 1 << 20
    const long = get("/a", `X: ${"x".repeat(maxHeadBytes - 100)}`)
    expect(follow([`>${long}`, `<${none}`], byteByByte, { maxHeadBytes })).toEqual(["GET h /a 1.1 204 0/0"])
  })

  test("a pipeline of 200,000 requests in one piece, and its answers", () => {
    const count = 200_000
    const following = new Following({ maxPipelined: count })
    following.follower.request(ascii(get().repeat(count)), 0)
    following.follower.response(ascii(none.repeat(count)), 0)
    expect(following.said).toHaveLength(count)
  })

  test("a head without its end behind each of many requests", () => {
    const following = new Following()
    const piece = ascii(get().slice(-4) + get().repeat(500) + get().slice(0, -4))
    following.feed("client", ascii(get().slice(0, -4)))
    for (let i = 0; i < 200; i++) {
      following.feed("client", piece)
      following.feed("target", ascii(none.repeat(501)))
    }
    expect(following.said).toHaveLength(200 * 501)
  })
})
