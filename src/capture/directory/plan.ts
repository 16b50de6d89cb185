/**
 * Plan: what is done about the segments of a capture directory: when the open one is closed, which are deleted to make
 * room, and when there is none. Decides by numbers alone, and touches nothing.
 */

const mebibyte = 1024 * 1024

/** Bytes of the open segment, before it is compressed, and milliseconds since its first record, after which it is closed. */
export const maxSegmentBytes = 16 * mebibyte
export const maxSegmentAge = 10 * 60_000

/** A segment is at most this part of what the directory may hold: deleting one must not delete most of a capture. */
const leastSegments = 4

/** What stays free of the file system for others: the larger of this share, and of these bytes where it is not small. */
export const minFreeShare = 0.05
export const minFreeBytes = 256 * mebibyte
/** Of a small file system no more than this share. */
const maxFreeShare = 0.25

/** Bytes that a file takes on a disk besides its content, at most: the rest of its last block. */
export const fileOverhead = 4096

/** The file system of a directory, when it was last asked. */
export interface Space {
  /** Bytes in all, and those that are free for this user. */
  readonly size: number
  readonly free: number
}

/** A segment that may be deleted. */
export interface Removable {
  readonly number: number
  /** Bytes of all its files. */
  readonly bytes: number
}

export interface DirectoryState {
  /** All but the open one, the oldest first. */
  readonly closed: ReadonlyArray<Removable>
  /** Bytes of the open one; 0 where there is none. */
  readonly open: number
  /** Bytes of what is being written besides, and is never deleted. */
  readonly others: number
  /** Undefined where the file system does not tell. */
  readonly space: Space | undefined
}

/** Whether `incoming` bytes fit as it is; `held` are those of the directory, `fileOverhead` for each of its files included. */
export const isRoomy = (held: number, space: Space | undefined, incoming: number, maxBytes: number): boolean =>
  held + incoming <= maxBytes && (space === undefined || space.free - incoming >= reserveOf(space))

/** Which segments go, and whether what was to be written then fits. */
export interface RoomPlan {
  readonly remove: ReadonlyArray<number>
  readonly fits: boolean
}

/** Bytes from which on the open segment is closed, where the directory may hold `maxBytes`. */
export const segmentLimit = (maxBytes: number): number =>
  Math.min(maxSegmentBytes, Math.floor(maxBytes / leastSegments))

/**
 * Whether the open segment of `bytes`, whose first record was written `age` milliseconds ago, is closed before `incoming`
 * more are written. Never an empty one: a record larger than a segment has one of its own.
 */
export const isDue = (bytes: number, age: number, incoming: number, maxBytes: number): boolean =>
  bytes > 0 && (bytes + incoming > segmentLimit(maxBytes) || age >= maxSegmentAge)

/** Bytes that are to stay free of a file system. */
export const reserveOf = ({ size }: Space): number =>
  Math.max(size * minFreeShare, Math.min(minFreeBytes, size * maxFreeShare))

/**
 * Makes room for `incoming` bytes in a directory that may hold `maxBytes`: the oldest segments go first. None goes in vain
 * for what is larger than all that the directory may hold; all of them go where others have filled the file system.
 */
export const makeRoom = (state: DirectoryState, incoming: number, maxBytes: number): RoomPlan => {
  const { closed, open, others, space } = state
  const removable = closed.reduce((sum, { bytes }) => sum + bytes + fileOverhead, 0)
  const excess = open + others + removable + incoming - maxBytes
  const lacking = space === undefined ? 0 : reserveOf(space) + incoming - space.free
  const isTooLarge = excess > removable
  let missing = isTooLarge ? lacking - incoming : Math.max(excess, lacking)
  const remove: Array<number> = []
  for (const { number, bytes } of closed) {
    if (missing <= 0) break
    remove.push(number)
    missing -= bytes + fileOverhead
  }
  return { remove, fits: !isTooLarge && missing <= 0 }
}
