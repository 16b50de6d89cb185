/** Exchange, line by line: answers that are whole before their request, and bodies. */
import { chunking, early, posting, sent, served } from "../../support/exchange-lines.ts"
import { holdTime, plays } from "../../support/playbook.ts"
import { exchange } from "../../support/http-worlds.ts"

holdTime()

plays(exchange(), {
  "an early answer, and the origin reads on: it gets the whole body": `
    ${early}
    client > body
    origin < body
    reports POST a:80/p 200 with 2`,

  "an early answer in chunks to a body in chunks, and the origin reads on": `
    ${chunking}
    origin > HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0||
    client < HTTP/1.1 200 OK|Transfer-Encoding: chunked|Via: 1.1 px||2|ok|0||
    client > 3|abc|
    origin < 3|abc|
    client > 0||
    origin < 0||
    reports POST a:80/p 200 with 2`,

  "the next request may follow the rest of that body at once": `
    ${early}
    client > bodyGET http://a/2 HTTP/1.1|Host: a||
    origin < body
    reports POST a:80/p 200 with 2
    origin < GET /2 HTTP/1.1|Host: a|Via: 1.1 px||`,

  "an early answer, and the origin closes: the client is not let on": `
    ${posting}
    origin > HTTP/1.1 413 Too|Connection: close|Content-Length: 2||no
    client < HTTP/1.1 413 Too|Content-Length: 2|Via: 1.1 px|Connection: close||no
    client gets FIN
    origin finishes
    client > bo
    origin < bo
    client > dy
    origin < dy
    origin gets FIN
    origin is closed in order
    reports POST a:80/p 413 with 2
    needs Over in order`,

  "an early answer, and the origin breaks: the rest is thrown away and the client closed": `
    ${posting}
    origin > HTTP/1.1 413 Too|Connection: close|Content-Length: 2||no
    client < HTTP/1.1 413 Too|Content-Length: 2|Via: 1.1 px|Connection: close||no
    client gets FIN
    client > b
    origin < b
    origin resets
    reports POST a:80/p 413 with 2
    needs Over in order
    client > ody`,

  "an early answer that lets the client stay, and the origin breaks: the rest is thrown away and the client goes on": `
    ${early}
    origin resets
    client > bo
    client > dyGET http://b/ HTTP/1.1|Host: b||
    reports POST a:80/p 200 with 2
    needs Origin b:80`,

  "an early answer, and the origin takes no more of a body in chunks": `
    ${chunking}
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    origin refuses writes
    client > 3|abc|
    client > 2|de|0||GET http://b/ HTTP/1.1|Host: b||
    origin is reset
    reports POST a:80/p 200 with 2
    needs Origin b:80`,

  "an early answer, and the origin stalls: it gets no more, and the client goes on": `
    client > POST http://a/p HTTP/1.1|Host: a|Content-Length: 9||
    needs Origin a:80
    supply
    origin < POST /p HTTP/1.1|Host: a|Content-Length: 9|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    origin has room for 1
    client > body
    origin < b
    client is paused
    5000 ms pass
    origin is reset
    client is read
    client > more!
    reports POST a:80/p 200 with 2`,

  "an early answer, and the origin is behind with the last of the body: it is let go behind it": `
    ${early}
    origin has room for 1
    client > body
    origin < b
    reports POST a:80/p 200 with 2
    origin drains
    origin < ody
    origin gets FIN`,

  "an early answer, and the client stalls": `
    ${early}
    5000 ms pass
    origin is reset
    reports POST a:80/p 200 with 2
    needs Over in order`,

  "an early answer, and the client stalls in what is thrown away": `
    ${early}
    origin resets
    client > b
    5000 ms pass
    reports POST a:80/p 200 with 2
    needs Over in order`,

  "an early answer, and the client goes on slowly enough": `
    client > POST http://a/p HTTP/1.1|Host: a|Content-Length: 20000||
    needs Origin a:80
    supply
    origin < POST /p HTTP/1.1|Host: a|Content-Length: 20000|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    4000 ms pass
    client > {6000}
    origin < {6000}
    1000 ms pass
    5000 ms pass
    origin is reset
    reports POST a:80/p 200 with 2
    needs Over in order`,

  "an early answer, and the client finishes in the middle of its body": `
    ${early}
    client > bo
    origin < bo
    client finishes
    origin is reset
    reports POST a:80/p 200 with 2
    needs Over in order`,

  "an early answer, and the client is reset": `
    ${early}
    client resets
    reports POST a:80/p 200 with 2
    origin is reset
    needs Over by a reset`,

  "an early answer, and the rest of the body is malformed": `
    ${chunking}
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    client > zz|
    origin is reset
    reports POST a:80/p 200 with 2
    needs Over in order`,

  "an early answer with more behind it": `
    ${posting}
    origin > HTTP/1.1 200 OK|Content-Length: 2||oksmuggled
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    origin is reset
    client > body
    reports POST a:80/p 200 with 2`,

  "an early answer to a client that waits for a 100 closes": `
    client > POST http://a/p HTTP/1.1|Host: a|Expect: 100-continue|Content-Length: 4||
    needs Origin a:80
    supply
    origin < POST /p HTTP/1.1|Host: a|Expect: 100-continue|Content-Length: 4|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px|Connection: close||ok
    client gets FIN
    client > body
    origin < body
    reports POST a:80/p 200 with 2
    origin gets FIN
    needs Over in order`,

  "an early answer that ends with the connection": `
    ${posting}
    origin > HTTP/1.1 200 OK||all
    client < HTTP/1.1 200 OK|Via: 1.1 px|Connection: close||all
    origin finishes
    client gets FIN
    client > body
    origin < body
    origin gets FIN
    origin is closed in order
    reports POST a:80/p 200 with 3
    needs Over in order`,

  "an early answer closes a client that had finished before the end of its body": `
    ${posting}
    origin has room for 1
    client > bo
    origin < b
    client finishes unread
    origin > HTTP/1.1 413 Too|Connection: close|Content-Length: 2||no
    client < HTTP/1.1 413 Too|Content-Length: 2|Via: 1.1 px|Connection: close||no
    client gets FIN
    client is closed in order
    reports POST a:80/p 413 with 2
    origin is reset
    needs Over by a reset`,

  "also when the client takes the answer late": `
    ${posting}
    origin has room for 1
    client > bo
    origin < b
    client finishes unread
    client has room for 1
    origin > HTTP/1.1 413 Too|Connection: close|Content-Length: 2||no
    client < H
    client drains
    client < TTP/1.1 413 Too|Content-Length: 2|Via: 1.1 px|Connection: close||no
    client gets FIN
    client is closed in order
    reports POST a:80/p 413 with 2
    origin is reset
    needs Over by a reset`,

  "an early answer that the kernel refuses is told as lost, and the client reset": `
    ${posting}
    client refuses writes
    origin > HTTP/1.1 413 Too|Connection: close|Content-Length: 2||no
    origin is reset
    reports POST a:80/p 413 with 2, ended by client in data: the client took no more of its answer
    needs Over by a reset`,

  "an early answer to a slow reader: its FIN waits for the tail": `
    ${posting}
    client has room for 10
    origin > HTTP/1.1 413 Too|Connection: close|Content-Length: 2||no
    client < HTTP/1.1 4
    client drains
    client < 13 Too|Content-Length: 2|Via: 1.1 px|Connection: close||no
    client gets FIN`,

  "an early answer, and the drain does not cut the upload": `
    ${early}
    the drain begins
    client > body
    origin < body
    reports POST a:80/p 200 with 2
    origin gets FIN
    needs Over in order`,
})

