/** The address and what it shows: each makes the other. */
import { expect, test } from "bun:test"

import { hashOf, home, type Place, placeOf } from "../../../src/admin/page/place.ts"

test("the first place has no address of its own", () => {
  expect(hashOf(home)).toBe("")
  for (const hash of ["", "#", "#nonsense", "#tab=nowhere&row=&destination="]) expect(placeOf(hash)).toEqual(home)
})

test("a place and its address make each other, whatever was typed", () => {
  const places: ReadonlyArray<Place> = [
    { ...home, tab: "destinations" },
    { ...home, filter: "get -/b #1 & 50% \u00fc" },
    { tab: "ended", filter: "x=1", destination: "outbound [::1]:80", row: "e12" },
  ]
  for (const place of places) expect(placeOf(hashOf(place))).toEqual(place)
  expect(hashOf({ ...home, tab: "ended", destination: "outbound a:1" })).toBe("#tab=ended&destination=outbound+a%3A1")
})
