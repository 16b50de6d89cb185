import { expect, test } from "bun:test"

import { ls } from "../../../src/cli/records/ls.ts"
import { defaultLimit } from "../../../src/cli/records/selection.ts"
import { charge, chat, makeExchange, makeRequest } from "../../support/capture-records.ts"
import { pipe, ran, selecting, sourceOf, terminal } from "../../support/record-source.ts"

const order = makeExchange({ t_total: 214, request: makeRequest({ method: "POST", target: "/orders" }) })
const plain = { tree: false, json: false }

test("records are listed by their start, and in columns", async () => {
  expect(await ran(() => ls(sourceOf([charge, order]), selecting(), plain, terminal))).toMatchObject({
    stdout: [
      "id      started   request                           status    time    in   out",
      "77b0aa  09:30:00  in   POST shop.test/orders             –  214 ms     –     –",
      "7c11e4  09:30:00  out  POST pay.example/v1/charges     201  152 ms  55 B  36 B",
      "",
    ].join("\n"),
    stderr: "",
    code: 0,
  })
})

test("in a tree calls stand below what caused them, also where those ended first", async () => {
  const { stdout } = await ran(() => ls(sourceOf([charge, chat, order]), selecting(), { ...plain, tree: true }, pipe))
  expect(stdout.split("\n").map((line) => line.slice(22, 50).trim())).toEqual([
    "request",
    "in   POST shop.test/orders",
    "└▶  POST pay.example/v1/cha",
    "in   WS shop.test/chat",
    "",
  ])
})

/** The short ids of what is listed. */
const ids = async (flags: Parameters<typeof selecting>[0]) => {
  const { stdout } = await ran(() =>
    ls(sourceOf([chat, order, charge]), selecting(flags), { ...plain, json: true }, pipe),
  )
  return stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line).id.slice(-6)]))
}

test("a filter and --since leave out, and --limit keeps the newest", async () => {
  expect(await ids({})).toEqual(["77b0aa", "7c11e4", "00c4a7"])
  expect(await ids({ filter: "direction:inbound" })).toEqual(["77b0aa", "00c4a7"])
  expect(await ids({ since: "2026-11-28T09:31:00Z" })).toEqual(["00c4a7"])
  expect(await ids({ limit: "2" })).toEqual(["7c11e4", "00c4a7"])
})

test("that more were found than are listed is said, unless that was asked for", async () => {
  const many = Array.from({ length: defaultLimit + 2 }, () => order)
  expect((await ran(() => ls(sourceOf(many), selecting(), plain, pipe))).stderr).toBe(
    "pillion: 2 older ones are not listed: write --limit 10002, or a filter\n",
  )
  expect(
    await ran(() => ls(sourceOf([order, charge], ["a\x1bnote"]), selecting({ limit: "1" }), plain, pipe)),
  ).toMatchObject({
    stderr: "pillion: a\\u001bnote\n",
    code: 0,
  })
})

test("no record is a failure, behind what else there is to say", async () => {
  expect(await ran(() => ls(sourceOf([], ["why"]), selecting(), plain, pipe))).toMatchObject({
    stdout: "",
    stderr: "pillion: why\npillion: there is no record\n",
    code: 1,
  })
  expect(await ran(() => ls(sourceOf([order]), selecting({ filter: "status:5xx" }), plain, pipe))).toMatchObject({
    stderr: "pillion: no record is let through\n",
    code: 1,
  })
})

test("nothing that was recorded steers a terminal, in JSON neither", async () => {
  const hostile = makeExchange({ request: makeRequest({ target: "/\x9b2J\u202e\x1b[2J" }) })
  for (const json of [false, true]) {
    const { stdout } = await ran(() => ls(sourceOf([hostile]), selecting(), { ...plain, json }, terminal))
    expect(stdout).not.toMatch(/[\x1b\x9b\u202e]/)
    if (json) expect(JSON.parse(stdout).what).toBe("shop.test/\x9b2J\u202e\x1b[2J")
  }
})
