/**
 * Run: the proxy, from its settings to its last connection, alone or beside a child program.
 */
import { constants } from "node:os"
import { isatty } from "node:tty"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"

import { type Parts, type Proxy, startProxy } from "../../proxy/app.ts"
import type { ConfigError } from "../../config/error.ts"
import { reload } from "../../config/reload.ts"
import type { Settings } from "../../config/settings.ts"
import type { Loaded } from "../../config/sources.ts"
import type { Capture } from "../../capture/live/capture.ts"
import { Dialer } from "../../net/dial/dialer.ts"
import { chooseSockets } from "../../net/choose-sockets.ts"
import { releaseStartupPages } from "../../system/startup-pages.ts"
import { accessNotice } from "../../observe/access/access-formats.ts"
import { makeAccessLog } from "../../observe/access/access-log.ts"
import { openDescriptor } from "../../observe/output/descriptor.ts"
import type { Flow } from "../../flow/flow.ts"
import { leadsToJournal } from "../../observe/log/journal.ts"
import { watchLag } from "../../observe/metrics/lag.ts"
import { catchLastResort } from "../../observe/log/last-resort.ts"
import type { ListenFailed } from "../../flow/listen-failed.ts"
import { droppedNotice, type Log, makeLog, resolveFormat, wantsColor } from "../../observe/log/log.ts"
import type { CaptureCounts } from "../../observe/metrics/capture-series.ts"
import { Metrics } from "../../observe/metrics/metrics.ts"
import { Output } from "../../observe/output/output.ts"
import { Recent } from "../../observe/access/recent.ts"
import { ShortfallLog } from "../../observe/log/shortfall-log.ts"
import type { Exported } from "../../observe/telemetry/telemetry.ts"
import { wantsTelemetry } from "../../observe/telemetry/wants-telemetry.ts"

import { announce } from "./announce.ts"
import { calledAs } from "./called.ts"
import { type CaptureParts, changedFiles, countsOf, makeCapture } from "./capture.ts"
import { type Child, type ChildNotStarted, sameStop, startChild } from "./child.ts"
import { childEnvironment } from "./child-environment.ts"
import { notifyService } from "./notify.ts"
import { oldNodeNote } from "./old-node.ts"
import { serveOperators, type State } from "./operators.ts"
import type { CaptureFiles } from "../capture/capture-files.ts"
import type { Ports } from "../running/ports.ts"
import { writePortsFile } from "./ports-file.ts"
import { tellRecorded } from "./record.ts"
import { isStop, type Signals } from "../command-line/signals.ts"
import type { Terminal } from "./terminal.ts"
import { version } from "../command-line/version.ts"

/** Milliseconds that the last lines may take to be written when the process ends. */
const flushTimeout = 500

/** Settings, and the files that they name for a capture. */
export interface Read {
  readonly loaded: Loaded
  readonly files: CaptureFiles
}

export interface RunArgs {
  readonly read: Read
  /** Reads everything again, for SIGHUP. */
  readonly reread: () => Result.Result<Read, ConfigError>
  readonly signals: Signals
  /** The controlling terminal, if there is one. */
  readonly terminal: Terminal | undefined
  /** The program to run beside the proxy, and its arguments. */
  readonly command: ReadonlyArray<string> | undefined
  /** Whether it is said at the end what was recorded. */
  readonly isRecording: boolean
}

type Failed = ListenFailed | ConfigError | ChildNotStarted

/** Serves until it is told to stop, or until its child ends; succeeds with the exit code. */
export const run = Effect.fnUntraced(function* (args: RunArgs) {
  const { loaded, files } = args.read
  const state: RunState = { settings: loaded.settings, loaded, files, capture: undefined }
  const settings = (): Settings => state.settings
  const observers = makeObservers(settings)
  const served = yield* Effect.exit(Effect.scoped(serve(args, state, observers)))
  if (args.isRecording && state.capture !== undefined) tellRecorded(observers.log, settings().capture, state.capture)
  // Every connection is closed by now; what they said last is still to be written.
  yield* Effect.promise(() => observers.flush(flushTimeout))
  return yield* served
})

interface RunState extends State {
  files: CaptureFiles
  /** Once there is one. */
  capture: Capture | undefined
}

