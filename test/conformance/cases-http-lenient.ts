/**
 * Cases H6: what devices and libraries write a little otherwise than most, and every reader of RFC 9110 and 9112 has to
 * understand, or does. It is understood here, and goes on as everybody writes it: no two recipients read it differently.
 */
import { field, readResponse, status } from "../support/http.ts"
import { ok } from "../support/origins.ts"
import { seeForwarded } from "../support/strict.ts"
import { Recorder } from "./recorder.ts"
import type { Case } from "./runner.ts"
import { fieldOf, get, must, request, same } from "./talk.ts"
import { isRefused, passes } from "./verdicts.ts"

/** Ways to write chunks of "hello"; the grammar has all of those before `fromDevices`. */
const chunkings = {
  "blanks before an extension": "5 ;a=b\r\nhello\r\n0\t;c\r\n\r\n",
  "blanks all over an extension": "5 ; a = b ;\tc\r\nhello\r\n0\r\n\r\n",
  "sixteen digits": "0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n",
  "a hundred zeros": `${"0".repeat(100)}5\r\nhello\r\n${"0".repeat(100)}\r\n\r\n`,
  "sizes padded with blanks": "5       \r\nhello\r\n0       \r\n\r\n",
  "a blank behind the size": "5 \r\nhello\r\n0 \r\n\r\n",
} as const

const fromDevices: ReadonlySet<string> = new Set(["sizes padded with blanks", "a blank behind the size"])

const chunkCases = Object.entries(chunkings).flatMap(([name, body], i): ReadonlyArray<Case> => {
  const clause = fromDevices.has(name) ? "RFC 9112 7.1, 2.2" : "RFC 9112 7.1, 7.1.1"
  // To refuse what the grammar does not have, or so many zeros, is another's right.
  const ours = i > 1
  const letter = "abcdef"[i]!
  return [
    {
      id: `H60${letter}`,
      clause,
      name: `a body with ${name} arrives whole`,
      ours,
      async play(stage) {
        const recorder = await Recorder.open(stage)
        for (const trickles of [false, true]) {
          const client = await stage.client()
          const before = recorder.bytes.length
          const bytes = request("POST", recorder.authority, "/", ["Transfer-Encoding: chunked"], body)
          if (trickles) await client.trickle(bytes)
          else client.send(bytes)
          const response = await readResponse(client)
          same("the answer", [status(response), response.body], [200, "recorded"])
          const { requests, end } = seeForwarded(recorder.bytes.slice(before))
          if (stage.ours) same("what was forwarded", [requests.map((each) => each.body), end], [["hello"], "nothing"])
        }
      },
    },
    {
      id: `H61${letter}`,
      clause,
      name: `an answer with ${name} arrives whole`,
      ours,
      async play(stage) {
        const server = await stage.httpOrigin(() => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`)
        const client = await stage.client()
        for (const version of ["1.1", "1.0"]) {
          const asking = version === "1.1" ? client : await stage.client()
          asking.send(`GET http://${server.authority}/ HTTP/${version}\r\nHost: ${server.authority}\r\n\r\n`)
          const response = await readResponse(asking)
          same(`HTTP/${version}`, [status(response), response.body], [200, "hello"])
        }
        if (!stage.ours) return
        client.send(get(server.authority))
        await client.readUntil("\r\n\r\n")
        await client.expect("5\r\nhello\r\n0\r\n\r\n")
      },
    },
  ]
})

const lengths: ReadonlyArray<Case> = [
  {
    id: "H62a",
    clause: "RFC 9110 8.6",
    name: "a Content-Length with zeros before it is that length, and goes on without them",
    ours: true,
    async play(stage) {
      for (const zeros of ["0", "0".repeat(15), "0".repeat(1000)]) {
        const recorder = await Recorder.open(stage)
        const client = await stage.client()
        client.send(request("POST", recorder.authority, "/", [`Content-Length: ${zeros}10`], "0123456789"))
        same("Content-Length", fieldOf(await passes(client, recorder, "0123456789"), "Content-Length"), "10")
      }
    },
  },
  {
    id: "H62b",
    clause: "RFC 9110 8.6",
    name: "an answer's Content-Length with zeros before it is that length, and goes on without them",
    ours: true,
    async play(stage) {
      const server = await stage.httpOrigin(
        ({ line }) => `HTTP/1.1 200 OK\r\nContent-Length: 00010\r\n\r\n${line.startsWith("HEAD") ? "" : "0123456789"}`,
      )
      const client = await stage.client()
      client.send(get(server.authority) + request("HEAD", server.authority, "/") + get(server.authority))
      for (const bodiless of [false, true, false]) {
        const response = await readResponse(client, { bodiless })
        const { body } = response
        same("the answer", [field(response, "Content-Length"), body], ["10", bodiless ? "" : "0123456789"])
      }
    },
  },
]

