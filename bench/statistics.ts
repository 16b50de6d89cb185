/** What a series of rounds becomes: its median with the worst and the best, and the interval in which the median lies. */

export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** NaN for no values at all: a missing number must not look like a zero. */
export const spread = (values: ReadonlyArray<number>): Spread => {
  const sorted = sortedNumbers(values)
  const middle = sorted.length >> 1
  const high = sorted[middle] ?? Number.NaN
  const low = sorted.length % 2 === 0 ? (sorted[middle - 1] ?? Number.NaN) : high
  return { median: (low + high) / 2, least: sorted[0] ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN }
}

const sortedNumbers = (values: ReadonlyArray<number>): ReadonlyArray<number> =>
  values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b)

/** Ours to theirs, round by round: what disturbed a round disturbed both, and cancels. NaN where either is missing. */
export const ratios = (ours: ReadonlyArray<number>, theirs: ReadonlyArray<number>): ReadonlyArray<number> =>
  ours.map((value, round) => {
    const other = theirs[round] ?? Number.NaN
    return other === 0 ? Number.NaN : value / other
  })

/**
 * The median of each start where there were several: rounds of one process are no independent witnesses of the program,
 * for they share what its JIT made of the first seconds.
 */
export const independent = (values: ReadonlyArray<number>, starts: number): ReadonlyArray<number> => {
  if (starts <= 1) return values
  const rounds = Math.ceil(values.length / starts)
  return Array.from({ length: starts }, (_, i) => spread(values.slice(i * rounds, (i + 1) * rounds)).median)
}

/** From `low` to `high`, both included. */
export interface Interval {
  readonly low: number
  readonly high: number
}

const confidence = 0.95

/** Student's t for 95 % with 1, 2, 3 and 4 degrees of freedom. */
const student: ReadonlyArray<number> = [12.706, 4.303, 3.182, 2.776]

/**
 * Where the median lies with a confidence of 95 %; undefined for fewer than two values, which say nothing of that.
 *
 * Six values and more: between the k-th smallest and the k-th largest, k as large as the binomial distribution allows;
 * nothing is assumed, and one disturbed round of many moves neither end. Of five and fewer even the smallest and the
 * largest have less than 95 % between them, so there it is Student's interval of their mean, which is wide: of their
 * logarithms where all are positive, as ratios, times and sizes are, so that it has no negative end.
 */
export const interval = (values: ReadonlyArray<number>): Interval | undefined => {
  const sorted = sortedNumbers(values)
  const count = sorted.length
  if (count < 2) return undefined
  const t = student[count - 2]
  if (t !== undefined) {
    if (!(sorted[0]! > 0)) return meanInterval(sorted, t)
    const { low, high } = meanInterval(sorted.map(Math.log), t)
    return { low: Math.exp(low), high: Math.exp(high) }
  }
  const skipped = outside(count)
  return { low: sorted[skipped] ?? Number.NaN, high: sorted[count - 1 - skipped] ?? Number.NaN }
}

const meanInterval = (values: ReadonlyArray<number>, t: number): Interval => {
  const count = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1)
  const half = t * Math.sqrt(variance / count)
  return { low: mean - half, high: mean + half }
}

/** How many of so many sorted values may be left out at either end. */
const outside = (count: number): number => {
  // The share of cases in which fewer than k values are on one side of the median, k growing by one each turn.
  let exactly = 2 ** -count
  let fewer = 0
  let k = 0
  while (1 - 2 * (fewer + exactly) >= confidence) {
    fewer += exactly
    exactly *= (count - k) / (k + 1)
    k++
  }
  return k - 1
}

/** The interval of b to a, of values that were not taken side by side: wider than it need be, never narrower. */
export const quotient = (b: Interval | undefined, a: Interval | undefined): Interval | undefined =>
  a === undefined || b === undefined || !(a.low > 0) ? undefined : { low: b.low / a.high, high: b.high / a.low }
