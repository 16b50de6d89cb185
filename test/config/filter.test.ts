/** An option whose value is a filter. */
import { expect, test } from "bun:test"
import * as Result from "effect/Result"

import { entryFilter } from "../../src/config/filter.ts"
import { read } from "../../src/config/sources.ts"

test("a filter is shown in its own spelling, and taken again", () => {
  for (const [text, shown] of [
    ["-probe and host: api", "not probe host:api"],
    ["status = 5xx or ( ms > 100 )", "status = 5xx or ms > 100"],
    ["", ""],
  ] as const) {
    const decoded = Result.getOrThrow(entryFilter.decode(text))
    expect(entryFilter.show(decoded)).toBe(shown)
    expect(Result.getOrThrow(entryFilter.decode(shown))).toEqual(decoded)
  }
})

test("what is none is refused with the option, its origin and what is wrong", () => {
  const flags = [["access-log-filter", "not probe hsot:api"]] as const
  const refused = read({ flags, env: {}, limits: { openFiles: 1024, ownAddresses: [] } })
  expect(Result.isFailure(refused) && [refused.failure.exitCode, refused.failure.message]).toEqual([
    78,
    'access-log-filter "not probe hsot:api" (flag --access-log-filter) asks for "hsot" at character 11; ' +
      `did you mean host?; as a word to look for write "hsot:api", in a shell '"hsot:api"'`,
  ])
})
