/** Exchange, line by line: requests, answers, and what becomes of both connections. */
import { posting, sent, served } from "../../support/exchange-lines.ts"
import { holdTime, plays } from "../../support/playbook.ts"
import { exchange } from "../../support/http-worlds.ts"

holdTime()

plays(exchange(), {
  "a request goes to its origin and its answer back": `
    ${served}`,

  "the next request goes to the same origin without a dial": `
    ${served}
    client > GET http://a/2 HTTP/1.1|Host: a||
    origin < GET /2 HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports GET a:80/2 200 with 2`,

  "a request for another origin needs another connection, and the first one waits": `
    ${served}
    client > GET http://b/2 HTTP/1.1|Host: b||
    needs Origin b:80
    supply
    origin2 < GET /2 HTTP/1.1|Host: b|Via: 1.1 px||
    origin2 > HTTP/1.1 204 No Content||
    client < HTTP/1.1 204 No Content|Via: 1.1 px||
    reports GET b:80/2 204 with 0
    client > GET http://a/3 HTTP/1.1|Host: a||
    origin < GET /3 HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports GET a:80/3 200 with 2`,

  "pipelined requests are answered in their order, one at a time": `
    client > GET http://a/1 HTTP/1.1|Host: a||GET http://a/2 HTTP/1.1|Host: a||
    needs Origin a:80
    supply
    origin < GET /1 HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports GET a:80/1 200 with 2
    origin < GET /2 HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 3||two
    client < HTTP/1.1 200 OK|Content-Length: 3|Via: 1.1 px||two
    reports GET a:80/2 200 with 3`,

  "a head may come in pieces": `
    client > GET http://a/ HT
    client > TP/1.1|Host:
    client >  a||
    needs Origin a:80`,

  "a head that does not end in time is refused": `
    client > GET http://a/ HTTP/1.1
    9999 ms pass
    1 ms pass
    reports - - 0 with 0, ended by timeout in handshake: request-timeout
    needs Over behind HTTP/1.1 408 Request Timeout|Proxy-Status: pillion; error=http_request_error|Connection: close|...`,

  "a trickle does not make it longer": `
    client > GET http://a/ HTTP/1.1
    9000 ms pass
    client > |Host:
    1000 ms pass
    reports - - 0 with 0, ended by timeout in handshake: request-timeout
    needs Over behind HTTP/1.1 408 Request Timeout|Proxy-Status: pillion; error=http_request_error|Connection: close|...`,

  "an idle client is closed after keep-alive-timeout": `
    ${served}
    60000 ms pass
    origin gets FIN
    needs Over in order`,

  "an answer in chunks": `
    ${sent}
    origin > HTTP/1.1 200 OK|Transfer-Encoding: chunked||3|abc|
    client < HTTP/1.1 200 OK|Transfer-Encoding: chunked|Via: 1.1 px||3|abc|
    origin > 0||
    client < 0||
    reports GET a:80/ 200 with 3`,

  "an answer that ends with the connection": `
    ${sent}
    origin > HTTP/1.1 200 OK||abc
    client < HTTP/1.1 200 OK|Via: 1.1 px|Connection: close||abc
    origin > def
    client < def
    origin finishes
    origin gets FIN
    origin is closed in order
    reports GET a:80/ 200 with 6
    needs Over in order`,

  "an answer that ends with the connection and is reset": `
    ${sent}
    origin > HTTP/1.1 200 OK||abc
    client < HTTP/1.1 200 OK|Via: 1.1 px|Connection: close||abc
    origin resets
    reports GET a:80/ 200 with 3, ended by target in data: ECONNRESET
    needs Over by a reset`,

  "an answer by length that FIN cuts short is told by FIN": `
    ${sent}
    origin > HTTP/1.1 200 OK|Content-Length: 5||ab
    client < HTTP/1.1 200 OK|Content-Length: 5|Via: 1.1 px||ab
    origin finishes
    reports GET a:80/ 200 with 2, ended by target in data: the origin ended its answer early
    origin is reset
    needs Over in order`,

  "likewise an answer in chunks": `
    ${sent}
    origin > HTTP/1.1 200 OK|Transfer-Encoding: chunked||3|abc|
    client < HTTP/1.1 200 OK|Transfer-Encoding: chunked|Via: 1.1 px||3|abc|
    origin finishes
    reports GET a:80/ 200 with 3, ended by target in data: the origin ended its answer early
    origin is reset
    needs Over in order`,

  "an answer that a reset cuts short is told by a reset": `
    ${sent}
    origin > HTTP/1.1 200 OK|Content-Length: 5||ab
    client < HTTP/1.1 200 OK|Content-Length: 5|Via: 1.1 px||ab
    origin resets
    reports GET a:80/ 200 with 2, ended by target in data: ECONNRESET
    needs Over by a reset`,

  "a 1.0 client sees a reset where chunks end early": `
    client > GET http://a/ HTTP/1.0|Host: a||
    needs Origin a:80
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.0 px||
    origin > HTTP/1.1 200 OK|Transfer-Encoding: chunked||3|abc|
    client < HTTP/1.1 200 OK|Via: 1.1 px|Connection: close||abc
    origin finishes
    reports GET a:80/ 200 with 3, ended by target in data: the origin ended its answer early
    origin is reset
    needs Over by a reset`,

  "an origin that closes unanswered is a 502": `
    ${sent}
    origin finishes
    reports GET a:80/ 0 with 0, ended by target in data: connection-terminated
    origin is reset
    needs Over behind HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=connection_terminated|Connection: close|...`,

  "likewise one that is reset": `
    ${sent}
    origin resets
    reports GET a:80/ 0 with 0, ended by target in data: connection-terminated
    needs Over behind HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=connection_terminated|Connection: close|...`,

  "a head without its end is a 502": `
    ${sent}
    origin > HTTP/1.1 200
    origin finishes
    reports GET a:80/ 0 with 0, ended by target in data: response-incomplete
    origin is reset
    needs Over behind HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=http_response_incomplete|Connection: close|...`,

  "an answer that is no HTTP is a 502": `
    ${sent}
    origin > SSH-2.0-x||
    reports GET a:80/ 0 with 0, ended by target in data: response-malformed
    origin is reset
    needs Over behind HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=http_protocol_error|Connection: close|...`,

  "interim answers are passed on": `
    ${posting}
    origin > HTTP/1.1 100 Continue||
    client < HTTP/1.1 100 Continue|Via: 1.1 px||
    client > body
    origin < body
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports POST a:80/p 200 with 2`,

  "but not to HTTP/1.0": `
    client > GET http://a/ HTTP/1.0|Host: a||
    needs Origin a:80
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.0 px||
    origin > HTTP/1.1 103 Early Hints|Link: x||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px|Connection: close||ok
    reports GET a:80/ 200 with 2
    needs Over in order`,

  "too many interim answers are a 502": `
    ${sent}
    origin > ${"HTTP/1.1 103 Early Hints||".repeat(33)}
    client < ${"HTTP/1.1 103 Early Hints|Via: 1.1 px||".repeat(32)}
    reports GET a:80/ 0 with 0, ended by target in data: response-malformed
    origin is reset
    needs Over behind HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=http_protocol_error|Connection: close|...`,

  "a client stays when only its request is lost": `
    client > GET http://a/ HTTP/1.1|Host: a||
    needs Origin a:80
    decline name-not-found
    reports GET a:80/ 0 with 0, ended by proxy in dial: name-not-found
    client < HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=dns_error|...
    client > GET http://a/ HTTP/1.1|Host: a||
    needs Origin a:80`,

  "a client whose body would have to be read is closed": `
    client > POST http://a/p HTTP/1.1|Host: a|Content-Length: 4||
    needs Origin a:80
    decline name-not-found
    reports POST a:80/p 0 with 0, ended by proxy in dial: name-not-found
    needs Over behind HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=dns_error|Connection: close|...`,

  "a refusal of HEAD has no body": `
    client > HEAD http://a/ HTTP/1.1|Host: a||
    needs Origin a:80
    decline name-not-found
    reports HEAD a:80/ 0 with 0, ended by proxy in dial: name-not-found
    client < HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=dns_error|...`,

  "the next request is begun behind a refusal": `
    client > GET http://a/ HTTP/1.1|Host: a||GET http://b/ HTTP/1.1|Host: b||
    needs Origin a:80
    decline name-not-found
    reports GET a:80/ 0 with 0, ended by proxy in dial: name-not-found
    client < HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=dns_error|...
    needs Origin b:80`,

  "a request that a used connection swallowed is sent again": `
    ${served}
    client > GET http://a/2 HTTP/1.1|Host: a||
    origin < GET /2 HTTP/1.1|Host: a|Via: 1.1 px||
    origin finishes
    origin is reset
    needs Origin a:80
    supply
    origin2 < GET /2 HTTP/1.1|Host: a|Via: 1.1 px||
    origin2 > HTTP/1.1 204 No Content||
    client < HTTP/1.1 204 No Content|Via: 1.1 px||
    reports GET a:80/2 204 with 0`,

  "once and only once": `
    ${served}
    client > GET http://a/2 HTTP/1.1|Host: a||
    origin < GET /2 HTTP/1.1|Host: a|Via: 1.1 px||
    origin resets
    needs Origin a:80
    supply
    origin2 < GET /2 HTTP/1.1|Host: a|Via: 1.1 px||
    origin2 finishes
    reports GET a:80/2 0 with 0, ended by target in data: connection-terminated
    origin2 is reset
    needs Over behind HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=connection_terminated|Connection: close|...`,

  "a POST is not": `
    ${served}
    client > POST http://a/p HTTP/1.1|Host: a|Content-Length: 4||
    origin < POST /p HTTP/1.1|Host: a|Content-Length: 4|Via: 1.1 px||
    origin resets
    reports POST a:80/p 0 with 0, ended by target in data: connection-terminated
    needs Over behind HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=connection_terminated|Connection: close|...`,

  "nor one on a new connection": `
    ${sent}
    origin resets
    reports GET a:80/ 0 with 0, ended by target in data: connection-terminated
    needs Over behind HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=connection_terminated|Connection: close|...`,

  "nor one of whose answer a byte has come": `
    ${served}
    client > GET http://a/2 HTTP/1.1|Host: a||
    origin < GET /2 HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP
    origin resets
    reports GET a:80/2 0 with 0, ended by target in data: response-incomplete
    needs Over behind HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=http_response_incomplete|Connection: close|...`,

  "there may be no connection to send it again": `
    ${served}
    client > GET http://a/2 HTTP/1.1|Host: a||
    origin < GET /2 HTTP/1.1|Host: a|Via: 1.1 px||
    origin resets
    needs Origin a:80
    decline connection-refused
    reports GET a:80/2 0 with 0, ended by proxy in dial: connection-refused
    client < HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=connection_refused|...`,

  "an origin that closes at rest is not asked again": `
    ${served}
    origin finishes
    origin gets FIN
    origin is closed in order
    client > GET http://a/2 HTTP/1.1|Host: a||
    needs Origin a:80`,

  "an origin that speaks unasked is reset: it would answer the next request": `
    ${served}
    origin > HTTP/1.1 408 Request Timeout||
    origin is reset
    client > GET http://a/2 HTTP/1.1|Host: a||
    needs Origin a:80`,

  "an origin that sends more than its answer is asked nothing more": `
    ${sent}
    origin > HTTP/1.1 200 OK|Content-Length: 2||oksmuggled
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    origin gets FIN
    reports GET a:80/ 200 with 2
    client > GET http://a/2 HTTP/1.1|Host: a||
    needs Origin a:80`,

  "an origin that closes behind its answer leaves the client": `
    ${sent}
    origin > HTTP/1.1 200 OK|Connection: close|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    origin gets FIN
    reports GET a:80/ 200 with 2
    client > GET http://a/2 HTTP/1.1|Host: a||
    needs Origin a:80`,

  "a client that wants to close is closed behind its answer": `
    client > GET http://a/ HTTP/1.1|Host: a|Connection: close||
    needs Origin a:80
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px|Connection: close||ok
    reports GET a:80/ 200 with 2
    needs Over in order`,

  "so is HTTP/1.0": `
    client > GET http://a/ HTTP/1.0|Host: a||
    needs Origin a:80
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.0 px||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px|Connection: close||ok
    reports GET a:80/ 200 with 2
    needs Over in order`,

  "CONNECT is for the owner": `
    client > CONNECT a:443 HTTP/1.1|Host: a||
    needs Connect`,

  "CONNECT may come behind requests": `
    ${served}
    client > CONNECT a:443 HTTP/1.1|Host: a||
    needs Connect`,

  "101 joins the two, with the bytes behind it": `
    client > GET http://a/ HTTP/1.1|Host: a|Connection: Upgrade|Upgrade: websocket||
    needs Origin a:80
    supply
    origin < GET / HTTP/1.1|Host: a|Upgrade: websocket|Via: 1.1 px|Connection: Upgrade||
    origin > HTTP/1.1 101 Switching Protocols|Connection: Upgrade|Upgrade: websocket||behind it
    reports GET a:80/ 101 with 0
    needs Upgraded, client < HTTP/1.1 101 Switching Protocols|Upgrade: websocket|Via: 1.1 px|Connection: Upgrade||behind it, origin <`,

  "likewise with what the client sent ahead, and its FIN": `
    client > GET http://a/ HTTP/1.1|Host: a|Connection: Upgrade|Upgrade: websocket||ahead
    needs Origin a:80
    client finishes
    supply
    origin < GET / HTTP/1.1|Host: a|Upgrade: websocket|Via: 1.1 px|Connection: Upgrade||
    origin > HTTP/1.1 101 Switching Protocols|Connection: Upgrade|Upgrade: websocket||
    reports GET a:80/ 101 with 0
    needs Upgraded, client < HTTP/1.1 101 Switching Protocols|Upgrade: websocket|Via: 1.1 px|Connection: Upgrade||, origin < ahead, finished`,

  "an origin may refuse to switch": `
    client > GET http://a/ HTTP/1.1|Host: a|Connection: Upgrade|Upgrade: websocket||
    needs Origin a:80
    supply
    origin < GET / HTTP/1.1|Host: a|Upgrade: websocket|Via: 1.1 px|Connection: Upgrade||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports GET a:80/ 200 with 2
    client > GET http://a/ HTTP/1.1|Host: a||
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||`,

  "101 that was not asked for is a 502": `
    ${sent}
    origin > HTTP/1.1 101 Switching Protocols|Connection: Upgrade|Upgrade: websocket||
    reports GET a:80/ 0 with 0, ended by target in data: response-malformed
    origin is reset
    needs Over behind HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=http_protocol_error|Connection: close|...`,

  "TRACE is refused": `
    client > TRACE http://a/ HTTP/1.1|Host: a||
    reports - - 0 with 0, ended by proxy in handshake: method-not-allowed
    needs Over behind HTTP/1.1 405 Method Not Allowed|Proxy-Status: pillion; error=http_request_denied|Allow: CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT|Connection: close|...`,

  "origin-form is refused on a forward proxy": `
    client > GET / HTTP/1.1|Host: a||
    reports - - 0 with 0, ended by proxy in handshake: origin-form-request
    needs Over behind HTTP/1.1 400 Bad Request|Proxy-Status: pillion; error=http_request_error|Connection: close|...`,

  "a malformed head is refused": `
    client > GET http://a/ HTTP/1.1|Host: a|Host: b||
    reports - - 0 with 0, ended by proxy in handshake: malformed-request
    needs Over behind HTTP/1.1 400 Bad Request|Proxy-Status: pillion; error=http_request_error|Connection: close|...`,

  "OPTIONS with Max-Forwards 0 is answered here": `
    client > OPTIONS http://a/ HTTP/1.1|Host: a|Max-Forwards: 0||
    client < HTTP/1.1 200 OK|Allow: CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT|Content-Length: 0||
    client > GET http://a/ HTTP/1.1|Host: a||
    needs Origin a:80`,

  "and the client closed if it wants to be": `
    client > OPTIONS http://a/ HTTP/1.1|Host: a|Connection: close|Max-Forwards: 0||
    needs Over behind HTTP/1.1 200 OK|Allow: CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT|Connection: close|Content-Length: 0||`,

  "nonsense behind a request is refused behind its answer": `
    client > GET http://a/ HTTP/1.1|Host: a|| nonsense||
    needs Origin a:80
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports GET a:80/ 200 with 2
    reports - - 0 with 0, ended by proxy in handshake: malformed-request
    needs Over behind HTTP/1.1 400 Bad Request|Proxy-Status: pillion; error=http_request_error|Connection: close|...`,
})
