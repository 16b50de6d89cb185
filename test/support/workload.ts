/**
 * Workload: servers for tests that need literal ports, run as a process of its own: `bun workload.ts http:8080 greet:25`.
 *
 * `http` answers every request with its request line and Host; `greet` speaks first, and ends; `nxdomain` is a name
 * server that knows no name; `silent` is one that never answers. Prints "ready".
 */
import { createSocket } from "node:dgram"
import { createServer as createHttpServer } from "node:http"
import { createServer, type Server } from "node:net"

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve) => server.listen(port, "127.0.0.1", resolve))

const nameServer = (port: number, answers: boolean): Promise<void> => {
  const socket = createSocket("udp4")
  socket.on("message", (question, from) => {
    if (!answers) return
    const answer = Buffer.from(question)
    // RFC 1035 section 4.1.1: a response, recursion available, and code 3: there is no such name.
    answer.writeUInt16BE(0x8183, 2)
    socket.send(answer, from.port, from.address)
  })
  return new Promise((resolve) => socket.bind(port, "127.0.0.1", resolve))
}

const start: Record<string, (port: number) => Promise<void>> = {
  http: (port) =>
    listen(
      createHttpServer((request, response) => {
        response.end(`port ${port}: ${request.method} ${request.url} for ${request.headers.host}`)
      }),
      port,
    ),
  greet: (port) =>
    listen(
      createServer({ allowHalfOpen: true }, (socket) => {
        socket.on("error", () => {})
        socket.end(`220 port ${port} speaks first\r\n`)
        socket.resume()
      }),
      port,
    ),
  nxdomain: (port) => nameServer(port, true),
  silent: (port) => nameServer(port, false),
}

for (const argument of process.argv.slice(2)) {
  const [kind = "", port] = argument.split(":")
  const server = start[kind]
  if (server === undefined) throw new Error(`unknown workload ${argument}`)
  await server(Number(port))
}
console.log("ready")
