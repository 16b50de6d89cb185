/**
 * Prometheus: reads the text format 0.0.4 as far as Pillion writes it: no timestamps, no escapes in what is asked for.
 */

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Samples by the name of their metric. */
export type Samples = ReadonlyMap<string, ReadonlyArray<Sample>>

/** Reads what `/metrics` answers. A line that is no sample is left out. */
export const readSamples = (text: string): Samples => {
  const samples = new Map<string, Array<Sample>>()
  for (const line of text.split("\n")) {
    const [, name, labels = "", value] = /^([a-zA-Z_:]\w*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (name === undefined) continue
    const sample = { labels: readLabels(labels), value: Number(value) }
    const known = samples.get(name)
    if (known === undefined) samples.set(name, [sample])
    else known.push(sample)
  }
  return samples
}

/** The sum of a metric's samples whose labels are these. */
export const sum = (samples: Samples, name: string, labels: Readonly<Record<string, string>> = {}): number =>
  (samples.get(name) ?? [])
    .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
    .reduce((total, { value }) => total + value, 0)

/** The sums of a metric by the values of one label. */
export const sumBy = (samples: Samples, name: string, label: string): ReadonlyMap<string, number> => {
  const sums = new Map<string, number>()
  for (const { labels, value } of samples.get(name) ?? []) {
    const key = labels[label] ?? ""
    sums.set(key, (sums.get(key) ?? 0) + value)
  }
  return sums
}

const readLabels = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]))
