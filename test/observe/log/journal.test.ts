import { expect, test } from "bun:test"
import { fstatSync } from "node:fs"

import { leadsToJournal } from "../../../src/observe/log/journal.ts"

const stderr = fstatSync(2, { bigint: true })

test("an output leads to the journal where its device and inode are those that systemd names", () => {
  expect(leadsToJournal(2, { JOURNAL_STREAM: `${stderr.dev}:${stderr.ino}` })).toBe(true)
})

test("and nowhere else: redirected, without systemd, or by nonsense", () => {
  for (const stream of [
    undefined,
    "",
    `${stderr.dev}:${stderr.ino + 1n}`,
    `${stderr.ino}:${stderr.dev}x`,
    "nonsense",
  ]) {
    expect(leadsToJournal(2, { JOURNAL_STREAM: stream })).toBe(false)
  }
})
