/**
 * Cases H, heads: what a request may look like, what of it the origin sees, and what nobody may see.
 */
import { field, names, readResponse, status } from "../support/http.ts"
import type { Message } from "../support/http.ts"
import { Recorder } from "./recorder.ts"
import type { Case } from "./runner.ts"
import { fieldOf, get, must, request, same } from "./talk.ts"
import { isRefused, passes } from "./verdicts.ts"

const passed: ReadonlyArray<Case> = [
  {
    id: "H01",
    clause: "RFC 9112 3.2.2, RFC 9110 7.6.3",
    name: "the origin gets origin-form, the Host of the target, and a Via",
    async play(stage) {
      const recorder = await Recorder.open(stage)
      const client = await stage.client()
      client.send(`GET http://${recorder.authority}/ HTTP/1.1\r\nHost: other\r\n\r\n`)
      const bytes = await passes(client, recorder)
      must(bytes.startsWith("GET / HTTP/1.1\r\n"), `no origin-form: ${bytes.slice(0, 40)}`)
      same("Host", fieldOf(bytes, "Host"), recorder.authority)
      must(/^1\.1 \S+/.test(fieldOf(bytes, "Via") ?? ""), "no Via")
    },
  },
  {
    id: "H02",
    clause: "RFC 9112 2.1",
    name: "a head that comes byte by byte is the same head",
    async play(stage) {
      const recorder = await Recorder.open(stage)
      const client = await stage.client()
      await client.trickle(`GET http://${recorder.authority}/ HTTP/1.1\r\nHost: other\r\n\r\n`)
      const bytes = await passes(client, recorder)
      must(bytes.startsWith("GET / HTTP/1.1\r\n"), `no origin-form: ${bytes.slice(0, 40)}`)
      same("Host", fieldOf(bytes, "Host"), recorder.authority)
    },
  },
  {
    id: "H10",
    clause: "RFC 9112 7, CVE-2026-31842",
    name: "chunked in any case is chunked",
    async play(stage) {
      for (const coding of ["Chunked", "CHUNKED", "cHuNkEd"]) {
        const recorder = await Recorder.open(stage)
        const client = await stage.client()
        const body = `5\r\nhello\r\n0\r\n\r\n`
        client.send(request("POST", recorder.authority, "/", [`Transfer-Encoding: ${coding}`], body))
        await passes(client, recorder, "hello")
      }
    },
  },
  {
    id: "H26e",
    clause: "RFC 9112 3.2",
    name: "a path with brackets, braces and the like passes as it is",
    async play(stage) {
      const recorder = await Recorder.open(stage)
      const client = await stage.client()
      client.send(get(recorder.authority, "/{a}|[b]^%7B;c=d?e[]={f}"))
      const bytes = await passes(client, recorder)
      same("the request line", bytes.split("\r\n")[0], "GET /{a}|[b]^%7B;c=d?e[]={f} HTTP/1.1")
    },
  },
  {
    id: "H45d",
    clause: "RFC 9110 7.6.2",
    name: "OPTIONS with Max-Forwards 0 is answered by the proxy itself, with 1 it goes on with 0",
    async play(stage) {
      const recorder = await Recorder.open(stage)
      const first = await stage.client()
      first.send(request("OPTIONS", recorder.authority, "/", ["Max-Forwards: 0"]))
      must(status(await readResponse(first)) < 600, "no answer")
      same("bytes at the origin", recorder.bytes, "")
      const second = await stage.client()
      second.send(request("OPTIONS", recorder.authority, "/", ["Max-Forwards: 1"]))
      same("Max-Forwards", fieldOf(await passes(second, recorder), "Max-Forwards"), "0")
    },
  },
]

/** The names that a message would not have without us. */
const own = (message: Message): ReadonlyArray<string> =>
  names(message).filter((name) => /^(x-[abyz]|accept|set-cookie)$/i.test(name))

