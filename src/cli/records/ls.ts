/**
 * Ls: the records of a capture, one a line, the newest last; as a tree, calls stand below what caused them.
 */
import * as Effect from "effect/Effect"

import { type ListRow, listRow, listText, treeRows } from "../../capture/listing.ts"
import type { Outcome } from "../command-line/outcome.ts"
import { doneWith, failedWith, jsonLine, type Screen } from "./screen.ts"
import { defaultLimit, isSince, Newest, type Selection } from "./selection.ts"
import type { RecordSource, Unreadable } from "./source.ts"

export interface LsArgs {
  readonly tree: boolean
  readonly json: boolean
}

/** Ends with 1 where there is no record. */
export const ls = (
  source: RecordSource,
  selection: Selection,
  { tree, json }: LsArgs,
  { columns }: Screen,
): Effect.Effect<Outcome, Unreadable> => {
  const rows = new Newest<ListRow>(selection.limit ?? defaultLimit)
  return Effect.map(
    source.read(selection, (record) => {
      if (isSince(selection, record)) rows.add(listRow(record))
    }),
    (notes) => {
      const listed = tree ? treeRows(rows.newest()) : rows.newest()
      if (listed.length === 0) return failedWith(nothingText(selection), notes)
      const left = rows.count - listed.length
      const more =
        selection.limit === undefined && left > 0
          ? [`${left} older ones are not listed: write --limit ${rows.count}, or a filter`]
          : []
      return doneWith(json ? listed.map(jsonLine).join("") : listText(listed, columns), [...notes, ...more])
    },
  )
}

/** That nothing is there, by what was asked for. */
export const nothingText = ({ text, since }: Selection): string =>
  text === "" && since === Number.NEGATIVE_INFINITY ? "there is no record" : "no record is let through"
