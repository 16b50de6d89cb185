import { expect, test } from "bun:test"

import {
  isCount,
  isFlag,
  isLike,
  isListOf,
  isMapOf,
  isObjectOf,
  isOneOf,
  isPairOf,
  isText,
  isTextOrNumber,
  isTime,
  type Check,
} from "../../src/capture/check.ts"

/** What a check says of each value, at the path `at`. */
const said = (check: Check, ...values: ReadonlyArray<unknown>) => values.map((value) => check(value, "at"))

test("plain values", () => {
  expect(said(isText, "", "text", 1, null, undefined)).toEqual([
    undefined,
    undefined,
    "at must be a string",
    "at must be a string",
    "at is missing",
  ])
  const whole = "at must be a whole number"
  expect(said(isCount, 0, 12, -1, 1.5, 2 ** 53, "1", Number.NaN)).toEqual([
    undefined,
    undefined,
    whole,
    whole,
    whole,
    whole,
    whole,
  ])
  const time = "at must be milliseconds"
  expect(said(isTime, 0, 1.5, -0.1, Infinity, "1")).toEqual([undefined, undefined, time, time, time])
  expect(said(isFlag, true, false, 0)).toEqual([undefined, undefined, "at must be true or false"])
  expect(said(isLike(/^a+$/, "some a"), "aa", "ab", 1)).toEqual([undefined, "at must be some a", "at must be some a"])
  expect(said(isOneOf("a", "b"), "a", "c", ["a"])).toEqual([
    undefined,
    "at must be one of a, b",
    "at must be one of a, b",
  ])
  expect(said(isOneOf("a"), "b")).toEqual(["at must be a"])
  expect(said(isTextOrNumber, "a", 1, Infinity, null)).toEqual([
    undefined,
    undefined,
    "at must be a string or a number",
    "at must be a string or a number",
  ])
})

test("lists, pairs and maps name the place that is wrong", () => {
  expect(said(isListOf(isText), [], ["a", "b"], ["a", 1], "a", undefined, ["a", undefined])).toEqual([
    undefined,
    undefined,
    "at[1] must be a string",
    "at must be a list",
    "at is missing",
    "at[1] must be a string",
  ])
  expect(said(isPairOf(isText, isCount), ["a", 1], ["a"], ["a", 1, 2], [1, 1], ["a", "b"], "ab")).toEqual([
    undefined,
    "at must be a pair",
    "at must be a pair",
    "at[0] must be a string",
    "at[1] must be a whole number",
    "at must be a pair",
  ])
  expect(said(isMapOf(isText), {}, { a: "b" }, { a: 1 }, [])).toEqual([
    undefined,
    undefined,
    "at.a must be a string",
    "at must be an object",
  ])
})

test("an object has what it must have, may have more, and inherits nothing", () => {
  const check = isObjectOf({ a: isText }, { b: isObjectOf({ c: isText }) })
  expect(said(check, { a: "" }, { a: "", b: { c: "" }, d: 1 })).toEqual([undefined, undefined])
  expect(said(check, {}, { a: 1 }, { a: "", b: {} }, { a: "", b: null }, null, [], undefined)).toEqual([
    "at.a is missing",
    "at.a must be a string",
    "at.b.c is missing",
    "at.b must be an object",
    "at must be an object",
    "at must be an object",
    "at is missing",
  ])
  expect(check({}, "")).toBe("a is missing")
  expect(isObjectOf({ toString: isText })({}, "at")).toBe("at.toString is missing")
})
