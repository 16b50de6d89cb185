/**
 * Inflate: takes a content coding away by the runtime's zlib, piece by piece, and stops at a limit: a few bytes that
 * would become gigabytes cost no more than the limit and one piece.
 */
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from "node:zlib"

import { concatAll, empty } from "../../protocol/bytes.ts"
import type { Inflate, Inflated } from "../body.ts"
import type { ContentCoding } from "../record.ts"
import { endsWithFrame } from "./zstd-frames.ts"

/** Bytes that are inflated in one go. */
export const inflatePiece = 16 * 1024

const options = { chunkSize: inflatePiece }

const makers = {
  gzip: () => createGunzip(options),
  br: () => createBrotliDecompress(options),
  zstd: () => createZstdDecompress(options),
  deflate: () => createInflate(options),
} satisfies Record<ContentCoding, () => unknown>

/** Removes one coding from `bytes`, which may be cut: then what they gave is kept and has not ended. */
export const inflate: Inflate = async (coding, bytes, maxBytes, window = empty) => {
  if (coding === "message") return inflateMessage(bytes, maxBytes, window)
  if (bytes.length === 0) return { bytes: empty, ended: false }
  const inflated = await run(makers[coding](), bytes, maxBytes)
  if (coding === "zstd" && inflated?.ended === true) return { ...inflated, ended: endsWithFrame(bytes) }
  // RFC 9110 section 8.4.1.2: deflate has the wrapper of zlib, and some senders leave it out.
  return inflated === undefined && coding === "deflate" ? run(createInflateRaw(options), bytes, maxBytes) : inflated
}

/**
 * A message goes on with the window of those before it, if its sender does; where the sender does not, it refers to none of
 * that, and the window does no harm. The end of the flush, which is not sent (RFC 7692 section 7.2.1), says nothing.
 */
const inflateMessage = async (
  bytes: Uint8Array,
  maxBytes: number,
  window: Uint8Array,
): Promise<Inflated | undefined> => {
  const dictionary = window.length === 0 ? {} : { dictionary: window }
  const stream = createInflateRaw({ ...options, ...dictionary, finishFlush: constants.Z_SYNC_FLUSH })
  const inflated = await run(stream, bytes, maxBytes)
  // A final block may end it, and one more byte stands behind that (section 7.2.3.4). What goes on there is not read.
  const isRead = inflated?.ended !== true || stream.bytesWritten >= bytes.length - 1
  return isRead ? inflated : undefined
}

type Decompress = ReturnType<(typeof makers)[ContentCoding]>

const run = (stream: Decompress, bytes: Uint8Array, maxBytes: number): Promise<Inflated | undefined> =>
  new Promise((resolve) => {
    // Put together once: piece by piece 16 MiB were copied for seconds.
    const pieces: Array<Uint8Array> = []
    let length = 0
    stream.on("data", (piece: Uint8Array) => {
      pieces.push(piece)
      length += piece.length
      // One byte more than the limit tells a body that fits from one that does not.
      if (length <= maxBytes) return
      resolve({ bytes: concatAll(pieces).subarray(0, maxBytes), ended: false })
      stream.destroy()
    })
    stream.on("end", () => resolve({ bytes: concatAll(pieces), ended: true }))
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // The end of the input in the middle: all that came is good.
      resolve(error.code === "Z_BUF_ERROR" ? { bytes: concatAll(pieces), ended: false } : undefined)
    })
    stream.end(bytes)
  })
