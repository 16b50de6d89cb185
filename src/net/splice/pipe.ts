/**
 * Pipe: what splice(2) moves bytes through, by bun:ffi. Linux on x64 and arm64, glibc and musl; nothing in this file
 * blocks.
 */
import { read } from "bun:ffi"

import type { Fallback } from "../../flow/shortfalls.ts"

import { errorName, loadLibc, whyNoLibc } from "../../system/load-libc.ts"

export interface Pipe {
  /**
   * Moves up to `length` bytes from a socket into the pipe, which must be empty, as splice(2) does without waiting:
   * returns how many, 0 at the end of what comes, or an errno as a negative number.
   */
  readonly fill: (socket: number, length: number) => number
  /** Moves up to `length` bytes out of the pipe to a socket, in the same way. */
  readonly drain: (socket: number, length: number) => number
  /**
   * Returns how many bytes a socket has room for, the kernel's overhead of a few in a hundred included; a negative
   * errno where the kernel does not say (before 4.12).
   */
  readonly room: (socket: number) => number
  /** Reads what is in the pipe; returns how many bytes, or a negative errno. */
  readonly read: (into: Uint8Array) => number
  readonly close: () => void
}

/** Bytes that a pipe holds at most: all that an unprivileged process may ask for (fs.pipe-max-size). */
export const pipeBytes = 1024 * 1024

// The values of Linux; x64 and arm64 agree on all of them.
const O_NONBLOCK = 0o4000
const O_CLOEXEC = 0o2000000
const F_SETPIPE_SZ = 1031
const SPLICE_F_MOVE = 1
const SPLICE_F_NONBLOCK = 2
const SOL_SOCKET = 1
const SO_MEMINFO = 55
/**
 * The count of numbers that SO_MEMINFO gives (linux/sock_diag.h), and the indexes of the send buffer and of its use.
 */
const memoryNumbers = 9
const sendBuffer = 3
const sendQueued = 5
const nonBlocking = SPLICE_F_MOVE | SPLICE_F_NONBLOCK

const functions = {
  pipe2: { args: ["ptr", "i32"], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  splice: { args: ["i32", "ptr", "i32", "ptr", "usize", "u32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  read: { args: ["i32", "ptr", "usize"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
} as const

/**
 * Opens a pipe, which the caller closes, or returns why there is none: this system has no such libc, or no descriptors.
 */
export const openPipe = (): Pipe | Fallback => {
  const libc = loadLibc(functions)
  const errno = libc?.__errno_location()
  if (libc === undefined || typeof errno !== "number") return whyNoLibc()
  const ends = new Int32Array(2)
  if (libc.pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) {
    return { reason: "no-descriptor", code: errorName(read.i32(errno, 0)) }
  }
  const [out = -1, into = -1] = ends
  // Refused where this user's pipes hold too much already: a smaller one serves too.
  libc.fcntl(into, F_SETPIPE_SZ, pipeBytes)
  const memory = new Uint32Array(memoryNumbers)
  const memoryLength = new Uint32Array(1)
  /** errno must be read before any other call is made. */
  const orErrno = (result: number): number => (result < 0 ? -read.i32(errno, 0) : result)
  return {
    fill: (socket, length) => orErrno(libc.splice(socket, null, into, null, length, nonBlocking)),
    drain: (socket, length) => orErrno(libc.splice(out, null, socket, null, length, nonBlocking)),
    room: (socket) => {
      memoryLength[0] = memory.byteLength
      const result = orErrno(libc.getsockopt(socket, SOL_SOCKET, SO_MEMINFO, memory, memoryLength))
      return result < 0 ? result : Math.max(0, memory[sendBuffer]! - memory[sendQueued]!)
    },
    read: (bytes) => orErrno(libc.read(out, bytes, bytes.length)),
    close: () => {
      libc.close(into)
      libc.close(out)
    },
  }
}
