/** JSON value: places of a text, and numbers as they were written. */
import { expect, test } from "bun:test"

import { jsonValue } from "../../../src/capture/filter/json-value.ts"

const text = '{"a":{"b":"x\\ny"},"items":[{"id":12345678901234567890},{"id":1.10}],"none":null,"":1}'

test.each([
  ["a.b", "x\ny"],
  ["items[0].id", "12345678901234567890"],
  ["items.1.id", "1.10"],
  ["a", '{"b":"x\\ny"}'],
  ["none", "null"],
  ["items.2", undefined],
  ["items.a", undefined],
  ["a.b.c", undefined],
])("%s", (path, value) => expect(jsonValue(text, path)).toBe(value))

test("what is no JSON has none", () => {
  expect(jsonValue("{", "a")).toBeUndefined()
  expect(jsonValue(undefined, "a")).toBeUndefined()
})
