/** Plan: when a segment is closed, what is deleted for room, and when there is none. */
import { describe, expect, test } from "bun:test"

import {
  type DirectoryState,
  fileOverhead,
  isDue,
  isRoomy,
  makeRoom,
  maxSegmentAge,
  maxSegmentBytes,
  minFreeBytes,
  minFreeShare,
  reserveOf,
  segmentLimit,
} from "../../../src/capture/directory/plan.ts"

const mebibyte = 1024 * 1024
const gibibyte = 1024 * mebibyte
const plenty = 512 * mebibyte

describe("the open segment is closed", () => {
  test("at 16 MiB, or ten minutes after its first record", () => {
    expect(maxSegmentBytes).toBe(16 * 1024 * 1024)
    expect(maxSegmentAge).toBe(600_000)
    expect(isDue(maxSegmentBytes - 10, 0, 10, plenty)).toBe(false)
    expect(isDue(maxSegmentBytes - 10, 0, 11, plenty)).toBe(true)
    expect(isDue(1, maxSegmentAge - 1, 1, plenty)).toBe(false)
    expect(isDue(1, maxSegmentAge, 1, plenty)).toBe(true)
  })

  test("never while it is empty, however large a record is", () => {
    expect(isDue(0, maxSegmentAge, 100 * mebibyte, plenty)).toBe(false)
  })

  test("at a quarter of what the directory may hold, where that is less", () => {
    expect(segmentLimit(plenty)).toBe(maxSegmentBytes)
    expect(segmentLimit(64 * mebibyte)).toBe(16 * mebibyte)
    expect(segmentLimit(8 * mebibyte)).toBe(2 * mebibyte)
    expect(isDue(2 * mebibyte, 0, 1, 8 * mebibyte)).toBe(true)
  })
})

describe("of a file system stays free", () => {
  test("5 %, and at least 256 MiB", () => {
    expect(minFreeShare).toBe(0.05)
    expect(minFreeBytes).toBe(256 * 1024 * 1024)
    expect(reserveOf({ size: 100 * gibibyte, free: 0 })).toBe(5 * gibibyte)
    expect(reserveOf({ size: 2 * gibibyte, free: 0 })).toBe(256 * mebibyte)
  })

  test("of a small one a quarter", () => {
    expect(reserveOf({ size: 1 * gibibyte, free: 0 })).toBe(256 * mebibyte)
    expect(reserveOf({ size: 8 * mebibyte, free: 0 })).toBe(2 * mebibyte)
  })
})

describe("room is made", () => {
  const closed = [
    { number: 3, bytes: 100_000 },
    { number: 4, bytes: 50_000 },
    { number: 5, bytes: 70_000 },
  ]
  const held = 220_000 + 3 * fileOverhead
  const state: DirectoryState = { closed, open: 10_000, others: 1_000, space: undefined }
  const used = held + 11_000

  test("by nothing where all fits", () => {
    expect(isRoomy(used, undefined, 500, used + 500)).toBe(true)
    expect(isRoomy(used, undefined, 501, used + 500)).toBe(false)
    expect(makeRoom(state, 500, used + 500)).toEqual({ remove: [], fits: true })
  })

  test("by the oldest, and by no more than needed", () => {
    expect(makeRoom(state, 501, used + 500)).toEqual({ remove: [3], fits: true })
    expect(makeRoom(state, 500 + 100_000 + fileOverhead, used + 500)).toEqual({ remove: [3], fits: true })
    expect(makeRoom(state, 501 + 100_000 + fileOverhead, used + 500)).toEqual({ remove: [3, 4], fits: true })
  })

  test("by all of them if need be, and by none where that would be in vain: the open one stays", () => {
    expect(makeRoom(state, 20_000, 31_000)).toEqual({ remove: [3, 4, 5], fits: true })
    expect(makeRoom(state, 20_001, 31_000)).toEqual({ remove: [], fits: false })
    expect(makeRoom({ ...state, closed: [] }, 1, 11_000)).toEqual({ remove: [], fits: false })
  })

  test("where the file system has too little left, whoever has filled it", () => {
    const space = { size: 100 * gibibyte, free: 5 * gibibyte + 500 }
    expect(isRoomy(used, space, 500, plenty)).toBe(true)
    expect(isRoomy(used, space, 501, plenty)).toBe(false)
    expect(makeRoom({ ...state, space }, 500, plenty)).toEqual({ remove: [], fits: true })
    expect(makeRoom({ ...state, space }, 501, plenty)).toEqual({ remove: [3], fits: true })
    expect(makeRoom({ ...state, space: { ...space, free: 0 } }, 1, plenty)).toEqual({ remove: [3, 4, 5], fits: false })
  })

  test("where the file system has too little left, also before what is too large", () => {
    const space = { size: 100 * gibibyte, free: 5 * gibibyte - 1 }
    expect(makeRoom({ ...state, space }, plenty, 31_000)).toEqual({ remove: [3], fits: false })
  })

  test("by the worse of the two", () => {
    const space = { size: 100 * gibibyte, free: 5 * gibibyte - 100_000 }
    expect(makeRoom({ ...state, space }, 1_000, used + 999).remove).toEqual([3])
    expect(makeRoom({ ...state, space }, 5_000, used).remove).toEqual([3, 4])
  })
})
