/**
 * Notify: reports to systemd how the service is, as sd_notify(3) says, where systemd asks for it by NOTIFY_SOCKET; elsewhere
 * it does nothing. A failure to report is a warning: it never holds up or ends the proxy.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import { openDatagrams } from "../../system/datagram.ts"
import { loadLibc } from "../../system/load-libc.ts"
import type { Log } from "../../observe/log/log.ts"

export interface ServiceManager {
  /** Everything listens. */
  readonly ready: () => void
  /** The settings are read anew from here until `ready`. */
  readonly reloading: () => void
  /** Reports that the end has begun, and will take at most `milliseconds`. */
  readonly stopping: (milliseconds: number) => void
}

export interface NotifyParts {
  /** NOTIFY_SOCKET and what belongs to it are taken out, so that no child speaks in the name of the service. */
  readonly environment: Record<string, string | undefined>
  /** One line for `systemctl status`, sent with every message. */
  readonly status: () => string
  readonly log: Pick<Log, "warn">
}

const silent: ServiceManager = { ready: () => {}, reloading: () => {}, stopping: () => {} }

/** Milliseconds that writing the last lines and closing may take beyond the drain. */
const stopMargin = 5000

/** Also keeps systemd's watchdog quiet, from the event loop: a loop that hangs falls silent. Until the scope closes. */
export const notifyService = ({
  environment,
  status,
  log,
}: NotifyParts): Effect.Effect<ServiceManager, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: microseconds, WATCHDOG_PID: pid } = environment
    for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete environment[name]
    if (socket === undefined || socket === "") return silent
    const datagrams = openDatagrams(socket)
    if (typeof datagrams === "string") {
      log.warn(`systemd is told nothing: NOTIFY_SOCKET ${JSON.stringify(socket)}: ${datagrams}`)
      return silent
    }
    yield* Effect.addFinalizer(() => Effect.sync(datagrams.close))

    let ending = false
    let unheard: string | undefined
    const tell = (...lines: ReadonlyArray<string>): void => {
      const problem = datagrams.send([...lines, `STATUS=${ending ? "draining, " : ""}${status()}`].join("\n"))
      // Once for each cause, for the watchdog would repeat it.
      if (problem !== undefined && problem !== unheard) log.warn(`systemd was not told ${lines[0]}: ${problem}`)
      unheard = problem
    }

    const interval = watchdogInterval(microseconds, pid, process.pid)
    if (interval !== undefined) {
      yield* Effect.acquireRelease(
        Effect.sync(() => setInterval(() => tell("WATCHDOG=1"), interval)),
        (timer) => Effect.sync(() => clearInterval(timer)),
      )
    }
    return {
      ready: () => {
        if (!ending) tell("READY=1")
      },
      reloading: () => {
        if (!ending) tell("RELOADING=1", ...monotonic())
      },
      stopping: (milliseconds) => {
        ending = true
        tell("STOPPING=1", `EXTEND_TIMEOUT_USEC=${(milliseconds + stopMargin) * 1000}`)
      },
    }
  })

/** Milliseconds between two signs of life: half of what systemd waits. Undefined where it does not watch this process. */
export const watchdogInterval = (
  microseconds: string | undefined,
  pid: string | undefined,
  own: number,
): number | undefined => {
  const limit = Number(microseconds)
  if (!Number.isSafeInteger(limit) || limit <= 0) return undefined
  if (pid !== undefined && pid !== "" && Number(pid) !== own) return undefined
  return Math.max(1, Math.floor(limit / 2000))
}

const CLOCK_MONOTONIC = 1

/** `MONOTONIC_USEC=` with the clock of clock_gettime(2): systemd compares it with its own, for Type=notify-reload. */
const monotonic = (): ReadonlyArray<string> => {
  const libc = loadLibc({ clock_gettime: { args: ["i32", "ptr"], returns: "i32" } } as const)
  const time = new BigInt64Array(2)
  if (libc === undefined || libc.clock_gettime(CLOCK_MONOTONIC, time) !== 0) return []
  return [`MONOTONIC_USEC=${(time[0] ?? 0n) * 1_000_000n + (time[1] ?? 0n) / 1000n}`]
}
