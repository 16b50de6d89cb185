/** The address and what it shows: each makes the other. */
import { expect, test } from "bun:test"

import { hashOf, home, type Place, placeOf, takeToken } from "../../../../src/admin/page/model/place.ts"

test("the first place has no address of its own", () => {
  expect(hashOf(home)).toBe("")
  for (const hash of ["", "#", "#nonsense", "#tab=nowhere&row=&destination="]) expect(placeOf(hash)).toEqual(home)
})

test("a place and its address make each other, whatever was typed", () => {
  const places: ReadonlyArray<Place> = [
    { ...home, tab: "destinations" },
    { ...home, filter: "get -/b #1 & 50% \u00fc" },
    { ...home, tab: "ended", filter: "x=1", destination: "outbound [::1]:80", row: "e12" },
    { ...home, record: "019b2f6e-1c30-7a41-9d52-6a0f3b7c11e4", view: "tls" },
  ]
  for (const place of places) expect(placeOf(hashOf(place))).toEqual(place)
  expect(hashOf({ ...home, tab: "ended", destination: "outbound a:1" })).toBe("#tab=ended&destination=outbound+a%3A1")
})

test("a part of the drawer has an address only where something is open in it", () => {
  expect(hashOf({ ...home, view: "tls" })).toBe("")
  expect(hashOf({ ...home, row: "e1", view: "tls" })).toBe("#row=e1&view=tls")
  expect(placeOf("#row=e1&view=nonsense").view).toBe("overview")
})

test("a token is taken out of an address, and nothing else is", () => {
  expect(takeToken("#token=aB-_9&tab=ended&filter=x%26y")).toEqual({ token: "aB-_9", rest: "#tab=ended&filter=x%26y" })
  expect(takeToken("#token=abc")).toEqual({ token: "abc", rest: "" })
  expect(takeToken("#tab=ended")).toEqual({ token: undefined, rest: "#tab=ended" })
  expect(takeToken("")).toEqual({ token: undefined, rest: "" })
  // What cannot be one is thrown away.
  for (const wrong of ["#token=", "#token=a%0Ab", "#token=a b"]) {
    expect(takeToken(wrong)).toEqual({ token: undefined, rest: "" })
  }
  // No place has one, so no address that is made has.
  expect(hashOf(placeOf("#token=abc&tab=ended"))).toBe("#tab=ended")
})
