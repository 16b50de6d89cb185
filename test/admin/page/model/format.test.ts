/** Numbers as the status page writes them. */
import { expect, test } from "bun:test"

import { bytes, clock, count, duration, percent, whole } from "../../../../src/admin/page/model/format.ts"

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [9949, "9.9 kB"],
  [9951, "10 kB"],
  [999_499, "999 kB"],
  [999_501, "1.0 MB"],
  [12_345_678, "12 MB"],
  [5e15, "5.0 PB"],
  [5e18, "5000 PB"],
])("%d bytes are %s", (value, text) => {
  expect(bytes(value)).toBe(text)
})

test.each([
  [0, "0"],
  [0.04, "<0.1"],
  [0.5, "0.5"],
  [3, "3"],
  [3.21, "3.2"],
  [10.4, "10"],
  [1234, "1.2 k"],
])("a rate of %d is %s", (value, text) => {
  expect(count(value)).toBe(text)
})

test.each([
  [0.25, "0.25 ms"],
  [1.24, "1.2 ms"],
  [12.4, "12 ms"],
  [999.4, "999 ms"],
  [999.6, "1.0 s"],
  [59_949, "59.9 s"],
  [59_951, "1 m 00 s"],
  [125_000, "2 m 05 s"],
  [3_600_000, "1 h 00 m"],
  [187_200_000, "2 d 04 h"],
])("%d milliseconds are %s", (value, text) => {
  expect(duration(value)).toBe(text)
})

test("a whole number has its thousands apart, and a time of day two digits each", () => {
  expect([999, 1000, 1_234_567].map(whole)).toEqual(["999", "1,000", "1,234,567"])
  expect(clock(new Date(2026, 0, 2, 3, 4, 5).getTime())).toBe("03:04:05")
})

test("a share is never rounded to all or to nothing", () => {
  expect([0, 0.00001, 0.5, 0.987, 0.99999, 1].map(percent)).toEqual([
    "0 %",
    "0.1 %",
    "50.0 %",
    "98.7 %",
    "99.9 %",
    "100 %",
  ])
})
