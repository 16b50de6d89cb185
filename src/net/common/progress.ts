/**
 * Progress: how much a peer must take, or send, in a time so that the time is given to it again. A trickle that holds
 * descriptors is none; a slow link is.
 */

/** Bytes a second. A client on the slowest link in use is faster; a slower one leaks descriptors. */
export const minRate = 1024

/** Returns how many bytes in a period of `milliseconds` are progress; at least one. */
export const enoughFor = (milliseconds: number): number => Math.max(1, Math.floor((minRate * milliseconds) / 1000))
