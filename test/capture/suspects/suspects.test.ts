import { expect, test } from "bun:test"

import { suspectsOf } from "../../../src/capture/suspects/suspects.ts"
import { charge, chat, makeExchange, makeRequest, makeResponse, textBody } from "../../support/capture-records.ts"

const key = "Zk3qP9xW2mT7vB4nR8cL"

const places = (record: Parameters<typeof suspectsOf>[0]) => suspectsOf(record).map(({ place }) => place)

test("what looks secret is found wherever a value may stand", () => {
  const json = textBody(
    JSON.stringify({ a: key, list: [{ ref: "x" }, { ref: `id ${key}` }], n: 1 }),
    "application/json",
  )
  const form = textBody(`a=1&b=${key}`, "application/x-www-form-urlencoded")
  const record = makeExchange({
    request: makeRequest({ target: `/files/${key}?x=1&sig_=${key}`, headers: [["X-Thing", `v1 ${key}`]], body: form }),
    response: makeResponse(200, [["ETag", `"${key}"`]], json),
  })
  expect(places(record)).toEqual([
    "request.path",
    "request.query.sig_",
    "request.headers.x-thing",
    "request.form.b",
    "response.json.$.a",
    "response.json.$.list[*].ref",
  ])
  expect(suspectsOf(record)[0]?.sample).toBe("Zk3q… (20 characters)")
})

test("in plain text and in messages of a WebSocket too; of one place one is enough", () => {
  const record = makeExchange({ request: makeRequest({ body: textBody(`${key} and ${key}`) }) })
  expect(places(record)).toEqual(["request.body"])
  const [first] = chat.frames
  expect(
    places({
      ...chat,
      frames: [
        { ...first!, text: key },
        { ...first!, from: "target", text: `{"a":"${key}"}` },
      ],
    }),
  ).toEqual(["request.body", "response.json.$.a"])
})

test("what redaction put there is no suspect, and of a redacted record nothing is", () => {
  const record = makeExchange({ request: makeRequest({ headers: [["X-Thing", key]] }) })
  expect(places({ ...record, redacted: [{ path: "request.headers.x-thing", rule: "place", token: key }] })).toEqual([])
  expect(places(charge)).toEqual([])
})

test("records without HTTP have none", () => {
  const { request: _, ...common } = makeExchange()
  expect(places({ ...common, kind: "stream" })).toEqual([])
})
