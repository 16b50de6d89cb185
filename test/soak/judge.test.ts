import { expect, test } from "bun:test"

import { isBack, judgeMoments, medianOf, type Moments, maxLeft, type Sample } from "./judge.ts"

const at = (mebibytes: number, descriptors = 16): Sample => ({ memory: mebibytes * 2 ** 20, descriptors })
const left = maxLeft / 2 ** 20

const moments = (more: Partial<Moments> = {}): Moments => ({
  start: at(40),
  middle: at(90, 80),
  end: at(90, 80),
  after: at(70),
  ...more,
})

test("memory that stays and descriptors that come back are well", () => {
  expect(judgeMoments(10, moments())).toEqual([])
  expect(judgeMoments(10, moments({ after: at(40 + left, 10) }))).toEqual([])
})

test("memory that does not come back near the start is wrong, however steady it was", () => {
  expect(judgeMoments(10, moments({ after: at(40 + left + 1) }))).toEqual([
    `memory is ${left + 1}.0 MiB above the start afterwards, and may be ${left}.0 MiB`,
  ])
})

test("memory that grows is wrong; in a short run only a flood is", () => {
  const grown = moments({ end: at(100, 80) })
  expect(judgeMoments(8, grown)).toEqual(["memory grew by 11.1 % from the middle on"])
  expect(judgeMoments(7, grown)).toEqual([])
  expect(judgeMoments(1, moments({ end: at(136, 80) }))).toEqual(["memory grew by 51.1 % from the middle on"])
})

test("descriptors that stay open are wrong", () => {
  expect(judgeMoments(10, moments({ after: at(70, 19) }))).toEqual(["3 descriptors did not come back"])
})

test("it is waited for descriptors and for memory", () => {
  expect(isBack(at(40), at(40 + left))).toBe(true)
  expect(isBack(at(40), at(40 + left + 1))).toBe(false)
  expect(isBack(at(40), at(40, 17))).toBe(false)
})

test("a part of a run is told by its medians, and a run too short for a sample by zeros", () => {
  const samples = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((each) => at(each, each))
  expect(medianOf(samples, 0.4, 0.6)).toEqual(at(6, 6))
  expect(medianOf(samples, 0.8, 1)).toEqual(at(10, 10))
  expect(medianOf([], 0.4, 0.6)).toEqual(at(0, 0))
})
