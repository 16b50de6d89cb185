/**
 * Load libc: functions of the C library by bun:ffi, of glibc or else of musl. Linux on x64 and arm64.
 */
import { dlopen, type FFIFunction, type Library } from "bun:ffi"
import { constants } from "node:os"

import type { Fallback } from "../flow/shortfalls.ts"

/** Loads functions; undefined where this system has neither libc, or where one of the functions is missing. */
export const loadLibc = <F extends Record<string, FFIFunction>>(functions: F): Library<F>["symbols"] | undefined => {
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64"
  for (const name of ["libc.so.6", `libc.musl-${machine}.so.1`]) {
    try {
      return dlopen(name, functions).symbols
    } catch {
      // The other libc, then.
    }
  }
  return undefined
}

/** Finds out why there is no libc: Bun 1.4.5 has a message for want of the JIT, and no code. */
export const whyNoLibc = (): Fallback => {
  try {
    dlopen("libc.so.6", { getpid: { args: [], returns: "i32" } }).close()
  } catch (error) {
    if (error instanceof Error && error.message.includes("requires the JIT")) return { reason: "no-jit" }
  }
  return { reason: "no-libc" }
}

/** Names by errno; where one has two names the first holds: EAGAIN, not EWOULDBLOCK. */
const errorNames = new Map(
  Object.entries(constants.errno)
    .toReversed()
    .map(([name, errno]) => [errno, name]),
)

/** The name of an errno: 104 is ECONNRESET. */
export const errorName = (errno: number): string => errorNames.get(errno) ?? `errno ${errno}`
