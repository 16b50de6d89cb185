/** Entries: what is read back from a line. */
import { expect, test } from "bun:test"

import { startOf } from "../../../src/observe/access/entry.ts"
import { connectionEntry } from "../../support/entries.ts"
import { flowOf } from "../../support/flows.ts"

test("what is over began as long before its end as it took, to the millisecond", () => {
  const end = Date.UTC(2026, 10, 23, 12, 34, 56, 789)
  expect(startOf(connectionEntry(flowOf(), end, 1500.4))).toBe(end - 1500)
  expect(startOf(connectionEntry(flowOf(), end, 0))).toBe(end)
})
