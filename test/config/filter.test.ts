/** An option whose value is a filter. */
import { expect, test } from "bun:test"
import * as Result from "effect/Result"

import { entryFilter, optionalRecordFilter, recordFilter } from "../../src/config/filter.ts"
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

test("a filter of records has the fields of records", () => {
  const decoded = Result.getOrThrow(recordFilter.decode("header.accept:json -probe or id:77b0aa"))
  expect(recordFilter.show(decoded)).toBe("header.accept:json not probe or id:77b0aa")
  const refused = recordFilter.decode("protocol:http")
  expect(Result.isFailure(refused) && refused.failure).toContain('asks for "protocol"')
})

test("an empty filter of what is kept in any case is none, and no filter that lets everything through", () => {
  expect(Result.getOrThrow(optionalRecordFilter.decode(""))).toBeUndefined()
  expect(optionalRecordFilter.show(undefined)).toBe("")
  const decoded = Result.getOrThrow(optionalRecordFilter.decode("status:5xx or ms:1000.."))
  expect(optionalRecordFilter.show(decoded)).toBe("status:5xx or ms:1000..")
})
