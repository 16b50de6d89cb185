/**
 * Serve: an HTTP server on one address with a fixed table of paths.
 *
 * A dozen paths need no router: effect's HttpRouter takes 4.5 MB more memory and answers a wrong method with 404.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import { type ListenFailed, listenFailed } from "../observe/listen-failed.ts"

/** Where a server listens; the port also where 0 was asked for. */
export interface Served {
  readonly address: string
  readonly port: number
}

/** Called for an answer that takes its time: the server cuts off other connections that are silent for seconds. */
export type KeepOpen = () => void

export type Handler = (request: Request, keepOpen: KeepOpen) => Response | Promise<Response>

/** What a path does by method. HEAD is answered as GET without its body. */
export type Routes = Readonly<Record<string, { readonly [M in "GET" | "POST" | "PUT"]?: Handler }>>

/** Bytes of a request's body. The longest that means anything names a log level. */
export const longestBody = 1024

/** Serves the admin port until the scope closes, which cuts off whoever is still there; 0 takes a free one. */
export const serve = (
  address: string,
  port: number,
  answer: Handler,
): Effect.Effect<Served, ListenFailed, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.try({
        try: () =>
          Bun.serve({
            hostname: address,
            port,
            development: false,
            // Bun 1.4.5 takes `development: false` for leave to share the port, and a port in use would go unnoticed.
            reusePort: false,
            maxRequestBodySize: longestBody,
            fetch: (request, server) => answer(request, () => server.timeout(request, 0)),
            error: (cause) => text(500, `internal error: ${cause.message}`),
          }),
        catch: (cause) => listenFailed("admin", address, port, cause),
      }),
      (server) => Effect.sync(() => void server.stop(true)),
    ),
    (server) => ({ address, port: server.port ?? port }),
  )

/** 404 for a path that is not in the table, 405 for a method that its path has not. */
export const route =
  (routes: Routes): Handler =>
  (request, keepOpen) => {
    const path = pathOf(request.url)
    const methods = Object.hasOwn(routes, path) ? routes[path] : undefined
    if (methods === undefined) return text(404, `no such path; there are ${Object.keys(routes).join(" ")}`)
    const method = request.method === "HEAD" ? "GET" : request.method
    const handler = method === "GET" || method === "POST" || method === "PUT" ? methods[method] : undefined
    if (handler !== undefined) return handler(request, keepOpen)
    const allowed = Object.keys(methods).flatMap((each) => (each === "GET" ? ["GET", "HEAD"] : [each]))
    const refused = text(405, `${path} takes ${allowed.join(", ")}`)
    refused.headers.set("Allow", allowed.join(", "))
    return refused
  }

/** One line of plain text. */
export const text = (status: number, line: string): Response => new Response(`${line}\n`, { status })

export const json = (status: number, value: unknown): Response =>
  new Response(`${JSON.stringify(value, undefined, 2)}\n`, { status, headers: { "Content-Type": "application/json" } })

/** Without query. A request of HTTP/1.0 without Host has a `url` that is only its path. */
const pathOf = (url: string): string => {
  const from = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("//") + 2)
  const query = url.indexOf("?", from)
  return query < 0 ? url.slice(from) : url.slice(from, query)
}
