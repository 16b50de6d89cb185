/** Rules of redaction that are not understood are told by the key that is wrong, and by what its filter lacks. */
import { expect, test } from "bun:test"

import { problemsOfRules } from "../../../src/capture/policy/check-rules.ts"

test("rules that are understood have no problems", () => {
  expect(problemsOfRules(null)).toEqual([])
  expect(problemsOfRules({ hide: ["request.headers.x-user"], drop_bodies: "host:a" })).toEqual([])
})

test("what is not understood is told", () => {
  expect(problemsOfRules({ hid: [] })).toEqual(["hid is no rule: write one of hide, shapes, keep, drop_bodies"])
  expect(problemsOfRules({ drop_bodies: "hsot:a" })[0]).toStartWith('drop_bodies "hsot:a" asks for "hsot"')
})
