/**
 * Diff: in what two records differ, field by field.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import { diffRecords, diffText } from "../../capture/diff.ts"
import type { ConfigError } from "../../config/error.ts"
import type { Outcome } from "../command-line/outcome.ts"
import { findPair } from "./find.ts"
import { doneWith, jsonLine, type Screen } from "./screen.ts"
import type { RecordSource, Unreadable } from "./source.ts"

export interface DiffArgs {
  /** The ends of both ids. */
  readonly ids: readonly [before: string, after: string]
  /** An array of {place, before, after}. */
  readonly json: boolean
}

/** Ends with 0 whether they differ or not: two records of one request do. */
export const diff = (
  source: RecordSource,
  { ids, json }: DiffArgs,
  { columns }: Screen,
): Effect.Effect<Outcome, Unreadable | ConfigError> =>
  Effect.map(findPair(source, ids), (found) => {
    if (Result.isFailure(found)) return found.failure
    const [before, after, notes] = found.success
    const differences = diffRecords(before, after)
    return doneWith(json ? jsonLine(differences) : diffText(differences, columns), notes)
  })
