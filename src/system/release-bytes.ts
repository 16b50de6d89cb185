/**
 * Let go: the memory of chunks, given back as soon as they were sent and not when the collector comes.
 *
 * A socket of Bun's reads up to 512 KiB at a time. Left to the collector, each chunk comes cold from memory, page by page, and
 * takes a quarter more of the processor to carry than one whose place was used just before. And the collector counts
 * what is allocated without seeing what is freed: at gigabytes a second it would come 300 times a second and find
 * nothing (7 % of the processor). An array that nobody touches takes no memory, but has it come less often.
 */

/** Fewer bytes are cheap to make room for again, and even to look at their buffer costs more than it frees. */
export const releaseFrom = 16 * 1024

/** After so many bytes the collector is kept away, for as long as so many follow in each second. */
export const busyBytes = 256 * 1024 * 1024
/** Bytes that it is told of then, and that are not there. */
export const ballastBytes = 64 * 1024 * 1024
/** Milliseconds between two looks at how much it was. */
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

/** How many of them it is told of now. */
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
