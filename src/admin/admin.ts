/**
 * Admin: looks into the running program and changes what may be changed, for whoever is on this machine.
 *
 * It listens on loopback only and asks for no password, so it must not be reached through a browser that shows a
 * stranger's page: a Host that is not loopback is refused (DNS rebinding), and so is what a page of another origin asks
 * for, be it of another port of this machine; browsers say so in Sec-Fetch-Site, and of changes in Origin. A link to the
 * status page may be followed from anywhere.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Scope from "effect/Scope"

import type { Flow } from "../flow/flow.ts"
import { hasNoIpv6, type ListenFailed } from "../flow/listen-failed.ts"
import { type LogLevel, logLevels } from "../flow/levels.ts"
import type { Recent } from "../observe/access/recent.ts"

import { listConnections } from "./connections.ts"
import { prometheus, type HealthState, stateName } from "./health.ts"
import {
  type AdminRequest,
  type AdminResponse,
  json,
  makeHandler,
  pathsOf,
  query,
  queryNumber,
  type Route,
  route,
  text,
} from "./router.ts"
import { serve } from "./serve.ts"
import type { Served } from "./served.ts"
import { statusPage, wantsPage } from "./status-page.ts"
import type { Tap } from "./tap.ts"

export interface AdminParts {
  /** 0 takes a free one. */
  readonly port: number
  readonly state: HealthState
  /** The object that `version --json` prints. */
  readonly version: object
  /** The settings in force with their origins; holds no secret. */
  readonly config: () => unknown
  /** Those that are open. */
  readonly connections: () => Iterable<Flow>
  readonly recent: Pick<Recent, "since">
  readonly tap: Tap
  /** What shows and changes records. */
  readonly captures: ReadonlyArray<Route>
  /** Numbers by destination; with the routes of one, by its name, or of all where that is undefined. */
  readonly destinations: (routesOf: string | undefined) => unknown
  /** Points of the last ten minutes with a number above `after`. */
  readonly history: (after: number) => unknown
  /** Prometheus text format 0.0.4. */
  readonly metrics: () => string
  /** Drains and ends, as SIGTERM does. Called once for each request. */
  readonly stop: () => void
  /** What `stop` does here, for whoever asked. */
  readonly prospect: string
  readonly level: () => LogLevel
  readonly setLevel: (level: LogLevel) => void
}

/** Serves on 127.0.0.1, and with the same port on ::1 where the machine has it, until the scope closes. */
export const serveAdmin: (parts: AdminParts) => Effect.Effect<ReadonlyArray<Served>, ListenFailed, Scope.Scope> =
  Effect.fnUntraced(function* (parts) {
    const answer = yield* makeHandler(adminRoutes(parts), guard)
    const ipv4 = yield* serve("127.0.0.1", parts.port, answer)
    const ipv6 = yield* Effect.result(serve("::1", ipv4.port, answer))
    if (ipv6._tag === "Success") return [ipv4, ipv6.success]
    return hasNoIpv6(ipv6.failure) ? [ipv4] : yield* ipv6.failure
  })

/** Lets in what was asked of loopback by name, and nothing that another origin's page asks for. */
const guard = (request: AdminRequest): AdminResponse | undefined => {
  const { headers, method } = request
  const { host = "", origin, "sec-fetch-site": site } = headers
  if (!isLoopback(host)) return text(403, "ask for localhost, 127.0.0.1 or [::1]: the Host is another")
  const reads = method === "GET" || method === "HEAD"
  // `none` is a person who typed the address or chose a bookmark, which changes nothing.
  const own = site === undefined || site === "same-origin" || (reads && site === "none") || isLink(request)
  if (!own) return text(403, "asked for by another origin: open the address by itself")
  if (!reads && origin !== undefined && origin !== `http://${host}`) return text(403, "asked for by another origin")
  return undefined
}

/**
 * Whether somebody follows a link to the status page, in a window of its own: addresses of the page are sent around, and
 * its document says nothing. Whoever has the link followed cannot read it, frame it, or reach into it.
 */
const isLink = (request: AdminRequest): boolean => {
  const { "sec-fetch-mode": mode, "sec-fetch-dest": destination } = request.headers
  return (
    request.method === "GET" &&
    request.url === "/" &&
    mode === "navigate" &&
    destination === "document" &&
    wantsPage(request)
  )
}

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(host)

const adminRoutes = (parts: AdminParts): ReadonlyArray<Route> => {
  const routes: ReadonlyArray<Route> = [
    route("GET", "/", (request) => (wantsPage(request) ? statusPage() : overview(parts, pathsOf(routes)))),
    route("GET", "/version", () => json(parts.version)),
    route("GET", "/config", () => json(parts.config())),
    route("GET", "/connections", (request) => listConnections(request, parts.connections(), parts.recent)),
    parts.tap.route,
    ...parts.captures,
    route("GET", "/destinations", (request) => json(parts.destinations(query(request, "routes")), 0)),
    route("GET", "/history", (request) => json(parts.history(queryNumber(request, "after")), 0)),
    route("GET", "/metrics", () => prometheus(parts.metrics())),
    route("GET", "/logging", () => json({ level: parts.level() })),
    HttpRouter.route("PUT", "/logging", (request) => setLevel(request, parts)),
    route("POST", "/drain", () => stop(parts)),
    // The same by the name that jobs beside other sidecars know.
    route("POST", "/quitquitquit", () => stop(parts)),
  ]
  return routes
}

/** Answers a program where a browser gets the status page. */
const overview = ({ version, state }: AdminParts, paths: ReadonlyArray<string>): AdminResponse =>
  HttpServerResponse.setHeader(json({ ...version, state: stateName(state), paths }), "Vary", "Accept")

/** The answer must be on its way before the end begins: the end closes this server too. */
const stop = (parts: AdminParts): AdminResponse => {
  setImmediate(parts.stop)
  return text(202, parts.prospect)
}

/** Takes the bare word, or a JSON object with `level` as GET gives it. */
const setLevel = ({ text: body }: AdminRequest, parts: AdminParts): Effect.Effect<AdminResponse> =>
  Effect.match(body, {
    onFailure: () => text(400, "the body can not be read"),
    onSuccess: (given) => {
      const word = /^\{\s*"level"\s*:\s*"([^"]*)"\s*\}$/.exec(given.trim())?.[1] ?? given.trim()
      const level = logLevels.find((each) => each === word.toLowerCase())
      if (level === undefined) return text(400, `the body names the level: ${logLevels.join(", ")}`)
      parts.setLevel(level)
      return json({ level })
    },
  })
