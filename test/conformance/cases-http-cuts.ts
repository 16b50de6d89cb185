/**
 * Cases H37 and H40, and all around them: a message that was cut short, by FIN or by reset, in its head or in its body,
 * never looks whole to the other side.
 */
import { readResponse, status } from "../support/http.ts"
import { see } from "../support/strict.ts"
import { Recorder } from "./recorder.ts"
import type { Case } from "./runner.ts"
import { get, looksWhole, must, request, same } from "./talk.ts"
import { isBadGateway } from "./verdicts.ts"

const cuts = ["end", "reset"] as const
const called = { end: "FIN", reset: "a reset" }

const answers = {
  "an answer by length": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
  "an answer by length without one byte of body": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
  "a chunked answer between two chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
  "a chunked answer within a chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n12345",
  "a chunked answer within a size": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n1",
  "a chunked answer before its last line": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n",
  "a chunked answer within its trailers":
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\nX: y\r\n",
} as const

const versions = ["1.1", "1.0"] as const
type Version = (typeof versions)[number]

/** A request of a client of this version. One of HTTP/1.0 knows no chunks: only a reset tells it of a cut. */
const getAs = (version: Version, authority: string): string =>
  `GET http://${authority}/ HTTP/${version}\r\nHost: ${authority}\r\n\r\n`

const cutAnswer = (id: string, name: string, bytes: string, cut: (typeof cuts)[number], version: Version): Case => ({
  id,
  clause: "RFC 9112 8, contract 4",
  name: `${name} that is cut by ${called[cut]} never looks whole to a client of HTTP/${version}`,
  async play(stage) {
    const server = await stage.origin()
    const client = await stage.client()
    client.send(getAs(version, server.authority))
    const accepted = await server.accepted()
    await accepted.readUntil("\r\n\r\n")
    accepted.send(bytes)
    // A reset would overtake bytes that the proxy has not read yet: what they become is waited for.
    const mark = bytes.endsWith("\r\n\r\n") ? "\r\n\r\n" : "12345"
    const start = cut === "reset" ? await client.readUntil(mark) : ""
    accepted[cut]()
    const over = await client.untilOver()
    const got = start + client.pending.toString("latin1")
    const failed = /^HTTP\/1\.\d 50[24] /.test(got)
    must(failed || !looksWhole(got, over), `after ${over} this looks whole: ${JSON.stringify(got)}`)
  },
})

const cutAnswers = Object.entries(answers).flatMap(([name, bytes], i) =>
  cuts.flatMap((cut) =>
    versions.map((version) => {
      const id = `H37${"abcdefg"[i]}${cut[0]}${version === "1.0" ? "0" : ""}`
      return cutAnswer(id, name, bytes, cut, version)
    }),
  ),
)

const unframed = versions.map((version): Case => ({
  id: `H37h${version === "1.0" ? "0" : ""}`,
  clause: "RFC 9112 8, contract 4",
  name: `an answer without length that is reset never looks whole to a client of HTTP/${version}`,
  async play(stage) {
    const server = await stage.origin()
    const client = await stage.client()
    client.send(getAs(version, server.authority))
    const accepted = await server.accepted()
    await accepted.readUntil("\r\n\r\n")
    accepted.send("HTTP/1.1 200 OK\r\n\r\n12345")
    const start = await client.readUntil("12345")
    accepted.reset()
    const over = await client.untilOver()
    const got = start + client.pending.toString("latin1")
    must(!looksWhole(got, over), `after ${over} this looks whole: ${JSON.stringify(got)}`)
  },
}))

const cutHeads = ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", "HTTP/1.1 200", "H"].flatMap((bytes, i) =>
  cuts.map((cut): Case => ({
    id: `H40${"abc"[i]}${cut[0]}`,
    clause: "RFC 9112 8, RFC 9110 15.6.3",
    name: `an answer that is cut by ${called[cut]} after ${JSON.stringify(bytes)} is a 502`,
    async play(stage) {
      const server = await stage.origin()
      const client = await stage.client()
      client.send(get(server.authority))
      const accepted = await server.accepted()
      await accepted.readUntil("\r\n\r\n")
      accepted.send(bytes)
      accepted[cut]()
      await isBadGateway(stage, client, /connection_terminated|http_response_incomplete/)
    },
  })),
)

const requests = {
  "a request by length": (authority: string) => request("POST", authority, "/", ["Content-Length: 10"], "12345"),
  "a chunked request between two chunks": (authority: string) =>
    request("POST", authority, "/", ["Transfer-Encoding: chunked"], "5\r\n12345\r\n"),
  "a chunked request within a chunk": (authority: string) =>
    request("POST", authority, "/", ["Transfer-Encoding: chunked"], "a\r\n12345"),
  "a chunked request before its last line": (authority: string) =>
    request("POST", authority, "/", ["Transfer-Encoding: chunked"], "5\r\n12345\r\n0\r\n"),
  "a chunked request within its trailers": (authority: string) =>
    request("POST", authority, "/", ["Transfer-Encoding: chunked"], "5\r\n12345\r\n0\r\nX: y\r\n"),
}

const cutRequests = Object.entries(requests).flatMap(([name, sends], i) =>
  cuts.map((cut): Case => ({
    id: `H52${"abcde"[i]}${cut[0]}`,
    clause: "RFC 9112 8, contract 4",
    name: `${name} that is cut by ${called[cut]} never looks whole to the origin`,
    async play(stage) {
      const recorder = await Recorder.open(stage)
      const client = await stage.client()
      client.send(sends(recorder.authority))
      // Another's proxy may wait for the whole body before it dials; ours is heard of before the cut.
      if (stage.ours) await recorder.until("12345")
      client[cut]()
      if (cut === "end") await client.untilOver()
      for (const { peer } of recorder.connections) await peer.untilOver()
      same("whole requests at the origin", recorder.requests, 0)
    },
  })),
)

const cutRequestHeads = cuts.map((cut): Case => ({
  id: `H53${cut[0]}`,
  clause: "RFC 9112 8",
  name: `a request head that is cut by ${called[cut]} is no request`,
  async play(stage) {
    const recorder = await Recorder.open(stage)
    const client = await stage.client()
    client.send(`${get(recorder.authority)}GET http://${recorder.authority}/cut HTTP/1.1\r\nHost: x\r\n`)
    same("status", status(await readResponse(client)), 200)
    client[cut]()
    if (cut === "end") await client.untilOver()
    same("requests at the origin", recorder.requests, 1)
    must(!recorder.bytes.includes("/cut"), "a part of the head reached the origin")
    must(see(recorder.bytes).end === "nothing", "the origin got a part of a request")
  },
}))

export const cutCases: ReadonlyArray<Case> = [
  ...cutAnswers,
  ...unframed,
  ...cutHeads,
  ...cutRequests,
  ...cutRequestHeads,
]
