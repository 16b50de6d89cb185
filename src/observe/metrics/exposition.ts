/**
 * Exposition: our series as effect's metrics, for its exporters: `/metrics` by PrometheusMetrics, OpenTelemetry by
 * OtlpMetrics. Nothing is counted twice; each look reads the series as they are then.
 */
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"

import type { LabelPairs, ReadHistogram, ReadSeries } from "./series.ts"

/** Series that are read at every look, in the order of the families. */
export interface Readable {
  readonly read: () => ReadonlyArray<ReadSeries | ReadHistogram>
}

export const registryOf = (metrics: Readable): (typeof Metric.MetricRegistry)["Service"] => new Registry(metrics)

/** Everything in Prometheus text format 0.0.4. */
export const renderPrometheus = (metrics: Readable): string =>
  PrometheusMetrics.formatUnsafe(Context.make(Metric.MetricRegistry, registryOf(metrics)))

type Metadata = Parameters<(typeof Metric.MetricRegistry)["Service"]["set"]>[1]

/** effect's registry of metrics, of which every look sees our series as they are then. */
class Registry extends Map<string, Metadata> {
  private readonly metrics: Readable

  constructor(metrics: Readable) {
    super()
    this.metrics = metrics
  }

  override *values(): MapIterator<Metadata> {
    for (const each of this.metrics.read()) yield* "bounds" in each ? ofHistogram(each) : ofSeries(each)
  }
}

const metadata = (
  { family }: ReadSeries | ReadHistogram,
  type: Metric.Metric.Type,
  labels: LabelPairs,
  state: unknown,
): Metadata => ({
  id: family.name,
  type,
  description: family.help,
  attributes: Object.fromEntries(labels),
  hooks: { get: () => state, update() {}, modify() {} },
})

const ofSeries = (series: ReadSeries): ReadonlyArray<Metadata> => {
  const all: Array<Metadata> = []
  const counts = series.family.type === "counter"
  series.forEach((value, labels) => {
    const state = counts ? { count: value, incremental: true } : { value }
    all.push(metadata(series, counts ? "Counter" : "Gauge", labels, state))
  })
  return all
}

const ofHistogram = (histogram: ReadHistogram): ReadonlyArray<Metadata> => {
  const all: Array<Metadata> = []
  histogram.forEach(({ counts, sum, least, most }, labels) => {
    let count = 0
    const buckets = counts.map((each, i) => [histogram.bounds[i] ?? Infinity, (count += each)] as const)
    all.push(metadata(histogram, "Histogram", labels, { buckets, count, min: least, max: most, sum }))
  })
  return all
}
