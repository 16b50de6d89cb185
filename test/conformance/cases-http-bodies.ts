/**
 * Cases H, bodies: chunks, trailers, expectations, upgrades. No byte of a client's framing reaches the origin.
 */
import { createHash } from "node:crypto"
import { field, readResponse, status } from "../support/http.ts"
import { ok } from "../support/origins.ts"
import { residentBytes } from "../support/process.ts"
import { Recorder } from "./recorder.ts"
import type { Case, Stage } from "./runner.ts"
import { flood, get, looksWhole, must, request, same } from "./talk.ts"
import { isRefused, next, passes, refusedByAnother } from "./verdicts.ts"

const mebibyte = 1 << 20
const sum = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex")

const carried: ReadonlyArray<Case> = [
  {
    id: "H03",
    clause: "RFC 9112 2.1, 6.3",
    name: "a request with a body is one request, wherever it is split",
    milliseconds: 20_000,
    async play(stage) {
      const recorder = await Recorder.open(stage)
      const bytes = request("POST", recorder.authority, "/", ["Content-Length: 5"], "EARLY")
      for (let split = 1; split < bytes.length; split++) {
        using client = await stage.client()
        await new Promise<void>((resolve) => {
          client.socket.write(Buffer.from(bytes.slice(0, split)), () => setImmediate(resolve))
        })
        client.send(bytes.slice(split))
        const response = await readResponse(client)
        same(`split at ${split}`, [status(response), recorder.requests], [200, split])
      }
      same("bodies", recorder.bytes.split("EARLY").length, bytes.length)
    },
  },
  {
    id: "H20",
    clause: "RFC 9112 7.1",
    name: "a chunked body arrives whole, however its chunks and the segments are cut",
    async play(stage) {
      const recorder = await Recorder.open(stage)
      const client = await stage.client()
      const head = request("POST", recorder.authority, "/", ["Transfer-Encoding: chunked"])
      await client.trickle(`${head}1\r\na\r\n0000A\r\nbcdefghijk\r\na\r\n0\r\n\r\n\r\n0\r\n\r\n0\r\n\r\n`)
      await passes(client, recorder, "abcdefghijk0\r\n\r\n\r\n0\r\n")
    },
  },
  {
    id: "H21e",
    clause: "RFC 9112 7.1.1, conformance T17",
    name: "chunk extensions do not reach the origin",
    // The RFC has them ignored; that they go no further is our promise.
    ours: true,
    async play(stage) {
      const recorder = await Recorder.open(stage)
      const client = await stage.client()
      const body = '5;name=s3cr3t;quoted="a;\\"b"\r\nhello\r\n0;last\r\n\r\n'
      client.send(request("POST", recorder.authority, "/", ["Transfer-Encoding: chunked"], body))
      const bytes = await passes(client, recorder, "hello")
      must(!/s3cr3t|quoted|last/.test(bytes), "an extension reached the origin")
    },
  },
  {
    id: "H23",
    clause: "RFC 9110 6.5.1",
    name: "trailers that frame, route or authenticate are dropped, others stay trailers",
    async play(stage) {
      const recorder = await Recorder.open(stage)
      const client = await stage.client()
      const trailers = "Host: x\r\nContent-Length: 9\r\nAuthorization: x\r\nX-T: 1\r\nTransfer-Encoding: chunked\r\n"
      const body = `5\r\nhello\r\n0\r\n${trailers}\r\n`
      client.send(request("POST", recorder.authority, "/", ["Transfer-Encoding: chunked"], body))
      const bytes = await passes(client, recorder, "hello")
      const head = bytes.slice(0, bytes.indexOf("\r\n\r\n"))
      must(!/X-T|Authorization|Content-Length: 9|Host: x/i.test(head), "a trailer became a field of the head")
      const rest = bytes.slice(bytes.indexOf("hello") + 5)
      must(!/Host|Content-Length|Authorization|Transfer-Encoding/i.test(rest), "a forbidden trailer was passed on")
      // To drop all of them is allowed (RFC 9110 section 6.5.1); ours keeps what it may.
      if (stage.ours) must(rest.includes("\r\nX-T: 1\r\n"), "the harmless trailer was dropped")
    },
  },
  {
    id: "H33a",
    clause: "RFC 9110 10.1.1, 15.2",
    name: "an expectation goes on, its 100 comes back, and then the answer",
    async play(stage) {
      const server = await stage.origin()
      const client = await stage.client()
      client.send(request("PUT", server.authority, "/", ["Expect: 100-continue", "Content-Length: 4"]))
      const accepted = await server.accepted()
      must(/\r\nExpect: 100-continue\r\n/i.test(await accepted.readUntil("\r\n\r\n")), "the expectation was kept back")
      accepted.send("HTTP/1.1 100 Continue\r\n\r\n")
      same("status", status(await readResponse(client)), 100)
      client.send("body")
      await accepted.expect("body")
      accepted.send(ok("done"))
      const response = await readResponse(client)
      same("the answer", [status(response), response.body], [200, "done"])
    },
  },
  {
    id: "H33b",
    clause: "RFC 9110 10.1.1",
    name: "an expectation that nobody knows is answered 417",
    async play(stage) {
      const recorder = await Recorder.open(stage)
      const client = await stage.client()
      client.send(get(recorder.authority, "/", "Expect: a-miracle"))
      const code = status(await readResponse(client))
      // RFC 9110 has it "MAY": another's proxy may leave it to the origin.
      if (stage.ours || code !== 200) same("status", code, 417)
      if (stage.ours) same("bytes at the origin", recorder.bytes, "")
    },
  },
  {
    id: "H43",
    clause: "RFC 9110 7.8",
    name: "an upgrade becomes a tunnel, with the frames that came along with the 101",
    async play(stage) {
      const server = await stage.origin()
      const client = await stage.client()
      client.send(get(server.authority, "/chat", "Connection: Upgrade", "Upgrade: websocket"))
      const accepted = await server.accepted()
      const asked = /\r\nUpgrade: websocket\r\n/i.test(await accepted.readUntil("\r\n\r\n"))
      // Upgrade is between neighbours: another's proxy may answer as if it had not been asked.
      if (!stage.ours && !asked) return
      must(asked, "the origin was not asked to upgrade")
      accepted.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nframes")
      const response = await readResponse(client)
      same("the answer", [status(response), field(response, "Upgrade")], [101, "websocket"])
      await client.expect("frames")
      const noise = Buffer.alloc(mebibyte, "\x00\xff\r\n\r\nHTTP/1.1 200 OK\r\n", "latin1")
      client.send(noise)
      accepted.send(noise)
      const [there, back] = await Promise.all([accepted.read(noise.length), client.read(noise.length)])
      same("bytes both ways", [sum(there), sum(back)], [sum(noise), sum(noise)])
    },
  },
  {
    id: "H43b",
    clause: "RFC 9110 7.8",
    name: "an upgrade that the origin declines is an ordinary answer, and the connection goes on",
    async play(stage) {
      const server = await stage.httpOrigin()
      const client = await stage.client()
      client.send(get(server.authority, "/", "Connection: Upgrade", "Upgrade: websocket"))
      const response = await readResponse(client)
      same("status", status(response), 200)
      const again = await next(stage, client, response)
      again.send(get(server.authority))
      same("status", status(await readResponse(again)), 200)
    },
  },
]

