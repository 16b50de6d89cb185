/**
 * Cases H66: a connection to an origin that was used before, and that the origin has had enough of.
 */
import { readFileSync } from "node:fs"

import { askAfter } from "../../src/net/http/origin-connection.ts"
import { readResponse, status } from "../support/http.ts"
import { ok, type Origin } from "../support/origins.ts"
import type { Peer } from "../support/peer.ts"
import { eventually } from "../support/within.ts"
import type { Case, Stage } from "./runner.ts"
import { get, request, same } from "./talk.ts"
import { isBadGateway } from "./verdicts.ts"

const tired = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 5\r\n\r\ntired"
const unasked = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"

/** What the origin does with a connection at rest. */
const ends = {
  "ended with FIN": (peer: Peer) => void peer.end(),
  "ended with a reset": (peer: Peer) => void peer.reset(),
  "given up with a 408": (peer: Peer) => void peer.send(tired).end(),
  "spoken on unasked": (peer: Peer) => void peer.send(unasked),
}

const methods = { GET: get, POST: (authority: string) => request("POST", authority, "/", ["Content-Length: 2"], "hi") }

/** A client and a connection to the origin that has carried its first request. */
const used = async (stage: Stage, server: Origin): Promise<{ readonly client: Peer; readonly accepted: Peer }> => {
  const client = await stage.client()
  client.send(get(server.authority))
  const accepted = await server.accepted()
  await accepted.readUntil("\r\n\r\n")
  accepted.send(ok("first"))
  same("the first answer", (await readResponse(client)).body, "first")
  return { client, accepted }
}

/** The next request is answered on a connection of its own. */
const isAnsweredAnew = async (server: Origin, client: Peer): Promise<void> => {
  const another = await server.accepted()
  await another.readUntil("\r\n\r\n")
  another.send(ok("second"))
  const response = await readResponse(client)
  same("the answer", [status(response), response.body], [200, "second"])
}

/** The connections to this port, seen from their clients: the state of each, and its bytes to be read (proc_pid_net(5)). */
const connectionsTo = (port: number): ReadonlyArray<{ readonly state: string; readonly unread: string }> => {
  const to = `:${port.toString(16).toUpperCase().padStart(4, "0")}`
  return readFileSync("/proc/net/tcp", "latin1")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , remote = ""]) => remote.endsWith(to))
    .map(([, , , state = "", queues = ""]) => ({ state, unread: queues.split(":")[1] ?? "" }))
}

const established = "01"
const closeWait = "08"

/** Whether there is a connection without anything to be read, not even its end. */
const isQuiet = (port: number): boolean =>
  connectionsTo(port).some(({ state, unread }) => state === established && Number.parseInt(unread, 16) === 0)

const hasEnded = (port: number): boolean => connectionsTo(port).some(({ state }) => state === closeWait)

/** A proxy that is stopped finds request and end together when it goes on; and the request comes first. */
const hereAlready = Object.entries(ends).flatMap(([name, end], i) =>
  Object.entries(methods).map(([method, asks]): Case => ({
    id: `H66${"abcd"[i]}${method[0]!.toLowerCase()}`,
    clause: "RFC 9112 9.3.1, 9.6, contract 4",
    name: `a ${method} does not go into a connection that was ${name} before it came`,
    ours: true,
    async play(stage) {
      const server = await stage.origin()
      const { client, accepted } = await used(stage, server)
      // A connection is asked about when it has rested for so long.
      await Bun.sleep(2 * askAfter)
      const { pid } = stage.pillion
      process.kill(pid, "SIGSTOP")
      try {
        client.send(asks(server.authority))
        end(accepted)
        await eventually(async () => isQuiet(server.port), false, "the connection's being quiet")
      } finally {
        process.kill(pid, "SIGCONT")
      }
      await isAnsweredAnew(server, client)
      same("bytes of the second request on the first connection", accepted.pending.toString("latin1"), "")
    },
  })),
)

const crossing: ReadonlyArray<Case> = [
  {
    id: "H66e",
    clause: "RFC 9110 15.5.9, 9.2.2",
    name: "a 408 that crosses with a request on a used connection is nobody's answer: the request is sent again",
    ours: true,
    async play(stage) {
      const server = await stage.origin()
      const { client, accepted } = await used(stage, server)
      client.send(get(server.authority))
      await accepted.readUntil("\r\n\r\n")
      accepted.send(tired).end()
      await isAnsweredAnew(server, client)
    },
  },
  {
    id: "H66f",
    clause: "RFC 9110 15.5.9, 9.2.2",
    name: "such a 408 is a connection that closed, where the request must not be sent again",
    ours: true,
    async play(stage) {
      const server = await stage.origin()
      const { client, accepted } = await used(stage, server)
      client.send(methods.POST(server.authority))
      await accepted.readUntil("hi")
      accepted.send(tired).end()
      await isBadGateway(stage, client, /connection_terminated/)
      same("connections to the origin", server.connections.length, 1)
    },
  },
  {
    id: "H66g",
    clause: "RFC 9110 15.5.9",
    name: "a 408 on a connection of its own, or that lets the connection stay, is the request's answer",
    async play(stage) {
      const server = await stage.origin()
      const fresh = await stage.client()
      fresh.send(get(server.authority))
      const first = await server.accepted()
      await first.readUntil("\r\n\r\n")
      first.send(tired).end()
      same("status", status(await readResponse(fresh)), 408)
      if (!stage.ours) return
      const { client, accepted } = await used(stage, server)
      client.send(get(server.authority))
      await accepted.readUntil("\r\n\r\n")
      accepted.send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 5\r\n\r\nslow!")
      same("the answer", (await readResponse(client)).body, "slow!")
    },
  },
  {
    id: "H66h",
    clause: "RFC 9112 9.6",
    name: "a pipelined request does not go into a connection whose end came along with the answer before",
    ours: true,
    async play(stage) {
      const server = await stage.origin()
      const client = await stage.client()
      client.send(methods.GET(server.authority) + methods.POST(server.authority))
      const accepted = await server.accepted()
      await accepted.readUntil("\r\n\r\n")
      const { pid } = stage.pillion
      process.kill(pid, "SIGSTOP")
      try {
        accepted.send(ok("first")).end()
        await eventually(async () => hasEnded(server.port), true, "the end of the connection")
      } finally {
        process.kill(pid, "SIGCONT")
      }
      same("the first answer", (await readResponse(client)).body, "first")
      await isAnsweredAnew(server, client)
      same("bytes of the second request on the first connection", accepted.pending.toString("latin1"), "")
    },
  },
]

export const usedCases: ReadonlyArray<Case> = [...hereAlready, ...crossing]
