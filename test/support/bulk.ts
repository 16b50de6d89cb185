/**
 * Bulk: many bytes with a checksum, sent no faster than they are taken.
 *
 * The bytes repeat a block of 1 MiB that is random and different for each seed, so that bytes lost, doubled, swapped,
 * or carried to the wrong side change the checksum.
 */
import type { Peer } from "./peer.ts"

const blockSize = 1 << 20

const block = (seed: number): Uint8Array => {
  const bytes = new Uint8Array(blockSize)
  const words = new Uint32Array(bytes.buffer)
  let state = seed * 2654435761 + 1
  for (let i = 0; i < words.length; i++) {
    // xorshift32: no better randomness is needed, and the same seed must give the same bytes.
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[i] = state
  }
  return bytes
}

/** The sha256 of `mebibytes` of the bytes of `seed`. */
export const checksum = (mebibytes: number, seed: number): string => {
  const hasher = new Bun.CryptoHasher("sha256")
  const bytes = block(seed)
  for (let i = 0; i < mebibytes; i++) hasher.update(bytes)
  return hasher.digest("hex")
}

/** Sends `mebibytes` of the bytes of `seed`, then FIN, waiting whenever the other side is slow. */
export const sendBulk = async (peer: Peer, mebibytes: number, seed: number): Promise<void> => {
  await pourBulk(peer, mebibytes, seed)
  peer.end()
}

/** Sends them without a FIN behind them. */
export const pourBulk = async (peer: Peer, mebibytes: number, seed: number): Promise<void> => {
  const bytes = block(seed)
  for (let i = 0; i < mebibytes; i++) {
    if (peer.failure !== undefined) throw new Error(`${peer.failure} after ${i} of ${mebibytes} MiB sent`)
    if (!peer.socket.write(bytes)) await drained(peer)
  }
}

/** The sha256 of everything that comes until the end; `milliseconds` is the deadline for all of it. */
export const receiveBulk = async (peer: Peer, milliseconds: number): Promise<string> => {
  const hasher = new Bun.CryptoHasher("sha256")
  hasher.update(peer.pending)
  peer.sink = (chunk) => hasher.update(chunk)
  await peer.readToEnd(milliseconds)
  return hasher.digest("hex")
}

const drained = (peer: Peer): Promise<void> =>
  new Promise((resolve) => {
    const go = (): void => {
      peer.socket.off("drain", go)
      peer.socket.off("close", go)
      resolve()
    }
    peer.socket.on("drain", go)
    peer.socket.on("close", go)
  })
