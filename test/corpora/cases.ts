/**
 * Cases: how the tables of this folder say what a reader makes of bytes. What stands in them is this project's own
 * reading of RFC 9110 and 9112, kept as inputs and verdicts; the clause stands above each group.
 */

/**
 * What the input shows; the input; each message that is read, as `method target = content` or `status = content`, with
 * `...` behind content that has not ended; and how the reading ends: `waits` for more, `over` behind the last message
 * that this connection carries, or the reason of the refusal.
 */
export type Case = readonly [shows: string, input: string, ...verdict: ReadonlyArray<string>]

export interface Group {
  readonly about: string
  readonly cases: ReadonlyArray<Case>
}

/** A head: its lines, and an empty one. */
export const head = (...lines: ReadonlyArray<string>): string => lines.map((line) => `${line}\r\n`).join("") + "\r\n"

/** A field whose line makes a head of other lines exactly so long. */
export const filling = (length: number, ...lines: ReadonlyArray<string>): string =>
  `X: ${"x".repeat(length - head(...lines, "X: ").length)}`

/** So many fields that mean nothing. */
export const manyFields = (count: number): ReadonlyArray<string> => Array.from({ length: count }, (_, i) => `X${i}: y`)
