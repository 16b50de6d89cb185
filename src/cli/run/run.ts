/**
 * Run: the proxy, from its settings to its last connection, alone or beside a child program.
 */
import { constants } from "node:os"
import { isatty } from "node:tty"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"

import { type AdminParts, serveAdmin } from "../../admin/admin.ts"
import { serveHealth } from "../../admin/health.ts"
import { makeTap, type Tap } from "../../admin/tap.ts"
import { type Parts, type Proxy, startProxy } from "../../proxy/app.ts"
import type { ConfigError } from "../../config/error.ts"
import { reload } from "../../config/reload.ts"
import type { Settings } from "../../config/settings.ts"
import type { Loaded } from "../../config/sources.ts"
import { Dialer } from "../../net/dial/dialer.ts"
import { chooseSockets } from "../../net/choose-sockets.ts"
import { releaseStartupPages } from "../../system/startup-pages.ts"
import { turnDate, turnTime } from "../../system/turn-clock.ts"
import { accessNotice } from "../../observe/access/access-formats.ts"
import { makeAccessLog } from "../../observe/access/access-log.ts"
import { openDescriptor } from "../../observe/output/descriptor.ts"
import { renderPrometheus } from "../../observe/metrics/exposition.ts"
import type { Flow } from "../../flow/flow.ts"
import { leadsToJournal } from "../../observe/log/journal.ts"
import { watchLag } from "../../observe/metrics/lag.ts"
import { catchLastResort } from "../../observe/log/last-resort.ts"
import type { ListenFailed } from "../../flow/listen-failed.ts"
import { droppedNotice, type Log, makeLog, resolveFormat, wantsColor } from "../../observe/log/log.ts"
import { Metrics } from "../../observe/metrics/metrics.ts"
import { Output } from "../../observe/output/output.ts"
import { Recent } from "../../observe/access/recent.ts"
import { ShortfallLog } from "../../observe/log/shortfall-log.ts"
import type { Exported } from "../../observe/telemetry/telemetry.ts"
import { wantsTelemetry } from "../../observe/telemetry/wants-telemetry.ts"

import { parseAddress } from "../../protocol/address.ts"

import { announce } from "./announce.ts"
import { calledAs } from "./called.ts"
import { type Child, type ChildNotStarted, sameStop, startChild } from "./child.ts"
import { childEnvironment } from "./child-environment.ts"
import { notifyService } from "./notify.ts"
import { oldNodeNote } from "./old-node.ts"
import type { Ports } from "../running/ports.ts"
import { writePortsFile } from "./ports-file.ts"
import { isStop, type Signals } from "../command-line/signals.ts"
import type { Terminal } from "./terminal.ts"
import { version } from "../command-line/version.ts"

/** Milliseconds that the last lines may take to be written when the process ends. */
const flushTimeout = 500

export interface RunArgs {
  readonly loaded: Loaded
  /** Reads the settings again, for SIGHUP. */
  readonly reread: () => Result.Result<Loaded, ConfigError>
  readonly signals: Signals
  /** The controlling terminal, if there is one. */
  readonly terminal: Terminal | undefined
  /** The program to run beside the proxy, and its arguments. */
  readonly command: ReadonlyArray<string> | undefined
}

type Failed = ListenFailed | ConfigError | ChildNotStarted

/** Serves until it is told to stop, or until its child ends; succeeds with the exit code. */
export const run = Effect.fnUntraced(function* (args: RunArgs) {
  const state = { settings: args.loaded.settings, loaded: args.loaded }
  const settings = (): Settings => state.settings
  const observers = makeObservers(settings)
  const served = yield* Effect.exit(Effect.scoped(serve(args, state, observers)))
  // Every connection is closed by now; what they said last is still to be written.
  yield* Effect.promise(() => observers.flush(flushTimeout))
  return yield* served
})

interface State {
  settings: Settings
  loaded: Loaded
}

interface Observers extends Omit<Parts, "settings" | "sockets"> {
  readonly shortfalls: ShortfallLog
  readonly recent: Recent
  readonly tap: Tap
  /** What the metrics ask of the proxy, once there is one. */
  readonly live: { draining: () => boolean; idleOrigins: () => number; open: () => Iterable<Flow> }
  /** Where log lines go besides, if there is an exporter. */
  readonly exporter: { current: Exported | undefined }
  readonly flush: (milliseconds: number) => Promise<unknown>
}

