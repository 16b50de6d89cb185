/**
 * Operators: the health and the admin listener of a running proxy, and the token without which the admin listener neither
 * shows records nor changes what is recorded.
 */
import * as Effect from "effect/Effect"

import { type AdminParts, serveAdmin } from "../../admin/admin.ts"
import { captureRoutes } from "../../admin/captures/captures.ts"
import { controlRoutes } from "../../admin/captures/control.ts"
import { makeRecordTap } from "../../admin/captures/record-tap.ts"
import { serveHealth } from "../../admin/health.ts"
import type { Route } from "../../admin/router.ts"
import { makeTap, type Tap } from "../../admin/tap.ts"
import type { Recent } from "../../observe/access/recent.ts"
import type { Log } from "../../observe/log/log.ts"
import type { ShortfallLog } from "../../observe/log/shortfall-log.ts"
import { renderPrometheus } from "../../observe/metrics/exposition.ts"
import type { Metrics } from "../../observe/metrics/metrics.ts"
import type { Settings } from "../../config/settings.ts"
import type { Loaded } from "../../config/sources.ts"
import { parseAddress } from "../../protocol/address.ts"
import type { Proxy } from "../../proxy/app.ts"

import { version } from "../command-line/version.ts"
import { makeToken, ownTokenPlaces, removeToken, tokenFolders, writeToken } from "../running/admin-token.ts"
import type { Ports } from "../running/ports.ts"

import { captureStatus, type RunningCapture } from "./capture.ts"

/** The settings in force, and where they came from; a reload and the admin listener change them. */
export interface State {
  settings: Settings
  loaded: Loaded
}

export interface OperatorsParts extends Pick<AdminParts, "stop" | "prospect"> {
  readonly state: State
  readonly metrics: Metrics
  readonly log: Log
  readonly shortfalls: ShortfallLog
  readonly recent: Recent
  readonly capture: RunningCapture
  /** Hears of the tap, whose lost lines are counted. */
  readonly tapped: (dropped: Tap["dropped"]) => void
}

/** Serves until the scope closes. The policy learns of both listeners, so that neither is ever dialled. */
export const serveOperators = Effect.fnUntraced(function* (proxy: Proxy, parts: OperatorsParts) {
  const { state, metrics, log, recent, shortfalls, stop, prospect } = parts
  const { healthPort, adminPort } = state.settings
  let started = false
  const phase = { started: () => started, draining: proxy.draining }
  const token = makeToken()
  const { tap, captures } = shownRecords(parts, token)
  const health = yield* serveHealth({ port: healthPort, state: phase, metrics: () => renderPrometheus(metrics) })
  const admin = yield* serveAdmin({
    port: adminPort,
    state: phase,
    version,
    config: () => shortfalls.mark(state.loaded.origins),
    connections: () => proxy.connections.flows(),
    recent,
    tap,
    captures,
    destinations: (routesOf) => metrics.destinations.report(proxy.connections, routesOf),
    history: (after) => metrics.history.since(after),
    metrics: () => renderPrometheus(metrics),
    stop,
    prospect,
    level: () => state.settings.logLevel,
    setLevel: (logLevel) => {
      state.settings = { ...state.settings, logLevel }
      log.info("the log level was set", { level: logLevel })
    },
  })
  for (const { address, port } of [health, ...admin]) {
    const parsed = parseAddress(address)
    if (parsed !== undefined) proxy.own({ address: parsed, port })
  }
  const adminAt = admin[0]?.port ?? 0
  yield* keepToken(adminAt, token, state.settings, log)
  started = true
  metrics.listening("inbound", proxy.inbound.length > 0)
  metrics.listening("outbound", proxy.outbound.length > 0)
  metrics.listening("health", true)
  metrics.listening("admin", true)
  const ports: Ports = {
    in: proxy.inbound[0]?.port ?? 0,
    out: proxy.outbound[0]?.port ?? 0,
    health: health.port,
    admin: adminAt,
  }
  return ports
})

/** What the admin listener answers of records, and of what ends. */
const shownRecords = (
  { capture, recent, log, tapped }: OperatorsParts,
  token: string,
): { readonly tap: Tap; readonly captures: ReadonlyArray<Route> } => {
  const records = makeRecordTap({ token, follow: (follower) => capture.follow(follower) })
  const tap = makeTap(recent, records.answer)
  tapped(() => tap.dropped() + records.dropped())
  const kept = { ids: () => capture.ids(), line: (id: string) => capture.line(id) }
  const keep = (isOn: boolean): void => {
    capture.keep(isOn)
    log.info(isOn ? "records are kept from now on" : "no more records are kept; those that are stay")
  }
  const status = (): object => captureStatus(capture)
  return {
    tap,
    captures: [...captureRoutes({ kept, token, version: version.version }), ...controlRoutes({ token, status, keep })],
  }
}

/** Has this user's commands find the token, until the scope closes. */
const keepToken = (port: number, token: string, { capture }: Settings, log: Log) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const places = ownTokenPlaces(process.env)
      const written = writeToken(port, places, token)
      if (written !== undefined) return written
      // Who records nothing may never want to look.
      const level = capture === "off" ? "info" : "warn"
      log[level](
        "no token could be written, so no command is shown what was recorded: make one of these folders for this user alone",
        {
          folders: tokenFolders(places).join(", "),
        },
      )
      return undefined
    }),
    (written) => Effect.sync(() => written && removeToken(written)),
  )
