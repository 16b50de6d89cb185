import { expect, test } from "bun:test"

import { har } from "../../../src/capture/har.ts"
import { curlOf } from "../../../src/capture/curl.ts"
import { exportRecords } from "../../../src/cli/records/export.ts"
import type { CaptureRecord } from "../../../src/capture/record.ts"
import { charge, chat, makeExchange, makeRequest } from "../../support/capture-records.ts"
import { ran, selecting, sourceOf } from "../../support/record-source.ts"

const order = makeExchange()
const { request: _, ...common } = makeExchange()
const stream: CaptureRecord = { ...common, kind: "stream" }

const exported = (format: "har" | "curl", records: ReadonlyArray<CaptureRecord>, flags = {}) =>
  ran((write) => exportRecords(sourceOf(records), selecting(flags), format, "0.0.0", write))

test("an archive is the one that the records make", async () => {
  const { written, stdout, code } = await exported("har", [charge, chat, order])
  expect(written + stdout).toBe([...har([charge, chat, order], "0.0.0")].join(""))
  expect(code).toBe(0)
})

test("a script has each request as a command", async () => {
  const { written, stdout } = await exported("curl", [order, charge])
  expect(written + stdout).toBe(
    [
      "#!/bin/sh",
      "",
      `# ${order.id} ${order.started} inbound`,
      `${curlOf(order)}`,
      `# ${charge.id} ${charge.started} outbound`,
      curlOf(charge),
    ].join("\n"),
  )
})

test("what holds no request is left out, and said", async () => {
  const { written, stdout, stderr } = await exported("har", [stream, order])
  expect(JSON.parse(written + stdout).log.entries).toHaveLength(1)
  expect(stderr).toBe("pillion: 1 without an HTTP request left out\n")
})

test("where there is nothing, nothing is written", async () => {
  expect(await exported("har", [stream])).toMatchObject({ written: "", stdout: "", code: 1 })
  expect(await exported("curl", [])).toMatchObject({ written: "", stderr: "pillion: there is no record\n", code: 1 })
})

test("--limit exports the newest, the newest last", async () => {
  const { written, stdout } = await exported("har", [chat, charge, order], { limit: "2" })
  const ids = JSON.parse(written + stdout).log.entries.map((entry: { _id: string }) => entry._id)
  expect(ids).toEqual([charge.id, chat.id])
})

test("neither steers a terminal", async () => {
  const hostile = makeExchange({ request: makeRequest({ target: "/\x9b2J\u202e\x1b[2J" }) })
  for (const format of ["har", "curl"] as const) {
    const { written, stdout } = await exported(format, [hostile])
    expect(written + stdout).not.toMatch(/[\x1b\x9b\u202e]/)
  }
})
