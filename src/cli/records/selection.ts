/**
 * Selection: which records a command is about: its filter, `--since` and `--limit`.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import { parseRecordFilter } from "../../capture/filter/record-filter.ts"
import { isInstant } from "../../capture/read-record.ts"
import type { CaptureRecord } from "../../capture/record.ts"
import { type ConfigError, quote, usageError } from "../../config/error.ts"
import { isProblem } from "../../observe/filter/problem.ts"
import type { RecordSource, Unreadable, Wanted } from "./source.ts"

/** The records that a list has at most where `--limit` says nothing else: what a terminal and a person can take. */
export const defaultLimit = 10_000

/** Where `--limit` may end. */
const maxLimit = 1_000_000_000

export interface Selection extends Wanted {
  /** Records that began before it are left out; milliseconds since the epoch. */
  readonly since: number
  /** Where it was given. */
  readonly limit: number | undefined
}

/** What the flags of a command say of a selection. */
export interface SelectionFlags {
  readonly filter: string
  readonly since: string | undefined
  readonly limit: string | undefined
}

/** Reads them; `now` is milliseconds since the epoch. What is wrong ends with exit code 2, as a wrong flag does. */
export const selectionOf = (flags: SelectionFlags, now: number): Result.Result<Selection, ConfigError> =>
  Result.gen(function* () {
    const wanted = yield* wantedOf(flags.filter)
    const since = yield* sinceOf(flags.since, now)
    const limit = yield* limitOf(flags.limit)
    return { ...wanted, since, limit }
  })

/** A filter as a person wrote it. */
export const wantedOf = (text: string): Result.Result<Wanted, ConfigError> => {
  const parsed = parseRecordFilter(text)
  return isProblem(parsed)
    ? Result.fail(usageError(`the filter ${JSON.stringify(text)} ${parsed.problem}`))
    : Result.succeed({ text, matches: parsed.matches })
}

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

const sinceOf = (text: string | undefined, now: number): Result.Result<number, ConfigError> => {
  if (text === undefined) return Result.succeed(Number.NEGATIVE_INFINITY)
  const [, count, unit = "s"] = /^(\d{1,12})(ms|s|m|h|d)?$/.exec(text) ?? []
  // It is one of them.
  if (count !== undefined) return Result.succeed(now - Number(count) * units[unit as keyof typeof units])
  const instant = isInstant(text, "") === undefined ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(instant)) return Result.succeed(instant)
  return Result.fail(
    usageError(
      `--since does not know ${quote(text)}: write 90s, 10m, 2h or 1d, or a time such as 2026-11-28T09:30:00Z`,
    ),
  )
}

const limitOf = (text: string | undefined): Result.Result<number | undefined, ConfigError> => {
  if (text === undefined) return Result.succeed(undefined)
  const limit = /^\d{1,10}$/.test(text) ? Number(text) : 0
  return limit >= 1 && limit <= maxLimit
    ? Result.succeed(limit)
    : Result.fail(usageError(`--limit does not know ${quote(text)}: write a number of records, from 1`))
}

/** Whether a record began late enough. */
export const isSince = ({ since }: Selection, { started }: Pick<CaptureRecord, "started">): boolean =>
  since === Number.NEGATIVE_INFINITY || Date.parse(started) >= since

/** The newest of what is added, by its start; at most twice as many are held. */
export class Newest<A extends { readonly started: string }> {
  /** How many were added in all. */
  count = 0
  private held: Array<A> = []
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  add(value: A): void {
    this.count++
    this.held.push(value)
    if (this.held.length >= this.limit * 2) this.held = this.newest()
  }

  /** Those that are left, the newest last. */
  newest(): Array<A> {
    // RFC 3339 in UTC: the order of the texts is that of the times, but for fractions of a microsecond that has none.
    return this.held.toSorted((a, b) => (a.started < b.started ? -1 : a.started > b.started ? 1 : 0)).slice(-this.limit)
  }
}

/**
 * Gives what `pick` makes of the records of a selection to `take`, which must not fail: each as it is read or, with
 * `--limit`, the newest when all were read, the newest last. What is not picked counts for no limit. Returns the notes of
 * the source.
 */
export const readSelected = <A extends { readonly started: string }>(
  source: RecordSource,
  selection: Selection,
  pick: (record: CaptureRecord) => A | undefined,
  take: (picked: A) => void | Promise<void>,
): Effect.Effect<ReadonlyArray<string>, Unreadable> =>
  Effect.gen(function* () {
    const newest = selection.limit === undefined ? undefined : new Newest<A>(selection.limit)
    const notes = yield* source.read(selection, (record) => {
      const picked = isSince(selection, record) ? pick(record) : undefined
      if (picked === undefined) return undefined
      return newest === undefined ? take(picked) : newest.add(picked)
    })
    for (const picked of newest?.newest() ?? []) yield* Effect.promise(async () => take(picked))
    return notes
  })