const makeObservers = (settings: () => Settings): Observers => {
  // Not `process.stdout.isTTY`: touching that stream makes the pipe non-blocking for a child that shares it.
  const stdoutFormat = resolveFormat(settings().logFormat, isatty(1))
  const stderrFormat = resolveFormat(settings().logFormat, isatty(2))
  const { accessLogFormat } = settings()
  const accessFormat = accessLogFormat === "auto" ? stdoutFormat : accessLogFormat
  const stdout = new Output({ write: openDescriptor(1), notice: accessNotice(accessFormat) })
  const journal = leadsToJournal(2, process.env)
  const stderr = new Output({ write: openDescriptor(2), notice: droppedNotice(stderrFormat, journal) })
  const exporter: Observers["exporter"] = { current: undefined }
  const log = makeLog({
    output: stderr,
    level: () => settings().logLevel,
    format: stderrFormat,
    color: wantsColor(isatty(2), process.env),
    journal,
    also: (level, message, fields) => exporter.current?.log(level, message, fields),
  })
  const recent = new Recent()
  const tap = makeTap(recent)
  const accessLog = makeAccessLog({
    output: settings().accessLog ? stdout : undefined,
    format: accessFormat,
    filter: () => settings().accessLogFilter,
    color: wantsColor(isatty(1), process.env),
    recent,
    now: turnDate,
  })
  const live: Observers["live"] = { draining: () => false, idleOrigins: () => 0, open: () => [] }
  const metrics = new Metrics({
    build: version,
    draining: () => live.draining(),
    dropped: () => ({
      stdout: stdout.dropped,
      stderr: stderr.dropped,
      tap: tap.dropped(),
      otlp: exporter.current?.dropped() ?? 0,
    }),
    limit: () => settings().maxConnections,
    maxDestinations: () => settings().metricsDestinations,
    idleOrigins: () => live.idleOrigins(),
    open: () => live.open(),
    now: turnTime,
  })
  catchLastResort({ log, count: () => metrics.defect() })
  const flush = (milliseconds: number) => Promise.all([stdout.flush(milliseconds), stderr.flush(milliseconds)])
  const shortfalls = new ShortfallLog(log, metrics)
  return { log, accessLog, metrics, shortfalls, recent, tap, live, exporter, flush }
}

const serve: (args: RunArgs, state: State, observers: Observers) => Effect.Effect<number, Failed, Scope.Scope> =
  Effect.fnUntraced(function* (args, state, observers) {
    const { log, metrics } = observers
    const settings = (): Settings => state.settings
    yield* exportTelemetry(observers, args.command !== undefined)
    yield* Effect.acquireRelease(
      Effect.sync(() =>
        watchLag((seconds) => {
          metrics.lagged(seconds)
          metrics.sample(performance.now())
        }),
      ),
      (stopWatching) => Effect.sync(stopWatching),
    )
    for (const warning of state.loaded.warnings) log.warn(warning)
    const stop = yield* Deferred.make<void>()
    const hurry = yield* Deferred.make<void>()

    const sockets = yield* chooseSockets(settings().poll, observers.shortfalls)
    const proxy = yield* startProxy({ ...observers, settings, sockets }).pipe(
      Effect.provide(Dialer.layer(settings, sockets.connect)),
    )
    observers.live.draining = proxy.draining
    observers.live.idleOrigins = proxy.idleOrigins
    observers.live.open = () => proxy.connections.flows()
    const { command, signals, terminal } = args
    // With a program it is SIGTERM that does it, also for a program that has not been started yet.
    const askedToStop = (): void => {
      if (command === undefined) Deferred.doneUnsafe(stop, Effect.void)
      else signals.tell("SIGTERM")
    }
    const ports = yield* serveOperators(proxy, state, observers, {
      stop: askedToStop,
      prospect:
        command === undefined ? "draining, then ending" : "the program is told to stop; the proxy ends after it",
    })
    releaseStartupPages()
    const { portsFile } = settings()
    if (portsFile !== undefined) yield* writePortsFile(portsFile, ports)
    const situation = { program: calledAs(), beside: args.command !== undefined, env: process.env }
    announce(log, settings(), state.loaded.origins, ports, situation)
    const status = (): string => serviceStatus(proxy, ports)
    const service = yield* notifyService({ environment: process.env, status, log })
    service.ready()

    const child = command === undefined ? undefined : yield* startBeside(args, command, settings(), ports, log)
    if (terminal !== undefined) yield* watchTerminal(terminal)
    heedSignals(args, child, { stop, hurry }, () => {
      service.reloading()
      rereadSettings(args, state, observers)
      service.ready()
    })
    const code = yield* Effect.raceFirst(child?.exitCode ?? Effect.never, Effect.as(Deferred.await(stop), 0))
    Deferred.doneUnsafe(stop, Effect.void)

    service.stopping(settings().drainTimeout)
    log.info("draining", { connections: proxy.connections.count })
    const cut = yield* Effect.raceFirst(Effect.as(proxy.drain, false), Effect.as(Deferred.await(hurry), true))
    log.info("stopped", { cut: proxy.connections.count })
    return cut && child === undefined ? 1 : code
  })

/**
 * Passes signals on to the child, as long as there is one; else a first one that stops begins the drain, and a later one
 * cuts it short. SIGHUP reloads, unless it says that the terminal is gone.
 */
