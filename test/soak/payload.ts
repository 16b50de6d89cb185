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

/** A piece of any length: from its place to the end of the block, and on from the block's beginning. */
export function* longPiece(at: number, length: number): Generator<Buffer> {
  for (let from = at, left = length; left > 0; from = 0) {
    const part = piece(from, Math.min(left, blockBytes - from))
    yield part
    left -= part.length
  }
}

/** Where a piece of any length may begin. */
export const anyPlace = (random: Random): number => random.below(blockBytes)

/** The digest of a piece of any length, as the server of uploads tells it. */
export const digestOf = (at: number, length: number): string => {
  const hasher = new Bun.CryptoHasher("sha256")
  for (const part of longPiece(at, length)) hasher.update(part)
  return hasher.digest("hex")
}

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

/**
 * Reads a piece of any length, compared as it comes. With `rate`, bytes a second, it reads no faster than that: after
 * each chunk it waits until the chunk was due, and what it does not take fills the buffers up to the sender.
 */
export const receiveLong = async (peer: Peer, at: number, length: number, rate?: number): Promise<void> => {
  let got = 0
  let wrong = -1
  const began = performance.now()
  const take = (chunk: Uint8Array): void => {
    for (let from = 0; from < chunk.length && wrong < 0;) {
      const place = (at + got + from) % blockBytes
      const part = chunk.subarray(from, from + blockBytes - place)
      if (Buffer.compare(part, block.subarray(place, place + part.length)) !== 0) wrong = got + from
      from += part.length
    }
    got += chunk.length
    if (rate === undefined || got >= length) return
    const early = (got / rate) * 1000 - (performance.now() - began)
    if (early <= 0) return
    peer.pause()
    setTimeout(() => peer.resume(), early)
  }
  const wanted = peer.received + length - peer.pending.length
  take(peer.takePending())
  peer.sink = take
  await peer.untilReceived(wanted, 60_000)
  peer.sink = undefined
  if (wrong >= 0) throw new Error(`wrong bytes at about ${wrong} of ${length}`)
  if (got > length) throw new Error(`${got - length} bytes more than ${length}`)
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
