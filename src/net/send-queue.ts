/**
 * Send queue: what the kernel still holds of what was written to a socket, by bun:ffi. Linux on x64 and arm64, glibc and
 * musl. Nothing in this file waits.
 *
 * That send(2) took bytes says that there was room for them. Only what the peer has acknowledged has got there.
 */
import { loadLibc } from "./load-libc.ts"

// The values of Linux; x64 and arm64 agree on all of them.
const SIOCOUTQ = 0x5411
const IPPROTO_TCP = 6
const TCP_USER_TIMEOUT = 18

/**
 * Milliseconds for which the kernel goes on with a socket that was detached while its peer takes nothing at all. A peer
 * that takes some gets the rest.
 */
export const kernelDeliveryTimeout = 60_000

const functions = {
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
} as const

const number = new Int32Array(1)

/** Loaded by the first connection that ends before its peer has taken everything. */
let libc: ReturnType<typeof loadLibc<typeof functions>> | null = null
const calls = () => (libc === null ? (libc = loadLibc(functions)) : libc)

/**
 * Bytes that were written to a socket and that its peer has not acknowledged; a FIN that was sent counts as one. Can be
 * asked after a reset too, until the descriptor is closed. 0 where the system does not say.
 */
export const unacknowledgedOf = (fd: number): number => {
  const result = calls()?.ioctl(fd, SIOCOUTQ, number)
  return result === 0 ? Math.max(0, number[0]!) : 0
}

/** Bounds what the kernel does for a socket after it was closed, to `kernelDeliveryTimeout`. */
export const boundDelivery = (fd: number): void => {
  number[0] = kernelDeliveryTimeout
  calls()?.setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, number, 4)
}
