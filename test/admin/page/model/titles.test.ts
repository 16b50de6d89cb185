/** What a row or a record is called, and which parts of it there are. */
import { expect, test } from "bun:test"

import { endedRow, openRow } from "../../../../src/admin/page/model/rows.ts"
import { titleOf, titleOfRow, viewsOf } from "../../../../src/admin/page/model/titles.ts"
import type { CaptureRecord } from "../../../../src/capture/record.ts"
import { charge, makeExchange, makeResponse, textBody } from "../../../support/capture-records.ts"

const tunnel: CaptureRecord = {
  v: 1,
  id: charge.id,
  kind: "tunnel",
  started: charge.started,
  flow: 1,
  n: 0,
  direction: "outbound",
  sni: "pay.example",
  bytes_in: 1,
  bytes_out: 2,
}

const withStatus = (status: number) => titleOf(makeExchange({ response: makeResponse(status) }))

test("a request is called by method and URL, its outcome coloured by its status", () => {
  expect(withStatus(204)).toEqual({ text: "GET http://shop.test/", outcome: "204", tone: "good" })
  expect([withStatus(404).tone, withStatus(503).tone]).toEqual(["warn", "bad"])
  expect(titleOf(makeExchange())).toEqual({ text: "GET http://shop.test/", outcome: "", tone: "calm" })
  expect(titleOf(makeExchange({ refusal: "connection-refused" }))).toMatchObject({
    outcome: "connection-refused",
    tone: "bad",
  })
  expect(titleOf(tunnel)).toEqual({ text: "TLS pay.example", outcome: "", tone: "calm" })
})

test("nothing in a title hides or reorders it", () => {
  expect(
    titleOf(makeExchange({ authority: "a", request: { ...makeExchange().request, headers: [["Host", "a\u202eb"]] } }))
      .text,
  ).toBe("GET http://a\\u202eb/")
})

test("a row is called by its numbers", () => {
  expect(titleOfRow(endedRow({ flow: 7, n: 2, method: "GET", status: 404 }, 1))).toEqual({
    text: "Request 2 on connection 7",
    outcome: "404",
    tone: "warn",
  })
  expect(titleOfRow(openRow({ flow: 7, phase: "data" }))).toMatchObject({ text: "Connection 7", outcome: "data" })
  expect(titleOfRow(undefined).text).toBe("Record")
})

/** The parts, each with its number. */
const names = (record: CaptureRecord | undefined) => viewsOf(record).map(({ name, count }) => name + (count ?? ""))

test("there is a part for whatever a record holds, and none for what it does not", () => {
  expect(names(undefined)).toEqual(["overview"])
  expect(names(charge)).toEqual(["overview", "request", "response", "tls", "redacted3"])
  expect(names(makeExchange())).toEqual(["overview", "request"])
  expect(names(tunnel)).toEqual(["overview", "tls"])
  const body = {
    ...textBody("ab"),
    chunks: [
      [1, 1],
      [2, 1],
    ] as const,
  }
  expect(names(makeExchange({ response: makeResponse(200, [], body) }))).toEqual([
    "overview",
    "request",
    "response",
    "messages2",
  ])
  const frames = [{ t: 1, from: "target", op: "text", size: 1, text: "a" }] as const
  expect(names({ ...makeExchange(), kind: "socket", frames })).toEqual(["overview", "request", "messages1"])
})
