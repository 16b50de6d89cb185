/**
 * Health: what kubelet and Prometheus ask, on every address. The answers say only whether the proxy lives, and counts; it
 * changes nothing.
 */
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Scope from "effect/Scope"

import { hasNoIpv6, type ListenFailed } from "../flow/listen-failed.ts"

import { serveProbes } from "./probes.ts"
import { type AdminResponse, makeHandler, type Route, route, text } from "./router.ts"
import type { Served } from "./served.ts"

/** The state of the program; asked at every request. */
export interface HealthState {
  /** Everything listens. */
  readonly started: () => boolean
  readonly draining: () => boolean
}

export interface HealthParts {
  /** 0 takes a free one. */
  readonly port: number
  readonly state: HealthState
  /** Prometheus text format 0.0.4. */
  readonly metrics: () => string
}

/** Serves on `::`, which takes both families, or on `0.0.0.0` where there is no IPv6, until the scope closes. */
export const serveHealth: (parts: HealthParts) => Effect.Effect<Served, ListenFailed, Scope.Scope> = Effect.fnUntraced(
  function* ({ port, state, metrics }) {
    const answer = yield* makeHandler(healthRoutes(state, metrics))
    const on = (address: string) => serveProbes(address, port, answer)
    return yield* Effect.catchIf(on("::"), hasNoIpv6, () => on("0.0.0.0"))
  },
)

/** `starting`, `ready` or `draining`. */
export const stateName = ({ started, draining }: HealthState): "starting" | "ready" | "draining" => {
  if (draining()) return "draining"
  return started() ? "ready" : "starting"
}

/** An answer in Prometheus text format 0.0.4. */
export const prometheus = (metrics: string): AdminResponse =>
  HttpServerResponse.text(metrics, { contentType: "text/plain; version=0.0.4; charset=utf-8" })

/** A program that answers lives; one that drains lives too, and must not be restarted for it. */
const live = () => text(200, "ok")

const healthRoutes = (state: HealthState, metrics: () => string): ReadonlyArray<Route> => [
  route("GET", "/livez", live),
  route("GET", "/readyz", () => {
    const name = stateName(state)
    return text(name === "ready" ? 200 : 503, name)
  }),
  route("GET", "/startupz", () => (state.started() ? text(200, "started") : text(503, "starting"))),
  route("GET", "/metrics", () => prometheus(metrics())),
  // What other sidecars call it.
  route("GET", "/healthz", live),
  route("GET", "/health", live),
]
