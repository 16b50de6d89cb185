/**
 * Search: where a text stands in the records of a capture. What is found is printed at once: a large capture takes a while.
 */
import * as Effect from "effect/Effect"

import { shortId } from "../../capture/ids.ts"
import { listRow } from "../../capture/listing.ts"
import type { CaptureRecord } from "../../capture/record.ts"
import { type FoundPlace, maxPlaces, searchRecord } from "../../capture/search.ts"
import { visibleLine } from "../../capture/text.ts"
import type { Outcome } from "../command-line/outcome.ts"
import { doneWith, failedWith, jsonLine } from "./screen.ts"
import { readSelected, type Selection } from "./selection.ts"
import type { RecordSource, Unreadable } from "./source.ts"
import type { Write } from "./write.ts"

export interface SearchArgs {
  readonly text: string
  readonly json: boolean
}

/** Ends with 1 where the text stands nowhere, as grep(1) does. */
export const search = (
  source: RecordSource,
  selection: Selection,
  { text, json }: SearchArgs,
  write: Write,
): Effect.Effect<Outcome, Unreadable> =>
  Effect.gen(function* () {
    let searched = 0
    let found = 0
    const look = async (record: CaptureRecord): Promise<void> => {
      searched++
      const places = searchRecord(record, text)
      if (places.length === 0) return
      found++
      await write(json ? jsonOf(record, places) : textOf(record, places))
    }
    const notes = yield* readSelected(source, selection, (record) => record, look)
    if (found > 0) return doneWith("", notes)
    return failedWith(`${JSON.stringify(text)} stands in none of ${searched} records`, notes)
  })

const textOf = (record: CaptureRecord, places: ReadonlyArray<FoundPlace>): string => {
  const { direction, method, what, status } = listRow(record)
  const width = Math.max(...places.map(({ place }) => place.length))
  return [
    visibleLine([shortId(record.id), direction, method, what, ...(status === undefined ? [] : [status])].join(" ")),
    ...places.map(({ place, excerpt }) => `  ${visibleLine(place).padEnd(width)}  ${visibleLine(excerpt)}`),
    ...(places.length === maxPlaces ? [`  (the first ${maxPlaces} places)`] : []),
    "",
  ].join("\n")
}

const jsonOf = ({ id }: CaptureRecord, places: ReadonlyArray<FoundPlace>): string =>
  places.map((found) => jsonLine({ id, ...found })).join("")
