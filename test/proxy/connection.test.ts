/** Connection, line by line: the whole story of one client, from its accept to its end. */
import { holdTime, plays } from "../support/playbook.ts"
import { connection } from "../support/connection-world.ts"

holdTime()

plays(connection(), {
  "CONNECT is dialled, joined, and over when both are done": `
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    dials a:443
    connected
    client < HTTP/1.1 200 Connection Established||
    client > hello
    target < hello
    target > hi
    client < hi
    client finishes
    target gets FIN
    target finishes
    target is closed in order
    client gets FIN
    client is closed in order
    over, ended by client in data
    no deadline is armed`,

  "what comes ahead goes behind the answer": `
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    dials a:443
    client > hello
    connected
    client < HTTP/1.1 200 Connection Established||
    target < hello`,

  "a client that finishes while its target is dialled is half-closed": `
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    dials a:443
    client > ask
    client finishes
    connected
    client < HTTP/1.1 200 Connection Established||
    target < ask
    target gets FIN
    target > answer
    client < answer
    target finishes
    target is closed in order
    client gets FIN
    client is closed in order
    over, ended by client in data
    no deadline is armed`,

  "a client that is reset while its target is dialled gives the dial up": `
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    dials a:443
    client resets
    the dial is given up
    over, ended by client in dial
    no deadline is armed`,

  "a dial that fails is told in the client's words": `
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    dials a:443
    the dial fails name-not-found
    client < HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=dns_error|Connection: close|...
    client gets FIN
    client finishes
    client is closed in order
    over, ended by proxy in dial, refused: name-not-found`,

  "also in those of SOCKS5": `
    client > <05 01 00>
    client < <05 00>
    client > <05 01 00 03 01 61 01 bb>
    dials a:443
    the dial fails connection-refused
    client < <05 05 00 01 00 00 00 00 00 00>
    client gets FIN
    client finishes
    client is closed in order
    over, ended by proxy in dial, refused: connection-refused`,

  "SOCKS5 is accepted": `
    client > <05 01 00>
    client < <05 00>
    client > <05 01 00 03 01 61 01 bb>
    dials a:443
    connected
    client < <05 00 00 01 00 00 00 00 00 00>
    target > banner
    client < banner`,

  "a client that says nothing is let go without words": `
    10000 ms pass
    client gets FIN
    client finishes
    client is closed in order
    over, ended by timeout in detect, refused: request-timeout`,

  "a client that leaves before it asked": `
    client finishes
    client gets FIN
    client is closed in order
    over, ended by client in detect
    no deadline is armed`,

  "a client that is reset before it asked": `
    client resets
    over, ended by client (ECONNRESET) in detect
    no deadline is armed`,

  "a request goes through an exchange": `
    client > GET http://a/ HTTP/1.1|Host: a||
    dials a:80
    connected
    target < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    target > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports GET a:80/ 200 with 2
    client finishes
    client gets FIN
    client is closed in order
    over, ended by nobody in data
    the drain begins
    target gets FIN`,

  "a request whose dial fails leaves the client": `
    client > GET http://a/ HTTP/1.1|Host: a||
    dials a:80
    the dial fails name-not-found
    reports GET a:80/ 0 with 0, ended by proxy in dial: name-not-found
    client < HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=dns_error|...
    client > GET http://a/ HTTP/1.1|Host: a||
    dials a:80`,

  "a CONNECT behind a request becomes a tunnel": `
    client > GET http://a/ HTTP/1.1|Host: a||
    dials a:80
    connected
    target < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    target > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports GET a:80/ 200 with 2
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    dials a:443
    connected
    client < HTTP/1.1 200 Connection Established||
    target2 > hi
    client < hi
    client finishes
    target2 gets FIN
    target2 finishes
    target2 is closed in order
    client gets FIN
    client is closed in order
    over, ended by client in data`,

  "101 becomes a tunnel, with the bytes behind it": `
    client > GET http://a/ HTTP/1.1|Host: a|Connection: Upgrade|Upgrade: websocket||ahead
    dials a:80
    connected
    target < GET / HTTP/1.1|Host: a|Upgrade: websocket|Via: 1.1 px|Connection: Upgrade||
    target > HTTP/1.1 101 Switching Protocols|Connection: Upgrade|Upgrade: websocket||behind
    reports GET a:80/ 101 with 0
    client < HTTP/1.1 101 Switching Protocols|Upgrade: websocket|Via: 1.1 px|Connection: Upgrade||behind
    target < ahead
    client > more
    target < more
    target finishes
    client gets FIN
    client finishes
    client is closed in order
    target gets FIN
    target is closed in order
    over, ended by target in data`,

  "a tunnel that is half-closed ends at its deadline": `
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    dials a:443
    connected
    client < HTTP/1.1 200 Connection Established||
    target finishes
    client gets FIN
    60000 ms pass
    client is left to the kernel
    target is reset
    over, ended by timeout in data
    no deadline is armed`,

  "a drain lets a tunnel be": `
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    dials a:443
    connected
    client < HTTP/1.1 200 Connection Established||
    the drain begins
    client > still
    target < still
    target > here
    client < here`,

  "a drain closes an idle exchange": `
    client > GET http://a/ HTTP/1.1|Host: a||
    dials a:80
    connected
    target < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    target > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports GET a:80/ 200 with 2
    the drain begins
    target gets FIN
    client gets FIN
    over, ended by nobody in data
    client finishes
    client is closed in order`,

  "ended while nothing was asked": `
    cancel
    client is reset
    over, ended by drain in detect
    no deadline is armed`,

  "ended while dialling": `
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    dials a:443
    cancel
    the dial is given up
    client is reset
    over, ended by drain in dial
    no deadline is armed`,

  "ended as a tunnel": `
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    dials a:443
    connected
    client < HTTP/1.1 200 Connection Established||
    cancel
    client is reset
    target is reset
    over, ended by drain in data
    cancel
    no deadline is armed`,

  "ended within an exchange": `
    client > GET http://a/ HTTP/1.1|Host: a||
    dials a:80
    connected
    target < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    cancel
    reports GET a:80/ 0 with 0, ended by drain in data: the connection was ended
    target is reset
    client is reset
    over, ended by drain in data`,

  "ended while it lingers": `
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    dials a:443
    the dial fails name-not-found
    client < HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=dns_error|Connection: close|...
    client gets FIN
    cancel
    client is left to the kernel
    over, ended by proxy in dial, refused: name-not-found
    no deadline is armed`,

  "a client that is reset while it lingers": `
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    dials a:443
    the dial fails name-not-found
    client < HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=dns_error|Connection: close|...
    client gets FIN
    client resets
    over, ended by proxy in dial, refused: name-not-found
    no deadline is armed`,

  "a client that does not close behind its refusal": `
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    dials a:443
    the dial fails name-not-found
    client < HTTP/1.1 502 Bad Gateway|Proxy-Status: pillion; error=dns_error|Connection: close|...
    client gets FIN
    5000 ms pass
    client is left to the kernel
    over, ended by proxy in dial, refused: name-not-found
    no deadline is armed`,

  "an exchange whose client is reset while dialling gives the dial up": `
    client > GET http://a/ HTTP/1.1|Host: a||
    dials a:80
    client resets
    reports GET a:80/ 0 with 0, ended by client in dial: the client closed (ECONNRESET)
    the dial is given up
    over, ended by nobody in dial
    no deadline is armed`,

  "an exchange whose client finished while dialling is answered": `
    client > GET http://a/ HTTP/1.1|Host: a||
    dials a:80
    client finishes
    connected
    target < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    target > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports GET a:80/ 200 with 2
    client gets FIN
    client is closed in order
    over, ended by nobody in data`,

  "a request that is malformed is refused and the client closed": `
    client > GET http://a/ HTTP/1.1|Host: a|Host: b||
    reports - - 0 with 0, ended by proxy in handshake: malformed-request
    client < HTTP/1.1 400 Bad Request|Proxy-Status: pillion; error=http_request_error|Connection: close|...
    client gets FIN
    client finishes
    client is closed in order
    over, ended by nobody in data`,

  "a request again on another connection": `
    client > GET http://a/ HTTP/1.1|Host: a||
    dials a:80
    connected
    target < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    target > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports GET a:80/ 200 with 2
    client > GET http://a/ HTTP/1.1|Host: a||
    target < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    target resets
    dials a:80
    connected
    target2 < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    target2 > HTTP/1.1 204 No Content||
    client < HTTP/1.1 204 No Content|Via: 1.1 px||
    reports GET a:80/ 204 with 0`,
})

