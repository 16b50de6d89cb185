/**
 * Find: records by the ends of their ids, and what they caused.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import { findId, minIdEnd } from "../../capture/ids.ts"
import type { CaptureRecord } from "../../capture/record.ts"
import { type ConfigError, quote, usageError } from "../../config/error.ts"
import type { Outcome } from "../command-line/outcome.ts"
import { wantedOf } from "./selection.ts"
import { failedWith } from "./screen.ts"
import type { RecordSource, Unreadable } from "./source.ts"

export interface FoundRecord {
  readonly record: CaptureRecord
  /** Those that it caused, in the order of their start. */
  readonly effects: ReadonlyArray<CaptureRecord>
  readonly notes: ReadonlyArray<string>
}

/** The one record whose id ends so, in one reading; or the outcome that says why there is none. */
export const findRecord = (
  source: RecordSource,
  end: string,
): Effect.Effect<Result.Result<FoundRecord, Outcome>, Unreadable | ConfigError> =>
  Effect.map(findAll(source, [end], true), ({ records, effects, notes }) =>
    Result.map(one(records, end, notes), (record) => ({
      record,
      effects: effects
        .filter(({ cause }) => cause?.id === record.id)
        .toSorted((a, b) => (a.started < b.started ? -1 : 1)),
      notes,
    })),
  )

/** The two records whose ids end so. */
export const findPair = (
  source: RecordSource,
  ends: readonly [first: string, second: string],
): Effect.Effect<
  Result.Result<readonly [CaptureRecord, CaptureRecord, notes: ReadonlyArray<string>], Outcome>,
  Unreadable | ConfigError
> =>
  Effect.map(findAll(source, ends, false), ({ records, notes }) =>
    Result.gen(function* () {
      return [yield* one(records, ends[0], notes), yield* one(records, ends[1], notes), notes] as const
    }),
  )

interface FoundAll {
  readonly records: ReadonlyArray<CaptureRecord>
  readonly effects: ReadonlyArray<CaptureRecord>
  readonly notes: ReadonlyArray<string>
}

const findAll = (
  source: RecordSource,
  ends: ReadonlyArray<string>,
  withEffects: boolean,
): Effect.Effect<FoundAll, Unreadable | ConfigError> =>
  Effect.gen(function* () {
    for (const end of ends) yield* Effect.fromResult(checkEnd(end))
    const fields = withEffects ? ["id", "cause"] : ["id"]
    const terms = ends.flatMap((end) => fields.map((field) => `${field} = ${end}`))
    const wanted = yield* Effect.fromResult(wantedOf(terms.join(" or ")))
    const records = new Map<string, CaptureRecord>()
    const effects: Array<CaptureRecord> = []
    const digits = ends.map(digitsOf)
    const notes = yield* source.read(wanted, (record) => {
      const id = digitsOf(record.id)
      // A capture that was copied together may hold one twice.
      if (digits.some((end) => id.endsWith(end))) records.set(record.id, record)
      if (record.cause !== undefined) effects.push(record)
    })
    return { records: [...records.values()], effects, notes }
  })

const digitsOf = (id: string): string => id.replaceAll("-", "").toLowerCase()

/** Whether it can be the end of an id, before anything is read. */
const checkEnd = (end: string): Result.Result<void, ConfigError> => {
  const found = findId([], end)
  if (!("problem" in found) || found.problem === "none") return Result.succeed(undefined)
  const what =
    found.problem === "short" ? `write at least ${minIdEnd} characters of its end` : "an id is hexadecimal digits"
  return Result.fail(usageError(`${quote(end)} is no id: ${what}`))
}

const one = (
  records: ReadonlyArray<CaptureRecord>,
  end: string,
  notes: ReadonlyArray<string>,
): Result.Result<CaptureRecord, Outcome> => {
  const found = findId(
    records.map(({ id }) => id),
    end,
  )
  if ("id" in found) return Result.succeed(records.find(({ id }) => id === found.id)!)
  const message =
    found.problem === "ambiguous"
      ? `${found.ids.length} records have ids that end with ${end}: ${found.ids.slice(0, 5).join(" ")}`
      : `no record has an id that ends with ${end}`
  return Result.fail(failedWith(message, notes))
}
