/** Exchange, line by line: answers that their clients take slowly, or not at all. */
import { big, sent } from "../../support/exchange-lines.ts"
import { holdTime, plays } from "../../support/playbook.ts"
import { exchange } from "../../support/http-worlds.ts"

holdTime()

plays(exchange(), {
  "a short write holds the answer, and the origin is paused": `
    ${sent}
    client has room for 4
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP
    client drains
    client < /1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok`,

  "an origin is paused while its answer waits": `
    ${sent}
    client has room for 4
    origin > HTTP/1.1 200 OK|Content-Length: 4||ok
    client < HTTP
    origin is paused
    client drains
    client < /1.1 200 OK|Content-Length: 4|Via: 1.1 px||ok
    origin is read
    origin > ok
    client < ok
    reports GET a:80/ 200 with 4`,

  "the next request is read when the answer is gone": `
    client > GET http://a/ HTTP/1.1|Host: a||GET http://a/2 HTTP/1.1|Host: a||
    needs Origin a:80
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    client has room for 4
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP
    client drains
    client < /1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports GET a:80/ 200 with 2
    origin < GET /2 HTTP/1.1|Host: a|Via: 1.1 px||`,

  "a short write, then the client is reset: its answer is told as cut": `
    ${sent}
    client has room for 4
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP
    client resets
    reports GET a:80/ 200 with 2, ended by client in data: the client closed (ECONNRESET)
    needs Over by a reset
    no deadline is armed`,

  "a short write, then the origin is reset in the middle": `
    ${sent}
    client has room for 4
    origin > HTTP/1.1 200 OK|Content-Length: 4||ok
    client < HTTP
    origin resets
    reports GET a:80/ 200 with 2, ended by target in data: ECONNRESET
    needs Over by a reset`,

  "a short write, then the origin finishes in the middle": `
    ${sent}
    client has room for 4
    origin > HTTP/1.1 200 OK|Content-Length: 4||ok
    client < HTTP
    origin finishes
    client drains
    client < /1.1 200 OK|Content-Length: 4|Via: 1.1 px||ok
    reports GET a:80/ 200 with 2, ended by target in data: the origin ended its answer early
    origin is reset
    needs Over in order`,

  "a slow reader whose end is delivered is reported then": `
    ${big}
    its time is up
    client acknowledges 70000
    its time is up
    client acknowledges all
    its time is up
    reports GET a:80/ 200 with 70000`,

  "a slow reader who asks for more has what came before": `
    ${big}
    client > GET http://a/ HTTP/1.1|Host: a||
    reports GET a:80/ 200 with 70000
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||`,

  "a slow reader who takes nothing is let go at the deadline": `
    ${big}
    60000 ms pass
    10000 ms pass
    reports GET a:80/ 200 with 70000, ended by timeout in data: the client took no more of its answer
    origin gets FIN
    client gets FIN
    client is left to the kernel
    needs Closed
    origin is left to the kernel`,

  "a slow reader with a tail is reset at the deadline": `
    client has room for 66000
    client reads slowly
    ${sent}
    origin > HTTP/1.1 200 OK|Content-Length: 70000||{70000}
    client < HTTP/1.1 200 OK|Content-Length: 70000|Via: 1.1 px||{65945}
    60000 ms pass
    10000 ms pass
    reports GET a:80/ 200 with 70000, ended by timeout in data: the client took no more of its answer
    origin gets FIN
    client is reset
    needs Closed
    origin is left to the kernel`,

  "a slow reader who takes enough is waited for": `
    ${big}
    59000 ms pass
    client acknowledges 40000
    59000 ms pass
    client acknowledges all
    1000 ms pass
    reports GET a:80/ 200 with 70000`,

  "a slow reader that is reset did not get all": `
    ${big}
    client acknowledges 30000
    client resets
    reports GET a:80/ 200 with 70000, ended by client in data: the client closed (ECONNRESET)
    needs Over by a reset`,

  "a slow reader that finishes is closed behind its answer": `
    ${big}
    client finishes
    client gets FIN
    client acknowledges all
    client is closed in order
    reports GET a:80/ 200 with 70000
    needs Closed
    no deadline is armed`,

  "a slow reader that finishes and takes no more": `
    ${big}
    client finishes
    client gets FIN
    130000 ms pass
    origin gets FIN
    origin is left to the kernel
    client is left to the kernel
    reports GET a:80/ 200 with 70000, ended by timeout in data: the client took no more of its answer
    needs Closed`,

  "a slow reader of the last answer that leaves": `
    client reads slowly
    client > GET http://a/ HTTP/1.1|Host: a|Connection: close||
    needs Origin a:80
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 70000||{70000}
    client < HTTP/1.1 200 OK|Content-Length: 70000|Via: 1.1 px|Connection: close||{70000}
    client gets FIN
    client resets
    reports GET a:80/ 200 with 70000, ended by client in data: the client left before it had all of its answer
    needs Closed`,

  "a slow reader of the last answer that takes it all": `
    client reads slowly
    client > GET http://a/ HTTP/1.1|Host: a|Connection: close||
    needs Origin a:80
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 70000||{70000}
    client < HTTP/1.1 200 OK|Content-Length: 70000|Via: 1.1 px|Connection: close||{70000}
    client gets FIN
    client acknowledges all
    client finishes
    client is closed in order
    reports GET a:80/ 200 with 70000
    needs Closed
    no deadline is armed`,

  "a slow reader of the last answer who takes nothing": `
    client reads slowly
    client > GET http://a/ HTTP/1.1|Host: a|Connection: close||
    needs Origin a:80
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 70000||{70000}
    client < HTTP/1.1 200 OK|Content-Length: 70000|Via: 1.1 px|Connection: close||{70000}
    client gets FIN
    125000 ms pass
    origin gets FIN
    origin is left to the kernel
    client is left to the kernel
    reports GET a:80/ 200 with 70000, ended by timeout in data: the client took no more of its answer
    needs Closed`,
})
