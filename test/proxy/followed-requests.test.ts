/** Requests that are read as they pass: what is reported of each, when, and what their connection has left to say. */
import { maxPipelined } from "../../src/proxy/followed-requests.ts"
import { connection } from "../support/connection-world.ts"
import { holdTime, plays } from "../support/playbook.ts"

holdTime()

/** One request was answered; both sides stay. */
const served = `
    client > GET /1 HTTP/1.1|Host: shop||
    dials workload:80
    connected
    target < GET /1 HTTP/1.1|Host: shop||
    target > HTTP/1.1 200 OK|Content-Length: 2||ok
    reports GET workload:80/1 200 with 2, as it passed
    client < HTTP/1.1 200 OK|Content-Length: 2||ok`

/** So many requests behind each other. */
const ahead = (count: number): string => "GET / HTTP/1.1|Host: shop||".repeat(count)

/** A client that reads slowly was sent a large answer. */
const big = `
    client reads slowly
    client > GET /big HTTP/1.1|Host: shop||
    dials workload:80
    connected
    target < GET /big HTTP/1.1|Host: shop||
    target > HTTP/1.1 200 OK|Content-Length: 70000||{70000}
    client < HTTP/1.1 200 OK|Content-Length: 70000||{70000}`

plays(connection({ direction: "inbound" }), {
  "each request is reported when its answer has come, and a connection that only rested then has no more to say": `
    ${served}
    client > POST /2 HTTP/1.1|Host: shop|Content-Length: 3||abc
    target < POST /2 HTTP/1.1|Host: shop|Content-Length: 3||abc
    target > HTTP/1.1 500 Oh|Transfer-Encoding: chunked||3|abc|0||
    reports POST workload:80/2 500 with 3, as it passed
    client < HTTP/1.1 500 Oh|Transfer-Encoding: chunked||3|abc|0||
    target finishes
    client gets FIN
    client finishes
    client is closed in order
    target gets FIN
    target is closed in order
    over, ended by target in data, all told`,

  "a client that leaves with a request under way has it reported, once": `
    ${served}
    client > GET /2 HTTP/1.1|Host: shop||
    target < GET /2 HTTP/1.1|Host: shop||
    client resets
    target is reset
    reports GET workload:80/2 0 with 0, ended by client in data: the client closed (ECONNRESET), as it passed
    over, ended by client (ECONNRESET) in data, all told`,

  "a target that leaves before it answered, or within its answer": `
    ${served}
    client > GET /2 HTTP/1.1|Host: shop||
    target < GET /2 HTTP/1.1|Host: shop||
    target finishes
    reports GET workload:80/2 0 with 0, ended by target in data: the target closed before it answered, as it passed
    client gets FIN
    client finishes
    client is closed in order
    target gets FIN
    target is closed in order
    over, ended by target in data, all told`,

  "an answer that a reset cuts short": `
    client > GET /1 HTTP/1.1|Host: shop||
    dials workload:80
    connected
    target < GET /1 HTTP/1.1|Host: shop||
    target > HTTP/1.1 200 OK|Content-Length: 9||half
    client < HTTP/1.1 200 OK|Content-Length: 9||half
    target resets
    client is reset
    reports GET workload:80/1 200 with 4, ended by target in data: the target ended its answer early (ECONNRESET), as it passed
    over, ended by target (ECONNRESET) in data, all told`,

  "a reset between requests is for the connection to tell": `
    ${served}
    client resets
    target is reset
    over, ended by client (ECONNRESET) in data`,

  "bytes that are no whole request are for the connection to tell": `
    ${served}
    client > GET /2 HT
    target < GET /2 HT
    client finishes
    target gets FIN
    target finishes
    target is closed in order
    client gets FIN
    client is closed in order
    over, ended by client in data`,

  "a drain that cuts a request is told by its line": `
    client > GET /1 HTTP/1.1|Host: shop||
    dials workload:80
    connected
    target < GET /1 HTTP/1.1|Host: shop||
    cancel
    reports GET workload:80/1 0 with 0, ended by drain in data: the connection was ended, as it passed
    client is reset
    target is reset
    over, ended by drain in data, all told`,

  "a drain that cuts a connection at rest is told by that": `
    ${served}
    cancel
    client is reset
    target is reset
    over, ended by drain in data`,

  "pipelined requests are reported in their order": `
    client > GET /1 HTTP/1.1|Host: shop||GET /2 HTTP/1.1|Host: shop||
    dials workload:80
    connected
    target < GET /1 HTTP/1.1|Host: shop||GET /2 HTTP/1.1|Host: shop||
    target > HTTP/1.1 204 Empty||HTTP/1.1 304 Same|Content-Length: 9||
    reports GET workload:80/1 204 with 0, as it passed
    reports GET workload:80/2 304 with 0, as it passed
    client < HTTP/1.1 204 Empty||HTTP/1.1 304 Same|Content-Length: 9||`,

  "a large answer is reported when the client has acknowledged it": `
    ${big}
    client acknowledges 100
    its time is up
    client acknowledges all
    its time is up
    reports GET workload:80/big 200 with 70000, as it passed
    no deadline is armed`,

  "or when the client asks for more": `
    ${big}
    client > GET /2 HTTP/1.1|Host: shop||
    reports GET workload:80/big 200 with 70000, as it passed
    target < GET /2 HTTP/1.1|Host: shop||
    no deadline is armed`,

  "or when it is over: a client that took no more of it did not get it": `
    ${big}
    target finishes
    client gets FIN
    client acknowledges 100
    60000 ms pass
    client is left to the kernel
    target is reset
    reports GET workload:80/big 200 with 70000, ended by timeout in data: the client took no more of its answer, as it passed
    over, ended by timeout in data, all told`,

  "a client that is reset while it takes it did not get it": `
    ${big}
    client acknowledges 100
    client resets
    target is reset
    reports GET workload:80/big 200 with 70000, ended by client in data: the client took no more of its answer, as it passed
    over, ended by client (ECONNRESET) in data, all told`,

  "a client that goes in order has it": `
    ${big}
    client finishes
    target gets FIN
    target finishes
    target is closed in order
    client gets FIN
    client acknowledges all
    client is closed in order
    reports GET workload:80/big 200 with 70000, as it passed
    over, ended by client in data, all told`,

  "a client that does not take it for a long time keeps its connection": `
    ${big}
    70000 ms pass
    no deadline is armed
    client is open
    target is open`,

  "behind an upgrade nothing is read, and the connection tells the rest": `
    client > GET /ws HTTP/1.1|Host: shop|Connection: Upgrade|Upgrade: websocket||
    dials workload:80
    connected
    target < GET /ws HTTP/1.1|Host: shop|Connection: Upgrade|Upgrade: websocket||
    target > HTTP/1.1 101 Yes|Connection: Upgrade|Upgrade: websocket||<81 02>hi
    reports GET workload:80/ws 101 with 0, as it passed
    reads no more: upgrade
    client < HTTP/1.1 101 Yes|Connection: Upgrade|Upgrade: websocket||<81 02>hi
    client > GET / HTTP/1.1||
    target < GET / HTTP/1.1||
    client finishes
    target gets FIN
    target finishes
    target is closed in order
    client gets FIN
    client is closed in order
    over, ended by client in data`,

  "what cannot be read goes on, and the connection says why": `
    client > GET /1 HTTP/1.1|Host: shop||
    dials workload:80
    connected
    target < GET /1 HTTP/1.1|Host: shop||
    target > no answer|
    reads no more: malformed
    client < no answer|
    client > GET /2 HTTP/1.1|Host: shop||
    target < GET /2 HTTP/1.1|Host: shop||
    client finishes
    target gets FIN
    target finishes
    target is closed in order
    client gets FIN
    client is closed in order
    over, ended by client in data`,

  "the preface of HTTP/2 is not read": `
    client > PRI * HTTP/2.0||SM||
    dials workload:80
    connected
    reads no more: http2
    target < PRI * HTTP/2.0||SM||`,

  "more requests without an answer than anybody sends ahead end the reading, and nothing else": `
    client > GET / HTTP/1.1|Host: shop||
    dials workload:80
    connected
    target < GET / HTTP/1.1|Host: shop||
    client > ${ahead(maxPipelined - 1)}
    target < ${ahead(maxPipelined - 1)}
    client > GET /one-more HTTP/1.1|Host: shop||
    target < GET /one-more HTTP/1.1|Host: shop||
    target > ${"HTTP/1.1 204 No||".repeat(maxPipelined)}
    ${"reports GET workload:80/ 204 with 0, as it passed\n".repeat(maxPipelined)}
    reads no more: limit
    client < ${"HTTP/1.1 204 No||".repeat(maxPipelined)}`,

  "what ends before that is told is not all told": `
    client > GET /1 HTTP/1.1|Host: shop||no request||
    dials workload:80
    connected
    target < GET /1 HTTP/1.1|Host: shop||no request||
    client resets
    target is reset
    reports GET workload:80/1 0 with 0, ended by client in data: the client closed (ECONNRESET), as it passed
    reads no more: malformed
    over, ended by client (ECONNRESET) in data`,

  "a head that is too long to hold ends the reading, and nothing else": `
    client > GET /1 HTTP/1.1|a: {70000}|
    dials workload:80
    connected
    reads no more: limit
    target < GET /1 HTTP/1.1|a: {70000}|`,
})

