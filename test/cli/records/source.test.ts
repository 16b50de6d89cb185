import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"

import { recordsOf } from "../../../src/cli/records/source.ts"
import { parseRecordFilter } from "../../../src/capture/filter/record-filter.ts"
import { charge, chat, makeExchange } from "../../support/capture-records.ts"
import { everything, readAll, sourceOf } from "../../support/record-source.ts"

test("records come in the order of their lines, as far as the filter lets them through", async () => {
  const source = sourceOf([charge, chat, makeExchange()], ["a note"])
  expect(await readAll(source)).toEqual({ records: [charge, chat, makeExchange()], notes: ["a note"] })
  const filter = parseRecordFilter("kind:socket")
  if (filter._tag !== "Filter") throw new Error("no filter")
  expect((await readAll(source, { text: "kind:socket", matches: filter.matches })).records).toEqual([chat])
})

test("lines that are no records are left out, counted, and the first is named", async () => {
  expect(await readAll(sourceOf([charge, "{", '{"v":2}']))).toEqual({
    records: [charge],
    notes: ["2 lines of captures left out; line 2: the line is not JSON"],
  })
  expect((await readAll(sourceOf(['{"v":2}', charge]))).notes).toEqual([
    "a line of captures left out; line 1: version 2 is newer than this program reads, which is 1",
  ])
})

test("where no line is a record there is nothing to read; no lines are no records", async () => {
  expect(readAll(sourceOf(["{", "["]))).rejects.toThrow("captures holds no records; line 1: the line is not JSON")
  expect(await readAll(sourceOf([]))).toEqual({ records: [], notes: [] })
})

test("each record is taken before the next one is read", async () => {
  const told: Array<string> = []
  const source = recordsOf({
    name: "x",
    notes: () => [],
    lines: async function* () {
      for (const record of [charge, chat]) {
        told.push(`read ${record.kind}`)
        yield JSON.stringify(record)
      }
    },
  })
  const take = async ({ kind }: { readonly kind: string }): Promise<void> => {
    await Promise.resolve()
    told.push(`taken ${kind}`)
  }
  await Effect.runPromise(source.read(everything, take))
  expect(told).toEqual(["read exchange", "taken exchange", "read socket", "taken socket"])
})

const failing = (error: Error) =>
  recordsOf({
    name: "captures",
    notes: () => [],
    // eslint-disable-next-line require-yield
    lines: async function* (): AsyncGenerator<string> {
      throw error
    },
  })

test("what the system says of a file is for a person, and what is wrong in the code is a defect", async () => {
  const denied = Object.assign(new Error("no"), { code: "EACCES" })
  expect(readAll(failing(denied))).rejects.toThrow("captures cannot be read (EACCES)")
  expect(readAll(failing(new TypeError("wrong")))).rejects.toThrow("wrong")
})
