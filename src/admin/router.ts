/**
 * Router: the paths of a listener, found by effect's HttpRouter. It answers what nobody routed too: 404 for a path that
 * is not there, 405 for a method that its path has not, 500 for a handler that broke.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Scope from "effect/Scope"

import { harmlessJson } from "../observe/output/text.ts"

/** One path by one method. HEAD is answered as GET without its body. */
export type Route = HttpRouter.Route

/** Never rejects. `context` may hold KeepOpen. */
export type Handler = (request: Request, context?: Context.Context<never>) => Promise<Response>

export type AdminRequest = HttpServerRequest.HttpServerRequest
export type AdminResponse = HttpServerResponse.HttpServerResponse

/** Called for an answer that takes its time: the server cuts off other connections that are silent for seconds. */
export const KeepOpen = Context.Reference<() => void>("pillion/admin/KeepOpen", { defaultValue: () => () => {} })

/** Why a request is not even looked at; undefined lets it in. */
export type Guard = (request: AdminRequest) => AdminResponse | undefined

/** A route that answers at once. */
export const route = (
  method: "GET" | "POST",
  path: `/${string}`,
  answer: (request: AdminRequest) => AdminResponse,
): Route => HttpRouter.route(method, path, (request) => Effect.sync(() => answer(request)))

/** Paths are compared letter by letter; percent-encoding does not hide one. Routes until the scope closes. */
export const makeHandler = (
  routes: ReadonlyArray<Route>,
  guard: Guard = () => undefined,
): Effect.Effect<Handler, never, Scope.Scope> => {
  const routing = HttpRouter.toHttpEffect(HttpRouter.addAll(routes))
  return Effect.map(Effect.provideService(routing, HttpRouter.RouterConfig, exactly), (found) => {
    const answered = Effect.catchCause(found, (cause) => unanswered(routes, cause))
    return HttpEffect.toWebHandler(
      Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
        const refused = guard(request)
        return refused === undefined ? answered : Effect.succeed(refused)
      }),
    )
  })
}

/** Each once, in the order of the routes. */
export const pathsOf = (routes: ReadonlyArray<Route>): ReadonlyArray<string> => [
  ...new Set(routes.map(({ path }) => path)),
]

/** The first value of a name in the query; undefined without one. */
export const query = (request: AdminRequest, name: string): string | undefined =>
  new URL(request.url, "http://localhost").searchParams.get(name) ?? undefined

/** A whole number in the query; 0 where there is none, or something else. */
export const queryNumber = (request: AdminRequest, name: string): number => {
  const value = Number(query(request, name) ?? 0)
  return Number.isSafeInteger(value) ? value : 0
}

/** One line of plain text. */
export const text = (status: number, line: string): AdminResponse =>
  HttpServerResponse.text(`${line}\n`, { status, contentType: "text/plain; charset=utf-8" })

/** JSON for a person; for a program alone with an `indent` of 0. */
export const json = (value: unknown, indent = 2): AdminResponse =>
  HttpServerResponse.text(`${harmlessJson(JSON.stringify(value, undefined, indent))}\n`, {
    contentType: "application/json",
  })

const exactly = { ignoreTrailingSlash: false, ignoreDuplicateSlashes: false, caseSensitive: true }

const unanswered = (
  routes: ReadonlyArray<Route>,
  cause: Cause.Cause<unknown>,
): Effect.Effect<AdminResponse, never, HttpServerRequest.HttpServerRequest> =>
  Effect.map(HttpServerRequest.HttpServerRequest, (request) => {
    if (!isUnrouted(Cause.squash(cause))) return text(500, `internal error: ${Cause.squash(cause)}`)
    const path = request.url.split("?", 1)[0]
    const methods = routes.filter((each) => each.path === path).map(({ method }) => method)
    if (methods.length === 0) return text(404, `no such path; there are ${pathsOf(routes).join(" ")}`)
    const allowed = methods.flatMap((each) => (each === "GET" ? ["GET", "HEAD"] : [each])).join(", ")
    return HttpServerResponse.setHeader(text(405, `${path} takes ${allowed}`), "Allow", allowed)
  })

const isUnrouted = (error: unknown): boolean =>
  HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound"
