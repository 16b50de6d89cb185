/**
 * Judge: what a soak's measurements say about the proxy. Pure.
 */

/** What one look at the proxy shows. */
export interface Sample {
  /** Bytes of memory that the process itself took: pages of its executable, which come with first use, are the page cache's. */
  readonly memory: number
  /** Open file descriptors. */
  readonly descriptors: number
}

/** The four moments that are told and judged. */
export interface Moments {
  /** Before the first client. */
  readonly start: Sample
  readonly middle: Sample
  readonly end: Sample
  /** When the last client has left and the last deadline is over. */
  readonly after: Sample
}

/**
 * How much higher memory may be at the end than in the middle. What is large is the tails of slow readers and what the
 * collector has not come to: the median of a fifth of a run swings by some per cent.
 */
const growth = 1.1
/** In a run below this many minutes a collection of garbage more or less decides; then only a flood is noticed. */
const settledMinutes = 8
const shortRunGrowth = 1.5

/**
 * Bytes of memory that may be left of a run above what there was before the first client. Compiled code, the heap and
 * the allocator's pages stay: some 40 MiB after three minutes, and no more after ten.
 */
export const maxLeft = 56 * 2 ** 20

/** The median of what was sampled in this part of the run, from 0 to 1. */
export const medianOf = (samples: ReadonlyArray<Sample>, from: number, to: number): Sample => {
  const part = samples.slice(Math.floor(samples.length * from), Math.max(1, Math.ceil(samples.length * to)))
  const middle = (of: (sample: Sample) => number): number =>
    part.map(of).toSorted((a, b) => a - b)[part.length >> 1] ?? 0
  return { memory: middle((each) => each.memory), descriptors: middle((each) => each.descriptors) }
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

/** Whether the proxy is back where it was before the first client, as far as it has to be. */
export const isBack = (start: Sample, now: Sample): boolean =>
  now.descriptors <= start.descriptors && now.memory <= start.memory + maxLeft

/** What is wrong with memory and descriptors, in words; nothing when all is well. */
export const judgeMoments = (minutes: number, { start, middle, end, after }: Moments): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const open = after.descriptors - start.descriptors
  if (open > 0) wrong.push(`${open} descriptors did not come back`)
  if (end.memory > middle.memory * (minutes < settledMinutes ? shortRunGrowth : growth)) {
    const percent = ((end.memory / middle.memory - 1) * 100).toFixed(1)
    wrong.push(`memory grew by ${percent} % from the middle on`)
  }
  const left = after.memory - start.memory
  if (left > maxLeft) {
    wrong.push(`memory is ${mebibytes(left)} above the start afterwards, and may be ${mebibytes(maxLeft)}`)
  }
  return wrong
}
