/** Recorder: what it begins to record, and what it counts. */
import { expect, test } from "bun:test"

import { recordingOverhead } from "../../../src/capture/recorder/recording.ts"
import { beganAt, began, facts, Hearing, lines, tellHead } from "../../support/heard.ts"

test("a recording began when its head came, not when it was begun", () => {
  const hearing = new Hearing()
  const recording = hearing.recorder.begin(false, beganAt - 5)!
  tellHead(recording.request, lines("GET / HTTP/1.1"))
  recording.over(facts)
  const { startedAt, started } = hearing.heard[0]!
  expect({ startedAt, started }).toEqual({ startedAt: beganAt - 5, started: began - 5 })
})

test("probes are left out where they are not wanted", () => {
  const hearing = new Hearing(undefined, { wantsProbes: () => false })
  expect(hearing.recorder.begin(true, beganAt)).toBeUndefined()
  expect(hearing.recorder.begin(false, beganAt)).toBeDefined()
  const { leftOut, dropped } = hearing.recorder
  expect({ leftOut, dropped }).toEqual({ leftOut: 1, dropped: 0 })
})

test("without memory none is begun", () => {
  const hearing = new Hearing(2 * recordingOverhead - 1)
  hearing.begin()
  expect(hearing.recorder.begin(false, beganAt)).toBeUndefined()
  const { leftOut, dropped } = hearing.recorder
  expect({ leftOut, dropped }).toEqual({ leftOut: 0, dropped: 1 })
})

test("records that are kept make room for new ones", () => {
  const hearing = new Hearing(2 * recordingOverhead - 1)
  hearing.memory.reserve(recordingOverhead)
  hearing.kept.push(recordingOverhead)
  expect(hearing.recorder.begin(false, beganAt)).toBeDefined()
})

test("a limit that changes holds for recordings that begin later", () => {
  let max = 0
  const hearing = new Hearing(undefined, { maxBody: () => max })
  const before = hearing.begin()
  max = 10
  expect([before, hearing.begin()].map(({ request }) => request.isFull)).toEqual([true, false])
})
