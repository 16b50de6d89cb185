/**
 * Suite: conformance cases as tests of the executable. One process serves all of them that need no options of their own.
 */
import { afterAll, beforeAll, describe, test } from "bun:test"
import { needs } from "../support/needs.ts"
import { expectRecords, recording } from "../support/recording.ts"
import { aftermath, type Case, limit, playCase, startSubject, type Subject } from "./runner.ts"

/** Makes a test of every case for each way of having sockets, and once more while everything is recorded. */
export const suite = (title: string, cases: ReadonlyArray<Case>): void => {
  suiteWith(title, cases)
  suiteWith(`${title} (--poll=false)`, cases, "--poll=false")
  suiteWith(`${title} (--capture=memory)`, cases, ...recording)
}

const suiteWith = (title: string, cases: ReadonlyArray<Case>, ...flags: ReadonlyArray<string>): void => {
  describe(title, () => {
    let subject: (Subject & AsyncDisposable) | undefined
    beforeAll(async () => {
      subject = await startSubject(...flags)
      console.log(`${title}: ${cases.length} cases`)
    })
    afterAll(async () => {
      await subject?.[Symbol.asyncDispose]()
    })
    for (const each of cases) {
      const play = async (): Promise<void> => {
        if (subject === undefined) throw new Error("the proxy did not start")
        await playCase(each, subject)
      }
      needs(...(each.needs ?? []))(`${each.id} ${each.name} (${each.clause})`, play, limit(each) + aftermath)
    }
    if (flags.includes("--capture=memory")) {
      test("everything was recorded, and nothing failed on the way", async () => {
        if (subject?.ours === undefined) throw new Error("the proxy did not start")
        // A head that is refused begins no exchange.
        await expectRecords(subject.ours.pillion, /refused/.test(title) ? 0 : 1)
      })
    }
  })
}
