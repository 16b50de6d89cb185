/** Exchange, line by line: drains, and how either side may end. */
import { big, posting, sent, served } from "../../support/exchange-lines.ts"
import { holdTime, plays } from "../../support/playbook.ts"
import { exchange } from "../../support/http-worlds.ts"

holdTime()

plays(exchange(), {
  "an idle client is closed by a drain": `
    ${served}
    the drain begins
    origin gets FIN
    client gets FIN
    needs Closed`,

  "a client that has asked nothing yet is closed by a drain": `
    the drain begins
    client gets FIN
    needs Closed`,

  "a request under way is answered, and the client closed behind it": `
    ${sent}
    the drain begins
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px|Connection: close||ok
    reports GET a:80/ 200 with 2
    origin gets FIN
    needs Over in order`,

  "a request whose dial is under way is answered in a drain": `
    client > GET http://a/ HTTP/1.1|Host: a||
    needs Origin a:80
    the drain begins
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px|Connection: close||ok
    reports GET a:80/ 200 with 2
    origin gets FIN
    needs Over in order`,

  "a drain between two pipelined requests answers both": `
    client > GET http://a/1 HTTP/1.1|Host: a||GET http://a/2 HTTP/1.1|Host: a||
    needs Origin a:80
    supply
    origin < GET /1 HTTP/1.1|Host: a|Via: 1.1 px||
    the drain begins
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports GET a:80/1 200 with 2
    origin < GET /2 HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px|Connection: close||ok
    reports GET a:80/2 200 with 2
    origin gets FIN
    needs Over in order`,

  "a head that has begun may end in a drain": `
    client > GET http://a/ HT
    the drain begins
    client > TP/1.1|Host: a||
    needs Origin a:80
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px|Connection: close||ok
    reports GET a:80/ 200 with 2
    origin gets FIN
    needs Over in order`,

  "a decline in a drain closes": `
    client > GET http://a/ HTTP/1.1|Host: a||
    needs Origin a:80
    the drain begins
    decline name-not-found
    reports GET a:80/ 0 with 0, ended by proxy in dial: name-not-found
    needs Over behind HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=dns_error|Connection: close|...`,

  "a drain while the last answer is delivered waits for it": `
    ${big}
    the drain begins
    origin gets FIN
    client gets FIN
    client acknowledges all
    its time is up
    reports GET a:80/ 200 with 70000
    needs Closed`,

  "a drain while a tail waits": `
    ${sent}
    client has room for 4
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP
    the drain begins
    client drains
    client < /1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    origin gets FIN
    client gets FIN
    its time is up
    reports GET a:80/ 200 with 2
    needs Closed`,
})

