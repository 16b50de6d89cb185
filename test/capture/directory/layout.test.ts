/** Layout: which names are segments, in which order, and what a killed process may leave of one. */
import { expect, test } from "bun:test"

import {
  isProcessFolder,
  processFolder,
  segmentName,
  segmentOf,
  segmentsOf,
} from "../../../src/capture/directory/layout.ts"

test("a segment is called by its number, and by whether it is closed", () => {
  expect(segmentName({ number: 1, isClosed: false })).toBe("000001.jsonl")
  expect(segmentName({ number: 42, isClosed: true })).toBe("000042.jsonl.zst")
  expect(segmentName({ number: 1_234_567, isClosed: true })).toBe("1234567.jsonl.zst")
  expect(segmentOf("000042.jsonl.zst")).toEqual({ number: 42, isClosed: true })
  expect(segmentOf("1234567.jsonl")).toEqual({ number: 1_234_567, isClosed: false })
})

test.each([
  "0.jsonl",
  "000000.jsonl",
  "00001.jsonl",
  "0000001.jsonl",
  "000001.json",
  "000001.jsonl.gz",
  "000001.jsonl.zst.part",
  "x000001.jsonl",
  "000001.jsonl\n",
  "../000001.jsonl",
  "capture.json",
  ".key",
])("%j is no segment", (name) => {
  expect(segmentOf(name)).toBeUndefined()
})

test("segments are in the order of their numbers; of one that is there twice the compressed file is whole", () => {
  const names = ["1000000.jsonl", "000009.jsonl", "000003.jsonl", "000003.jsonl.zst", "notes", "000002.jsonl.zst"]
  expect(segmentsOf(names)).toEqual([
    { number: 2, isClosed: true, name: "000002.jsonl.zst" },
    { number: 3, isClosed: true, name: "000003.jsonl.zst", remnant: "000003.jsonl" },
    { number: 9, isClosed: false, name: "000009.jsonl" },
    { number: 1_000_000, isClosed: false, name: "1000000.jsonl" },
  ])
  expect(segmentsOf(names.toReversed())).toEqual(segmentsOf(names))
})

test("the directory of a process has its host and its number, and no other characters", () => {
  expect(processFolder("web-7f9c", 42)).toBe("web-7f9c-42")
  expect(processFolder("../etc/passwd", 1)).toBe("etc-passwd-1")
  expect(processFolder("", 1)).toBe("host-1")
  expect(processFolder("h".repeat(300), 7)).toBe(`${"h".repeat(64)}-7`)
  for (const host of ["web-7f9c", "../..", "", "ä ö", "h".repeat(300)]) {
    expect(isProcessFolder(processFolder(host, 4_194_304))).toBe(true)
  }
  for (const name of ["..", ".git-1", "notes", "a/b-1", "-1", "web-"]) expect(isProcessFolder(name)).toBe(false)
})
