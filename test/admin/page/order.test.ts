/** Rows in order, by a value that may not be known. */
import { expect, test } from "bun:test"

import { sortBy } from "../../../src/admin/page/order.ts"

interface Item {
  readonly name: string
  readonly value: string | number | undefined
}

const items = (...values: ReadonlyArray<Item["value"]>): ReadonlyArray<Item> =>
  values.map((value, i) => ({ name: String(i), value }))

const sorted = (descending: boolean, rows: ReadonlyArray<Item>): string =>
  sortBy(
    rows,
    ({ value }) => value,
    descending,
    (a, b) => Number(b.name) - Number(a.name),
  )
    .map(({ name }) => name)
    .join("")

test("numbers are compared as numbers, words as words", () => {
  expect([sorted(false, items(10, 9, 100)), sorted(true, items(10, 9, 100))]).toEqual(["102", "201"])
  expect(sorted(false, items("b", "a", "B"))).toBe("210")
})

test("equal ones are in the order of the tie, whichever way", () => {
  expect([sorted(false, items(1, 1, 0)), sorted(true, items(1, 1, 0))]).toEqual(["210", "102"])
})

test("what is not known comes last, whichever way", () => {
  expect([sorted(false, items(undefined, 2, 1)), sorted(true, items(undefined, 2, 1))]).toEqual(["210", "120"])
  expect(sorted(true, items(undefined, undefined, 1))).toBe("210")
})
