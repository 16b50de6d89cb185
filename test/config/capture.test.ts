/** Options of a capture: where records go, how many there are, and what is doubtful about them. */
import { describe, expect, test } from "bun:test"
import * as Result from "effect/Result"

import { captureMode, percentage } from "../../src/config/capture.ts"
import { loaded, messageOf, settingsOf } from "../support/settings.ts"

describe("where records go", () => {
  test.each([
    ["off", "off"],
    ["OFF", "off"],
    ["Memory", "memory"],
    ["captures", "captures"],
    ["./off", "./off"],
    ["/var/lib/Captures", "/var/lib/Captures"],
  ])("%s", (text, value) => {
    expect(Result.getOrThrow(captureMode.decode(text))).toBe(value)
    expect(Result.getOrThrow(captureMode.decode(String(captureMode.show(value))))).toBe(value)
  })

  test.each(["on", "true", "False", "no", ""])("%j is no directory that anybody means", (text) => {
    expect(messageOf({ env: { PILLION_CAPTURE: text }, flags: { capture: text } })).toBe(
      `capture ${JSON.stringify(text)} (flag --capture) is no place: write off, memory or a directory`,
    )
  })
})

describe("how many", () => {
  test.each([
    ["100%", 100],
    ["0%", 0],
    ["0.5%", 0.5],
    ["12.5 %", 12.5],
    ["0.000001%", 0.000001],
  ])("%s", (text, value) => {
    expect(Result.getOrThrow(percentage.decode(text))).toBe(value)
  })

  test.each(["", "10", "0.1", "101%", "100.1%", "-1%", "1e1%", "ten%", ".5%"])("%j is refused", (text) => {
    const decoded = percentage.decode(text)
    expect(Result.isFailure(decoded) && decoded.failure).toBe("is no share: write 0% to 100%, as 0.5%")
  })

  test("what is shown is taken again", () => {
    for (const value of [0, 0.5, 33.333333, 100]) {
      expect(Result.getOrThrow(percentage.decode(String(percentage.show(value))))).toBe(value)
    }
  })
})

test("nothing is captured unless it is asked for, and health checks not even then", () => {
  const settings = settingsOf()
  expect(settings).toMatchObject({
    capture: "off",
    captureSample: 100,
    captureKeep: undefined,
    captureBody: 256 * 1024,
    captureMemory: 32 * 1024 * 1024,
    captureDisk: 512 * 1024 * 1024,
    captureRedact: undefined,
    captureKey: undefined,
  })
  expect(settings.captureFilter).toEqual({ _tag: "Not", part: { _tag: "Fact", name: "probe" } })
})

test("environment and annotations set what flags do", () => {
  const env = { PILLION_CAPTURE: "memory", PILLION_CAPTURE_BODY: "16MiB", PILLION_CAPTURE_MEMORY: "1GiB" }
  const annotations = { "capture-filter": "host:api", "capture-keep": "status:5xx", "capture-sample": "1%" }
  const settings = settingsOf({ env, annotations })
  expect(settings).toMatchObject({ capture: "memory", captureBody: 2 ** 24, captureMemory: 2 ** 30, captureSample: 1 })
  expect(settings.captureKeep).toMatchObject({ _tag: "Term", field: "status" })
  expect(settings.captureFilter).toMatchObject({ _tag: "Term", field: "host" })
})

test("redaction that is off is warned of, whether anything is captured or not", () => {
  const { warnings } = loaded({ flags: { "capture-redact": "off" } })
  expect(warnings).toEqual([
    'capture-redact "off" (flag --capture-redact) replaces no secret: whoever sees a record sees passwords, tokens and cookies',
  ])
  expect(loaded({ flags: { capture: "memory" } }).warnings).toEqual([])
})

test("bodies for which there is no memory are warned of", () => {
  const { warnings } = loaded({ flags: { "capture-body": "2MiB", "capture-memory": "1MiB" } })
  expect(warnings).toEqual([
    'capture-body "2MiB" (flag --capture-body) is more than capture-memory "1MiB" (flag --capture-memory): longer bodies are cut or left out',
  ])
})
