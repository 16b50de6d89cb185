/**
 * Exchange lines: how the playbooks of an exchange begin.
 */

/** A request is on its way. */
export const sent = `
    client > GET http://a/ HTTP/1.1|Host: a||
    needs Origin a:80
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||`

/** One request was answered; both connections stay. */
export const served = `
    client > GET http://a/ HTTP/1.1|Host: a||
    needs Origin a:80
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok
    reports GET a:80/ 200 with 2`

/** A request is on its way, four bytes of body behind it. */
export const posting = `
    client > POST http://a/p HTTP/1.1|Host: a|Content-Length: 4||
    needs Origin a:80
    supply
    origin < POST /p HTTP/1.1|Host: a|Content-Length: 4|Via: 1.1 px||`

/** Likewise one with a body in chunks. */
export const chunking = `
    client > POST http://a/p HTTP/1.1|Host: a|Transfer-Encoding: chunked||
    needs Origin a:80
    supply
    origin < POST /p HTTP/1.1|Host: a|Transfer-Encoding: chunked|Via: 1.1 px||`

/** A request whose body is still to come was answered in full. */
export const early = `
    client > POST http://a/p HTTP/1.1|Host: a|Content-Length: 4||
    needs Origin a:80
    supply
    origin < POST /p HTTP/1.1|Host: a|Content-Length: 4|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 2||ok
    client < HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 px||ok`

/** A slow reader was passed all of a large answer, and has acknowledged nothing of it. */
export const big = `
    client reads slowly
    client > GET http://a/ HTTP/1.1|Host: a||
    needs Origin a:80
    supply
    origin < GET / HTTP/1.1|Host: a|Via: 1.1 px||
    origin > HTTP/1.1 200 OK|Content-Length: 70000||{70000}
    client < HTTP/1.1 200 OK|Content-Length: 70000|Via: 1.1 px||{70000}`