plays(connection({ denies: true }), {
  "a destination that is denied is not dialled": `
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    client < HTTP/1.1 403 Forbidden|Proxy-Status: pillion; error=destination_ip_prohibited|Connection: close|...
    client gets FIN
    client finishes
    client is closed in order
    over, ended by proxy in dial, refused: destination-denied`,

  "nor for a request, whose client stays": `
    client > GET http://a/ HTTP/1.1|Host: a||
    reports GET a:80/ 0 with 0, ended by proxy in dial: destination-denied
    client < HTTP/1.1 403 Forbidden|Proxy-Status: pillion; error=destination_ip_prohibited|...`,
})

plays(connection({ full: true }), {
  "a full proxy says so in the client's words": `
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    client < HTTP/1.1 503 Service Unavailable|Proxy-Status: pillion; error=connection_limit_reached|Connection: close|...
    client gets FIN
    client finishes
    client is closed in order
    over, ended by proxy in detect, refused: connection-limit`,

  "also to a request": `
    client > GET http://a/ HTTP/1.1|Host: a||
    client < HTTP/1.1 503 Service Unavailable|Proxy-Status: pillion; error=connection_limit_reached|Connection: close|...
    client gets FIN
    client finishes
    client is closed in order
    over, ended by proxy in detect, refused: connection-limit`,

  "and to SOCKS4": `
    client > <04 01 01 bb 01 02 03 04 00>
    client < <00>[<00 00 00 00 00 00>
    client gets FIN
    client finishes
    client is closed in order
    over, ended by proxy in detect, refused: connection-limit`,
})

