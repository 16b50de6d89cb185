/**
 * Child: the program that `run -- CMD` starts. It shares the streams of the proxy, gets the signals that the proxy is
 * sent, and its exit code becomes the proxy's.
 *
 * With a terminal it also shares the proxy's process group, so that the shell's job control and the keys of the terminal
 * mean both. Without one it leads a group of its own, which gets the signals, and so do a shell's children.
 */
import { statSync } from "node:fs"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { errorCode } from "../../flow/error-code.ts"
import { quote } from "../../config/error.ts"
import { exitCode } from "../../config/exit-codes.ts"
import { ownInheritedOpenFiles } from "./open-files.ts"
import { reapChildren } from "./reap.ts"
import { isStop, type Signal } from "../command-line/signals.ts"
import { ignoreUnheard, loadSpawning, type Spawning, spawnProgram } from "./spawn.ts"
import type { Terminal } from "./terminal.ts"
import { isText, ownStart, verbatimArguments, verbatimEnvironment } from "./verbatim.ts"

/** The program does not run; as shells and env(1) have it, 127 if it was not found, and 126 for any other reason. */
export class ChildNotStarted extends Data.TaggedError("ChildNotStarted")<{
  /** One line without the leading `pillion: `. */
  readonly message: string
  readonly exitCode: number
}> {}

export interface Child {
  readonly pid: number
  /** The program's exit code once it has ended, or 128 + n if signal n ended it. */
  readonly exitCode: Effect.Effect<number>
  readonly ended: () => boolean
  /**
   * Passes on a signal that the proxy was sent, unless the program has it from the terminal already, or the same stop
   * signal was passed on within the last second. Does nothing after the end.
   */
  readonly signal: (signal: Signal) => void
}

export interface ChildParts {
  /** The program and its arguments, not empty. */
  readonly command: ReadonlyArray<string>
  /** The program is found by its PATH. */
  readonly environment: Readonly<Record<string, string>>
  /** The controlling terminal, if there is one. */
  readonly terminal: Terminal | undefined
  /** Numbers of the signals that the program ignores at first. */
  readonly ignored: ReadonlySet<number>
  /** The C library; undefined where it cannot be called. The tests put the latter in its place. */
  readonly libc?: Spawning | undefined
}

/** Milliseconds within which a second stop signal is the first one once more: managers may send two. */
export const sameStop = 1000

/**
 * Starts the program. As PID 1 also reaps orphans until the scope closes. If it closes before the program has ended, the
 * program is sent SIGTERM, and not waited for.
 */
export const startChild = (parts: ChildParts): Effect.Effect<Child, ChildNotStarted, Scope.Scope> =>
  Effect.gen(function* () {
    const libc = "libc" in parts ? parts.libc : loadSpawning()
    const { promise: exitCode, resolve } = Promise.withResolvers<number>()
    let over = false
    const end = (code: number): void => {
      over = true
      resolve(code)
    }
    const pid = yield* libc === undefined ? startByRuntime(parts, end) : startByLibc(parts, libc, end)
    const target = parts.terminal === undefined ? -pid : pid
    const kill = (signal: Signal): void => {
      if (!over) tryKill(target, signal)
    }
    yield* Effect.addFinalizer(() => Effect.sync(() => kill("SIGTERM")))
    const passed = new Map<Signal, number>()
    return {
      pid,
      exitCode: Effect.promise(() => exitCode),
      ended: () => over,
      signal: (signal) => {
        if (parts.terminal?.tellsGroup(signal) === true) return
        const now = performance.now()
        if (isStop(signal) && now - (passed.get(signal) ?? Number.NEGATIVE_INFINITY) <= sameStop) return
        passed.set(signal, now)
        kill(signal)
      },
    }
  })

/** Sends a signal; does nothing where the program is gone, or belongs to another user now. */
const tryKill = (target: number, signal: Signal): void => {
  try {
    process.kill(target, signal)
  } catch {
    // ESRCH or EPERM: the sender of the signal could do nothing about it.
  }
}

