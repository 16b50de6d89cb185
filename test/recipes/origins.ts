/**
 * Origins: what the recipes' clients talk to, as a process of its own: `bun origins.ts CERTIFICATE KEY`. HTTP on 80,
 * HTTPS with HTTP/2 on 443, an echoing WebSocket on 8080, all on every address. Prints "ready".
 *
 * Each answer tells what arrived: `http up.test /one HTTP/1.1`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2"
import { join } from "node:path"

const [certificate = "", key = ""] = process.argv.slice(2)
const page = await Bun.file(join(import.meta.dir, "browser/page.html")).text()

/** By query: done when the page of the browser's recipe tells that its script is. */
const told = new Map<string, PromiseWithResolvers<void>>()

const toldBy = (query: string): PromiseWithResolvers<void> => {
  const known = told.get(query) ?? Promise.withResolvers<void>()
  told.set(query, known)
  return known
}

/** The one answer that .NET's client understands. */
const prices = { Items: [{ skuName: "A1", retailPrice: 4140, currencyCode: "USD" }], NextPageLink: null }

const answerTo = async (scheme: string, request: IncomingMessage | Http2ServerRequest): Promise<[string, string]> => {
  const host = request.headers[":authority"] ?? request.headers.host ?? ""
  const [path = "", query = ""] = (request.url ?? "").split("?")
  switch (path) {
    case "/page":
      return ["text/html", page]
    case "/told":
      toldBy(query).resolve()
      return ["text/plain", ""]
    case "/when-told":
      await toldBy(query).promise
      return ["text/plain", ""]
    case "/api/retail/prices":
      return ["application/json", JSON.stringify(prices)]
    default:
      return ["text/plain", `${scheme} ${String(host)} ${path} HTTP/${request.httpVersion}\n`]
  }
}

const answer = async (
  scheme: string,
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
): Promise<void> => {
  const [type, body] = await answerTo(scheme, request)
  response.statusCode = 200
  response.setHeader("Content-Type", type)
  response.setHeader("Content-Length", Buffer.byteLength(body))
  response.setHeader("Access-Control-Allow-Origin", "*")
  response.end(body)
}

const plain = createServer((request, response) => void answer("http", request, response))
const secure = createSecureServer(
  { allowHTTP1: true, cert: await Bun.file(certificate).text(), key: await Bun.file(key).text() },
  (request, response) => void answer("https", request, response),
)
await new Promise<void>((resolve) => plain.listen(80, "::", resolve))
await new Promise<void>((resolve) => secure.listen(443, "::", resolve))
Bun.serve({
  port: 8080,
  hostname: "::",
  fetch: (request, server) => (server.upgrade(request) ? undefined : new Response("a WebSocket only", { status: 426 })),
  websocket: { message: (socket, text) => void socket.send(`${String(text)} back`) },
})
console.log("ready")
