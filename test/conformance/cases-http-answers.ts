/**
 * Cases H, answers: what an origin may say, and what of it the client gets.
 */
import { unusedPort } from "../../scripts/unused-port.ts"
import { field, readResponse, status } from "../support/http.ts"
import { ok } from "../support/origins.ts"
import type { Peer } from "../support/peer.ts"
import type { Case, Stage } from "./runner.ts"
import { get, must, request, same } from "./talk.ts"
import { isBadGateway, next } from "./verdicts.ts"

const interim: ReadonlyArray<Case> = [
  {
    id: "H34a",
    clause: "RFC 9110 15.2",
    name: "interim answers are passed on before the final one",
    async play(stage) {
      const early = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
      const server = await stage.httpOrigin(() => early + ok("done"))
      const client = await stage.client()
      client.send(get(server.authority))
      const codes: Array<number> = []
      while (codes.at(-1) !== 200) {
        codes.push(status(await readResponse(client)))
        must(codes.length <= 3, `statuses ${codes.join(", ")}`)
      }
      same("statuses", codes, [103, 102, 200])
    },
  },
  {
    id: "H34b",
    clause: "contract 4",
    name: "interim answers without end are cut short with a 502",
    async play(stage) {
      const server = await stage.httpOrigin(() => "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(40) + ok("done"))
      const client = await stage.client()
      client.send(get(server.authority))
      let code = 103
      let count = -1
      while (code === 103) {
        code = status(await readResponse(client))
        count++
      }
      // The RFCs know no bound: another's proxy may pass on all forty.
      if (stage.ours) must(code === 502 && count <= 32, `status ${code} after ${count} interim answers`)
    },
  },
  {
    id: "H34c",
    clause: "RFC 9110 15.2",
    name: "a client of HTTP/1.0 gets no interim answer",
    async play(stage) {
      const server = await stage.httpOrigin(() => "HTTP/1.1 103 Early Hints\r\n\r\n" + ok("done"))
      const client = await stage.client()
      client.send(`GET http://${server.authority}/ HTTP/1.0\r\n\r\n`)
      const response = await readResponse(client)
      same("the answer", [status(response), response.body], [200, "done"])
    },
  },
  {
    id: "H44",
    clause: "RFC 9110 7.8, 15.2.2",
    name: "a 101 that nobody asked for is no answer",
    async play(stage) {
      const server = await stage.httpOrigin(() => "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")
      const client = await stage.client()
      client.send(get(server.authority))
      await isBadGateway(stage, client, /http_protocol_error/)
    },
  },
]

const framed: ReadonlyArray<Case> = [
  {
    id: "H36",
    clause: "RFC 9112 6.3, RFC 9110 8.6",
    name: "HEAD, 204, 304 and 1xx have no body whatever their fields say, and the connection goes on",
    async play(stage) {
      const server = await stage.httpOrigin((message) => {
        if (message.line.startsWith("HEAD")) return "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        if (message.line.includes("/204l")) return "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"
        if (message.line.includes("/204c")) return "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"
        if (message.line.includes("/304")) return "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n"
        if (message.line.includes("/103")) return "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n" + ok("hints")
        return ok("after")
      })
      let client = await stage.client()
      client.send(request("HEAD", server.authority, "/"))
      const head = await readResponse(client, { bodiless: true })
      same("HEAD", [status(head), field(head, "Content-Length")], [200, "1000"])
      client = await next(stage, client, head)
      for (const [path, code] of [
        ["/204l", 204],
        ["/204c", 204],
        ["/304", 304],
        ["/103", 200],
      ] as const) {
        client.send(get(server.authority, path))
        let response = await readResponse(client)
        // A proxy may keep interim answers to itself.
        if (path === "/103" && status(response) === 103) response = await readResponse(client)
        same(path, status(response), code)
        client = await next(stage, client, response)
      }
      client.send(get(server.authority))
      same("the next answer", (await readResponse(client)).body, "after")
    },
  },
  ...[
    [
      "H38a",
      "an answer without a length ends with its connection, and arrives whole",
      "HTTP/1.1 200 OK\r\n\r\nto the end",
    ],
    ["H38b", "an answer of HTTP/1.0 arrives whole", "HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nto the end"],
    [
      "H38c",
      "a chunked answer arrives whole",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nto the\r\n4;x\r\n end\r\n0\r\n\r\n",
    ],
  ].map(([id = "", name = "", bytes = ""]): Case => ({
    id,
    clause: "RFC 9112 6.3",
    name,
    async play(stage) {
      for (const version of ["1.1", "1.0"]) {
        const server = await stage.origin()
        const client = await stage.client()
        client.send(`GET http://${server.authority}/ HTTP/${version}\r\nHost: ${server.authority}\r\n\r\n`)
        const accepted = await server.accepted()
        await accepted.readUntil("\r\n\r\n")
        accepted.send(bytes).end()
        const response = await readResponse(client)
        same(`HTTP/${version}`, [status(response), response.body], [200, "to the end"])
        if (version === "1.0") same("chunks for HTTP/1.0", field(response, "Transfer-Encoding"), undefined)
      }
    },
  })),
]

/** An answer that no two recipients need read alike: the client gets a 502, and the origin its end. */
const malformed = (id: string, name: string, answer: string, repairable?: "repairable"): Case => ({
  id,
  clause: "RFC 9112 4, 6.3, 11.1",
  name,
  async play(stage) {
    const server = await stage.origin((peer) => {
      void peer.readUntil("\r\n\r\n").then(
        () => peer.send(answer),
        () => {},
      )
    })
    const client = await stage.client()
    client.send(get(server.authority))
    const accepted = await server.accepted()
    if (!stage.ours) return await badOrRepaired(stage, client, accepted, repairable !== undefined)
    await isBadGateway(stage, client, /error=http_(protocol|response)/)
    // What is left of the answer is nobody's: its connection ends.
    await accepted.untilOver()
  },
})

/** Another's proxy may pass on an answer that it has repaired: then its head is clean, and it is whole. */
const badOrRepaired = async (stage: Stage, client: Peer, accepted: Peer, repairable: boolean): Promise<void> => {
  // So that an answer without an end has one.
  await client.untilReceived(1, 1000).catch(() => accepted.end())
  if (!repairable) return await isBadGateway(stage, client, /./)
  const lines = (await client.readUntil("\r\n\r\n")).slice(0, -4).split("\r\n").slice(1)
  const unclean = lines.find((line) => !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/.test(line))
  same("unclean fields", unclean?.slice(0, 60), undefined)
}

const head = (...fields: ReadonlyArray<string>): string => ["HTTP/1.1 200 OK", ...fields, "", "hello"].join("\r\n")

const spoilt: ReadonlyArray<Case> = [
  malformed("H39a", "an answer with two lengths is refused", head("Content-Length: 5", "Content-Length: 6")),
  malformed(
    "H39b",
    "an answer with a length and chunks is refused",
    head("Content-Length: 5", "Transfer-Encoding: chunked").replace("hello", "5\r\nhello\r\n0\r\n\r\n"),
    "repairable",
  ),
  malformed(
    "H39c",
    "an answer with a head of 100 KiB is refused",
    head(`X: ${"x".repeat(102_400)}`, "Content-Length: 5"),
    "repairable",
  ),
  malformed("H39d", "an answer with NUL in a field is refused", head("X: a\0b", "Content-Length: 5"), "repairable"),
  malformed("H39e", "a status of two digits is refused", "HTTP/1.1 20 OK\r\nContent-Length: 5\r\n\r\nhello"),
  malformed("H39f", "an answer of HTTP/2.0 is refused", "HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
  malformed(
    "H39g",
    "an answer whose lines end with LF alone is refused",
    "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
    "repairable",
  ),
  malformed("H39h", "an answer with a space before a colon is refused", head("Content-Length : 5"), "repairable"),
  malformed("H39i", "an answer with a folded field is refused", head("X: a", " b", "Content-Length: 5"), "repairable"),
  malformed("H39j", "an answer with an invalid length is refused", head("Content-Length: +5")),
  malformed("H39k", "bytes that are no answer are refused", "SSH-2.0-OpenSSH_9.6\r\n\r\n"),
]

const failing: ReadonlyArray<Case> = [
  {
    id: "H41a",
    clause: "RFC 9110 9.2.2",
    name: "a GET is sent again when the kept connection that it went out on had died",
    async play(stage) {
      const { server, answers } = await dying(stage)
      const client = await stage.client()
      client.send(get(server.authority, "/1"))
      const response = await readResponse(client)
      same("status", status(response), 200)
      const again = await next(stage, client, response)
      again.send(get(server.authority, "/2"))
      const code = status(await readResponse(again))
      // "MAY" of the RFC: another's proxy may leave it to its client.
      must(code === 200 || (!stage.ours && code === 502), `status ${code} where 200 was due`)
      must(answers() <= 3, `the origin was asked ${answers()} times`)
    },
  },
  {
    id: "H41b",
    clause: "RFC 9110 9.2.2",
    name: "a POST is never sent twice",
    async play(stage) {
      const { server, answers } = await dying(stage)
      const client = await stage.client()
      client.send(get(server.authority, "/1"))
      const response = await readResponse(client)
      same("status", status(response), 200)
      const again = await next(stage, client, response)
      again.send(request("POST", server.authority, "/2", ["Content-Length: 2"], "ab"))
      const code = status(await readResponse(again))
      same("requests at the origin", answers(), 2)
      // A proxy that keeps no connections gets an answer on its new one.
      if (stage.ours) same("status", code, 502)
    },
  },
  {
    id: "H42",
    clause: "RFC 9110 15.6.3",
    name: "an origin that hangs up unanswered is a 502",
    async play(stage) {
      for (const how of ["end", "reset"] as const) {
        const server = await stage.origin()
        const client = await stage.client()
        client.send(get(server.authority))
        const accepted = await server.accepted()
        await accepted.readUntil("\r\n\r\n")
        accepted[how]()
        await isBadGateway(stage, client, /connection_terminated/)
      }
    },
  },
  {
    id: "H51a",
    clause: "RFC 9110 15.6.3, RFC 9209 2.3",
    name: "a port that refuses is a 502 that says so",
    async play(stage) {
      const client = await stage.client()
      client.send(get(`127.0.0.1:${unusedPort()}`))
      await isBadGateway(stage, client, /connection_refused/)
    },
  },
]

/** An origin that answers the first request of a connection, and resets at the second, unanswered. */
const dying = async (
  stage: Parameters<Case["play"]>[0],
): Promise<{
  readonly server: Awaited<ReturnType<typeof stage.httpOrigin>>
  readonly answers: () => number
}> => {
  const seen = new Map<unknown, number>()
  const server = await stage.httpOrigin((_, peer) => {
    const count = (seen.get(peer) ?? 0) + 1
    seen.set(peer, count)
    if (count === 1) return ok("hello")
    peer.reset()
    return undefined
  })
  return { server, answers: () => server.requests.length }
}

export const answerCases: ReadonlyArray<Case> = [...interim, ...framed, ...spoilt, ...failing]
