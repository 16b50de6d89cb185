/**
 * Series: numbers that count.
 *
 * Every label has a closed set of values, so a family is one flat array and counting is an addition: some 10 ns,
 * where an update of effect's Metric takes 60. To effect's exporters the arrays are its metrics, see exposition.ts.
 */

export interface Family {
  readonly name: string
  readonly type: "counter" | "gauge" | "histogram"
  /** One sentence without a full stop. */
  readonly help: string
  /** Three at most. */
  readonly labels: ReadonlyArray<Label>
}

export interface Label {
  readonly name: string
  readonly values: ReadonlyArray<string>
}

/** The labels of one series with their values. */
export type LabelPairs = ReadonlyArray<readonly [name: string, value: string]>

/**
 * Families with more series than this show only those that counted something, or their first: a scrape of a thousand
 * sidecars must not carry zeros for every reason that a connection can be refused for.
 */
export const alwaysShown = 8

/** Counters or gauges of one family, as they are read. */
export interface ReadSeries {
  readonly family: Family
  readonly forEach: (show: (value: number, labels: LabelPairs) => void) => void
}

/** Histograms of one family, as they are read. */
export interface ReadHistogram {
  readonly family: Family
  readonly bounds: ReadonlyArray<number>
  readonly forEach: (show: (buckets: Buckets, labels: LabelPairs) => void) => void
}

/**
 * The places of one family's series. Most is counted where the last was: comparing with its labels takes a fraction of
 * looking for each among the values of its label.
 */
class Places {
  private readonly family: Family
  private first: string | undefined = undefined
  private second: string | undefined = undefined
  private third: string | undefined = undefined
  private last: number | undefined = undefined

  constructor(family: Family) {
    this.family = family
  }

  /** The place of one series, by its labels. */
  of(first: string | undefined, second: string | undefined, third: string | undefined): number {
    if (this.last !== undefined && first === this.first && second === this.second && third === this.third) {
      return this.last
    }
    this.last = indexOf(this.family, first, second, third)
    this.first = first
    this.second = second
    this.third = third
    return this.last
  }
}

/** Counters and gauges of one family. */
export class Series implements ReadSeries {
  readonly family: Family
  private readonly values: Float64Array
  private readonly places: Places

  constructor(family: Family) {
    this.family = family
    this.values = new Float64Array(seriesOf(family))
    this.places = new Places(family)
  }

  /** `first` and so on are values of the family's labels, in their order. Throws a RangeError for any other. */
  add(amount: number, first?: string, second?: string, third?: string): void {
    this.values[this.places.of(first, second, third)]! += amount
  }

  set(value: number, first?: string, second?: string, third?: string): void {
    this.values[this.places.of(first, second, third)] = value
  }

  /** Every series that is shown, with its labels. */
  forEach(show: (value: number, labels: LabelPairs) => void): void {
    const none = this.values.every((value) => value === 0)
    this.values.forEach((value, index) => {
      const shown = value !== 0 || this.values.length <= alwaysShown || (none && index === 0)
      if (shown) show(value, labelsAt(this.family, index))
    })
  }
}

/** The counts of one series of a histogram: values up to each bound and above the last, and their sum. */
export interface Buckets {
  readonly counts: ReadonlyArray<number>
  readonly sum: number
  /** 0 where nothing was counted, as `most`. */
  readonly least: number
  readonly most: number
}

/** How often values fell below each of `bounds`, which ascend. */
export class Histogram implements ReadHistogram {
  readonly family: Family
  readonly bounds: ReadonlyArray<number>
  /** The buckets of one series after those of another. */
  private readonly counts: Float64Array
  private readonly sums: Float64Array
  private readonly least: Float64Array
  private readonly most: Float64Array
  private readonly width: number
  private readonly places: Places

  constructor(family: Family, bounds: ReadonlyArray<number>) {
    this.family = family
    this.places = new Places(family)
    this.bounds = bounds
    this.width = bounds.length + 1
    this.counts = new Float64Array(seriesOf(family) * this.width)
    this.sums = new Float64Array(seriesOf(family))
    this.least = new Float64Array(seriesOf(family)).fill(Number.POSITIVE_INFINITY)
    this.most = new Float64Array(seriesOf(family)).fill(Number.NEGATIVE_INFINITY)
  }

  observe(value: number, first?: string, second?: string, third?: string): void {
    const index = this.places.of(first, second, third)
    let i = 0
    while (i < this.bounds.length && value > this.bounds[i]!) i++
    this.counts[index * this.width + i]!++
    this.sums[index]! += value
    if (value < this.least[index]!) this.least[index] = value
    if (value > this.most[index]!) this.most[index] = value
  }

  /** Every series that has counted something, or the first, with its labels. */
  forEach(show: (buckets: Buckets, labels: LabelPairs) => void): void {
    const used = [...this.sums.keys()].filter((index) => this.least[index] !== Number.POSITIVE_INFINITY)
    for (const index of used.length === 0 ? [0] : used) {
      const counts = [...this.counts.subarray(index * this.width, (index + 1) * this.width)]
      const [least, most] = used.length === 0 ? [0, 0] : [this.least[index]!, this.most[index]!]
      show({ counts, sum: this.sums[index]!, least, most }, labelsAt(this.family, index))
    }
  }
}

const seriesOf = ({ labels }: Family): number => labels.reduce((count, { values }) => count * values.length, 1)

/** The last label turns fastest. Named parameters, because an array of them for every count is garbage. */
const indexOf = (family: Family, first?: string, second?: string, third?: string): number => {
  const { labels } = family
  let index = 0
  if (labels.length > 0) index = valueAt(family, 0, first)
  if (labels.length > 1) index = index * labels[1]!.values.length + valueAt(family, 1, second)
  if (labels.length > 2) index = index * labels[2]!.values.length + valueAt(family, 2, third)
  return index
}

const valueAt = ({ name, labels }: Family, position: number, value: string | undefined): number => {
  const label = labels[position]!
  const at = value === undefined ? -1 : label.values.indexOf(value)
  if (at < 0) throw new RangeError(`${name} has no series for ${label.name}="${value}"`)
  return at
}

const labelsAt = ({ labels }: Family, index: number): LabelPairs => {
  const pairs: Array<readonly [string, string]> = []
  let rest = index
  for (const { name, values } of labels.toReversed()) {
    pairs.unshift([name, values[rest % values.length] ?? ""])
    rest = Math.floor(rest / values.length)
  }
  return pairs
}