const heedSignals = (
  args: RunArgs,
  child: Child | undefined,
  { stop, hurry }: { readonly stop: Deferred.Deferred<void>; readonly hurry: Deferred.Deferred<void> },
  reload: () => void,
): void => {
  let firstStop: number | undefined
  args.signals.listen((signal) => {
    const closed = signal === "SIGHUP" && saysFarewell(args)
    if (signal === "SIGHUP" && !closed) reload()
    const stops = isStop(signal) || closed
    if (stops) firstStop ??= performance.now()
    if (child !== undefined && !child.ended()) return child.signal(signal)
    if (!stops) return
    // Managers may send two, which are one.
    const again = performance.now() - firstStop! > sameStop
    Deferred.doneUnsafe(again && Deferred.isDoneUnsafe(stop) ? hurry : stop, Effect.void)
  })
}

/** Metrics and logs for OpenTelemetry, where its variables ask for it; otherwise its code is not even loaded. */
const exportTelemetry = Effect.fnUntraced(function* (observers: Observers, besideProgram: boolean) {
  if (!wantsTelemetry(process.env)) return
  const { startTelemetry } = yield* Effect.promise(() => import("../../observe/telemetry/telemetry.ts"))
  const parts = { ...observers, env: process.env, version: version.version, besideProgram }
  observers.exporter.current = yield* startTelemetry(parts)
})

/** The line that `systemctl status` shows. */
const serviceStatus = (proxy: Proxy, ports: Ports): string => {
  const inbound = ports.in > 0 ? `inbound on ${ports.in}, ` : ""
  const outbound = ports.out > 0 ? `outbound on ${ports.out}, ` : ""
  return `${inbound}${outbound}connections: ${proxy.connections.count}`
}

const startBeside = Effect.fnUntraced(function* (
  { signals: { ignored }, terminal }: RunArgs,
  command: ReadonlyArray<string>,
  settings: Settings,
  ports: Ports,
  log: Log,
) {
  const { env, notes } = childEnvironment(settings, ports, process.env)
  for (const note of notes) log.warn(note)
  const oldNode = yield* oldNodeNote(command, env)
  if (oldNode !== undefined) log.warn(oldNode)
  return yield* startChild({ command, environment: env, terminal, ignored })
})

/** Milliseconds. */
const terminalLook = 1000

const watchTerminal = (terminal: Terminal) =>
  Effect.acquireRelease(
    Effect.sync(() => setInterval(() => terminal.look(), terminalLook)),
    (timer) => Effect.sync(() => clearInterval(timer)),
  )

/** Whether a SIGHUP comes from a terminal that closed; nohup(1) asks to outlive it. */
const saysFarewell = ({ terminal, signals }: RunArgs): boolean =>
  terminal !== undefined && !signals.ignored.has(constants.signals.SIGHUP) && terminal.hungUp()

/** Levels, deadlines, limits, resolve, strictness, destinations and what is logged change at once; the rest waits for a restart. */
const rereadSettings = (args: RunArgs, state: State, { log, metrics }: Observers): void => {
  const reread = args.reread()
  metrics.reloaded(Result.isSuccess(reread) ? "success" : "failure")
  if (Result.isFailure(reread)) return log.error(`not reloaded: ${reread.failure.message}`)
  const { settings, changed, waiting } = reload(state.settings, reread.success.settings)
  state.settings = settings
  state.loaded = reread.success
  for (const warning of reread.success.warnings) log.warn(warning)
  log.info("reloaded", { changed: changed.join(", ") || "nothing" })
  if (waiting.length > 0) log.warn(`these changes wait for a restart: ${waiting.join(", ")}`)
}

/** The health and the admin listener; the policy learns of them, so that neither is ever dialled. */
const serveOperators = Effect.fnUntraced(function* (
  proxy: Proxy,
  state: State,
  { metrics, log, recent, tap, shortfalls }: Observers,
  { stop, prospect }: Pick<AdminParts, "stop" | "prospect">,
) {
  const { healthPort, adminPort } = state.settings
  let started = false
  const phase = { started: () => started, draining: proxy.draining }
  const health = yield* serveHealth({ port: healthPort, state: phase, metrics: () => renderPrometheus(metrics) })
  const admin = yield* serveAdmin({
    port: adminPort,
    state: phase,
    version,
    config: () => shortfalls.mark(state.loaded.origins),
    connections: () => proxy.connections.flows(),
    recent,
    tap,
    destinations: (routesOf) => metrics.destinations.report(proxy.connections.flows(), routesOf),
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
  started = true
  metrics.listening("inbound", proxy.inbound.length > 0)
  metrics.listening("outbound", proxy.outbound.length > 0)
  metrics.listening("health", true)
  metrics.listening("admin", true)
  return {
    in: proxy.inbound[0]?.port ?? 0,
    out: proxy.outbound[0]?.port ?? 0,
    health: health.port,
    admin: admin[0]?.port ?? 0,
  }
})
