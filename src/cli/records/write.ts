/**
 * Write: what a command prints before its end, piece by piece, as fast as it is taken.
 */

/** Returns when there is room for more: a capture may be larger than memory. */
export type Write = (piece: string | Uint8Array) => Promise<void>

/** The part of a stream that is used here. */
interface Writable {
  readonly write: (piece: string | Uint8Array) => boolean
  readonly once: (event: "drain", listener: () => void) => unknown
}

/** Writes to a stream. What becomes of it when nobody reads any more is the business of whoever owns the stream. */
export const writeTo =
  (stream: Writable): Write =>
  (piece) =>
    stream.write(piece) ? Promise.resolve() : new Promise((resolve) => void stream.once("drain", resolve))