plays(connection({ direction: "inbound", opaque: true }), {
  "through a tcp listener requests are reported too": `
    dials workload:80
    connected
    client > GET /1 HTTP/1.1|Host: shop||
    target < GET /1 HTTP/1.1|Host: shop||
    target > HTTP/1.1 200 OK||until the end
    client < HTTP/1.1 200 OK||until the end
    target finishes
    reports GET workload:80/1 200 with 13, as it passed
    client gets FIN
    client finishes
    client is closed in order
    target gets FIN
    target is closed in order
    over, ended by target in data, all told`,

  "something else is a tunnel like any other, also where it begins as HTTP may": `
    dials workload:80
    connected
    client > SSH
    target < SSH
    client > -2.0-x|
    target < -2.0-x|
    target > SSH-2.0-y|
    client < SSH-2.0-y|
    client finishes
    target gets FIN
    target finishes
    target is closed in order
    client gets FIN
    client is closed in order
    over, ended by client in data`,
})

plays(connection(), {
  "a tunnel that was asked for has its own line beside those of its requests": `
    client > CONNECT a:80 HTTP/1.1|Host: a||
    dials a:80
    connected
    client < HTTP/1.1 200 Connection Established||
    client > GET /1 HTTP/1.1|Host: shop||
    target < GET /1 HTTP/1.1|Host: shop||
    target > HTTP/1.1 200 OK|Content-Length: 2||ok
    reports GET a:80/1 200 with 2, as it passed
    client < HTTP/1.1 200 OK|Content-Length: 2||ok
    client finishes
    target gets FIN
    target finishes
    target is closed in order
    client gets FIN
    client is closed in order
    over, ended by client in data`,

  "behind an upgrade of an exchange nothing is read, whatever it looks like": `
    client > GET http://a/ HTTP/1.1|Host: a|Connection: Upgrade|Upgrade: x||
    dials a:80
    connected
    target < GET / HTTP/1.1|Host: a|...
    target > HTTP/1.1 101 Yes|Connection: Upgrade|Upgrade: x||
    reports GET a:80/ 101 with 0
    client < HTTP/1.1 101 Yes|...
    client > GET / HTTP/1.1||
    target < GET / HTTP/1.1||
    target > HTTP/1.1 200 OK|Content-Length: 0||
    client < HTTP/1.1 200 OK|Content-Length: 0||`,
})

