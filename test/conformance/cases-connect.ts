/**
 * Cases C: tunnels by CONNECT.
 */
import { createHash } from "node:crypto"
import { unusedPort } from "../../scripts/unused-port.ts"
import { asks } from "../support/clients.ts"
import { readResponse, status } from "../support/http.ts"
import type { Peer } from "../support/peer.ts"
import { Recorder } from "./recorder.ts"
import type { Case, Stage } from "./runner.ts"
import { must, same } from "./talk.ts"
import { isBadGateway, isRefused, next } from "./verdicts.ts"

const mebibyte = 1 << 20
const noise = Buffer.alloc(mebibyte, "\x00\xff\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n", "latin1")
const sum = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex")

interface Tunnel {
  readonly client: Peer
  readonly accepted: Peer
}

/** A tunnel to an origin of its own. The answer must be a 2xx without a field that would give it a body. */
const open = async (stage: Stage): Promise<Tunnel> => {
  const server = await stage.origin()
  const client = await stage.client()
  client.send(asks("connect", "127.0.0.1", server.port))
  await established(client)
  return { client, accepted: await server.accepted() }
}

const established = async (client: Peer): Promise<void> => {
  const head = await client.readUntil("\r\n\r\n")
  must(/^HTTP\/1\.[01] 2\d\d /.test(head), `the answer is ${head.slice(0, 60)}`)
  must(!/\r\n(Content-Length|Transfer-Encoding):/i.test(head), "the answer frames a body")
}

const tunnels: ReadonlyArray<Case> = [
  {
    id: "C01",
    clause: "RFC 9110 9.3.6",
    name: "bytes that come along with the CONNECT are the first of the tunnel",
    async play(stage) {
      const server = await stage.origin()
      const client = await stage.client()
      client.send(Buffer.concat([asks("connect", "127.0.0.1", server.port), Buffer.from("EARLY")]))
      await established(client)
      const accepted = await server.accepted()
      await accepted.expect("EARLY")
      accepted.send("back")
      await client.expect("back")
    },
  },
  {
    id: "C01b",
    clause: "RFC 9110 9.3.6",
    name: "a CONNECT that comes byte by byte is the same CONNECT",
    async play(stage) {
      const server = await stage.origin()
      const client = await stage.client()
      await client.trickle(asks("connect", "127.0.0.1", server.port))
      await established(client)
      const accepted = await server.accepted()
      client.send("there")
      await accepted.expect("there")
    },
  },
  {
    id: "C01c",
    clause: "RFC 9112 3.2, clients.md",
    name: "a CONNECT of HTTP/1.0 without Host is understood",
    async play(stage) {
      const server = await stage.origin()
      const client = await stage.client()
      client.send(`CONNECT ${server.authority} HTTP/1.0\r\n\r\n`)
      await established(client)
      await server.accepted()
    },
  },
  {
    id: "C04",
    clause: "RFC 9110 9.3.6",
    name: "a server that speaks first is heard after the head of the answer, byte for byte",
    async play(stage) {
      const server = await stage.origin((peer) => peer.send("220 ready\r\n"))
      const client = await stage.client()
      client.send(asks("connect", "127.0.0.1", server.port))
      await established(client)
      await client.expect("220 ready\r\n")
    },
  },
  {
    id: "C05",
    clause: "RFC 9293 3.6, contract 4",
    name: "a client that has finished still gets all of the answer",
    async play(stage) {
      const { client, accepted } = await open(stage)
      client.send("question").end()
      same("the question", (await accepted.readToEnd()).toString("latin1"), "question")
      accepted.send(noise).end()
      same("the answer", sum(await client.readToEnd()), sum(noise))
    },
  },
  {
    id: "C06",
    clause: "RFC 9293 3.6, contract 4",
    name: "an origin that has finished still gets all that the client sends",
    async play(stage) {
      const { client, accepted } = await open(stage)
      accepted.send("enough").end()
      same("the last word", (await client.readToEnd()).toString("latin1"), "enough")
      client.send(noise).end()
      same("what followed", sum(await accepted.readToEnd()), sum(noise))
    },
  },
  {
    id: "C07",
    clause: "contract 4",
    name: "both directions at once are carried byte for byte",
    async play(stage) {
      const { client, accepted } = await open(stage)
      client.send(noise)
      accepted.send(noise)
      const [there, back] = await Promise.all([accepted.read(noise.length), client.read(noise.length)])
      same("bytes both ways", [sum(there), sum(back)], [sum(noise), sum(noise)])
    },
  },
  {
    id: "C08a",
    clause: "contract 4, conformance T12",
    name: "a reset by the origin is a reset for the client",
    async play(stage) {
      const { client, accepted } = await open(stage)
      accepted.send("first")
      await client.expect("first")
      accepted.reset()
      await client.untilReset()
    },
  },
  {
    id: "C08b",
    clause: "contract 4, conformance T12",
    name: "a reset by the client is a reset for the origin",
    async play(stage) {
      const { client, accepted } = await open(stage)
      client.send("first")
      await accepted.expect("first")
      client.reset()
      await accepted.untilReset()
    },
  },
  {
    id: "C09",
    clause: "RFC 9110 9.3.6, RFC 9209 2.3",
    name: "a port that refuses is a 502 that says so",
    async play(stage) {
      const client = await stage.client()
      client.send(asks("connect", "127.0.0.1", unusedPort()))
      await isBadGateway(stage, client, /connection_refused/)
    },
  },
  {
    id: "C10",
    clause: "RFC 9112 9.3",
    name: "a CONNECT behind an ordinary request on the same connection opens a tunnel",
    async play(stage) {
      const server = await stage.httpOrigin()
      const other = await stage.origin()
      const first = await stage.client()
      first.send(`GET http://${server.authority}/ HTTP/1.1\r\nHost: ${server.authority}\r\n\r\n`)
      const response = await readResponse(first)
      same("status", status(response), 200)
      const client = await next(stage, first, response)
      client.send(asks("connect", "127.0.0.1", other.port))
      await established(client)
      client.send("through")
      await (await other.accepted()).expect("through")
    },
  },
  {
    id: "C11",
    clause: "contract 4, conformance T10",
    name: "three hundred idle tunnels, and a thousand that come and go beside them, leave nothing behind",
    milliseconds: 30_000,
    async play(stage) {
      const server = await stage.origin((peer) => {
        peer.sink = () => {}
        peer.socket.pipe(peer.socket)
      })
      const tunnel = async (): Promise<Peer> => {
        const client = await stage.client()
        client.send(asks("connect", "127.0.0.1", server.port))
        await established(client)
        return client
      }
      const idle = await Promise.all(Array.from({ length: 300 }, tunnel))
      for (let round = 0; round < 20; round++) {
        const busy = await Promise.all(Array.from({ length: 50 }, tunnel))
        await Promise.all(
          busy.map(async (client, i) => {
            client.send(`tunnel ${i}`)
            await client.expect(`tunnel ${i}`)
            client.end()
            await client.untilOver()
          }),
        )
      }
      for (const [i, client] of idle.entries()) {
        client.send(`idle ${i}`)
        await client.expect(`idle ${i}`)
      }
    },
  },
]

