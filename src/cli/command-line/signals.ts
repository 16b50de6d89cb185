/**
 * Signals: what the system sends the process, from its first moment on. Those that come before somebody listens are
 * kept: as PID 1 an unhandled SIGTERM would be ignored, and the pod would be killed instead.
 */
import { constants } from "node:os"
import { procText } from "../../system/proc.ts"

/** What the proxy itself is told; every other one keeps its default meaning. */
const own = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const

/**
 * What a program beside the proxy is told besides: each signal that a handler may take, except those that say something
 * of the proxy's own process (SIGCHLD, SIGPIPE, SIGXFSZ, the faults SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV and SIGSYS),
 * and SIGPWR, with which the runtime halts its threads.
 */
const passed = [
  "SIGQUIT",
  "SIGABRT",
  "SIGALRM",
  "SIGURG",
  "SIGXCPU",
  "SIGVTALRM",
  "SIGPROF",
  "SIGWINCH",
  "SIGIO",
] as const

/** Job control. With a terminal these keep their default meaning: the terminal and the shell tell the whole group. */
const jobControl = ["SIGCONT", "SIGTSTP", "SIGTTIN", "SIGTTOU"] as const

export type Signal = (typeof own)[number] | (typeof passed)[number] | (typeof jobControl)[number]

/** Which signals are heard: `proxy` alone, or also those that a program beside it is told. */
export type Hears = "proxy" | "program" | "program without a terminal"

/** Whether it asks for the end. */
export const isStop = (signal: Signal): boolean => signal === "SIGTERM" || signal === "SIGINT"

export class Signals {
  /** Numbers of those that whoever started the process lets it ignore: SIGHUP under nohup(1), for one. */
  readonly ignored: ReadonlySet<number> = ignoredIn(procText("self/status"))
  private readonly early: Array<Signal> = []
  private listener: ((signal: Signal) => void) | undefined = undefined

  /** Hears them from now on, for as long as the process lives. */
  install(hears: Hears): void {
    const names: ReadonlyArray<Signal> = [
      ...own,
      ...(hears === "proxy" ? [] : passed),
      ...(hears === "program without a terminal" ? jobControl : []),
    ]
    for (const signal of names) {
      process.on(signal, () => this.tell(signal))
    }
  }

  /** As if the system had sent it. */
  tell(signal: Signal): void {
    if (this.listener === undefined) this.early.push(signal)
    else this.listener(signal)
  }

  /** Tells `listener` of every signal, also of those that came before. */
  listen(listener: (signal: Signal) => void): void {
    this.listener = listener
    for (const signal of this.early.splice(0)) listener(signal)
  }
}

/** Bun 1.4.5 ignores these in every process, whatever was inherited. */
const runtimeIgnores = new Set<number>([constants.signals.SIGPIPE, constants.signals.SIGXFSZ])

/** From the text of /proc/self/status: the signals that are ignored, without those that the runtime ignores. */
export const ignoredIn = (status: string): ReadonlySet<number> => {
  const mask = BigInt(`0x${/^SigIgn:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`)
  const numbers = Array.from({ length: 64 }, (_, index) => index + 1)
  return new Set(numbers.filter((number) => ((mask >> BigInt(number - 1)) & 1n) === 1n && !runtimeIgnores.has(number)))
}
