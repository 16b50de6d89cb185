/**
 * Export: records for other tools, written one after the other, so that a capture of any size goes through.
 */
import * as Effect from "effect/Effect"

import { curlOf } from "../../capture/curl.ts"
import { harEnd, harEntry, harStart } from "../../capture/har.ts"
import { type CaptureRecord, type HttpRecord, isHttp } from "../../capture/record.ts"
import { visible } from "../../capture/text.ts"
import type { ExportFormat } from "../command-line/commands.ts"
import type { Outcome } from "../command-line/outcome.ts"
import { nothingText } from "./ls.ts"
import { doneWith, failedWith } from "./screen.ts"
import { readSelected, type Selection } from "./selection.ts"
import type { RecordSource, Unreadable } from "./source.ts"
import type { Write } from "./write.ts"

/** A format: a record at a time, and what stands around them. */
interface Format {
  readonly start: string
  readonly end: string
  /** `isFirst`: nothing was written before it but the start. */
  readonly entry: (record: HttpRecord, isFirst: boolean) => string
}

/** `version` is that of the program, for documents that name what made them. */
const formatOf = (format: ExportFormat, version: string): Format => {
  switch (format) {
    case "har":
      return {
        start: harStart(version),
        entry: (record, isFirst) => `${isFirst ? "" : ","}\n${visible(JSON.stringify(harEntry(record)))}`,
        end: `\n${harEnd}`,
      }
    case "curl":
      return {
        start: "#!/bin/sh\n",
        entry: (record) => `\n# ${record.id} ${record.started} ${record.direction}\n${curlOf(record)}`,
        end: "",
      }
  }
}

/** Ends with 1 where there is nothing to write; then nothing is written. */
export const exportRecords = (
  source: RecordSource,
  selection: Selection,
  name: ExportFormat,
  version: string,
  write: Write,
): Effect.Effect<Outcome, Unreadable> =>
  Effect.gen(function* () {
    const format = formatOf(name, version)
    let written = 0
    let others = 0
    const add = (record: HttpRecord): Promise<void> =>
      write(`${written === 0 ? format.start : ""}${format.entry(record, written++ === 0)}`)
    const pick = (record: CaptureRecord): HttpRecord | undefined => (isHttp(record) ? record : void others++)
    const notes = yield* readSelected(source, selection, pick, add)
    const left = others === 0 ? [] : [`${others} without an HTTP request left out`]
    if (written === 0) return failedWith(nothingText(selection), [...notes, ...left])
    return doneWith(format.end, [...notes, ...left])
  })
