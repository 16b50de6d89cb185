/** Where the time went. */
import { expect, test } from "bun:test"

import { stageOfField, stagesOf, ticksOf } from "../../../../src/admin/page/model/timing.ts"
import { charge, makeExchange, makeResponse, textBody } from "../../../support/capture-records.ts"

test("the stages of what is over are all of it", () => {
  expect(stagesOf({ t_detect: 1, t_handshake: 2, t_dial: 3, t_first_byte: 4, t_total: 20 })).toEqual([
    { name: "detect", milliseconds: 1, share: 0.05 },
    { name: "handshake", milliseconds: 2, share: 0.1 },
    { name: "dial", milliseconds: 3, share: 0.15 },
    { name: "wait", milliseconds: 4, share: 0.2 },
    { name: "receive", milliseconds: 10, share: 0.5 },
  ])
  expect(stagesOf(charge).map(({ name }) => name)).toEqual(["dial", "wait", "receive"])
})

test("what is open, or took no time, has none; more than the whole is the whole", () => {
  expect([stagesOf({ t_dial: 1 }), stagesOf({ t_total: 0 }), stagesOf({ t_total: "9" })]).toEqual([[], [], []])
  expect(stagesOf({ t_dial: 6, t_first_byte: 6, t_total: 10 }).map(({ share }) => share)).toEqual([0.5, 0.5])
})

test("pieces of an answer and frames are ticks, each place once, none behind the end", () => {
  const chunks = [
    [0, 1],
    [5, 1],
    [5.001, 1],
    [10, 1],
    [11, 1],
  ] as const
  const body = { ...textBody("abcde"), chunks }
  const record = makeExchange({ t_total: 10, response: makeResponse(200, [], body) })
  expect(ticksOf(record)).toEqual([0, 0.5, 1])
  const frames = [{ t: 2.5, from: "client", op: "ping", size: 0 }] as const
  expect(ticksOf({ ...record, kind: "socket", frames })).toEqual([0.25])
  expect(ticksOf({ ...record, t_total: undefined })).toEqual([])
  expect(ticksOf(charge)).toEqual([])
})

test("fields of the log name their stage", () => {
  expect([stageOfField("t_first_byte"), stageOfField("t_dial"), stageOfField("t_total")]).toEqual([
    "wait",
    "dial",
    undefined,
  ])
})