const startByLibc = ({ command, environment, terminal, ignored }: ChildParts, libc: Spawning, end: End) =>
  Effect.gen(function* () {
    const { program, variables } = yield* verbatim(command, environment)
    ignoreUnheard(libc)
    const pid = spawnProgram(libc, {
      paths: pathsOf(program[0]!, variables),
      arguments: program,
      environment: variables,
      ownGroup: terminal === undefined,
      ignored,
      openFiles: ownInheritedOpenFiles(),
    })
    if (typeof pid === "string") return yield* notStarted(command[0]!, pid)
    yield* reapChildren(libc, pid, end)
    return pid
  })

/**
 * For where the C library cannot be called: orphans of PID 1 are not waited for, the program has this process's limit
 * of open files, ignores no signal, and cannot be given bytes that are not UTF-8.
 */
const startByRuntime = ({ command, environment, terminal }: ChildParts, end: End) =>
  Effect.gen(function* () {
    const { program, variables } = yield* verbatim(command, environment)
    if (![...program, ...variables].every(isText)) {
      return yield* new ChildNotStarted({
        message: `${quote(command[0]!)} cannot be given bytes that are not UTF-8 where the C library cannot be called`,
        exitCode: exitCode("notExecutable"),
      })
    }
    const child = yield* Effect.try({
      try: () =>
        Bun.spawn([...command], {
          env: { ...environment },
          stdio: ["inherit", "inherit", "inherit"],
          detached: terminal === undefined,
        }),
      catch: (cause) => notStarted(command[0]!, errorCode(cause)),
    })
    void child.exited.then(end)
    return child.pid
  })

type End = (code: number) => void

/** Both as the bytes that they are, or the refusal that says which of them is not to be had. */
const verbatim = (command: ReadonlyArray<string>, environment: Readonly<Record<string, string>>) => {
  const started = ownStart()
  const program = verbatimArguments(command, started)
  const variables = verbatimEnvironment(environment, started)
  const lost = program.lost ?? variables.lost
  if (lost === undefined) return Effect.succeed({ program: program.bytes, variables: variables.bytes })
  const message = `${quote(command[0]!)} cannot be started: ${lost} holds bytes that are not UTF-8`
  return Effect.fail(new ChildNotStarted({ message, exitCode: exitCode("notExecutable") }))
}

/** Where execvp(3) looks for a program. */
const pathsOf = (name: Uint8Array, variables: ReadonlyArray<Uint8Array>): ReadonlyArray<Uint8Array> => {
  if (name.length === 0) return []
  if (name.includes(slash)) return [name]
  // Latin-1 keeps every byte.
  const path = variables
    .map((entry) => Buffer.from(entry).toString("latin1"))
    .find((entry) => entry.startsWith("PATH="))
  return (path?.slice("PATH=".length) ?? usualPath)
    .split(":")
    .map((folder) => Buffer.concat([Buffer.from(`${folder === "" ? "." : folder}/`, "latin1"), name]))
}

const slash = 0x2f

/** The path that the C library takes where there is no PATH. */
const usualPath = "/bin:/usr/bin"

const notStarted = (program: string, code: string): ChildNotStarted => {
  const name = quote(program)
  switch (code) {
    case "ENOENT":
      return new ChildNotStarted({ message: notFound(program, name), exitCode: exitCode("notFound") })
    case "EACCES":
      return new ChildNotStarted({
        message: `${name} is not executable for this user`,
        exitCode: exitCode("notExecutable"),
      })
    case "ENOEXEC":
      return new ChildNotStarted({
        message: `${name} is no program for this machine, and its first line names no interpreter (#!)`,
        exitCode: exitCode("notExecutable"),
      })
    default:
      return new ChildNotStarted({
        message: `${name} cannot be started (${code})`,
        exitCode: exitCode("notExecutable"),
      })
  }
}

const notFound = (program: string, name: string): string => {
  if (!program.includes("/")) return `${name} was not found in PATH`
  // The system says the same of a script whose interpreter is missing.
  const exists = statSync(program, { throwIfNoEntry: false }) !== undefined
  return exists ? `the interpreter that ${name} names in its first line does not exist` : `${name} does not exist`
}
