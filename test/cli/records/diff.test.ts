import { expect, test } from "bun:test"

import { diff } from "../../../src/cli/records/diff.ts"
import { charge, chat, makeExchange, makeRequest, textBody } from "../../support/capture-records.ts"
import { pipe, ran, refusedBy, sourceOf, terminal } from "../../support/record-source.ts"

const a = makeExchange({ request: makeRequest({ body: textBody('{"a":1,"b":2}', "application/json") }) })
const b = makeExchange({
  id: "019b2f6e-1bf1-7c02-8e11-0c5d2a77b0bb",
  request: makeRequest({ method: "PUT", body: textBody('{"a":1,"b":3}', "application/json") }),
})
const source = sourceOf([b, charge, a, chat])

test("two records are compared in the order in which they were named", async () => {
  expect(await ran(() => diff(source, { ids: ["77b0aa", "77b0bb"], json: false }, terminal))).toMatchObject({
    stdout: "  request.method    GET  →  PUT\n  request.json.$.b  2  →  3\n",
    stderr: "",
    code: 0,
  })
  const { stdout } = await ran(() => diff(source, { ids: ["77b0bb", "77b0aa"], json: true }, pipe))
  expect(JSON.parse(stdout)).toEqual([
    { place: "request.method", before: "PUT", after: "GET" },
    { place: "request.json.$.b", before: "3", after: "2" },
  ])
})

test("a record is the same as itself", async () => {
  expect((await ran(() => diff(source, { ids: ["77b0aa", "77b0aa"], json: false }, pipe))).stdout).toBe("the same\n")
})

test("one that is not there is named", async () => {
  expect(await ran(() => diff(source, { ids: ["77b0aa", "abcdef"], json: false }, pipe))).toMatchObject({
    stderr: "pillion: no record has an id that ends with abcdef\n",
    code: 1,
  })
  expect(await refusedBy(diff(source, { ids: ["77b0aa", "?"], json: false }, pipe))).toBe(
    '"?" is no id: an id is hexadecimal digits',
  )
})

test("no value is cut for a pipe, or steers a terminal", async () => {
  const long = "x".repeat(500)
  const c = makeExchange({ id: charge.id, request: makeRequest({ headers: [["Host", `\x1b${long}`]] }) })
  const { stdout } = await ran(() => diff(sourceOf([a, c]), { ids: ["77b0aa", "7c11e4"], json: false }, pipe))
  expect(stdout).toContain(`\\u001b${long}\n`)
})
