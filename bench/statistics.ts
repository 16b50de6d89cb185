/** The three numbers that a series of rounds becomes. */

export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** NaN for no values at all: a missing number must not look like a zero. */
export const spread = (values: ReadonlyArray<number>): Spread => {
  const sorted = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const high = sorted[middle] ?? Number.NaN
  const low = sorted.length % 2 === 0 ? (sorted[middle - 1] ?? Number.NaN) : high
  return { median: (low + high) / 2, least: sorted[0] ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN }
}

/** Ours to theirs, round by round: what disturbed a round disturbed both, and cancels. */
export const ratios = (ours: ReadonlyArray<number>, theirs: ReadonlyArray<number>): Spread =>
  spread(
    ours.flatMap((value, round) => {
      const other = theirs[round]
      return other === undefined || other === 0 ? [] : [value / other]
    }),
  )
