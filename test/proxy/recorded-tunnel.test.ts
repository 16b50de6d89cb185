/** Recorded tunnels: what is recorded of a connection that is no HTTP, or no longer, line by line. */
import { connection } from "../support/connection-world.ts"
import { holdTime, plays } from "../support/playbook.ts"

holdTime()

plays(connection({ direction: "inbound", records: true }), {
  "what an answer makes of a connection that is carried as it is goes with its exchange, from the first byte to the end": `
    client > GET /1 HTTP/1.1|Host: shop|Upgrade: told||ahead
    dials workload:80
    connected
    target < GET /1 HTTP/1.1|Host: shop|Upgrade: told||ahead
    target > HTTP/1.1 101 Switching|Upgrade: told||behind
    reports GET workload:80/1 101 with 0, as it passed
    reads no more: upgrade
    client < HTTP/1.1 101 Switching|Upgrade: told||behind
    client > more
    target < more
    target > yes
    client < yes
    client finishes
    target gets FIN
    target finishes
    target is closed in order
    client gets FIN
    client is closed in order
    records 1 to workload:80 at 192.0.2.1:443, whole: request, ended by client
    records > GET /1 HTTP/1.1|Host: shop|Upgrade: told||
    records < HTTP/1.1 101 Switching|Upgrade: told||
    records as told > aheadmore < behindyes
    over, ended by client in data`,

  "a connection that becomes what nobody reads is an exchange, and a stream": `
    client > GET /1 HTTP/1.1|Host: shop|Upgrade: echo||
    dials workload:80
    connected
    target < GET /1 HTTP/1.1|Host: shop|Upgrade: echo||
    target > HTTP/1.1 101 Switching|Upgrade: echo||
    reports GET workload:80/1 101 with 0, as it passed
    records 1 to workload:80 at 192.0.2.1:443, whole: request
    records > GET /1 HTTP/1.1|Host: shop|Upgrade: echo||
    records < HTTP/1.1 101 Switching|Upgrade: echo||
    reads no more: upgrade
    client < HTTP/1.1 101 Switching|Upgrade: echo||
    client > hi
    target < hi
    client resets
    target is reset
    records a stream 2 to workload:80 at 192.0.2.1:443, 2/0, ended by client (ECONNRESET)
    records > hi <
    over, ended by client (ECONNRESET) in data`,

  "what cannot be followed any more is a stream from those bytes on, which says why": `
    client > GET /1 HTTP/1.1|Host: shop||
    dials workload:80
    connected
    target < GET /1 HTTP/1.1|Host: shop||
    target > HTTP/1.1 204 X||
    reports GET workload:80/1 204 with 0, as it passed
    records 1 to workload:80 at 192.0.2.1:443, whole: request and response
    records > GET /1 HTTP/1.1|Host: shop||
    records < HTTP/1.1 204 X||
    client < HTTP/1.1 204 X||
    target > HTTP/1.1 200 X||
    reads no more: malformed
    client < HTTP/1.1 200 X||
    client > more
    target < more
    cancel
    records a stream 2 to workload:80 at 192.0.2.1:443, 4/18, ended by drain, lost: the target answered what nobody asked
    records > more < HTTP/1.1 200 X||
    client is reset
    target is reset
    over, ended by drain in data`,
})

plays(connection({ direction: "inbound", opaque: true, records: true }), {
  "whoever speaks first, a connection that nobody reads is a stream": `
    dials workload:80
    connected
    target > 220 welcome
    client < 220 welcome
    client > EHLO me
    target < EHLO me
    target finishes
    client gets FIN
    client finishes
    client is closed in order
    target gets FIN
    target is closed in order
    records a stream 1 to workload:80 at 192.0.2.1:443, 7/11, ended by target
    records > EHLO me < 220 welcome
    over, ended by target in data`,

  "one on which nothing was said has no record": `
    dials workload:80
    connected
    client resets
    target is reset
    over, ended by client (ECONNRESET) in data`,
})

plays(connection({ records: true }), {
  "a tunnel that could be HTTP, and is over before that is known, is a stream of unheard bytes": `
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    dials a:443
    connected
    client < HTTP/1.1 200 Connection Established||
    client > hello
    target < hello
    client resets
    target is reset
    records a stream 1 to a:443 at 192.0.2.1:443, 5/0, ended by client (ECONNRESET)
    records > <
    over, ended by client (ECONNRESET) in data`,

  "a tunnel that came to nothing is a stream that says why": `
    client > CONNECT a:443 HTTP/1.1|Host: a:443||
    dials a:443
    the dial fails connection-refused
    client < HTTP/1.1 502 Bad Gateway|...
    client gets FIN
    records a stream 1 to a:443 at -, 0/0, ended by proxy, connection-refused
    records > <
    client finishes
    client is closed in order
    over, ended by proxy in dial, refused: connection-refused`,

  "what an exchange makes of its connection goes with the exchange": `
    client > GET http://a/1 HTTP/1.1|Host: a|Upgrade: told|Connection: upgrade||
    dials a:80
    connected
    target < GET /1 HTTP/1.1|Host: a|Upgrade: told|Via: 1.1 px|Connection: Upgrade||
    client > ahead
    target > HTTP/1.1 101 Switching|Upgrade: told||behind
    reports GET a:80/1 101 with 0
    client < HTTP/1.1 101 Switching|Upgrade: told|Via: 1.1 px|Connection: Upgrade||behind
    target < ahead
    target > more
    client < more
    client resets
    target is reset
    records 1 to a:80 at 192.0.2.1:443, whole: request, ended by client
    records > GET http://a/1 HTTP/1.1|Host: a|Upgrade: told|Connection: upgrade||
    records < HTTP/1.1 101 Switching|Upgrade: told||
    records as told > ahead < behindmore
    over, ended by client (ECONNRESET) in data`,
})
