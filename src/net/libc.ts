/**
 * libc: the two system calls that Bun has no words for, by bun:ffi.
 *
 * `Bun.connect` reports EHOSTUNREACH, ENETUNREACH, ETIMEDOUT and EMFILE all as ECONNREFUSED (oven-sh/bun#37093), and
 * cannot be cancelled before the connection is made. A socket that is connected here and then handed to Bun has neither
 * fault. Linux on x64 and arm64, glibc and musl; nothing in this file blocks, and nothing waits.
 */
import { type Pointer, read } from "bun:ffi"
import { constants } from "node:os"
import type { Address } from "../protocol/address.ts"

import { errorName, loadLibc } from "./load-libc.ts"

/** Either the descriptor of a socket whose connection is under way, or why there is none (`EMFILE`, `ENETUNREACH`, ...). */
export type Started = { readonly fd: number } | { readonly code: string }

export interface Libc {
  /** Starts a TCP connection; `port` is 1..65535. The descriptor is the caller's to close. */
  readonly nonBlockingConnect: (address: Address, port: number) => Started
  readonly close: (fd: number) => void
}

// The values of Linux; x64 and arm64 agree on all of them.
const AF_INET = 2
const AF_INET6 = 10
const SOCK_STREAM = 0o1
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const { EINPROGRESS } = constants.errno

/** struct sockaddr_in and struct sockaddr_in6 */
const ipv4Length = 16
const ipv6Length = 28

const functions = {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
} as const

type Symbols = NonNullable<ReturnType<typeof loadLibc<typeof functions>>>

/** Undefined where this system has no such libc; the dialer then makes do with what Bun offers. */
export const openLibc = (): Libc | undefined => {
  const symbols = loadLibc(functions)
  const errno = symbols?.__errno_location()
  return symbols === undefined || typeof errno !== "number" ? undefined : bind(symbols, errno)
}

const bind = (libc: Symbols, errno: Pointer): Libc => {
  // One buffer of each family for every call: connect() copies it before it returns, and only this thread dials.
  // It is given to every call as it is: where a small array lies may change, so a pointer that is kept goes stale.
  const ipv4Address = new Uint8Array(ipv4Length)
  const ipv6Address = new Uint8Array(ipv6Length)

  /** errno belongs to the thread, so its place is asked for once; it must be read before any other call is made. */
  const lastError = (): number => read.i32(errno, 0)

  return {
    nonBlockingConnect(address, port) {
      const ipv4 = address._tag === "Ipv4"
      const family = ipv4 ? AF_INET : AF_INET6
      const socketAddress = ipv4 ? ipv4Address : ipv6Address
      encode(socketAddress, family, address, port)
      const fd = libc.socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
      if (fd < 0) return { code: errorName(lastError()) }
      if (libc.connect(fd, socketAddress, socketAddress.length) === 0) return { fd }
      const error = lastError()
      if (error === EINPROGRESS) return { fd }
      libc.close(fd)
      return { code: errorName(error) }
    },
    close: (fd) => void libc.close(fd),
  }
}

/** Writes a socket address; what it leaves out is zero. The family is in host order: both machines are little-endian. */
const encode = (into: Uint8Array, family: number, address: Address, port: number): void => {
  into[0] = family
  into[2] = port >> 8
  into[3] = port & 0xff
  into.set(address.bytes, family === AF_INET ? 4 : 8)
}