/** A chunked request with this in its body is refused, and the origin never gets a whole request. */
const badChunks = (
  id: string,
  name: string,
  body: string,
  options: Partial<Pick<Case, "clause" | "ours">> = {},
): Case => ({
  id,
  clause: "RFC 9112 7.1, CVE-2023-46846",
  ...options,
  name,
  async play(stage) {
    const recorder = await Recorder.open(stage)
    const client = await stage.client()
    client.send(request("POST", recorder.authority, "/", ["Transfer-Encoding: chunked"]) + body)
    if (!stage.ours) return await refusedByAnother(client, recorder, false)
    await isRefused(stage, client, 400)
    same("whole requests at the origin", recorder.requests, 0)
  },
})

const memory = (stage: Stage): number => (stage.ours ? residentBytes(stage.pillion.pid) : 0)

const smuggled = "GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n"

/** More of a body than any limit, sent until the proxy has had enough: its answer may be lost to the reset behind it. */
const endless = (id: string, name: string, head: string, line: string): Case => ({
  id,
  clause: "RFC 9112 7.1.1, 7.1.2, contract 4",
  name,
  async play(stage) {
    const recorder = await Recorder.open(stage)
    const client = await stage.client()
    const before = memory(stage)
    client.send(request("POST", recorder.authority, "/", ["Transfer-Encoding: chunked"]) + head)
    await flood(client, line)
    const grown = memory(stage) - before
    const answer = client.pending.toString("latin1")
    must(answer === "" || /^HTTP\/1\.1 (400|413|431) /.test(answer), `the answer is ${answer.slice(0, 60)}`)
    same("whole requests at the origin", recorder.requests, 0)
    must(grown < 24 * mebibyte, `resident memory grew by ${(grown / mebibyte).toFixed(0)} MiB`)
  },
})

