/** Connection, line by line: the whole story of one client, from its accept to its end. */
import { describe } from "bun:test"
import { type Accepted, connection } from "../support/connection-world.ts"
import { holdTime, plays } from "../support/playbook.ts"
import { withToy } from "../support/toy-protocol.ts"

holdTime()

const outbound: Accepted = {}
const denying: Accepted = { denies: true }
const full: Accepted = { full: true }
const inbound: Accepted = { direction: "inbound" }
const tcp: Accepted = { direction: "inbound", opaque: true }

/** Every story is told twice: the second time ends over ends stand between the connection and its peers, and count. */
const tells = (accepted: Accepted, scripts: Readonly<Record<string, string>>): void => {
  plays(connection(accepted), scripts)
  describe("through ends over ends", () => plays(connection({ ...accepted, counted: true }), scripts))
}

tells(outbound, {
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

  "SOCKS4 is accepted": `
    client > <04 01 01 bb c0 00 02 01 00>
    dials 192.0.2.1:443
    client > hello
    connected
    client < <00>Z<00 00 00 00 00 00>
    target < hello
    target > hi
    client < hi`,

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

  "a CONNECT behind a request is taken by what is in force then": `
    client > GET http://a/ HTTP/1.1|Host: a||
    dials a:80
    connected
    target < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    target > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports GET a:80/ 200 with 2
    only SOCKS is taken
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    client < HTTP/1.1 403 Forbidden|Proxy-Status: pillion; error=http_request_denied|Connection: close|...
    client gets FIN
    client finishes
    client is closed in order
    over, ended by proxy in detect, refused: protocol-not-allowed`,

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

tells(denying, {
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

tells(full, {
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

tells(tcp, {
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

tells(inbound, {
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

const toy: Accepted = { protocols: withToy }
const denyingToy: Accepted = { ...toy, ...denying }
const fullToy: Accepted = { ...toy, ...full }
const inboundToy: Accepted = { ...toy, ...inbound }
/** It is taken where SOCKS is. */
const noToy: Accepted = { ...toy, socks: false }

describe("a protocol that is a row of the table", () => {
  tells(toy, {
    "goes through its steps to a tunnel": `
      client > ?
      client < !
      client > a:4
      client > 43<0a>
      dials a:443
      client > hello
      connected
      client < +0<0a>
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

    "all at once, with what belongs to the tunnel behind it": `
      client > ?a:443<0a>hello
      client < !
      dials a:443
      connected
      client < +0<0a>
      target < hello`,

    "a dial that fails is told in its words": `
      client > ?a:443<0a>
      client < !
      dials a:443
      the dial fails name-not-found
      client < -name-not-found<0a>
      client gets FIN
      client finishes
      client is closed in order
      over, ended by proxy in dial, refused: name-not-found`,

    "what is malformed too": `
      client > ?a<0a>
      client < !-malformed-handshake<0a>
      client gets FIN
      client finishes
      client is closed in order
      over, ended by proxy in handshake, refused: malformed-handshake`,

    "and a handshake that takes too long": `
      client > ?
      client < !
      10000 ms pass
      client < -request-timeout<0a>
      client gets FIN
      client finishes
      client is closed in order
      over, ended by timeout in handshake, refused: request-timeout
      no deadline is armed`,

    "the others are spoken as before": `
      client > CONNECT a:443 HTTP/1.1|Host: a:443||
      dials a:443
      connected
      client < HTTP/1.1 200 Connection Established||`,
  })

  tells(denyingToy, {
    "a destination that is denied is told in its words": `
      client > ?a:443<0a>
      client < !-destination-denied<0a>
      client gets FIN
      client finishes
      client is closed in order
      over, ended by proxy in dial, refused: destination-denied`,
  })

  tells(fullToy, {
    "so is a proxy that is full": `
      client > ?a:443<0a>
      client < !-connection-limit<0a>
      client gets FIN
      client finishes
      client is closed in order
      over, ended by proxy in detect, refused: connection-limit`,
  })

  tells(noToy, {
    "so is a listener that does not take it": `
      client > ?
      client < -protocol-not-allowed<0a>
      client gets FIN
      client finishes
      client is closed in order
      over, ended by proxy in detect, refused: protocol-not-allowed`,
  })

  tells(inboundToy, {
    "inbound it ends at the workload whatever it names": `
      client > ?evil:22<0a>
      client < !
      dials workload:80`,
  })
})

describe("what is counted by ends over ends", () => {
  plays(connection({ ...tcp, counted: true }), {
    "of tcp": `
      dials workload:80
      client > hello
      connected
      target < hello
      target > banner
      client < banner
      what was counted?
      client: 5 in, 6 out
      target: 6 in, 5 out`,
  })

  plays(connection({ counted: true }), {
    "of CONNECT, with its handshake": `
      client > CONNECT a:443 HTTP/1.1|Host: a:443||hello
      dials a:443
      connected
      client < HTTP/1.1 200 Connection Established||
      target < hello
      target > hi
      client < hi
      what was counted?
      client: 44 in, 41 out
      target: 2 in, 5 out`,

    "of SOCKS4": `
      client > <04 01 01 bb c0 00 02 01 00>
      dials 192.0.2.1:443
      connected
      client < <00>Z<00 00 00 00 00 00>
      client > hello
      target < hello
      what was counted?
      client: 14 in, 8 out
      target: 0 in, 5 out`,

    "of SOCKS5": `
      client > <05 01 00>
      client < <05 00>
      client > <05 01 00 03 01 61 01 bb>
      dials a:443
      connected
      client < <05 00 00 01 00 00 00 00 00 00>
      target > hi
      client < hi
      what was counted?
      client: 11 in, 14 out
      target: 2 in, 0 out`,

    "of an exchange, with its heads; each origin by itself": `
      client > GET http://a/ HTTP/1.1|Host: a||
      dials a:80
      connected
      target < GET / HTTP/1.1|Host: a|Via: 1.1 px||
      target > HTTP/1.1 200 OK|Content-Length: 2||ok
      client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
      reports GET a:80/ 200 with 2
      client > GET http://b/ HTTP/1.1|Host: b||
      dials b:80
      connected
      target2 < GET / HTTP/1.1|Host: b|Via: 1.1 px||
      what was counted?
      client: 70 in, 53 out
      target: 40 in, 40 out
      target2: 0 in, 40 out`,

    "of an upgrade": `
      client > GET http://a/ HTTP/1.1|Host: a|Connection: Upgrade|Upgrade: x||ahead
      dials a:80
      connected
      target < GET / HTTP/1.1|Host: a|Upgrade: x|Via: 1.1 px|Connection: Upgrade||
      target > HTTP/1.1 101 Yes|Connection: Upgrade|Upgrade: x||behind
      reports GET a:80/ 101 with 0
      client < HTTP/1.1 101 Yes|Upgrade: x|Via: 1.1 px|Connection: Upgrade||behind
      target < ahead
      client > more
      target < more
      what was counted?
      client: 77 in, 72 out
      target: 59 in, 82 out`,

    "of a refusal": `
      client > <05 01 00>
      client < <05 00>
      client > <05 01 00 03 01 61 01 bb>
      dials a:443
      the dial fails connection-refused
      client < <05 05 00 01 00 00 00 00 00 00>
      client gets FIN
      what was counted?
      client: 11 in, 12 out`,

    "of a short write, no more than what was taken": `
      client > CONNECT a:443 HTTP/1.1|Host: a:443||
      dials a:443
      connected
      client < HTTP/1.1 200 Connection Established||
      target has room for 2
      client > hello
      target < he
      what was counted?
      client: 44 in, 39 out
      target: 0 in, 2 out
      target drains
      target < llo
      what was counted?
      client: 44 in, 39 out
      target: 0 in, 5 out`,
  })

  plays(connection({ ...inbound, counted: true }), {
    "of HTTP that is carried as it is": `
      client > GET / HTTP/1.1|Host: a||
      dials workload:80
      connected
      target < GET / HTTP/1.1|Host: a||
      target > HTTP/1.1 200 OK|Content-Length: 2||ok
      reports GET workload:80/ 200 with 2, as it passed
      client < HTTP/1.1 200 OK|Content-Length: 2||ok
      what was counted?
      client: 27 in, 40 out
      target: 40 in, 27 out`,
  })
})