plays(connection({ direction: "inbound", unread: true }), {
  "where it is not wanted nothing is read": `
    client > GET /1 HTTP/1.1|Host: shop||
    dials workload:80
    connected
    target < GET /1 HTTP/1.1|Host: shop||
    target > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2||ok
    client finishes
    target gets FIN
    target finishes
    target is closed in order
    client gets FIN
    client is closed in order
    over, ended by client in data`,
})

plays(connection({ direction: "inbound", records: true }), {
  "a request that is recorded has its recording told that it is over": `
    client > POST /1 HTTP/1.1|Host: shop|Content-Length: 3||ab
    dials workload:80
    connected
    target < POST /1 HTTP/1.1|Host: shop|Content-Length: 3||ab
    client > c
    target < c
    target > HTTP/1.1 200 OK|Content-Length: 2||ok
    reports POST workload:80/1 200 with 2, as it passed
    records 1 to workload:80 at 192.0.2.1:443, whole: request and response
    records > POST /1 HTTP/1.1|Host: shop|Content-Length: 3|| abc
    records < HTTP/1.1 200 OK|Content-Length: 2|| ok
    client < HTTP/1.1 200 OK|Content-Length: 2||ok`,

  "so has one that is cut": `
    client > GET /1 HTTP/1.1|Host: shop||
    dials workload:80
    connected
    target < GET /1 HTTP/1.1|Host: shop||
    client resets
    target is reset
    reports GET workload:80/1 0 with 0, ended by client in data: the client closed (ECONNRESET), as it passed
    records 1 to workload:80 at 192.0.2.1:443, whole: request, ended by client
    records > GET /1 HTTP/1.1|Host: shop||
    records <
    over, ended by client (ECONNRESET) in data, all told`,

  "one whose answer cannot be followed is abandoned": `
    client > GET /1 HTTP/1.1|Host: shop||
    dials workload:80
    connected
    target < GET /1 HTTP/1.1|Host: shop||
    target > SSH-2.0-x|
    records abandoned
    records > GET /1 HTTP/1.1|Host: shop||
    records <
    reads no more: malformed
    client < SSH-2.0-x|`,
})

plays(connection({ records: true }), {
  "requests of an exchange are recorded likewise": `
    client > GET http://a/1 HTTP/1.1|Host: a||
    dials a:80
    connected
    target < GET /1 HTTP/1.1|Host: a|Via: 1.1 px||
    target > HTTP/1.1 204 X||
    client < HTTP/1.1 204 X|Via: 1.1 px||
    reports GET a:80/1 204 with 0
    records 1 to a:80 at 192.0.2.1:443, whole: request and response
    records > GET http://a/1 HTTP/1.1|Host: a||
    records < HTTP/1.1 204 X||`,
})
