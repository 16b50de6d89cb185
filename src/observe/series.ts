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
    this.values = new Float64Array(family.labels.reduce((count, { values }) => count * values.length, 1))
  }

  /** `labels` are values of the family's labels, in their order. Throws a RangeError for any other. */
  add(amount: number, ...labels: ReadonlyArray<string>): void {
    this.values[this.index(labels)]! += amount
  }

  set(value: number, ...labels: ReadonlyArray<string>): void {
    this.values[this.index(labels)] = value
  }

  render(): string {
    const { name, labels } = this.family
    let text = head(this.family)
    this.values.forEach((value, index) => {
      if (value === 0 && this.values.length > alwaysShown) return
      text += `${name}${labelText(labels, index)} ${value}\n`
    })
    return text
  }

  private index(given: ReadonlyArray<string>): number {
    let index = 0
    const { name, labels } = this.family
    for (let i = 0; i < labels.length; i++) {
      const { values } = labels[i]!
      const at = values.indexOf(given[i] ?? "")
      if (at < 0) throw new RangeError(`${name} has no series for ${labels[i]!.name}="${given[i]}"`)
      index = index * values.length + at
    }
    return index
  }
}

/** How often values fell below each of `bounds`, which ascend. Has no labels. */
export class Histogram {
  readonly family: Family
  private readonly bounds: ReadonlyArray<number>
  private readonly counts: Float64Array
  private sum = 0

  constructor(family: Family, bounds: ReadonlyArray<number>) {
    this.family = family
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    let i = 0
    while (i < this.bounds.length && value > this.bounds[i]!) i++
    this.counts[i]!++
    this.sum += value
  }

  render(): string {
    const { name } = this.family
    let text = head(this.family)
    let count = 0
    this.counts.forEach((each, i) => {
      count += each
      text += `${name}_bucket{le="${this.bounds[i] ?? "+Inf"}"} ${count}\n`
    })
    return `${text}${name}_sum ${this.sum}\n${name}_count ${count}\n`
  }
}

const head = ({ name, help, type }: Family): string => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`

/** `{a="x",b="y"}` of the series at `index`; the last label turns fastest. */
const labelText = (labels: ReadonlyArray<Label>, index: number): string => {
  if (labels.length === 0) return ""
  const pairs: Array<string> = []
  let rest = index
  for (const { name, values } of labels.toReversed()) {
    pairs.unshift(`${name}="${escapeValue(values[rest % values.length] ?? "")}"`)
    rest = Math.floor(rest / values.length)
  }
  return `{${pairs.join(",")}}`
}

const escapeValue = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
