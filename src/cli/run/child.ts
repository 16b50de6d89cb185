/**
 * Child: the program that `run -- CMD` starts. It shares the terminal, the streams and the process group of the proxy,
 * gets the signals that the proxy is sent, and its exit code becomes the proxy's.
 */
import { readFileSync, statSync } from "node:fs"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { quote } from "../../config/error.ts"
import { reapOrphans } from "./reap.ts"
import type { Signal } from "../command-line/signals.ts"

/** The program does not run; as shells and env(1) have it, 127 if it was not found, and 126 for any other reason. */
export class ChildNotStarted extends Data.TaggedError("ChildNotStarted")<{
  /** One line without the leading `pillion: `. */
  readonly message: string
  readonly exitCode: 126 | 127
}> {}

export interface Child {
  readonly pid: number
  /** Its exit code once it has ended, or 128 + n if signal n ended it. */
  readonly exitCode: Effect.Effect<number>
  readonly ended: () => boolean
  /** Passes on a signal that the proxy was sent. Does nothing after the end. */
  readonly signal: (signal: Signal) => void
}

/**
 * Starts a program: `command` is the program, found by the PATH of `environment`, and its arguments.
 *
 * As PID 1 also reaps orphans until the scope closes. If it closes before the program has ended, the program is sent
 * SIGTERM, and not waited for.
 */
export const startChild = (
  command: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>>,
): Effect.Effect<Child, ChildNotStarted, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.try({
        try: () => Bun.spawn([...command], { env: { ...environment }, stdio: ["inherit", "inherit", "inherit"] }),
        catch: (cause) => notStarted(command[0] ?? "", cause),
      }),
      // After its end this does nothing: Bun knows that the process is gone.
      (child) => Effect.sync(() => child.kill("SIGTERM")),
    )
    yield* reapOrphans(child.pid)
    return {
      pid: child.pid,
      exitCode: Effect.promise(() => child.exited),
      ended: () => child.exitCode !== null || child.signalCode !== null,
      signal: (signal) => {
        if (!terminalSends(signal)) child.kill(signal)
      },
    }
  })

/**
 * Whether the program has got this signal already: Ctrl-C signals the whole foreground group of a terminal, and to many
 * programs a second SIGINT means "at once". The price: in the foreground of a terminal, `kill -INT` of the proxy alone
 * does nothing.
 */
const terminalSends = (signal: Signal): boolean => signal === "SIGINT" && inForeground(ownStat())

/** From the text of /proc/self/stat: whether there is a terminal, and this process is in its foreground group. */
export const inForeground = (stat: string): boolean => {
  // A program's name stands in parentheses, and may hold anything.
  const [, , group, , terminal, foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return terminal !== undefined && terminal !== "0" && group === foreground
}

const ownStat = (): string => {
  try {
    return readFileSync("/proc/self/stat", "utf8")
  } catch {
    return ""
  }
}

const notStarted = (program: string, cause: unknown): ChildNotStarted => {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause)
  const name = quote(program)
  switch (code) {
    case "ENOENT":
      return new ChildNotStarted({ message: notFound(program, name), exitCode: 127 })
    case "EACCES":
      return new ChildNotStarted({ message: `${name} is not executable for this user`, exitCode: 126 })
    case "ENOEXEC":
      return new ChildNotStarted({
        message: `${name} is no program for this machine, and its first line names no interpreter (#!)`,
        exitCode: 126,
      })
    default:
      return new ChildNotStarted({ message: `${name} cannot be started (${code})`, exitCode: 126 })
  }
}

const notFound = (program: string, name: string): string => {
  if (!program.includes("/")) return `${name} was not found in PATH`
  // The system says the same of a script whose interpreter is missing.
  const exists = statSync(program, { throwIfNoEntry: false }) !== undefined
  return exists ? `the interpreter that ${name} names in its first line does not exist` : `${name} does not exist`
}
