/** A source of records that are values, and what commands wrote, for the tests of those that read records. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"

import type { CaptureRecord } from "../../src/capture/record.ts"
import type { Outcome } from "../../src/cli/command-line/outcome.ts"
import type { Screen } from "../../src/cli/records/screen.ts"
import { type Selection, type SelectionFlags, selectionOf } from "../../src/cli/records/selection.ts"
import { type RecordSource, recordsOf, type Wanted } from "../../src/cli/records/source.ts"
import type { Write } from "../../src/cli/records/write.ts"

/** Gives these records, as lines of a file would. `notes` are its own. */
export const sourceOf = (
  records: ReadonlyArray<CaptureRecord | string>,
  notes: ReadonlyArray<string> = [],
): RecordSource =>
  recordsOf({
    name: "captures",
    notes: () => notes,
    lines: async function* () {
      for (const record of records) yield typeof record === "string" ? record : JSON.stringify(record)
    },
  })

/** Everything that a source lets through, and its notes. */
export const readAll = async (source: RecordSource, wanted: Wanted = everything) => {
  const records: Array<CaptureRecord> = []
  const notes = await Effect.runPromise(source.read(wanted, (record) => void records.push(record)))
  return { records, notes }
}

export const everything: Wanted = { text: "", matches: () => true }

/** Noon of the day of the records in capture-records.ts. */
export const noon = Date.parse("2026-11-28T12:00:00Z")

export const selecting = (flags: Partial<SelectionFlags> = {}): Selection =>
  Result.getOrThrow(selectionOf({ filter: "", since: undefined, limit: undefined, ...flags }, noon))

export const pipe: Screen = { isTerminal: false, columns: Number.POSITIVE_INFINITY, color: false }
export const terminal: Screen = { isTerminal: true, columns: 80, color: false }

export interface Ran extends Outcome {
  /** What was written before the end. */
  readonly written: string
  readonly bytes: Uint8Array
}

/** Runs a command to its end; fails as it does. */
export const ran = async (command: (write: Write) => Effect.Effect<Outcome, unknown>): Promise<Ran> => {
  const pieces: Array<Uint8Array> = []
  const write: Write = async (piece) => void pieces.push(typeof piece === "string" ? Buffer.from(piece) : piece)
  const outcome = await Effect.runPromise(command(write))
  const bytes = Buffer.concat(pieces)
  return { ...outcome, written: bytes.toString(), bytes }
}

/** The message of a command that fails. */
export const refusedBy = async (command: Effect.Effect<Outcome, { readonly message: string }>): Promise<string> => {
  const exit = await Effect.runPromise(Effect.exit(Effect.flip(command)))
  return Exit.isSuccess(exit) ? exit.value.message : "it did not fail"
}