const fields: ReadonlyArray<Case> = [
  ...(["Expect:", "Expect: ,"] as const).map((line, i): Case => ({
    id: `H63${"ab"[i]}`,
    clause: "RFC 9110 10.1.1, 5.6.1.2",
    name: `${line} expects nothing`,
    ours: i > 0,
    async play(stage) {
      const recorder = await Recorder.open(stage)
      const client = await stage.client()
      client.send(request("POST", recorder.authority, "/", [line, "Content-Length: 5"], "hello"))
      const bytes = await passes(client, recorder, "hello")
      if (stage.ours) same("Expect at the origin", fieldOf(bytes, "Expect"), undefined)
    },
  })),
  ...[["Expect: 100-continue, 100-Continue"], ["Expect: 100-continue", "Expect: 100-continue"]].map(
    (lines, i): Case => ({
      id: `H63${"cd"[i]}`,
      clause: "RFC 9110 10.1.1, 5.3",
      name: `100-continue twice in ${i === 0 ? "one line" : "two lines"} is one expectation`,
      ours: true,
      async play(stage) {
        const server = await stage.origin()
        const client = await stage.client()
        client.send(request("PUT", server.authority, "/", [...lines, "Content-Length: 4"]))
        const accepted = await server.accepted()
        const head = await accepted.readUntil("\r\n\r\n")
        same("expectations", head.match(/\r\nExpect:[^\r]*/gi), ["\r\nExpect: 100-continue"])
        accepted.send("HTTP/1.1 100 Continue\r\n\r\n")
        same("status", status(await readResponse(client)), 100)
        client.send("body")
        await accepted.expect("body")
        accepted.send(ok("done"))
        same("the answer", (await readResponse(client)).body, "done")
      },
    }),
  ),
  {
    id: "H63e",
    clause: "RFC 9110 10.1.1",
    name: "an expectation that nobody knows is not hidden by one that everybody does",
    ours: true,
    async play(stage) {
      const recorder = await Recorder.open(stage)
      const client = await stage.client()
      client.send(get(recorder.authority, "/", "Expect: 100-continue, a-miracle"))
      await isRefused(stage, client, 417)
      same("bytes at the origin", recorder.bytes, "")
    },
  },
  {
    id: "H64a",
    clause: "RFC 6455 4.1, RFC 9110 7.8",
    name: "a WebSocket that is asked for by ws:// is an upgrade like any other",
    ours: true,
    async play(stage) {
      const server = await stage.origin()
      const client = await stage.client()
      const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
      client.send(`GET ws://${server.authority}/chat HTTP/1.1\r\nHost: other\r\n${upgrade}\r\n`)
      const accepted = await server.accepted()
      const head = await accepted.readUntil("\r\n\r\n")
      must(head.startsWith("GET /chat HTTP/1.1\r\n"), `no origin-form: ${head.slice(0, 40)}`)
      same("Host", fieldOf(head, "Host"), server.authority)
      same("Upgrade", fieldOf(head, "Upgrade"), "websocket")
      accepted.send(`HTTP/1.1 101 Switching Protocols\r\n${upgrade}\r\nframe`)
      same("status", status(await readResponse(client)), 101)
      await client.expect("frame")
      client.send("back")
      await accepted.expect("back")
    },
  },
  {
    id: "H64b",
    clause: "RFC 9110 4.2, 7.8",
    name: "ws:// without an upgrade is no scheme that can be had here",
    ours: true,
    async play(stage) {
      const recorder = await Recorder.open(stage)
      const client = await stage.client()
      client.send(`GET ws://${recorder.authority}/ HTTP/1.1\r\nHost: h\r\n\r\n`)
      await isRefused(stage, client, 501)
      same("bytes at the origin", recorder.bytes, "")
    },
  },
  {
    id: "H65",
    clause: "RFC 9110 7.6.2, 10.1.1",
    name: "fields that mean something in a request only do no harm in an answer",
    async play(stage) {
      const strange = "Max-Forwards: 3\r\nMax-Forwards: x\r\nExpect: a-miracle\r\nHost: a\r\nHost: b c\r\n"
      const server = await stage.httpOrigin(() => `HTTP/1.1 200 OK\r\n${strange}Content-Length: 5\r\n\r\nhello`)
      const client = await stage.client()
      client.send(get(server.authority))
      const response = await readResponse(client)
      same("the answer", [status(response), response.body], [200, "hello"])
    },
  },
]

export const lenientCases: ReadonlyArray<Case> = [...chunkCases, ...lengths, ...fields]
