/**
 * Datagram: messages to a Unix datagram socket, which neither Bun nor node:dgram can send. Nothing here blocks: a
 * receiver that does not read its messages loses them.
 */
import { type Pointer, read } from "bun:ffi"

import { errorName, loadLibc } from "./load-libc.ts"

// The values of Linux; x64 and arm64 agree on all of them.
const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000

/** Bytes in struct sockaddr_un of the family, then of a path with its closing zero. */
const familyLength = 2
const pathLength = 108

const functions = {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
  close: { args: ["i32"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
} as const

export interface Datagrams {
  /** Sends one message that is not empty; returns why it could not (`ECONNREFUSED`, `EAGAIN`, ...). */
  readonly send: (message: string) => string | undefined
  readonly close: () => void
}

/**
 * Opens messages to the socket at `name`: a path, or an abstract name after `@`. A string says why there can be none.
 */
export const openDatagrams = (name: string): Datagrams | string => {
  const address = encodeAddress(name)
  if (address === undefined) return "the name is neither an absolute path nor @ and a name, or it is too long"
  const libc = loadLibc(functions)
  const errno = libc?.__errno_location()
  if (libc === undefined || typeof errno !== "number") return "this system's libc cannot be used"
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)
  if (fd < 0) return lastError(errno)
  return {
    send: (message) => {
      const bytes = new TextEncoder().encode(message)
      const sent = libc.sendto(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, address, address.length)
      return Number(sent) < 0 ? lastError(errno) : undefined
    },
    close: () => void libc.close(fd),
  }
}

/** Encodes a socket address, unix(7); an abstract name begins with a zero and has none at its end. */
export const encodeAddress = (name: string): Uint8Array | undefined => {
  const bytes = new TextEncoder().encode(name)
  const abstract = name.startsWith("@")
  if ((!abstract && !name.startsWith("/")) || bytes.includes(0)) return undefined
  if (bytes.length < 2 || bytes.length > pathLength - (abstract ? 0 : 1)) return undefined
  const address = new Uint8Array(familyLength + bytes.length + (abstract ? 0 : 1))
  address[0] = AF_UNIX
  address.set(bytes, familyLength)
  if (abstract) address[familyLength] = 0
  return address
}

/** Reads errno, which must happen before any other call is made. */
const lastError = (errno: Pointer): string => errorName(read.i32(errno, 0))
