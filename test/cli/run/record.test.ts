/** Record: what it sets, and what it says at its end. */
import { expect, test } from "bun:test"

import { CaptureCounters, maxNamedCuts } from "../../../src/capture/live/counters.ts"
import { recordDefaults, tellRecorded } from "../../../src/cli/run/record.ts"
import { makeLog } from "../../../src/observe/log/log.ts"
import { settingsOf } from "../../support/settings.ts"

const whole = { kind: "exchange", truncated: [], redactions: {} } as const
const cut = { ...whole, truncated: ["response.body"] } as const
const none = { memory: 0, queue: 0, disk: 0, redaction: 0, error: 0 }

const said = (where: string, counters: CaptureCounters, dropped = none): ReadonlyArray<object> => {
  const lines: Array<string> = []
  const log = makeLog({ output: { write: (line) => void lines.push(line) }, level: () => "info", format: "json" })
  tellRecorded(log, where, { counters, dropped })
  return lines.map((line) => {
    const { time: _, ...fields } = JSON.parse(line)
    return fields
  })
}

test("every value that it sets is one that its option takes, and makes more room", () => {
  const flags = Object.fromEntries(recordDefaults.values)
  const { capture, captureBody, captureMemory, captureDisk } = settingsOf({ flags })
  const mebibyte = 1024 * 1024
  expect({ capture, captureBody, captureMemory, captureDisk }).toEqual({
    capture: "captures",
    captureBody: 16 * mebibyte,
    captureMemory: 256 * mebibyte,
    captureDisk: 2048 * mebibyte,
  })
})

test("at the end it says how many records there are, and how to see them", () => {
  const counters = new CaptureCounters()
  counters.count({ ...whole, id: "019b2f6e-1c30-7a41-9d52-6a0f3b7c11e4" })
  expect(said("captures", counters)).toEqual([
    { level: "info", message: "recorded", records: 1, capture: "captures", next: "pillion ls --from captures" },
  ])
  expect(said("memory", counters)).toEqual([
    { level: "info", message: "recorded, and gone with this process", records: 1 },
  ])
})

test("it warns of nothing at all, of what is missing, and of what was cut", () => {
  expect(said("captures", new CaptureCounters(), { ...none, queue: 2, disk: 1 })).toEqual([
    {
      level: "warn",
      message: "nothing was recorded: nothing passed that capture-filter lets through",
      capture: "captures",
    },
    { level: "warn", message: "records are missing, by the reason", queue: 2, disk: 1 },
  ])
  const counters = new CaptureCounters()
  counters.count({ ...whole, id: "019b2f6e-1c30-7a41-9d52-6a0f3b7c11e4" })
  counters.count({ ...cut, id: "019b2f6e-1c30-7a41-9d52-6a0f3b9d0a52" })
  expect(said("captures", counters)[1]).toEqual({
    level: "warn",
    message: "records were cut, and can be neither replayed nor served",
    records: 1,
    ids: "9d0a52",
  })
})

test("it names the first ones that were cut, and counts them all", () => {
  const counters = new CaptureCounters()
  for (let i = 0; i <= maxNamedCuts; i++) counters.count({ ...cut, id: `019b2f6e-1c30-7a41-9d52-6a0f3b${100_000 + i}` })
  const [, warning] = said("captures", counters)
  expect(warning).toMatchObject({ records: maxNamedCuts + 1 })
  expect(warning).toHaveProperty("ids", expect.stringMatching(/^(\d{6} ){20}\.\.\.$/))
})
