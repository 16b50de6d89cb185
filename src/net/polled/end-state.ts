/**
 * End state: what a polled end has to remember, a bit each, in the `state` field that `SocketEnd` begins.
 *
 * epoll(7) reports edge-triggered: each event once, when it is new. So an end remembers the events that it has
 * not acted upon yet. The bits are of four kinds: of connecting (`isConnecting`), of reading (`isUnread`, `isPrefetched`,
 * `isRequeued`, `mayHaveNews`), of writing (`isBlocked`, `hasBatchedWrite`, `hasBacklog`) and of TCP_NODELAY
 * (`hasSent`, `isNoDelay`). A mask lists bits that are looked at together; `state & mask` is compared with those of
 * them that must be set; all others must not be.
 */
import { firstSubclassBit, hasPeerFinished, isFinished, isOpen, isPaused } from "../sockets/socket-end.ts"

/** The connection is not made yet. */
export const isConnecting = firstSubclassBit
/** A write was short: the next writable event is for the receiver. */
export const isBlocked = 2 * firstSubclassBit
/** An event said that there is something to read, while the end was paused. */
export const isUnread = 4 * firstSubclassBit
/** Bytes of this socket are in the arena; a read now would overtake them. */
export const isPrefetched = 8 * firstSubclassBit
/** The end has a turn in the next round of the loop, whatever happens. */
export const isRequeued = 16 * firstSubclassBit
/** Bytes, or our FIN, wait in the write batch. */
export const hasBatchedWrite = 32 * firstSubclassBit
/** The kernel did not take all of a batched write: the rest is in the backlog. */
export const hasBacklog = 64 * firstSubclassBit
/** Something was sent. */
export const hasSent = 128 * firstSubclassBit
/** TCP_NODELAY is set: what is sent does not wait until what was sent before is acknowledged (RFC 896). */
export const isNoDelay = 256 * firstSubclassBit
/** Something may have come that the receiver has not heard of: an event says so, or nobody has looked yet. */
export const mayHaveNews = 512 * firstSubclassBit

/**
 * Prefetch only if, of these bits, `isOpen` alone is set; a requeued socket only in the turn that it was requeued for,
 * where `isRequeued` does not count.
 */
export const prefetchable = isOpen | isPaused | isConnecting | isPrefetched | hasPeerFinished
export const prefetchableUnlessRequeued = prefetchable | isRequeued

/**
 * Both sides have finished, and nothing of ours is left to send, if of `unfinished` the bits of `isDone` alone are set.
 */
export const isDone = isFinished | hasPeerFinished
export const unfinished = isDone | hasBatchedWrite | hasBacklog
