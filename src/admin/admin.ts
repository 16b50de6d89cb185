/**
 * Admin: looks into the running program and changes what may be changed, for whoever is on this machine.
 *
 * It listens on loopback only and asks for no password, so it must not be reached through a browser that shows a
 * stranger's page: a Host that is not loopback is refused (DNS rebinding), and so is a change from another origin.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import type { Flow } from "../observe/flow.ts"
import { hasNoIpv6, type ListenFailed } from "../observe/listen-failed.ts"
import { type LogLevel, logLevels } from "../observe/log.ts"
import type { Recent } from "../observe/recent.ts"

import { connectionsHandler } from "./connections.ts"
import { prometheus, type State, stateName } from "./health.ts"
import { type Handler, json, route, type Routes, serve, type Served, text } from "./serve.ts"
import { statusPage, wantsPage } from "./status-page.ts"
import type { Tap } from "./tap.ts"

export interface AdminParts {
  /** 0 takes a free one. */
  readonly port: number
  readonly state: State
  /** What `version --json` prints. */
  readonly version: object
  /** The settings in force with their origins; holds no secret. */
  readonly config: () => unknown
  /** Those that are open. */
  readonly connections: () => Iterable<Flow>
  readonly recent: Pick<Recent, "since">
  readonly tap: Tap
  /** Prometheus text format 0.0.4. */
  readonly metrics: () => string
  /** Drains and ends, as SIGTERM does. Called once for each request. */
  readonly stop: () => void
  readonly level: () => LogLevel
  readonly setLevel: (level: LogLevel) => void
}

/** Serves on 127.0.0.1, and with the same port on ::1 where the machine has it, until the scope closes. */
export const serveAdmin: (parts: AdminParts) => Effect.Effect<ReadonlyArray<Served>, ListenFailed, Scope.Scope> =
  Effect.fnUntraced(function* (parts) {
    const answer = guard(route(adminRoutes(parts)))
    const ipv4 = yield* serve("127.0.0.1", parts.port, answer)
    const ipv6 = yield* Effect.result(serve("::1", ipv4.port, answer))
    if (ipv6._tag === "Success") return [ipv4, ipv6.success]
    return hasNoIpv6(ipv6.failure) ? [ipv4] : yield* ipv6.failure
  })

/** Lets in what was asked of loopback by name, and no change that another site asks for. */
const guard =
  (answer: Handler): Handler =>
  (request, keepOpen) => {
    const host = request.headers.get("Host") ?? ""
    if (!isLoopback(host)) return text(403, "ask for localhost, 127.0.0.1 or [::1]: the Host is another")
    const origin = request.headers.get("Origin")
    const reads = request.method === "GET" || request.method === "HEAD"
    if (!reads && origin !== null && origin !== `http://${host}`) return text(403, "asked for by another origin")
    return answer(request, keepOpen)
  }

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(host)

const adminRoutes = (parts: AdminParts): Routes => {
  const routes: Routes = {
    "/": { GET: (request) => (wantsPage(request) ? statusPage() : overview(parts, Object.keys(routes))) },
    "/version": { GET: () => json(200, parts.version) },
    "/config": { GET: () => json(200, parts.config()) },
    "/connections": { GET: connectionsHandler(parts.connections, parts.recent) },
    "/tap": { GET: parts.tap.handler },
    "/metrics": { GET: () => prometheus(parts.metrics()) },
    "/logging": { GET: () => json(200, { level: parts.level() }), PUT: (request) => setLevel(request, parts) },
    "/drain": { POST: () => stop(parts) },
    // The same by the name that jobs beside other sidecars know.
    "/quitquitquit": { POST: () => stop(parts) },
  }
  return routes
}

/** What a program gets where a browser gets the status page. */
const overview = ({ version, state }: AdminParts, paths: ReadonlyArray<string>): Response => {
  const answer = json(200, { ...version, state: stateName(state), paths })
  answer.headers.set("Vary", "Accept")
  return answer
}

/** The answer must be on its way before the end begins: the end closes this server too. */
const stop = (parts: AdminParts): Response => {
  setImmediate(parts.stop)
  return text(202, "draining, then ending")
}

/** Takes the bare word, or a JSON object with `level` as GET gives it. */
const setLevel = async (request: Request, parts: AdminParts): Promise<Response> => {
  const body = (await request.text()).trim()
  const word = /^\{\s*"level"\s*:\s*"([^"]*)"\s*\}$/.exec(body)?.[1] ?? body
  const level = logLevels.find((each) => each === word.toLowerCase())
  if (level === undefined) return text(400, `the body names the level: ${logLevels.join(", ")}`)
  parts.setLevel(level)
  return json(200, { level })
}
