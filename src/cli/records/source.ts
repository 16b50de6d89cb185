/**
 * Source: where the commands that read records take them from: the running proxy, a capture's directory, a file that has
 * one a line, or standard input. Lines that are no records are left out, counted and named.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

import type { RecordFilter } from "../../capture/filter/record-filter.ts"
import { readRecord } from "../../capture/read-record.ts"
import type { CaptureRecord } from "../../capture/record.ts"

/** There is nothing to read: one line that says why. */
export class Unreadable extends Data.TaggedError("Unreadable")<{ readonly message: string }> {}

/** A filter, and what a person wrote. */
export interface Wanted {
  readonly text: string
  readonly matches: RecordFilter["matches"]
}

/** What is called with each record. What it returns is waited for; it must not fail. */
export type Take = (record: CaptureRecord) => void | Promise<void>

export interface RecordSource {
  /**
   * Gives every record that the filter lets through to `take`, each when the one before was taken; in the order in which
   * they were stored. Returns what a person should know of what was read, a sentence each.
   */
  readonly read: (wanted: Wanted, take: Take) => Effect.Effect<ReadonlyArray<string>, Unreadable>
}

/** Lines that may be records. */
export interface LineSource {
  /** What is read, for messages: `captures`, `stdin`. */
  readonly name: string
  /** Those that a filter lets through at least: who can filter where the lines come from need not send all. */
  readonly lines: (filter: string) => AsyncIterable<string>
  /** What a person should know, once the lines were read. */
  readonly notes: () => ReadonlyArray<string>
}

/** The records among lines. Fails where there are lines and none is a record. */
export const recordsOf = (source: LineSource): RecordSource => ({
  read: (wanted, take) =>
    Effect.tryPromise({ try: () => readAll(source, wanted, take), catch: (error) => error }).pipe(
      Effect.catch((error) => unreadableOr(error, source.name)),
    ),
})

const readAll = async (
  { name, lines, notes }: LineSource,
  { text, matches }: Wanted,
  take: Take,
): Promise<ReadonlyArray<string>> => {
  let number = 0
  let wrong = 0
  let first = ""
  for await (const line of lines(text)) {
    number++
    const read = readRecord(line)
    if ("problem" in read) {
      if (wrong++ === 0) first = `line ${number}: ${read.problem}`
    } else if (matches(read.record)) await take(read.record)
  }
  if (wrong === 0) return notes()
  if (wrong === number) throw new Unreadable({ message: `${name} holds no records; ${first}` })
  return [...notes(), `${wrong === 1 ? "a line" : `${wrong} lines`} of ${name} left out; ${first}`]
}

/** What the system says of a file is for a person; anything else is a defect. */
const unreadableOr = (error: unknown, name: string): Effect.Effect<never, Unreadable> => {
  if (error instanceof Unreadable) return Effect.fail(error)
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined
  return code === undefined
    ? Effect.die(error)
    : Effect.fail(new Unreadable({ message: `${name} cannot be read (${code})` }))
}