interface Observers extends Omit<Parts, "settings" | "sockets"> {
  readonly shortfalls: ShortfallLog
  readonly recent: Recent
  /** What the metrics ask of the proxy, once there is one. */
  readonly live: {
    draining: () => boolean
    idleOrigins: () => number
    open: () => Iterable<Flow>
    tapDropped: () => number
    capture: () => CaptureCounts | undefined
  }
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
  const accessLog = makeAccessLog({
    output: settings().accessLog ? stdout : undefined,
    format: accessFormat,
    filter: () => settings().accessLogFilter,
    color: wantsColor(isatty(1), process.env),
    recent,
  })
  const live: Observers["live"] = {
    draining: () => false,
    idleOrigins: () => 0,
    open: () => [],
    tapDropped: () => 0,
    capture: () => undefined,
  }
  const metrics = new Metrics({
    build: version,
    draining: () => live.draining(),
    dropped: () => ({
      stdout: stdout.dropped,
      stderr: stderr.dropped,
      tap: live.tapDropped(),
      otlp: exporter.current?.dropped() ?? 0,
    }),
    limit: () => settings().maxConnections,
    maxDestinations: () => settings().metricsDestinations,
    idleOrigins: () => live.idleOrigins(),
    open: () => live.open(),
    capture: () => live.capture(),
  })
  catchLastResort({ log, count: () => metrics.defect() })
  const flush = (milliseconds: number) => Promise.all([stdout.flush(milliseconds), stderr.flush(milliseconds)])
  const shortfalls = new ShortfallLog(log, metrics)
  return { log, accessLog, metrics, shortfalls, recent, live, exporter, flush }
}

const serve: (args: RunArgs, state: RunState, observers: Observers) => Effect.Effect<number, Failed, Scope.Scope> =
  Effect.fnUntraced(function* (args, state, observers) {
    const { log, metrics } = observers
    const settings = (): Settings => state.settings
    yield* exportTelemetry(observers, args.command !== undefined)
    yield* watchTime(metrics)
    for (const warning of state.loaded.warnings) log.warn(warning)
    const stop = yield* Deferred.make<void>()
    const hurry = yield* Deferred.make<void>()

    const sockets = yield* chooseSockets(settings().poll, observers.shortfalls)
    const { origins } = state.loaded
    const capture = yield* startCapture({ settings, files: () => state.files, origins, log })
    state.capture = capture
    const { recorders } = capture
    const proxy = yield* startProxy({ ...observers, settings, sockets, recorders }).pipe(
      Effect.provide(Dialer.layer(settings, sockets.connect)),
    )
    look(observers, proxy, capture)
    const { command, signals, terminal } = args
    // With a program it is SIGTERM that does it, also for a program that has not been started yet.
    const askedToStop = (): void => {
      if (command === undefined) Deferred.doneUnsafe(stop, Effect.void)
      else signals.tell("SIGTERM")
    }
    const ports = yield* serveOperators(proxy, {
      ...observers,
      state,
      capture,
      tapped: (dropped) => void (observers.live.tapDropped = dropped),
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

/** Has the metrics look at the proxy and its capture from now on. */
const look = ({ live }: Observers, { draining, idleOrigins, connections }: Proxy, capture: Capture): void => {
  live.draining = draining
  live.idleOrigins = idleOrigins
  live.open = () => connections.flows()
  live.capture = () => countsOf(capture)
}

/** Measures how late timers are, and ends a point of the history each second. */
const watchTime = (metrics: Metrics) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      watchLag((seconds) => {
        metrics.lagged(seconds)
        metrics.sample(performance.now())
      }),
    ),
    (stopWatching) => Effect.sync(stopWatching),
  )

/** Makes the capture, and says so where it keeps anything. */
const startCapture = (parts: CaptureParts) =>
  Effect.tap(makeCapture(parts), () =>
    Effect.sync(() => {
      const { capture: to } = parts.settings()
      if (to !== "off") parts.log.info("records are kept of what passes", { capture: to })
    }),
  )

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

/** Levels, deadlines, limits, resolve, strictness, destinations, what is logged and what is recorded change at once; the rest waits for a restart. */
const rereadSettings = (args: RunArgs, state: RunState, { log, metrics }: Observers): void => {
  const reread = args.reread()
  metrics.reloaded(Result.isSuccess(reread) ? "success" : "failure")
  if (Result.isFailure(reread)) return log.error(`not reloaded: ${reread.failure.message}`)
  const { loaded, files } = reread.success
  const { settings, changed, waiting } = reload(state.settings, loaded.settings)
  const names = new Set([...changed, ...changedFiles(state.files, files)])
  state.settings = settings
  state.loaded = loaded
  state.files = files
  for (const warning of loaded.warnings) log.warn(warning)
  log.info("reloaded", { changed: [...names].join(", ") || "nothing" })
  if (waiting.length > 0) log.warn(`these changes wait for a restart: ${waiting.join(", ")}`)
}