plays(connection({ direction: "inbound", opaque: true }), {
  "a tcp listener dials its workload at once": `
    dials workload:80
    connected
    target > banner
    client < banner
    client > hello
    target < hello
    client resets
    target is reset
    over, ended by client (ECONNRESET) in data`,

  "a tcp client is reset where there is no workload": `
    dials workload:80
    the dial fails connection-refused
    client is reset
    over, ended by proxy in dial, refused: connection-refused`,

  "what its client sent ahead is held until then": `
    dials workload:80
    client > hello
    connected
    target < hello`,
})

plays(connection({ direction: "inbound" }), {
  "inbound HTTP is carried as it is": `
    client > GET / HTTP/1.1|Host: a||
    dials workload:80
    connected
    target < GET / HTTP/1.1|Host: a||
    target > HTTP/1.1 200 OK|Content-Length: 2||ok
    reports GET workload:80/ 200 with 2, as it passed
    client < HTTP/1.1 200 OK|Content-Length: 2||ok
    client finishes
    target gets FIN
    target finishes
    target is closed in order
    client gets FIN
    client is closed in order
    over, ended by client in data, all told`,

  "inbound CONNECT ends at the workload whatever it names": `
    client > CONNECT evil:22 HTTP/1.1|Host: evil||
    dials workload:80
    connected
    client < HTTP/1.1 200 Connection Established||`,
})
