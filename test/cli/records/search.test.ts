import { expect, test } from "bun:test"

import { maxPlaces } from "../../../src/capture/search.ts"
import { search } from "../../../src/cli/records/search.ts"
import { charge, chat, makeExchange, makeRequest, textBody } from "../../support/capture-records.ts"
import { ran, selecting, sourceOf } from "../../support/record-source.ts"

const searched = (text: string, flags: Parameters<typeof selecting>[0] = {}, json = false) =>
  ran((write) => search(sourceOf([charge, chat]), selecting(flags), { text, json }, write))

test("each record with its places, the text in what is around it", async () => {
  expect(await searched("TOK_9f2c61d3b8aa")).toMatchObject({
    written: [
      "7c11e4 outbound POST pay.example/v1/charges 201",
      "  request.headers.authorization  Authorization: Bearer tok_9f2c61d3b8aa",
      "",
    ].join("\n"),
    stdout: "",
    code: 0,
  })
  expect((await searched("hello")).written).toBe(
    '00c4a7 inbound WS shop.test/chat 101\n  frames[0]:1  {"say":"hello"}\n',
  )
})

test("as JSON, a line for each place", async () => {
  const { written } = await searched("pa", {}, true)
  const found = written.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))
  expect(found.map(({ place, excerpt }) => [place, excerpt])).toEqual([
    ["request.headers.host", "Host: pay.example"],
    ["response.body:1", '{"id": "ch_41", "status": "paid now"}'],
    ["target", "pay.example:443"],
    ["sni", "pay.example"],
  ])
  expect(new Set(found.map(({ id }) => id))).toEqual(new Set([charge.id]))
})

test("a text that stands nowhere is a failure that says how much was searched", async () => {
  expect(await searched("nothing\x1b")).toMatchObject({
    written: "",
    stderr: 'pillion: "nothing\\u001b" stands in none of 2 records\n',
    code: 1,
  })
  expect((await searched("hello", { since: "2026-11-28T11:00:00Z" })).stderr).toEndWith("none of 0 records\n")
})

test("--limit looks into the newest only", async () => {
  expect((await searched("pay.example", { limit: "1" })).code).toBe(1)
  expect((await searched("hello", { limit: "1" })).code).toBe(0)
})

test("nothing that was found steers a terminal, and what stands everywhere does not fill it", async () => {
  const body = textBody("\x1b[2J needle\n".repeat(100))
  const hostile = makeExchange({ request: makeRequest({ target: "/\x9b2J", body }) })
  for (const json of [false, true]) {
    const { written } = await ran((write) => search(sourceOf([hostile]), selecting(), { text: "needle", json }, write))
    expect(written).not.toMatch(/[\x1b\x9b]/)
    expect(written.split("\n")).toHaveLength(json ? maxPlaces + 1 : maxPlaces + 3)
  }
})
