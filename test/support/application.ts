/**
 * Application: a workload as people write them, on the runtime's own HTTP server, with a log of its own: what it was asked
 * and how it answered. Every kind of answer that HTTP/1.1 frames in a way of its own has a route here.
 */
import { createHash } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { Condition } from "./within.ts"

/** RFC 6455 section 1.3. */
const websocketGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/** What a server of HTTP/1.1 may be asked, and for which paths. */
export type Route = (request: IncomingMessage, response: ServerResponse) => void

/** Paths that were asked for may have anything behind their first segment. */
const routes: Readonly<Record<string, Route>> = {
  plain: (_, response) => response.end("plain\n"),
  chunked: (_, response) => {
    response.write("a first chunk, ")
    setImmediate(() => response.end("and a second one"))
  },
  events: (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" })
    let events = 0
    const next = (): void => {
      response.write(`data: ${++events}\n\n`)
      if (events < 3) setImmediate(next)
      else response.end()
    }
    next()
  },
  upload: (request, response) => {
    let bytes = 0
    request.on("data", (chunk: Buffer) => void (bytes += chunk.length))
    request.on("end", () => response.end(String(bytes)))
  },
  fails: (_, response) => void response.writeHead(500).end("an error\n"),
  "not-modified": (_, response) => void response.writeHead(304, { ETag: '"1"' }).end(),
  nothing: (_, response) => void response.writeHead(204).end(),
  moved: (_, response) => void response.writeHead(302, { Location: "/plain" }).end(),
  early: (_, response) => {
    response.writeEarlyHints({ link: "</style.css>; rel=preload" })
    response.end("after a hint\n")
  },
}

export class Application {
  /** `METHOD path status`, in the order of the answers. */
  readonly log: Array<string> = []
  private readonly server: Server
  private readonly condition = new Condition()

  constructor(server: Server) {
    this.server = server
  }

  get port(): number {
    const address = this.server.address()
    if (address === null || typeof address === "string") throw new Error("the application does not listen")
    return address.port
  }

  note(request: IncomingMessage, status: number): void {
    this.log.push(`${request.method} ${pathOf(request)} ${status}`)
    this.condition.changed()
  }

  [Symbol.dispose](): void {
    this.server.close()
    this.server.closeAllConnections()
  }
}

const pathOf = ({ url = "" }: IncomingMessage): string => url.replace(/\?.*/, "")

export const application = async (): Promise<Application> => {
  const server = createServer((request, response) => {
    const route = routes[pathOf(request).split("/")[1] ?? ""]
    response.on("finish", () => made.note(request, response.statusCode))
    if (route === undefined) response.writeHead(404).end("no such page\n")
    else route(request, response)
  })
  const made = new Application(server)
  // What a WebSocket is at first; then its bytes come back.
  server.on("upgrade", (request, socket) => {
    made.note(request, 101)
    socket.on("error", () => {})
    const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${websocketGuid}`).digest("base64")
    const fields = ["Connection: Upgrade", "Upgrade: websocket", `Sec-WebSocket-Accept: ${accept}`]
    socket.write(["HTTP/1.1 101 Switching Protocols", ...fields, "", ""].join("\r\n"))
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return made
}