const broken: ReadonlyArray<Case> = [
  badChunks("H21a", "an extension whose quotes are open is refused", '5;a="b\r\nhello\r\n0\r\n\r\n'),
  badChunks("H21b", "an extension with a control character is refused", "5;\x01\r\nhello\r\n0\r\n\r\n"),
  endless("H21c", "an extension without end is refused, and costs no memory", "5;", "x"),
  endless("H21d", "extensions of chunk after chunk are refused, and cost no memory", "", "1;abcdefgh\r\nx\r\n"),
  ...["+5", "0x5", "-5", " 5", "5 5", "", "g", "5\n", "fffffffffffffffff", "7fffffffffffffff", "5\r"].map((size, i) =>
    badChunks(
      `H22${"abcdefghijk"[i]}`,
      `a chunk size of ${JSON.stringify(size)} is refused`,
      `${size}\r\nhello\r\n0\r\n\r\n${smuggled}`,
      {
        clause: "RFC 9112 7.1, CVE-2013-2028, CVE-2026-3945",
        // A proxy that counts further than 2^53 may wait for that many.
        ours: size === "7fffffffffffffff",
      },
    ),
  ),
  badChunks("H22l", "a chunk that is longer than it says is refused", "5\r\nhello!\r\n0\r\n\r\n"),
  badChunks("H22m", "a chunk that ends with LF alone is refused", "5\r\nhello\n0\r\n\r\n"),
  endless("H24a", "a trailer without end is refused, and costs no memory", "0\r\nX: ", "x"),
  endless("H24b", "trailers without end are refused, and cost no memory", "0\r\n", "X: yyyyyyyy\r\n"),
  badChunks("H24c", "a trailer that is malformed is refused", "0\r\nX : y\r\n\r\n"),
]

const followed: ReadonlyArray<Case> = [
  {
    id: "H31",
    clause: "RFC 9112 9.3.2",
    name: "three requests in one segment get three answers in order",
    async play(stage) {
      const server = await stage.httpOrigin((message) => ok(message.line))
      const client = await stage.client()
      client.send(["/1", "/2", "/3"].map((path) => get(server.authority, path)).join(""))
      for (const path of ["/1", "/2", "/3"]) {
        const response = await readResponse(client)
        must(response.body.startsWith(`GET ${path} `), `${path} got ${response.body}`)
        if ((await next(stage, client, response)) !== client) return
      }
    },
  },
  {
    id: "H31b",
    clause: "RFC 9112 9.3.2, contract 4",
    name: "three requests in one segment and a FIN get three answers in order, then the end",
    async play(stage) {
      const server = await stage.httpOrigin((message) => ok(message.line))
      const client = await stage.client()
      client.send(["/1", "/2", "/3"].map((path) => get(server.authority, path)).join("")).end()
      for (const path of ["/1", "/2", "/3"]) {
        const response = await readResponse(client)
        must(response.body.startsWith(`GET ${path} `), `${path} got ${response.body}`)
        if ((await next(stage, client, response)) !== client) return
      }
      same("bytes behind the last", (await client.readToEnd()).toString("latin1"), "")
    },
  },
  {
    id: "H32",
    clause: "RFC 9112 9.3.2, 11.2",
    name: "a bad request behind a good one is refused after the good one was answered",
    async play(stage) {
      const server = await stage.httpOrigin()
      const client = await stage.client()
      client.send(`${get(server.authority)}GET / HTTP/1.1\r\nHost : x\r\n\r\n`)
      const response = await readResponse(client)
      same("status", status(response), 200)
      if ((await next(stage, client, response)) === client) await isRefused(stage, client, 400)
      same("requests at the origin", server.requests.length, 1)
    },
  },
  {
    id: "H32b",
    clause: "RFC 9112 11.2",
    name: "behind a framing error nothing more is read",
    async play(stage) {
      const server = await stage.httpOrigin()
      const client = await stage.client()
      const bad = request("POST", server.authority, "/bad", ["Content-Length: 5x"], "hello")
      client.send(bad + get(server.authority, "/smuggled"))
      await isRefused(stage, client, 400)
      same("requests at the origin", server.requests.length, 0)
    },
  },
  {
    id: "H35",
    clause: "RFC 9112 9.5, 9.6",
    name: "an answer that comes before the body is complete reaches the client, and the connection ends",
    async play(stage) {
      const server = await stage.origin()
      const client = await stage.client()
      client.send(request("POST", server.authority, "/", ["Content-Length: 1000000"], "x".repeat(1000)))
      const accepted = await server.accepted()
      await accepted.readUntil("\r\n\r\n")
      accepted.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig").end()
      const bytes = await client.readUntil("big")
      same("status", bytes.split(" ")[1], "413")
      must(looksWhole(bytes, "end"), "the answer is not whole")
      await client.untilOver()
    },
  },
]

export const bodyCases: ReadonlyArray<Case> = [...carried, ...broken, ...followed]
