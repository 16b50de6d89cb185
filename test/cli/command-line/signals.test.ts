import { expect, test } from "bun:test"
import { ignoredIn, Signals } from "../../../src/cli/command-line/signals.ts"

test("which signals were ignored at the start is read from /proc/self/status", () => {
  // SIGHUP, and what the runtime ignores itself: SIGPIPE and SIGXFSZ.
  expect([...ignoredIn("SigBlk:\t0000000000000000\nSigIgn:\t0000000001001001\nSigCgt:\t00000001600004f8\n")]).toEqual([
    1,
  ])
  expect([...ignoredIn("SigIgn:\t8000000000000002\n")]).toEqual([2, 64])
  expect([...ignoredIn("")]).toEqual([])
})

test("what comes before somebody listens is kept", () => {
  const signals = new Signals()
  const heard: Array<string> = []
  signals.tell("SIGTERM")
  signals.tell("SIGHUP")
  signals.listen((signal) => heard.push(signal))
  signals.tell("SIGINT")
  expect(heard).toEqual(["SIGTERM", "SIGHUP", "SIGINT"])
})
