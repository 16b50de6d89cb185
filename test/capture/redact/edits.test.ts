import { expect, test } from "bun:test"

import { applyEdits, type Edit } from "../../../src/capture/redact/edits.ts"

const edit = (start: number, end: number, token: string): Edit => ({ start, end, token, path: "p", rule: "name" })

test("edits are applied in the order of the text, whatever order they came in", () => {
  const { text, redactions } = applyEdits("0123456789", [edit(6, 8, "B"), edit(1, 3, "A")])
  expect(text).toBe("0A345B89")
  expect(redactions).toEqual([
    { path: "p", rule: "name", token: "A" },
    { path: "p", rule: "name", token: "B" },
  ])
})

const of = (...edits: ReadonlyArray<Edit>): string => applyEdits("0123456789", edits).text

test("of edits that overlap the first stands, and nothing is left of the others", () => {
  expect(of(edit(2, 5, "A"), edit(4, 7, "B"))).toBe("01A789")
  expect(of(edit(2, 8, "A"), edit(4, 6, "B"))).toBe("01A89")
  expect(of(edit(2, 4, "A"), edit(2, 6, "B"))).toBe("01B6789")
  expect(of(edit(2, 4, "A"), edit(4, 6, "B"))).toBe("01AB6789")
  expect(of(edit(2, 4, "A"), edit(3, 6, "B"), edit(5, 8, "C"))).toBe("01A89")
  expect(of()).toBe("0123456789")
})
