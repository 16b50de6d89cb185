/**
 * Payload: bytes that every process of the soak knows without being told. A place and a length name a piece of them, and
 * no two pieces are alike, so bytes that are lost, doubled, swapped or another connection's are noticed.
 */
import type { Peer } from "../support/peer.ts"
import { makeRandom, type Random } from "../support/random.ts"
import { within } from "../support/within.ts"

const blockBytes = 4 * 2 ** 20

/** Seeded, so that it is the same in every process. */
const block: Buffer = (() => {
  const random = makeRandom(1)
  return Buffer.from(Uint32Array.from({ length: blockBytes / 4 }, () => random.below(2 ** 32)).buffer)
})()

export interface Piece {
  readonly at: number
  readonly bytes: Buffer
}

export const piece = (at: number, length: number): Buffer => block.subarray(at, at + length)

/** Mostly small ones, as traffic is; now and then one that no socket buffer holds. */
export const anyPiece = (random: Random, most = 2 ** 20): Piece => {
  const length = Math.min(most, random.pick([1, 64, 64, 700, 1400, 1400, 16_384, 65_536, 200_000, 2 ** 20]))
  const at = random.below(blockBytes - length)
  return { at, bytes: piece(at, length) }
}

/** Reads exactly these bytes, compared as they come; fails with where they differ. */
export const receive = async (peer: Peer, wanted: Uint8Array, milliseconds = 30_000): Promise<void> => {
  if (wanted.length <= 2 ** 16) return peer.expect(wanted, milliseconds)
  const early = peer.pending.length
  let at = early
  let wrong = peer.pending.equals(wanted.subarray(0, early)) ? -1 : 0
  peer.sink = (chunk) => {
    if (wrong < 0 && Buffer.compare(chunk, wanted.subarray(at, at + chunk.length)) !== 0) wrong = at
    at += chunk.length
  }
  await peer.untilReceived(peer.received + wanted.length - early, milliseconds)
  peer.sink = undefined
  if (wrong >= 0) throw new Error(`wrong bytes after ${wrong} of ${wanted.length}`)
  if (at > wanted.length) throw new Error(`${at - wanted.length} bytes more than ${wanted.length}`)
}

/** Sends bytes and reads them back. */
export const echoed = async (peer: Peer, bytes: Uint8Array): Promise<void> => {
  peer.send(bytes)
  await receive(peer, bytes)
}

/** The other side has nothing more to say, and says so in order. */
export const endsInOrder = async (peer: Peer): Promise<void> => {
  const before = peer.received
  const rest = await peer.readToEnd(20_000)
  if (rest.length > 0 || peer.received > before)
    throw new Error(`${peer.received - before + rest.length} bytes too many`)
}

/** Waits for the end of the connection, in order or by a reset, while nothing but that may come. */
export const endsSomehow = async (peer: Peer): Promise<void> => {
  await within(peer.untilOver(20_000), "end of the connection", 20_000)
}
