/**
 * Release bytes: gives back the memory of chunks as soon as they were sent, and not when the collector comes.
 *
 * A socket of Bun's reads up to 512 KiB at a time. Left to the collector, each chunk comes cold from memory, page by
 * page, and takes a quarter more of the processor to carry than one whose place was used just before. And the collector
 * counts what is allocated without seeing what is freed: at gigabytes a second it would come 300 times a second and
 * find nothing (7 % of the processor). The ballast is never touched, so it costs no memory, but it makes the collector
 * run less often.
 */

/**
 * Bytes of the smallest chunk that is released: even to look at the buffer of a smaller one costs more than it frees.
 */
export const releaseFrom = 16 * 1024

/** Bytes after which the collector is kept away, for as long as this many follow in each second. */
export const busyBytes = 256 * 1024 * 1024
/** Bytes of the ballast: the collector counts them, and they take no memory. */
export const ballastBytes = 64 * 1024 * 1024
/** Milliseconds between two looks at how many bytes were released. */
const lookEvery = 1000

let passed = 0
let ballast: ArrayBuffer | undefined

/** Frees bytes that nobody will look at again: every view of their buffer is empty from now on. */
export const releaseBytes = (bytes: Uint8Array): void => {
  const { length } = bytes
  if (length < releaseFrom || !(bytes.buffer instanceof ArrayBuffer)) return
  bytes.buffer.transfer(0)
  passed += length
  if (ballast === undefined && passed >= busyBytes) hold()
}

/** Bytes of the ballast that is held now. */
export const heldBallast = (): number => ballast?.byteLength ?? 0

const hold = (): void => {
  ballast = new ArrayBuffer(ballastBytes)
  passed = 0
  setTimeout(look, lookEvery).unref()
}

const look = (): void => {
  if (passed >= busyBytes) setTimeout(look, lookEvery).unref()
  else ballast = undefined
  passed = 0
}
