import { expect, test } from "bun:test"

import { findId, makeId, minIdEnd, shortId, shortIds } from "../../src/capture/ids.ts"
import { fuzz } from "../support/random.ts"

test("an id is a UUID of version 7: the example of RFC 9562 appendix A.6", () => {
  const random = Uint8Array.fromHex("0cc318c4dc0c0c07398f")
  expect(makeId(0x017f22e279b0, random)).toBe("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
})

test("ids of later milliseconds are greater, and each has its version and variant", () => {
  fuzz(200, (random) => {
    const now = random.below(2 ** 31) * 1000
    const id = makeId(now, random.bytes(10))
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(makeId(now + 1, random.bytes(10)) > id).toBe(true)
    expect(Number.parseInt(id.replace("-", "").slice(0, 12), 16)).toBe(now)
  })
})

const a = "019b2f6e-1c30-7a41-9d52-6a0f3b7c11e4"
const b = "019b2f6e-1bf1-7c02-8e11-0c5d2a7c11e4"
const c = "019b2f6e-2000-7abc-8def-00000000c4a7"

test("an end that only one id has finds it, hyphens and case apart", () => {
  expect(findId([a, b, c], "00c4a7")).toEqual({ id: c })
  expect(findId([a, b, c], "3B7C11E4")).toEqual({ id: a })
  expect(findId([a, b, c], "9d52-6a0f3b7c11e4")).toEqual({ id: a })
  expect(findId([a, b, c], a)).toEqual({ id: a })
  expect(findId([c, c], "00c4a7")).toEqual({ id: c })
})

test("an end that several ids have names them", () => {
  expect(findId([a, b, c], "7c11e4")).toEqual({ problem: "ambiguous", ids: [a, b] })
})

test("what is too short, no hexadecimal, or of no record is told apart", () => {
  expect(findId([a], "c11e4")).toEqual({ problem: "short" })
  expect(findId([a], "hello-")).toEqual({ problem: "malformed" })
  expect(findId([a], "")).toEqual({ problem: "malformed" })
  expect(findId([a], `0${a}`)).toEqual({ problem: "malformed" })
  expect(findId([a], "123456")).toEqual({ problem: "none" })
  expect(findId([], "123456")).toEqual({ problem: "none" })
})

test("an id is shown by its end: 6 characters, all ids by as many as tell them apart", () => {
  expect(shortId(a)).toBe("7c11e4")
  expect(shortIds([a, c])).toEqual(["7c11e4", "00c4a7"])
  expect(shortIds([a, b, c])).toEqual(["3b7c11e4", "2a7c11e4", "0000c4a7"].map((end) => end.slice(-7)))
  expect(shortIds([a, a])).toEqual(["7c11e4", "7c11e4"])
  expect(shortIds([])).toEqual([])
  expect(minIdEnd).toBe(6)
})