/** A CONNECT that is answered with an error and the end, and dials nothing. */
const refusedConnect = (
  id: string,
  name: string,
  ask: (authority: string) => string,
  options: Partial<Pick<Case, "clause" | "ours">> = {},
): Case => ({
  id,
  clause: "RFC 9110 9.3.6, RFC 9112 3.2.3",
  ...options,
  name,
  async play(stage) {
    const recorder = await Recorder.open(stage)
    const client = await stage.client()
    client.send(ask(recorder.authority))
    await isRefused(stage, client, 400)
    same("connections to the origin", recorder.connections.length, 0)
  },
})

const connect = (target: string): string => `CONNECT ${target} HTTP/1.1\r\nHost: h\r\n\r\n`

/** RFC 9110 section 9.3.6 lets a proxy take what follows for bytes of the tunnel; ours takes no such chances. */
const bodiless = { clause: "RFC 9110 9.3.6, contract 4", ours: true } as const

const refusals: ReadonlyArray<Case> = [
  ...["/", "http://h:1/", "h:0", "h:99999", "h:", ":1", "u@h:1", "h:1/x", "h:1?x", "[::1", "h:x", "*"].map(
    (target, i) =>
      refusedConnect(`C02${"abcdefghijkl"[i]}`, `a CONNECT to ${target} is refused`, () => connect(target)),
  ),
  {
    id: "C02m",
    clause: "clients.md (grpc-go#8607)",
    name: "a CONNECT that names no port is for 443, as a client that is in use means it",
    ours: true,
    async play(stage) {
      const server = await stage.origin()
      const { ports } = await stage.start({ flags: [`--resolve=target.test:443=${server.authority}`] })
      const client = await stage.client(ports.out)
      client.send(connect("target.test"))
      await established(client)
      await server.accepted()
    },
  },
  ...["1.1", "1.0"].map((version): Case => ({
    id: `C03e${version === "1.0" ? "0" : ""}`,
    clause: "RFC 9110 9.3.6, 8.6",
    name: `a CONNECT of HTTP/${version} whose Content-Length is 0 has no body, and opens a tunnel`,
    async play(stage) {
      const server = await stage.origin()
      const client = await stage.client()
      const fields = "Host: h\r\nContent-Length: 0\r\nPragma: no-cache\r\n"
      client.send(`CONNECT ${server.authority} HTTP/${version}\r\n${fields}\r\nEARLY`)
      await established(client)
      await (await server.accepted()).expect("EARLY")
    },
  })),
  refusedConnect(
    "C03a",
    "a CONNECT with a length is refused",
    (authority) => `CONNECT ${authority} HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello`,
    bodiless,
  ),
  refusedConnect(
    "C03d",
    "a CONNECT with a length of nothing and more is refused",
    (authority) => `CONNECT ${authority} HTTP/1.1\r\nHost: h\r\nContent-Length: 0, 0\r\n\r\n`,
    bodiless,
  ),
  refusedConnect(
    "C03b",
    "a CONNECT with chunks is refused",
    (authority) => `CONNECT ${authority} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    bodiless,
  ),
  refusedConnect(
    "C03c",
    "a CONNECT with a malformed field is refused",
    (authority) => `CONNECT ${authority} HTTP/1.1\r\nHost : h\r\n\r\n`,
    { clause: "RFC 9112 5.1" },
  ),
]

export const connectCases: ReadonlyArray<Case> = [...tunnels, ...refusals]
