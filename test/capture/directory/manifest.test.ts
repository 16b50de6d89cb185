/** Manifest: what capture.json says, while a capture goes on and after it. */
import { expect, test } from "bun:test"

import { manifestText } from "../../../src/capture/directory/manifest.ts"

const origin = {
  version: "0.1.0",
  started: "2026-11-28T09:30:00.123Z",
  settings: { "capture-body": "256KiB" },
  rules: undefined,
}

test("while a capture goes on it says what makes it; counters come at its end", () => {
  const running = {
    capture: 1,
    version: "0.1.0",
    started: "2026-11-28T09:30:00.123Z",
    settings: { "capture-body": "256KiB" },
    rules: "built-in",
  }
  expect(JSON.parse(manifestText(origin))).toEqual(running)
  const totals = {
    records: { exchange: 3 },
    dropped: { disk: 1 },
    leftOut: { filter: 2 },
    truncated: { "request.body": 1 },
    redactions: { bearer: 3 },
  }
  const ended = manifestText(origin, { at: "2026-11-28T09:31:00.000Z", totals })
  expect(JSON.parse(ended)).toEqual({ ...running, ended: "2026-11-28T09:31:00.000Z", counters: totals })
  expect(ended.endsWith("}\n")).toBe(true)
})

test("rules of a file are named by their hash", () => {
  expect(JSON.parse(manifestText({ ...origin, rules: "ab12" })).rules).toBe("ab12")
})
