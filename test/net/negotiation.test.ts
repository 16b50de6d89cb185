/** Negotiation, line by line: from the first byte until it is known what a client wants, and while that is made. */
import { holdTime, plays } from "../support/playbook.ts"
import { opening, pseudonym, settings } from "../support/worlds.ts"

holdTime()

plays(opening(), {
  "CONNECT asks for a tunnel": `
    ask
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    asks for a tunnel by connect to a:443
    no deadline is armed`,

  "a head may come in pieces": `
    ask
    client > CONN
    client > ECT a:443 HTTP/1.1|Host: a:443|
    client > |
    asks for a tunnel by connect to a:443`,

  "SOCKS5 takes its steps": `
    ask
    client > <05 01 00>
    client < <05 00>
    client > <05 01 00 03 01 61 01 bb>
    asks for a tunnel by socks5 to a:443`,

  "the steps of SOCKS5 may come in one piece": `
    ask
    client > <05 01 00 05 01 00 03 01 61 01 bb>
    client < <05 00>
    asks for a tunnel by socks5 to a:443
    what is held?
    holds 0`,

  "SOCKS4a asks for a tunnel to its name": `
    ask
    client > <04 01 01 bb 00 00 00 01 00 61 00>
    asks for a tunnel by socks4a to a:443`,

  "a request with a name in it asks for an exchange": `
    ask
    client > GET http://a/ HTTP/1.1|Host: a||
    asks for an exchange
    what is held?
    holds 35`,

  "nonsense is refused without words": `
    ask
    client > <00 01 02 03>
    asks for what it is refused by unknown, unknown-protocol:`,

  "a SOCKS5 client that offers nothing we know": `
    ask
    client > <05 01 02>
    client < <05 02>`,

  "a TLS hello is refused": `
    ask
    client > <16 03 01 00 05 01 00>
    asks for what it is refused by unknown, unknown-protocol:`,

  "what comes behind the handshake is held": `
    ask
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    asks for a tunnel by connect to a:443
    client > hello
    what is held?
    holds 5`,

  "who sends much ahead is paused": `
    ask
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    asks for a tunnel by connect to a:443
    client > {65536}
    client is read
    client > x
    client is paused`,

  "a client that leaves before it asked is gone": `
    ask
    client finishes
    asks for nothing, gone`,

  "so is one that leaves within its handshake": `
    ask
    client > CONNECT a:443
    client finishes
    asks for nothing, gone`,

  "FIN behind its handshake is held": `
    ask
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    asks for a tunnel by connect to a:443
    client finishes
    what is held?
    holds 0, finished`,

  "a reset before it asked": `
    ask
    client resets
    asks for nothing, gone (ECONNRESET)`,

  "a reset behind its handshake abandons what is made": `
    ask
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    asks for a tunnel by connect to a:443
    client resets
    is abandoned`,

  "a client that is gone when it is asked is told as gone": `
    client resets
    is abandoned
    ask
    asks for nothing, gone (ECONNRESET)`,

  "a client that says nothing in time is told as such": `
    ask
    9999 ms pass
    1 ms pass
    asks for what it is refused by unknown, request-timeout:
    no deadline is armed`,

  "a handshake that trickles is refused in its own words": `
    ask
    client > CONNECT a:443
    9000 ms pass
    client > HTTP
    1000 ms pass
    asks for what it is refused by connect, request-timeout: HTTP/1.1 408 Request Timeout|Proxy-Status: pillion; error=http_request_error|Connection: close|...`,

  "so is one that stalls between two steps": `
    ask
    client > <05 01 00>
    client < <05 00>
    10000 ms pass
    asks for what it is refused by socks5, request-timeout: <05 01 00 01 00 00 00 00 00 00>`,

  "bytes that came before it was asked": `
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    ask
    asks for a tunnel by connect to a:443`,

  "given up, it hears nothing more": `
    ask
    client > CONN
    cancel
    no deadline is armed
    client finishes
    client resets
    is abandoned`,

  "a reply that is not taken ends it": `
    client has room for 1
    ask
    client > <05 01 00>
    client < <05>
    client is reset
    asks for nothing, gone`,

  "a reply that is refused ends it": `
    client refuses writes
    ask
    client > <05 01 00>
    client is reset
    asks for nothing, gone (EPIPE)`,

  "a malformed CONNECT is refused": `
    ask
    client > CONNECT a:0 HTTP/1.1|Host: a||
    asks for what it is refused by connect, malformed-request: HTTP/1.1 400 Bad Request|Proxy-Status: pillion; error=http_request_error|Connection: close|...`,

  "origin-form is for the exchange to refuse": `
    ask
    client > GET / HTTP/1.1|Host: a||
    asks for an exchange`,

  "an end over the client's is asked again, and gets what is held": `
    ask
    client > CONNECT a:443 HTTP/1.1|Host: a:443||<05 01 00>
    asks for a tunnel by connect to a:443
    another end is asked
    client < <05 00>
    client > <05 01 00 03 01 62 01 bb>
    asks for a tunnel by socks5 to b:443
    no deadline is armed`,

  "with nothing held it waits, with a deadline of its own": `
    ask
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    asks for a tunnel by connect to a:443
    9000 ms pass
    another end is asked
    9000 ms pass
    client > GET http://a/ HTTP/1.1|Host: a||
    asks for an exchange`,

  "a FIN that is handed on is heard once what came before it is not enough": `
    ask
    client > CONNECT a:443 HTTP/1.1|Host: a:443||CONNECT b:443
    asks for a tunnel by connect to a:443
    client finishes
    another end is asked
    asks for nothing, gone
    no deadline is armed`,

  "and not before": `
    ask
    client > CONNECT a:443 HTTP/1.1|Host: a:443||CONNECT b:443 HTTP/1.1|Host: b||
    asks for a tunnel by connect to a:443
    client finishes
    another end is asked
    asks for a tunnel by connect to b:443
    what is held?
    holds 0, finished`,

  "a layer whose client is reset is abandoned as any": `
    ask
    client > CONNECT a:443 HTTP/1.1|Host: a:443||CONNECT b:443 HTTP/1.1|Host: b||
    asks for a tunnel by connect to a:443
    another end is asked
    asks for a tunnel by connect to b:443
    client resets
    is abandoned`,
})

plays(opening({ limits: { ...settings, pseudonym, maxHeadBytes: 128 * 1024 } }), {
  "whoever was paused for what is held is read again where that is not enough": `
    ask
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    asks for a tunnel by connect to a:443
    client > CONNECT b:443 HTTP/1.1|Host: b|A: {65536}
    client is paused
    another end is asked
    client is read
    10000 ms pass
    asks for what it is refused by connect, request-timeout: ...`,
})

plays(opening({ verbatim: true }), {
  "inbound origin-form is carried as it is": `
    ask
    client > GET / HTTP/1.1|Host: a||
    asks for a tunnel by http to its workload
    what is held?
    holds 27`,
})

plays(opening({ opaque: true }), {
  "opaque waits for no byte": `
    ask
    asks for a tunnel by tcp to its workload
    no deadline is armed
    client > hello
    what is held?
    holds 5`,
})

plays(opening({ allowed: { http: true, socks: false, insteadOfTls: "" } }), {
  "SOCKS5 is refused where it is not taken": `
    ask
    client > <05 01 00>
    asks for what it is refused by socks5, protocol-not-allowed: <05 ff>`,

  "so is SOCKS4": `
    ask
    client > <04 01 01 bb>
    asks for what it is refused by socks4, protocol-not-allowed: <00>[<00 00 00 00 00 00>`,
})
