/**
 * Servers: the process behind the proxy. Prints where they are, as one JSON line, and serves until its stdin ends.
 */
import { createServer, type Socket } from "node:net"
import { blackHole } from "../support/dialling.ts"
import { field, type Message, readRequest } from "../support/http.ts"
import { ok } from "../support/origins.ts"
import { Peer } from "../support/peer.ts"
import { type Behaviour, hosts, type Place, type Places } from "./ground.ts"
import { piece } from "./payload.ts"

const serve = (host: string, serveOne: (peer: Peer) => void): Promise<Place> =>
  new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket: Socket) => serveOne(new Peer(socket)))
    server.once("error", reject)
    server.listen(0, host, () => {
      const address = server.address()
      if (address === null || typeof address === "string") return reject(new Error("a port is an address"))
      resolve({ host, port: address.port })
    })
  })

const echo = (peer: Peer): void => {
  peer.sink = () => {}
  peer.socket.pipe(peer.socket)
}

const late = async (peer: Peer): Promise<void> => {
  const chunks: Array<Uint8Array> = []
  peer.sink = (chunk) => chunks.push(chunk)
  await peer.readToEnd(60_000)
  peer.send(Buffer.concat(chunks)).end()
}

const source = async (peer: Peer): Promise<void> => {
  const [at = 0, length = 0] = (await peer.readUntil("\n", 60_000)).split(" ").map(Number)
  peer.send(piece(at, length)).end()
}

const reset = async (peer: Peer): Promise<void> => {
  await peer.read(1, 60_000)
  peer.reset()
}

/** One request after another, until there is none or the answer was the last. */
const http = async (peer: Peer): Promise<void> => {
  while (true) {
    const request = await readRequest(peer, 60_000)
    if (request === undefined) return void peer.end()
    if (!answer(peer, request)) return
  }
}

/** Answers one request as its path says; false when HTTP is over on this connection. */
const answer = (peer: Peer, request: Message): boolean => {
  const url = new URL(request.line.split(" ")[1] ?? "", "http://soak")
  const bytes = piece(Number(url.searchParams.get("at")), Number(url.searchParams.get("length")))
  switch (url.pathname) {
    case "/echo":
      if (field(request, "Content-Length") !== undefined) peer.send(ok(request.body))
      else sendChunked(peer, head("Transfer-Encoding: chunked"), Buffer.from(request.body, "latin1"))
      return true
    case "/piece":
      peer.send(head(`Content-Length: ${bytes.length}`)).send(bytes)
      return true
    case "/chunked":
      sendChunked(peer, head("Transfer-Encoding: chunked"), bytes)
      return true
    case "/until-close":
      peer.send(head()).send(bytes).end()
      return false
    case "/cut-by-fin":
      peer
        .send(head(`Content-Length: ${bytes.length + 1}`))
        .send(bytes)
        .end()
      return false
    case "/cut-by-reset":
      peer.send(head(`Content-Length: ${bytes.length + 1}`))
      peer.socket.write(bytes, () => peer.reset())
      return false
    case "/upgrade":
      // The bytes after the 101 belong to the tunnel and may be in one segment with it.
      peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: soak\r\n\r\nfirst")
      peer.send(peer.pending)
      echo(peer)
      return false
    default:
      throw new Error(`no answer for ${url.pathname}`)
  }
}

const head = (...fields: ReadonlyArray<string>): string => ["HTTP/1.1 200 OK", ...fields, "", ""].join("\r\n")

const sendChunked = (peer: Peer, head: string, bytes: Buffer): void => {
  peer.send(head)
  for (let at = 0, size = 1; at < bytes.length; at += size, size = Math.min(3 * size, 50_000)) {
    const chunk = bytes.subarray(at, at + size)
    peer
      .send(`${chunk.length.toString(16)}\r\n`)
      .send(chunk)
      .send("\r\n")
  }
  peer.send("0\r\n\r\n")
}

/** Clients that leave in the middle are part of the soak; what they were owed is judged where it is received. */
const leave =
  (serveOne: (peer: Peer) => Promise<void>) =>
  (peer: Peer): void => {
    serveOne(peer).catch(() => peer.socket.destroy())
  }

const everyHost = (serveOne: (peer: Peer) => void): Promise<ReadonlyArray<Place>> =>
  Promise.all(hosts.map((host) => serve(host, serveOne)))

const places: Record<Behaviour, ReadonlyArray<Place>> = {
  echo: await everyHost(echo),
  late: await everyHost(leave(late)),
  source: await everyHost(leave(source)),
  reset: await everyHost(leave(reset)),
  http: await everyHost(leave(http)),
}
const hole: Place = { host: "127.0.0.1", port: blackHole("127.0.0.1").port }
console.log(JSON.stringify({ ...places, hole } satisfies Places & { hole: Place }))
process.stdin.on("end", () => process.exit(0)).resume()
