/** Conformance: HTTP and CONNECT, as the cases have them. */
import { expect, test } from "bun:test"
import { groups, httpGroups } from "./cases.ts"
import { suite } from "./suite.ts"

test("every case has an id of its own", () => {
  const ids = groups.flatMap(({ cases }) => cases.map(({ id }) => id))
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
  console.log(`conformance: ${ids.length} cases`)
})

for (const { title, cases } of httpGroups) suite(title, cases)