const hopByHop: ReadonlyArray<Case> = [
  {
    id: "H19a",
    clause: "RFC 9110 7.6.1",
    name: "fields that Connection names stay with the proxy, and so do those that are hop-by-hop by nature",
    async play(stage) {
      const server = await stage.httpOrigin()
      const client = await stage.client()
      const hops = [
        "X-Mine: 1",
        "Keep-Alive: timeout=5",
        "Proxy-Connection: keep-alive",
        "TE: trailers",
        "Upgrade: h2c",
      ]
      client.send(get(server.authority, "/", "Connection: x-MINE, close", ...hops, "X-Other: 2"))
      same("status", status(await readResponse(client)), 200)
      const [seen] = server.requests as [Message]
      const left = ["X-Mine", "Keep-Alive", "Proxy-Connection", "Upgrade"].filter(
        (each) => field(seen, each) !== undefined,
      )
      same("hop-by-hop fields at the origin", left, [])
      same("X-Other", field(seen, "X-Other"), "2")
    },
  },
  {
    id: "H19b",
    clause: "contract 4, conformance T18",
    name: "a Connection that names end-to-end fields removes none of them",
    // RFC 9110 section 7.6.1 would have them removed: hop-by-hop abuse is stopped by policy.
    ours: true,
    async play(stage) {
      const server = await stage.httpOrigin()
      const client = await stage.client()
      const fields = ["Connection: host, content-length, authorization, cookie, cache-control", "Content-Length: 2"]
      const credentials = ["Authorization: Basic YTpi", "Cookie: a=b"]
      client.send(request("POST", server.authority, "/", [...fields, ...credentials], "ab"))
      same("status", status(await readResponse(client)), 200)
      const [seen] = server.requests as [Message]
      same("the body", seen.body, "ab")
      const missing = ["Host", "Content-Length", "Authorization", "Cookie"].filter(
        (each) => field(seen, each) === undefined,
      )
      same("fields that were removed", missing, [])
    },
  },
  {
    id: "H19c",
    clause: "CVE-2023-49606, CVE-2026-54388",
    name: "ten thousand Connection options, or two hundred Connection fields, are refused or cheap",
    async play(stage) {
      const server = await stage.httpOrigin()
      const many = `Connection: ${Array.from({ length: 10_000 }, (_, i) => `x${i}`).join(",")}`
      for (const fields of [[many], Array.from({ length: 200 }, () => "Connection: x-a, x-b")]) {
        const client = await stage.client()
        client.send(get(server.authority, "/", ...fields))
        const code = status(await readResponse(client))
        must(stage.ours ? code === 431 : code >= 200, `status ${code} where 431 was due`)
      }
      // The next one is served.
      const client = await stage.client()
      client.send(get(server.authority))
      same("status", status(await readResponse(client)), 200)
    },
  },
  {
    id: "H47a",
    clause: "RFC 9110 11.7.1",
    name: "credentials for a proxy do not reach the origin, and neither do those in the target",
    async play(stage) {
      const recorder = await Recorder.open(stage)
      const client = await stage.client()
      client.send(get(recorder.authority, "/", "Proxy-Authorization: Basic c2VjcmV0OnB3"))
      must(!/c2VjcmV0OnB3|proxy-authorization/i.test(await passes(client, recorder)), "the origin got them")
      const other = await stage.client()
      other.send(`GET http://user:s3cr3t@${recorder.authority}/ HTTP/1.1\r\nHost: ${recorder.authority}\r\n\r\n`)
      if (stage.ours) await isRefused(stage, other, 400)
      else await Promise.race([readResponse(other), recorder.untilUnclean(60_000)])
      must(!recorder.bytes.includes("s3cr3t"), "the origin got the password of the target")
    },
  },
  {
    id: "H47b",
    clause: "contract 4, CVE-2025-62168",
    name: "credentials, cookies and queries are not in an error's body",
    async play(stage) {
      const server = await stage.origin((peer) => peer.reset())
      const client = await stage.client()
      const secrets = ["Proxy-Authorization: Basic c2VjcmV0OnB3", "Authorization: Bearer t0k3n", "Cookie: a=c00k1e"]
      client.send(get(server.authority, "/?q=qu3ry", ...secrets))
      await server.accepted()
      client.end()
      await client.untilOver()
      const answer = client.pending.toString("latin1")
      if (stage.ours) must(answer.startsWith("HTTP/1.1 502 "), `the answer is ${answer.slice(0, 60)}`)
      const found = /c2VjcmV0OnB3|t0k3n|c00k1e|qu3ry/.exec(answer)
      same("secrets in the answer", found?.[0] ?? "none", "none")
    },
  },
  {
    id: "H47c",
    clause: "contract 4",
    name: "credentials, cookies, queries and bodies are not in any log",
    ours: true,
    async play(stage) {
      const server = await stage.httpOrigin()
      const client = await stage.client()
      const secrets = ["Proxy-Authorization: Basic c2VjcmV0OnB3", "Authorization: Bearer t0k3n", "Cookie: a=c00k1e"]
      client.send(request("POST", server.authority, "/?q=qu3ry", [...secrets, "Content-Length: 5"], "b0dy!"))
      same("status", status(await readResponse(client)), 200)
      const other = await stage.client()
      other.send(`GET http://user:s3cr3t@${server.authority}/ HTTP/1.1\r\nHost: ${server.authority}\r\n\r\n`)
      await isRefused(stage, other, 400)
      other.end()
      const { pillion } = stage
      await pillion.lineOf(client)
      await pillion.lineOf(other)
      const talk = [...pillion.stdout.all, ...pillion.stderr.all].join("\n")
      same("secrets in the logs", /c2VjcmV0OnB3|t0k3n|c00k1e|qu3ry|b0dy!|s3cr3t/.exec(talk)?.[0] ?? "none", "none")
    },
  },
  {
    id: "H46",
    clause: "RFC 9110 7.6.3, RFC 9209 2.3.20",
    name: "a request that the proxy sends to itself ends in an error instead of a loop",
    async play(stage) {
      const { host, port } = stage.subject
      const client = await stage.client()
      client.send(get(`${host}:${port}`))
      const response = await readResponse(client)
      must(status(response) >= 400, `status ${status(response)} where an error was due`)
    },
  },
  {
    id: "H46b",
    clause: "RFC 9110 7.6.3, RFC 9209 2.3.20",
    name: "a request that carries the proxy's own name in Via is a loop",
    ours: true,
    async play(stage) {
      const recorder = await Recorder.open(stage)
      const first = await stage.client()
      first.send(get(recorder.authority))
      const via = fieldOf(await passes(first, recorder), "Via") ?? ""
      const second = await stage.client()
      second.send(get(recorder.authority, "/", `Via: 1.0 other, ${via}`))
      const response = await readResponse(second)
      same("status", status(response), 502)
      must(field(response, "Proxy-Status")?.includes("proxy_loop_detected") === true, "no proxy_loop_detected")
      same("requests at the origin", recorder.requests, 1)
    },
  },
  {
    id: "H46c",
    clause: "RFC 9110 5.3, 7.6.3",
    name: "fields keep their names, their order and their repetitions in both directions, and a foreign Via stays",
    async play(stage) {
      const server = await stage.httpOrigin(
        () => "HTTP/1.1 200 OK\r\nx-B: 1\r\nSet-Cookie: a=1\r\nX-a: 2\r\nset-cookie: b=2\r\nContent-Length: 0\r\n\r\n",
      )
      const client = await stage.client()
      client.send(get(server.authority, "/", "x-Z: 1", "X-y: 2", "Via: 1.0 fred", "x-Z: 3", "Accept: a", "Accept: b"))
      const response = await readResponse(client)
      const [seen] = server.requests as [Message]
      // Names have no case for the RFC; ours carries them as they are.
      const as = (wanted: ReadonlyArray<string>): ReadonlyArray<string> =>
        stage.ours ? wanted : wanted.map((name) => name.toLowerCase())
      same("request fields", as(own(seen)), as(["x-Z", "X-y", "x-Z", "Accept", "Accept"]))
      same("x-Z", field(seen, "x-Z"), "1, 3")
      must(field(seen, "Via")?.startsWith("1.0 fred, ") === true, `Via is ${field(seen, "Via")}`)
      same("response fields", as(own(response)), as(["x-B", "Set-Cookie", "X-a", "set-cookie"]))
    },
  },
]

export const headCases: ReadonlyArray<Case> = [...passed, ...hopByHop]
