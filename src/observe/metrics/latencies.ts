/**
 * Latencies: how long things took, in buckets that widen by a fifth each: small, fast to count in, and precise to a tenth.
 * Prometheus' buckets (series.ts) are too wide for a percentile that a person reads.
 */

/** Milliseconds; whatever is faster shares the first bucket. */
const smallest = 0.1
const bucketsPerDoubling = 4
const doublings = 20
/** From 0.1 ms to 105 s, and one bucket for each end. */
export const latencyBuckets = doublings * bucketsPerDoubling + 2

/** Where the buckets of a doubling begin, but for the first, as multiples of where it begins. */
const second = 2 ** (1 / bucketsPerDoubling)
const third = second * second
const fourth = second * third

/** The bucket of a time in milliseconds. Found by comparing: a logarithm takes four times as long. */
export const latencyBucket = (milliseconds: number): number => {
  const ratio = milliseconds / smallest
  if (!(ratio > 1)) return 0
  if (ratio >= 2 ** doublings) return latencyBuckets - 1
  const doubling = 31 - Math.clz32(ratio)
  const rest = ratio / (1 << doubling)
  const quarter = rest >= third ? (rest >= fourth ? 3 : 2) : rest >= second ? 1 : 0
  return 1 + doubling * bucketsPerDoubling + quarter
}

/** Milliseconds where a bucket begins. */
const boundOf = (bucket: number): number => smallest * 2 ** ((bucket - 1) / bucketsPerDoubling)

/**
 * The time in milliseconds that a share of everything counted does not exceed, to a tenth of a millisecond or two digits;
 * undefined where nothing was counted. `countOf` says how many fell into a bucket.
 */
export const latencyAt = (share: number, countOf: (bucket: number) => number): number | undefined => {
  let total = 0
  for (let bucket = 0; bucket < latencyBuckets; bucket++) total += countOf(bucket)
  if (total === 0) return undefined
  let rest = Math.max(1, Math.ceil(total * share))
  for (let bucket = 0; bucket < latencyBuckets; bucket++) {
    const count = countOf(bucket)
    if (rest > count) {
      rest -= count
      continue
    }
    if (bucket === 0) return smallest
    const low = boundOf(bucket)
    return round(low * (boundOf(bucket + 1) / low) ** (rest / (count + 1)))
  }
  return undefined
}

/** More digits than the buckets are precise to would be a lie. */
const round = (milliseconds: number): number =>
  milliseconds < 10 ? Math.round(milliseconds * 100) / 100 : Math.round(milliseconds * 10) / 10
