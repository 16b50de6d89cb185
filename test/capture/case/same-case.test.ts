import { describe, expect, test } from "bun:test"

import { type Case, caseOf } from "../../../src/capture/case/case.ts"
import { planCases, requestKey } from "../../../src/capture/case/same-case.ts"
import type { ExchangeRecord } from "../../../src/capture/record.ts"
import { makeExchange, makeRequest, textBody } from "../../support/capture-records.ts"

const id = (end: string): string => `019b2f6e-1bf1-7c02-8e11-0c5d2a${end}`

const made = (end: string, target: string, parts: Partial<ExchangeRecord> = {}): Case =>
  caseOf(makeExchange({ id: id(end), request: makeRequest({ target }), ...parts }))!

const before = (...cases: ReadonlyArray<Case>) => cases.map((each, i) => ({ path: `${i}.md`, made: each }))

/** The file of each case, `new` where it has none. */
const paths = (cases: ReadonlyArray<Case>, saved: ReadonlyArray<Case>) =>
  planCases(cases, before(...saved)).map((planned) => planned.before?.path ?? "new")

describe("a case is saved into", () => {
  test("that of its own record, whatever was edited there", () => {
    expect(
      paths([made("000001", "/a"), made("000002", "/b")], [made("000002", "/edited"), made("000001", "/b")]),
    ).toEqual(["1.md", "0.md"])
  })

  test("else that of the same request; requests that are alike in the order of their start", () => {
    const second = made("00000b", "/a", { started: "2026-11-28T09:31:00Z" })
    const first = made("00000a", "/a", { started: "2026-11-28T09:30:00Z" })
    expect(paths([made("000001", "/a"), made("000002", "/a"), made("000003", "/a")], [second, first])).toEqual([
      "1.md",
      "0.md",
      "new",
    ])
  })

  test("a new one, where neither is there", () => {
    expect(paths([made("000001", "/orders/2")], [made("00000a", "/orders/1")])).toEqual(["new"])
  })

  test("that of its own record before another takes it for the same request", () => {
    expect(paths([made("000001", "/a"), made("00000a", "/a")], [made("00000a", "/a")])).toEqual(["new", "0.md"])
  })
})

test("it keeps the id that it had, and others name it as their cause by that", () => {
  const cases = [
    made("000002", "/charges", { direction: "outbound", cause: { id: id("000001"), by: "alone" } }),
    made("000001", "/orders"),
    made("000003", "/x", { cause: { id: id("0000ff"), by: "alone" } }),
  ]
  expect(
    planCases(cases, before(made("00000a", "/orders"))).map((planned) => [planned.made.id, planned.made.cause]),
  ).toEqual([
    [id("000002"), id("00000a")],
    [id("00000a"), undefined],
    [id("000003"), id("0000ff")],
  ])
})

test("what a person wrote of matching and comparing stays", () => {
  const rules = { match: { ignore: ["$.ref"] }, compare: { ignore: ["$.at"] } }
  const edited: Case = { ...made("00000a", "/a"), ...rules }
  expect(planCases([made("000001", "/a")], before(edited))[0]?.made).toMatchObject(rules)
  expect(planCases([made("000001", "/a")], [])[0]?.made).not.toContainAnyKeys(["match", "compare"])
})

const post = (text: string, target = "/") =>
  requestKey(made("000001", target, { request: makeRequest({ method: "POST", target, body: textBody(text) }) }))

describe("requests are the same", () => {
  test("but for times, ids and tokens, which are made anew each time", () => {
    const pairs = [
      ["2026-11-28T09:30:00.123Z", "2027-01-01T00:00:00+01:00"],
      ["Sat, 28 Nov 2026 09:30:00 GMT", "Sun, 29 Nov 2026 10:00:00 GMT"],
      ["019b2f6e-1bf1-7c02-8e11-0c5d2a000001", "11111111-2222-4333-8444-555555555555"],
      ["tok_9f2c61d3b8aa", "tok_000000000001"],
      ["u9f2c61@redacted.invalid", "u000000@redacted.invalid"],
      ["1764322200123", "1764322200.5"],
      ["9f2c61d3b8aa9f2c61d3b8aa", "00112233445566778899aabb"],
      ["eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0b2tfOSJ9.", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0b2tfMSJ9."],
    ] as const
    for (const [a, b] of pairs) {
      expect([a, post(`{"x":"${a}"}`)]).toEqual([a, post(`{"x":"${b}"}`)])
      expect([a, post("", `/x?q=${a}`)]).toEqual([a, post("", `/x?q=${b}`)])
    }
  })

  test("and not where anything else differs", () => {
    const base = made("000001", "/orders/881?x=1")
    const others = [
      made("000001", "/orders/882?x=1"),
      made("000001", "/orders/881?x=2"),
      made("000001", "/orders/881?x=1", { direction: "outbound" }),
      made("000001", "", { request: makeRequest({ method: "PUT", target: "/orders/881?x=1" }) }),
      made("000001", "", { request: makeRequest({ target: "/orders/881?x=1", headers: [["Host", "other.test"]] }) }),
      made("000001", "", { request: makeRequest({ target: "/orders/881?x=1", body: textBody("a") }) }),
    ]
    for (const other of others) expect(requestKey(other)).not.toBe(requestKey(base))
    expect(post('{"a":1,"b":"two"}')).not.toBe(post('{"a":1,"b":"three"}'))
    expect(post('{"a":123456789}')).not.toBe(post('{"a":123456780}'))
  })

  test("which takes no longer for a text that was made to", () => {
    const started = performance.now()
    for (const text of ["a1B".repeat(300_000), "2026-11-28T".repeat(80_000), "0.".repeat(400_000)]) post(text)
    expect(performance.now() - started).toBeLessThan(2000)
  })
})
