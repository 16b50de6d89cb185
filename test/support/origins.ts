/**
 * Origins: the servers that tests send a proxy to. Each listens on a port of its own, and records what reaches it.
 */
import { createServer, type Server, type Socket } from "node:net"
import { Peer } from "./peer.ts"
import { type Message, readRequest } from "./http.ts"
import { Condition } from "./within.ts"

export class Origin {
  /** Every connection so far, oldest first. */
  readonly connections: Array<Peer> = []
  private readonly server: Server
  private readonly condition = new Condition()
  private taken = 0

  constructor(server: Server, onConnection: (peer: Peer) => void) {
    this.server = server
    server.on("connection", (socket: Socket) => {
      const peer = new Peer(socket)
      this.connections.push(peer)
      onConnection(peer)
      this.condition.changed()
    })
  }

  get port(): number {
    const address = this.server.address()
    if (address === null || typeof address === "string") throw new Error("this origin does not listen")
    return address.port
  }

  /** `host:port`, as an authority. */
  get authority(): string {
    return `127.0.0.1:${this.port}`
  }

  /** The next connection that was not asked for yet. */
  accepted(milliseconds?: number): Promise<Peer> {
    return this.condition.until(
      () => (this.taken < this.connections.length ? this.connections[this.taken++] : undefined),
      "connection to the origin",
      milliseconds,
    )
  }

  [Symbol.dispose](): void {
    this.server.close()
    for (const peer of this.connections) peer.socket.destroy()
  }
}

/** An origin that does what `onConnection` says, and nothing by itself. Listens on `host`, on a free port. */
export const origin = async (onConnection: (peer: Peer) => void = () => {}, host = "127.0.0.1"): Promise<Origin> => {
  const server = createServer({ allowHalfOpen: true, noDelay: true })
  const made = new Origin(server, onConnection)
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, host, resolve)
  })
  return made
}

/** Sends back what it gets, and ends when its client ends. */
export const echo = (): Promise<Origin> =>
  origin((peer) => {
    peer.sink = () => {}
    peer.socket.pipe(peer.socket)
  })

/** Speaks first, then echoes: what a mail or database server does. */
export const greeter = (banner: string): Promise<Origin> =>
  origin((peer) => {
    peer.sink = () => {}
    peer.send(banner)
    peer.socket.pipe(peer.socket)
  })

export interface HttpOrigin extends Origin {
  /** Every request so far, whichever connection it came on, oldest first. */
  readonly requests: Array<Message>
}

/**
 * Answers each HTTP request with the bytes that `answer` returns; undefined leaves the request unanswered, and a
 * script may use the peer itself. Requests on one connection are answered in order.
 */
export const httpOrigin = async (
  answer: (request: Message, peer: Peer) => string | undefined | Promise<string | undefined> = () => ok("hello"),
): Promise<HttpOrigin> => {
  const requests: Array<Message> = []
  const serve = async (peer: Peer): Promise<void> => {
    while (true) {
      const request = await readRequest(peer, 60_000)
      if (request === undefined) break
      requests.push(request)
      const bytes = await answer(request, peer)
      if (bytes === undefined) continue
      peer.send(bytes)
      // From here on it is no HTTP, and the script's.
      if (bytes.startsWith("HTTP/1.1 101")) return
    }
    peer.end()
  }
  const made = await origin((peer) => {
    // A connection that ends in the middle of a request is the test's business, and shows in `requests`.
    serve(peer).catch(() => {})
  })
  return Object.assign(made, { requests })
}

/** A 200 answer with this body. */
export const ok = (body: string, ...fields: ReadonlyArray<string>): string =>
  ["HTTP/1.1 200 OK", `Content-Length: ${Buffer.byteLength(body, "latin1")}`, ...fields, "", body].join("\r\n")
