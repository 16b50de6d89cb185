/**
 * Servers: the process behind the proxy. Prints where they are, as one JSON line, and serves until its stdin ends.
 */
import { createServer, type Socket } from "node:net"
import { blackHole } from "../support/dialling.ts"
import { field, type Message, readRequest } from "../support/http.ts"
import { ok } from "../support/origins.ts"
import { Peer } from "../support/peer.ts"
import { type Behaviour, hosts, type Place, type Servers } from "./ground.ts"
import { longPiece, piece } from "./payload.ts"

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
  for (const part of longPiece(at, length)) peer.send(part)
  peer.end()
}

/** More than a trickle over any of the deadlines. */
const sign = ".".repeat(8192)

/**
 * The same head whether it is HTTP or not, so that a tunnel carries it as well as a request does. A slow one in a tunnel
 * sends some KiB of dots for each chunk that it has read: the kernel may have acknowledged all of it long before, and a
 * server that then says nothing, or next to nothing, to a client that has ended is rightly taken for gone.
 */
const upload = async (peer: Peer): Promise<void> => {
  const head = await peer.readUntil("\r\n\r\n", 60_000)
  const number = (name: string): number => Number(new RegExp(`^${name}: (\\d+)\\r$`, "im").exec(head)?.[1])
  const [length, rate] = [number("Content-Length"), number("Rate")]
  const hasher = new Bun.CryptoHasher("sha256").update(peer.takePending())
  const early = peer.received - head.length
  const began = performance.now()
  let got = early
  peer.sink = (chunk) => {
    hasher.update(chunk)
    got += chunk.length
    if (got >= length || !(rate > 0)) return
    if (!head.startsWith("POST ")) peer.send(sign)
    const due = (got / rate) * 1000 - (performance.now() - began)
    if (due <= 0) return
    peer.pause()
    setTimeout(() => peer.resume(), due)
  }
  await peer.untilReceived(head.length + length, 60_000)
  peer.send(ok(`${got}:${hasher.digest("hex")}`)).end()
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
  const [at, length] = [Number(url.searchParams.get("at")), Number(url.searchParams.get("length"))]
  const bytes = piece(at, length)
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
    case "/long":
      peer.send(head(`Content-Length: ${length}`))
      for (const part of longPiece(at, length)) peer.send(part)
      return true
    case "/until-close":
      peer.send(head())
      for (const part of longPiece(at, length)) peer.send(part)
      peer.end()
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

const serving: Readonly<Record<Behaviour, (peer: Peer) => void>> = {
  echo,
  late: leave(late),
  source: leave(source),
  reset: leave(reset),
  upload: leave(upload),
  http: leave(http),
}

/** Every behaviour where `on` starts it. */
const each = async <A>(on: (serveOne: (peer: Peer) => void) => Promise<A>): Promise<Record<Behaviour, A>> => ({
  echo: await on(serving.echo),
  late: await on(serving.late),
  source: await on(serving.source),
  reset: await on(serving.reset),
  upload: await on(serving.upload),
  http: await on(serving.http),
})

/** Undefined where the machine has no IPv6; everything else that goes wrong there is told. */
const onIpv6 = async (): Promise<Servers["ipv6"]> => {
  try {
    return await each((serveOne) => serve("::1", serveOne))
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined
    if (code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT") return undefined
    throw cause
  }
}

const servers: Servers = {
  ...(await each((serveOne) => Promise.all(hosts.map((host) => serve(host, serveOne))))),
  hole: { host: "127.0.0.1", port: blackHole("127.0.0.1").port },
  ipv6: await onIpv6(),
}
console.log(JSON.stringify(servers))
process.stdin.on("end", () => process.exit(0)).resume()
