/**
 * Series: numbers that count, and their text for Prometheus (text format 0.0.4).
 *
 * Every label has a closed set of values, so a family is one flat array and counting is an addition. effect's Metric
 * and PrometheusMetrics do the same for any labels, but bring the HTTP server with them (4.5 MB more memory), and
 * would have to be fed from such arrays at every scrape.
 */

export interface Family {
  readonly name: string
  readonly type: "counter" | "gauge" | "histogram"
  /** One sentence without a full stop. */
  readonly help: string
  readonly labels: ReadonlyArray<Label>
}

export interface Label {
  readonly name: string
  readonly values: ReadonlyArray<string>
}

/** The labels of one series with their values. */
export type LabelPairs = ReadonlyArray<readonly [name: string, value: string]>

/**
 * Families with more series than this show only those that counted something: a scrape of a thousand sidecars must
 * not carry zeros for every reason that a connection can be refused for.
 */
export const alwaysShown = 8

/** Counters and gauges of one family. */
export class Series {
  readonly family: Family
  private readonly values: Float64Array

  constructor(family: Family) {
    this.family = family
    this.values = new Float64Array(seriesOf(family))
  }

  /** `labels` are values of the family's labels, in their order. Throws a RangeError for any other. */
  add(amount: number, ...labels: ReadonlyArray<string>): void {
    this.values[indexOf(this.family, labels)]! += amount
  }

  set(value: number, ...labels: ReadonlyArray<string>): void {
    this.values[indexOf(this.family, labels)] = value
  }

  /** Every series that is shown, with its labels. */
  forEach(show: (value: number, labels: LabelPairs) => void): void {
    this.values.forEach((value, index) => {
      if (value !== 0 || this.values.length <= alwaysShown) show(value, labelsAt(this.family, index))
    })
  }

  render(): string {
    const { name } = this.family
    let text = head(this.family)
    this.forEach((value, labels) => (text += `${name}${labelText(labels)} ${value}\n`))
    return text
  }
}

/** What one series of a histogram has counted: values up to each bound and above the last, and what they were. */
export interface Buckets {
  readonly counts: ReadonlyArray<number>
  readonly sum: number
  /** Infinite where nothing was counted. */
  readonly least: number
  readonly most: number
}

/** How often values fell below each of `bounds`, which ascend. */
export class Histogram {
  readonly family: Family
  readonly bounds: ReadonlyArray<number>
  /** The buckets of one series after those of another. */
  private readonly counts: Float64Array
  private readonly sums: Float64Array
  private readonly least: Float64Array
  private readonly most: Float64Array
  private readonly width: number

  constructor(family: Family, bounds: ReadonlyArray<number>) {
    this.family = family
    this.bounds = bounds
    this.width = bounds.length + 1
    this.counts = new Float64Array(seriesOf(family) * this.width)
    this.sums = new Float64Array(seriesOf(family))
    this.least = new Float64Array(seriesOf(family)).fill(Number.POSITIVE_INFINITY)
    this.most = new Float64Array(seriesOf(family)).fill(Number.NEGATIVE_INFINITY)
  }

  observe(value: number, ...labels: ReadonlyArray<string>): void {
    const index = indexOf(this.family, labels)
    let i = 0
    while (i < this.bounds.length && value > this.bounds[i]!) i++
    this.counts[index * this.width + i]!++
    this.sums[index]! += value
    if (value < this.least[index]!) this.least[index] = value
    if (value > this.most[index]!) this.most[index] = value
  }

  /** Every series that is shown, with its labels. */
  forEach(show: (buckets: Buckets, labels: LabelPairs) => void): void {
    for (let index = 0; index < this.sums.length; index++) {
      const counts = [...this.counts.subarray(index * this.width, (index + 1) * this.width)]
      const empty = counts.every((each) => each === 0)
      if (empty && this.sums.length > 1) continue
      const [sum, least, most] = [this.sums[index]!, this.least[index]!, this.most[index]!]
      show({ counts, sum, least, most }, labelsAt(this.family, index))
    }
  }

  render(): string {
    const { name } = this.family
    let text = head(this.family)
    this.forEach(({ counts, sum }, labels) => {
      let count = 0
      counts.forEach((each, i) => {
        count += each
        text += `${name}_bucket${labelText([...labels, ["le", String(this.bounds[i] ?? "+Inf")]])} ${count}\n`
      })
      text += `${name}_sum${labelText(labels)} ${sum}\n${name}_count${labelText(labels)} ${count}\n`
    })
    return text
  }
}

const seriesOf = ({ labels }: Family): number => labels.reduce((count, { values }) => count * values.length, 1)

/** The last label turns fastest. */
const indexOf = ({ name, labels }: Family, given: ReadonlyArray<string>): number => {
  let index = 0
  for (let i = 0; i < labels.length; i++) {
    const { values } = labels[i]!
    const at = values.indexOf(given[i] ?? "")
    if (at < 0) throw new RangeError(`${name} has no series for ${labels[i]!.name}="${given[i]}"`)
    index = index * values.length + at
  }
  return index
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

const head = ({ name, help, type }: Family): string => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`

/** `{a="x",b="y"}` */
const labelText = (labels: LabelPairs): string =>
  labels.length === 0 ? "" : `{${labels.map(([name, value]) => `${name}="${escapeValue(value)}"`).join(",")}}`

const escapeValue = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