plays(exchange(), {
  "a body is passed on as it comes": `
    ${posting}
    client > bo
    origin < bo
    client > dy
    origin < dy
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports POST a:80/p 200 with 2`,

  "a client that finishes within its body ends both": `
    ${posting}
    client > bo
    origin < bo
    client finishes
    reports POST a:80/p 0 with 0, ended by client in data: the client ended its request early
    origin is reset
    needs Over by a reset
    no deadline is armed`,

  "a client that is reset within its body ends both": `
    ${posting}
    client resets
    reports POST a:80/p 0 with 0, ended by client in data: the client closed (ECONNRESET)
    origin is reset
    needs Over by a reset`,

  "a body whose framing breaks is refused": `
    ${chunking}
    client > zz|
    reports POST a:80/p 0 with 0, ended by client in data: malformed-request
    origin is reset
    needs Over behind HTTP/1.1 400 Bad Request|Proxy-Status: pillion; error=http_request_error|Connection: close|...`,

  "a broken body behind the head of an answer resets the client": `
    ${chunking}
    origin > HTTP/1.1 200 OK|Content-Length: 5||a
    client < HTTP/1.1 200 OK|Content-Length: 5|Via: 1.1 px||a
    client > zz|
    reports POST a:80/p 200 with 1, ended by client in data: malformed-request
    origin is reset
    needs Over by a reset`,

  "an origin that takes no more pauses the client": `
    ${posting}
    origin has room for 1
    client > body
    origin < b
    client is paused
    origin drains
    origin < ody
    client is read`,

  "bytes that wait in the inbox go on when there is room": `
    client > POST http://a/p HTTP/1.1|Host: a|Content-Length: 9||
    needs Origin a:80
    supply
    origin < POST /p HTTP/1.1|Host: a|Content-Length: 9|Via: 1.1 px||
    origin has room for 1
    client > body
    origin < b
    client > more
    client > s
    origin drains
    origin < odymores`,

  "a refused write is not the end: the origin may have answered": `
    ${posting}
    origin refuses writes
    client > body
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    origin gets FIN
    reports POST a:80/p 200 with 2`,

  "a refused write, and no answer": `
    ${posting}
    origin refuses writes
    client > body
    origin resets EPIPE
    reports POST a:80/p 0 with 0, ended by target in data: connection-terminated
    needs Over behind HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=connection_terminated|Connection: close|...`,

  "a refused write of a request that can be sent again": `
    ${served}
    origin refuses writes
    client > GET http://a/2 HTTP/1.1|Host: a||
    origin resets EPIPE
    needs Origin a:80`,

  "a body that waits for its dial fills the inbox, and the client is paused": `
    client > POST http://a/p HTTP/1.1|Host: a|Content-Length: 100000||
    needs Origin a:80
    client > {70000}
    client is paused
    supply
    origin < POST /p HTTP/1.1|Host: a|Content-Length: 100000|Via: 1.1 px||{70000}
    client is read
    client > {30000}
    origin < {30000}
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports POST a:80/p 200 with 2`,

  "pipelined bytes behind a slow answer pause the client": `
    ${sent}
    client > {66000}
    client is paused`,
})
