import { afterEach, beforeEach, expect, test } from "bun:test"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import type { CaptureRecord } from "../../../src/capture/record.ts"
import { save } from "../../../src/cli/records/save.ts"
import { charge, makeExchange, makeRequest, makeResponse, textBody } from "../../support/capture-records.ts"
import { ran, refusedBy, selecting, sourceOf } from "../../support/record-source.ts"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pillion-test-"))
})
afterEach(() => rmSync(folder, { recursive: true }))

const order = makeExchange({ request: makeRequest({ method: "POST", target: "/orders" }), response: makeResponse(201) })
const saved = (records: ReadonlyArray<CaptureRecord>, flags = {}, json = false) =>
  ran(() => save(sourceOf(records), selecting(flags), { to: join(folder, "cases"), json }))
const names = () =>
  readdirSync(join(folder, "cases"), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".md"))
    .toSorted()
const textOf = (name: string) => readFileSync(join(folder, "cases", name), "utf8")

const again = (record: typeof order, end: string) => ({ ...record, id: `019b2f6f-0000-7a41-9d52-6a0f3b${end}` })

test("records become files by direction, host, method and path", async () => {
  expect(await saved([charge, order])).toMatchObject({
    stdout: `${join(folder, "cases")}: 2 new, 0 changed, 0 as they were\n`,
    stderr: "",
    code: 0,
  })
  expect(names()).toEqual(["inbound/POST_orders-77b0aa.md", "outbound/pay.example/POST_v1_charges-7c11e4.md"])
  expect(textOf("inbound/POST_orders-77b0aa.md")).toStartWith(`---\npillion: case/1\nid: ${order.id}\n`)
})

test("saved again from the same capture nothing changes; from another one the files stay, and the ids in them", async () => {
  await saved([charge, order])
  expect((await saved([order, charge])).stdout).toEndWith(": 0 new, 0 changed, 2 as they were\n")
  const before = textOf("outbound/pay.example/POST_v1_charges-7c11e4.md")
  const second = {
    ...again(charge, "000002"),
    cause: { id: again(order, "000001").id, by: "alone" as const },
    t_total: 99.5,
  }
  expect((await saved([second, again(order, "000001")])).stdout).toEndWith(": 0 new, 1 changed, 1 as they were\n")
  expect(names()).toHaveLength(2)
  const after = textOf("outbound/pay.example/POST_v1_charges-7c11e4.md")
  expect(after).toBe(before.replace("took: 152.4ms", "took: 99.5ms"))
  expect(after).toContain(`cause: ${order.id}\n`)
})

test("as JSON, what became of each", async () => {
  const { stdout } = await saved([charge, order], {}, true)
  expect(stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))).toEqual([
    { file: "inbound/POST_orders-77b0aa.md", id: order.id, cut: false, what: "new" },
    { file: "outbound/pay.example/POST_v1_charges-7c11e4.md", id: charge.id, cut: false, what: "new" },
  ])
})

test("two with names that are alike have longer ones", async () => {
  const other = {
    ...order,
    id: "019b2f6e-1bf1-7c02-8e11-0c5d2b77b0aa",
    request: makeRequest({ method: "POST", target: "/orders?x" }),
  }
  await saved([order, other])
  expect(names()).toEqual(["inbound/POST_orders-77b0aa.md", "inbound/POST_orders-b77b0aa.md"])
})

test("what is no case any more is neither replaced nor passed over", async () => {
  await saved([order])
  writeFileSync(join(folder, "cases/inbound/POST_orders-77b0aa.md"), "mine")
  expect(await saved([order, charge])).toMatchObject({
    stdout: `${join(folder, "cases")}: 1 new, 0 changed, 0 as they were\n`,
    stderr:
      "pillion: inbound/POST_orders-77b0aa.md is not saved: a file of this name is there that is no case: see pillion lint\n",
    code: 1,
  })
  expect(textOf("inbound/POST_orders-77b0aa.md")).toBe("mine")
})

test("what was not recorded whole is saved and named, and what holds no request is left out", async () => {
  const { request: _, ...common } = makeExchange({ id: charge.id })
  const cut = makeExchange({ request: makeRequest({ body: { ...textBody("ab"), size: 9, truncated: true } }) })
  expect(await saved([cut, { ...common, kind: "stream" }])).toMatchObject({
    stderr:
      "pillion: 1 without an HTTP request left out\n" +
      "pillion: not recorded whole, so that they can be neither replayed nor served: inbound/GET-77b0aa.md\n",
    code: 0,
  })
})

test("nothing to save is a failure, no directory a wrong use, and a directory that cannot be made is said", async () => {
  expect(await saved([order], { filter: "status:5xx" })).toMatchObject({
    stderr: "pillion: no record is let through\n",
    code: 1,
  })
  expect(existsSync(join(folder, "cases"))).toBe(false)
  expect(await refusedBy(save(sourceOf([order]), selecting(), { to: undefined, json: false }))).toBe(
    "save needs a directory: write --to DIR, for example --to tests/cases",
  )
  const file = join(folder, "file")
  writeFileSync(file, "")
  const failed = await ran(() => save(sourceOf([order]), selecting(), { to: join(file, "x"), json: false }))
  expect(failed).toMatchObject({ stderr: `pillion: ${join(file, "x")} cannot be read (ENOTDIR)\n`, code: 1 })
})