plays(exchange(), {
  "a client that finishes behind its request gets its answer, and is closed": `
    client > GET http://a/ HTTP/1.1|Host: a||
    needs Origin a:80
    client finishes
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports GET a:80/ 200 with 2
    needs Over in order
    no deadline is armed`,

  "a client that finishes between requests is closed": `
    ${served}
    client finishes
    needs Over in order`,

  "a client that finishes within a head is owed nothing": `
    client > GET http://a/ HT
    client finishes
    needs Over in order`,

  "a client that finished and whose answer does not come is reset at the deadline": `
    client > GET http://a/ HTTP/1.1|Host: a||
    needs Origin a:80
    client finishes
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    60000 ms pass
    reports GET a:80/ 0 with 0, ended by timeout in data: the client had ended, and its answer did not
    origin is reset
    needs Over by a reset`,

  "the deadline does not end a dial": `
    client > GET http://a/ HTTP/1.1|Host: a||
    needs Origin a:80
    client finishes
    60000 ms pass
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    60000 ms pass
    reports GET a:80/ 0 with 0, ended by timeout in data: the client had ended, and its answer did not
    origin is reset
    needs Over by a reset`,

  "a client that finished, and an answer that goes on": `
    client > GET http://a/ HTTP/1.1|Host: a||
    needs Origin a:80
    client finishes
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK||{65000}
    client < HTTP/1.1 200 OK|Via: 1.1 px|Connection: close||{65000}
    59000 ms pass
    origin > {65000}
    client < {65000}
    60000 ms pass
    origin finishes
    origin gets FIN
    origin is closed in order
    reports GET a:80/ 200 with 130000
    needs Over in order`,

  "a client that is reset while its origin is dialled": `
    client > GET http://a/ HTTP/1.1|Host: a||
    needs Origin a:80
    client resets
    reports GET a:80/ 0 with 0, ended by client in dial: the client closed (ECONNRESET)
    needs Over by a reset`,

  "a client that is reset while it waits for its answer": `
    ${sent}
    client resets
    reports GET a:80/ 0 with 0, ended by client in data: the client closed (ECONNRESET)
    origin is reset
    needs Over by a reset`,

  "a client that is reset between two requests": `
    ${served}
    client resets ETIMEDOUT
    needs Over by a reset
    no deadline is armed`,

  "a reset of the client frees an origin at rest for others only in order": `
    ${served}
    client resets
    needs Over by a reset
    origin is open
    the drain begins
    origin gets FIN`,

  "supply after the client finished and half its answer": `
    client > GET http://a/ HTTP/1.1|Host: a||
    needs Origin a:80
    client finishes
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 5||ab
    client < HTTP/1.1 200 OK|Content-Length: 5|Via: 1.1 px||ab
    origin finishes
    reports GET a:80/ 200 with 2, ended by target in data: the origin ended its answer early
    origin is reset
    needs Over in order`,

  "given up while dialling": `
    client > GET http://a/ HTTP/1.1|Host: a||
    needs Origin a:80
    cancel
    reports GET a:80/ 0 with 0, ended by drain in dial: the connection was ended
    no deadline is armed`,

  "given up within an answer": `
    ${sent}
    origin > HTTP/1.1 200 OK|Content-Length: 5||ab
    client < HTTP/1.1 200 OK|Content-Length: 5|Via: 1.1 px||ab
    cancel
    reports GET a:80/ 200 with 2, ended by drain in data: the connection was ended
    origin is reset
    no deadline is armed`,

  "given up between requests": `
    ${served}
    cancel
    cancel`,

  "given up while a slow reader has not all": `
    ${big}
    cancel
    reports GET a:80/ 200 with 70000, ended by drain in data: the connection was ended`,

  "an answer that the kernel refuses is told as lost, and the client reset": `
    client refuses writes
    ${sent}
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    reports GET a:80/ 200 with 2, ended by client in data: the client took no more of its answer
    needs Over by a reset
    client resets EPIPE`,

  "the settings change: the connection at rest is not used again": `
    ${served}
    the settings change
    client > GET http://a/ HTTP/1.1|Host: a||
    origin gets FIN
    needs Origin a:80`,

  "a descriptor is needed: an origin that waits gives way": `
    ${served}
    client > GET http://b/ HTTP/1.1|Host: b||
    needs Origin b:80
    supply
    origin2 < GET / HTTP/1.1|Host: b|Via: 1.1 px||
    a descriptor is needed
    origin gets FIN`,

  "a connection that speaks for its client goes with it": `
    ${sent}
    origin > HTTP/1.1 401 No|WWW-Authenticate: NTLM|Content-Length: 0||
    client < HTTP/1.1 401 No|WWW-Authenticate: NTLM|Content-Length: 0|Via: 1.1 px||
    reports GET a:80/ 401 with 0
    client resets
    origin gets FIN
    needs Over by a reset`,

  "an origin that carried a body goes with its client": `
    ${posting}
    client > body
    origin < body
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports POST a:80/p 200 with 2
    client resets
    origin gets FIN
    needs Over by a reset`,
})

plays(exchange({ direction: "inbound" }), {
  "inbound every request goes to the workload whatever it names": `
    client > GET / HTTP/1.1|Host: a||
    needs Origin workload:80
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports GET workload:80/ 200 with 2
    client > GET http://b:8080/2 HTTP/1.1|Host: b:8080||
    origin < GET /2 HTTP/1.1|Host: b:8080|Via: 1.1 px||`,
})

plays(exchange({ first: "GET http://a/ HTTP/1.1|Host: a||", finished: true }), {
  "a client that had finished before gets its answer and is closed": `
    needs Origin a:80
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports GET a:80/ 200 with 2
    needs Over in order`,
})

plays(exchange({ first: "GET http://a/ HTTP/1.1|Host: a||" }), {
  "a request that is here already is begun at once": `
    needs Origin a:80`,
})

plays(exchange({ finished: true }), {
  "a client that finished and asked nothing": `
    needs Over in order`,
})
