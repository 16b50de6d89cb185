/**
 * Zstd frames: whether bytes end where a frame ends (RFC 8878 section 3.1). The runtime's decoder takes a frame that was
 * cut for one that is over, and what was cut must not look whole.
 */

const frameMagic = 0xfd2fb528
const skippableMagic = 0x184d2a5
const dictionaryIdSizes = [0, 1, 2, 4] as const
const contentSizes = [0, 2, 4, 8] as const
const rle = 1

/** True where the bytes are frames up to their last one. Looks at headers only: what blocks hold may be broken. */
export const endsWithFrame = (bytes: Uint8Array): boolean => {
  let at = 0
  while (at < bytes.length) at = frameEnd(bytes, at)
  return at === bytes.length && at > 0
}

/** Where the frame that begins at `start` ends: beyond the bytes, if it was cut or is none. */
const frameEnd = (bytes: Uint8Array, start: number): number => {
  const magic = numberAt(bytes, start, 4)
  if (Math.floor(magic / 16) === skippableMagic) return start + 8 + numberAt(bytes, start + 4, 4)
  if (magic !== frameMagic || start + 4 >= bytes.length) return Infinity
  const descriptor = bytes[start + 4]!
  const isSingleSegment = (descriptor & 0x20) !== 0
  const contentSize = descriptor >> 6 === 0 && isSingleSegment ? 1 : contentSizes[(descriptor >> 6) & 3]!
  let at = start + 5 + (isSingleSegment ? 0 : 1) + dictionaryIdSizes[descriptor & 3]! + contentSize
  for (let isLast = false; !isLast;) {
    if (at + 3 > bytes.length) return Infinity
    const header = numberAt(bytes, at, 3)
    isLast = (header & 1) === 1
    at += 3 + (((header >> 1) & 3) === rle ? 1 : header >> 3)
  }
  return at + ((descriptor & 4) === 0 ? 0 : 4)
}

/** A little-endian number; bytes that are missing count as zero. */
const numberAt = (bytes: Uint8Array, at: number, length: number): number => {
  let number = 0
  for (let i = length - 1; i >= 0; i--) number = number * 256 + (bytes[at + i] ?? 0)
  return number
}
