/**
 * Workload: servers for tests that need literal ports, run as a process of its own: `bun workload.ts http:8080 greet:25`.
 *
 * `http` answers every request with its request line and Host; `greet` speaks first, and ends. Prints "ready".
 */
import { createServer as createHttpServer } from "node:http"
import { createServer, type Server } from "node:net"

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve) => server.listen(port, "127.0.0.1", resolve))

for (const argument of process.argv.slice(2)) {
  const [kind, port] = argument.split(":")
  const server =
    kind === "greet"
      ? createServer({ allowHalfOpen: true }, (socket) => {
          socket.on("error", () => {})
          socket.end(`220 port ${port} speaks first\r\n`)
          socket.resume()
        })
      : createHttpServer((request, response) => {
          response.end(`port ${port}: ${request.method} ${request.url} for ${request.headers.host}`)
        })
  await listen(server, Number(port))
}
console.log("ready")
