import { expect, test } from "bun:test"

import { maxFindings, redact } from "../../../src/cli/records/redact.ts"
import { parsePlace } from "../../../src/capture/redact/places.ts"
import { makeRedactor } from "../../../src/capture/redact/redactor.ts"
import { builtInRules } from "../../../src/capture/redact/rules.ts"
import type { CaptureRecord } from "../../../src/capture/record.ts"
import { charge, makeExchange, makeRequest, textBody } from "../../support/capture-records.ts"
import { ran, refusedBy, selecting, sourceOf } from "../../support/record-source.ts"

const parsed = parsePlace("request.json.$.ref")
if (!("place" in parsed)) throw new Error(parsed.problem)
const place = { place: parsed.place }

const asItIs = (record: CaptureRecord): CaptureRecord => record

const tested = (records: ReadonlyArray<CaptureRecord>, flags = {}, json = false, redactRecord = asItIs) =>
  ran(() => redact(sourceOf(records), selecting(flags), { test: true, json, redact: redactRecord }))

const items = (count: number) =>
  makeExchange({
    request: makeRequest({ body: textBody('{"ref":"Zk3qP9xW2mT7vB4nR8cL"}', "application/json") }),
    redacted: Array.from({ length: count }, (_, i) => ({
      path: `request.json.$.items[${i}].card`,
      rule: "card",
      token: "4",
    })),
  })

test("what was replaced is counted by place, elements of arrays as one; then what looks secret", async () => {
  expect(await tested([charge, charge, items(3)])).toMatchObject({
    stdout: [
      "replaced",
      "  3  request.json.$.items[*].card   card    77b0aa",
      "  2  request.query.key              name    7c11e4",
      "  2  request.headers.authorization  bearer  7c11e4",
      "  2  request.json.$.card            card    7c11e4",
      "",
      "looks secret and is not replaced",
      "  1  request.json.$.ref  Zk3q… (20 characters)  77b0aa",
      "",
      "3 records",
      "",
    ].join("\n"),
    code: 0,
  })
})

test("where there is neither, that is said", async () => {
  expect((await tested([makeExchange()])).stdout).toBe(
    "nothing was replaced\n\nnothing else looks secret\n\n1 record\n",
  )
})

test("as JSON, a line for each place", async () => {
  const { stdout } = await tested([items(1)], {}, true)
  expect(stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))).toEqual([
    { what: "replaced", rule: "card", place: "request.json.$.items[*].card", record: items(1).id, count: 1 },
    { what: "suspect", place: "request.json.$.ref", sample: "Zk3q… (20 characters)", record: items(1).id, count: 1 },
  ])
})

test("places beyond a bound are counted together", async () => {
  const redacted = Array.from({ length: maxFindings + 5 }, (_, i) => ({
    path: `request.query.a${i}`,
    rule: "name",
    token: "t",
  }))
  expect((await tested([makeExchange({ redacted })])).stdout).toEndWith("\n1 record, and 5 findings at other places\n")
})

test("it needs --test, and records", async () => {
  expect(await refusedBy(redact(sourceOf([charge]), selecting(), { test: false, json: false, redact: asItIs }))).toBe(
    "redact changes nothing yet: write redact --test",
  )
  expect(await tested([charge], { filter: "direction:inbound" })).toMatchObject({ code: 1, stdout: "" })
  expect((await tested([items(2), charge], { limit: "1" })).stdout).toContain("\n1 record\n")
})

const hide = (record: CaptureRecord): CaptureRecord =>
  makeRedactor({ rules: { ...builtInRules, hide: [place] }, digest: () => "0".repeat(64), now: () => 0 })(record)

test("what the rules in force would replace is listed beside what was, and is no suspect any more", async () => {
  const { stdout } = await tested([items(1)], {}, false, hide)
  expect(stdout).toBe(
    [
      "replaced",
      "  1  request.json.$.items[*].card  card  77b0aa",
      "",
      "not replaced in the capture, and replaced by the rules in force",
      "  1  request.json.$.ref  place  77b0aa",
      "",
      "nothing else looks secret",
      "",
      "1 record",
      "",
    ].join("\n"),
  )
})
