/**
 * Spawn: starts a program by posix_spawn(3) of the C library, which takes bytes as they are and knows of limits, groups
 * and ignored signals what Bun.spawn of 1.4.5 does not. Linux on x64 and arm64, glibc and musl; nothing here blocks.
 */
import { ptr } from "bun:ffi"
import { errorName, loadLibc } from "../../system/load-libc.ts"
import type { OpenFiles } from "./open-files.ts"

const functions = {
  posix_spawn: { args: ["ptr", "ptr", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  posix_spawnattr_init: { args: ["ptr"], returns: "i32" },
  posix_spawnattr_destroy: { args: ["ptr"], returns: "i32" },
  posix_spawnattr_setflags: { args: ["ptr", "i16"], returns: "i32" },
  posix_spawnattr_setpgroup: { args: ["ptr", "i32"], returns: "i32" },
  posix_spawnattr_setsigdefault: { args: ["ptr", "ptr"], returns: "i32" },
  sigfillset: { args: ["ptr"], returns: "i32" },
  sigdelset: { args: ["ptr", "i32"], returns: "i32" },
  sigaction: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  signal: { args: ["i32", "i64"], returns: "i64" },
  getrlimit: { args: ["i32", "ptr"], returns: "i32" },
  setrlimit: { args: ["i32", "ptr"], returns: "i32" },
  waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
} as const

/** The functions of the C library that start a program and wait for it. */
export type Spawning = NonNullable<ReturnType<typeof loadLibc<typeof functions>>>

/** Undefined where the C library cannot be called. */
export const loadSpawning = (): Spawning | undefined => loadLibc(functions)

// The values of Linux; x64 and arm64, glibc and musl agree on all of them.
const POSIX_SPAWN_SETPGROUP = 2
const POSIX_SPAWN_SETSIGDEF = 4
const SIG_IGN = 1
const RLIMIT_NOFILE = 7
const WNOHANG = 1

/** More than any C library has for posix_spawnattr_t (336), struct sigaction (152) and sigset_t (128). */
const opaque = (): Uint8Array => new Uint8Array(1024)

export interface Program {
  /** Absolute or relative paths of the program; the first that can be executed is taken, as execvp(3) does. */
  readonly paths: ReadonlyArray<Uint8Array>
  /** The program's own name first. */
  readonly arguments: ReadonlyArray<Uint8Array>
  /** `name=value` each. */
  readonly environment: ReadonlyArray<Uint8Array>
  /** Whether the program leads a process group of its own. */
  readonly ownGroup: boolean
  /** Numbers of the signals that the program ignores at first; every other one has its default meaning. */
  readonly ignored: ReadonlySet<number>
  /** Undefined: those of this process. */
  readonly openFiles: OpenFiles | undefined
}

/** Starts a program: its process id, or the name of the errno that says why it does not run. */
export const spawnProgram = (libc: Spawning, program: Program): number | string => {
  const argv = stringArray(program.arguments)
  const envp = stringArray(program.environment)
  const attributes = opaque()
  libc.posix_spawnattr_init(attributes)
  libc.posix_spawnattr_setsigdefault(attributes, allBut(libc, program.ignored))
  libc.posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | (program.ownGroup ? POSIX_SPAWN_SETPGROUP : 0))
  libc.posix_spawnattr_setpgroup(attributes, 0)
  const restore = [...[...program.ignored].map((signal) => ignore(libc, signal)), limit(libc, program.openFiles)]
  try {
    const pid = new Int32Array(1)
    let problem = "ENOENT"
    for (const path of program.paths) {
      const errno = libc.posix_spawn(pid, zeroEnded(path), null, attributes, argv.pointers, envp.pointers)
      if (errno === 0) return pid[0]!
      const name = errorName(errno)
      if (!elsewhere.has(name)) return name
      // That a file is there and may not be executed says more than that others are not there.
      if (problem === "ENOENT" || name === "EACCES") problem = name
    }
    return problem
  } finally {
    for (const undo of restore) undo()
    libc.posix_spawnattr_destroy(attributes)
  }
}

/** With these another path is tried. */
const elsewhere: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "EACCES", "ESTALE", "ENODEV", "ETIMEDOUT"])

/** Signals that the process itself handles would have their default meaning in a program that it starts. */
const ignore = (libc: Spawning, signal: number): (() => void) => {
  const before = opaque()
  if (libc.sigaction(signal, null, before) !== 0) return () => {}
  libc.signal(signal, SIG_IGN)
  return () => void libc.sigaction(signal, before, null)
}

/** A child has the limits that its parent has at that moment. Files that are open beyond the limit stay open. */
const limit = (libc: Spawning, wanted: OpenFiles | undefined): (() => void) => {
  const before = new BigUint64Array(2)
  if (wanted === undefined || libc.getrlimit(RLIMIT_NOFILE, before) !== 0) return () => {}
  libc.setrlimit(RLIMIT_NOFILE, new BigUint64Array([wanted.soft, wanted.hard]))
  return () => void libc.setrlimit(RLIMIT_NOFILE, before)
}

const allBut = (libc: Spawning, ignored: ReadonlySet<number>): Uint8Array => {
  const set = opaque()
  libc.sigfillset(set)
  for (const signal of ignored) libc.sigdelset(set, signal)
  return set
}

const zeroEnded = (bytes: Uint8Array): Uint8Array => Buffer.concat([bytes, new Uint8Array(1)])

/** `char *const []`; `strings` is what its pointers point into. */
const stringArray = (
  strings: ReadonlyArray<Uint8Array>,
): { readonly pointers: BigUint64Array; readonly strings: Uint8Array } => {
  const all = Buffer.concat(strings.map(zeroEnded))
  const pointers = new BigUint64Array(strings.length + 1)
  let at = all.length === 0 ? 0 : ptr(all)
  for (const [index, { length }] of strings.entries()) {
    pointers[index] = BigInt(at)
    at += length + 1
  }
  return { pointers, strings: all }
}

export interface Ended {
  readonly pid: number
  /** The exit code, or 128 + n if signal n ended the process. */
  readonly code: number
}

/** A process that has ended, the child `pid` or any for -1; undefined when there is none. */
export const takeEnded = (libc: Spawning, pid: number): Ended | undefined => {
  const status = new Int32Array(1)
  const ended = libc.waitpid(pid, status, WNOHANG)
  return ended > 0 ? { pid: ended, code: exitCode(status[0]!) } : undefined
}

/** Reads the exit code from a status of waitpid(2). */
const exitCode = (status: number): number => {
  const signal = status & 0x7f
  return signal === 0 ? (status >> 8) & 0xff : 128 + signal
}

/** The real-time signals, and SIGSTKFLT: the runtime cannot hear them. */
const unheard = [16, ...Array.from({ length: 31 }, (_, index) => index + 34)]

/**
 * Ignores the signals that the runtime cannot hear, which would end the process and leave the program alone. Those
 * that the C library keeps for itself stay as they are.
 */
export const ignoreUnheard = (libc: Spawning): void => {
  for (const signal of unheard) libc.signal(signal, SIG_IGN)
}
