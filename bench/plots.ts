/** Plots as plain SVG, without a script. */
import { median, series, type Row, type Sample } from "./measure.ts"
import { beforeName } from "./peers.ts"
import { spread } from "./statistics.ts"

export const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")

/** Rules of the style sheet that the plots need. */
export const plotStyle = `
svg { font: 12px system-ui, sans-serif } .ours { fill: #1f6feb } .theirs { fill: #9aa5b1 } .line { stroke: #222 }
.grid { stroke: #8884 } .curve { fill: none; stroke-width: 1.5; stroke: #9aa5b1 } .curve.ours { fill: none; stroke: #1f6feb; stroke-width: 2.5 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .line { stroke: #ddd } }`

const svg = (title: string, width: number, height: number, drawn: ReadonlyArray<string>): string => {
  const label = escape(title)
  return `<svg role="img" aria-label="${label}" width="${width}" height="${height}"><text x="0" y="12">${label}</text>${drawn.join("")}</svg>`
}

const kindOf = (peer: string): "ours" | "theirs" =>
  peer.startsWith("pillion") && peer !== beforeName ? "ours" : "theirs"

const barHeight = 20
const labelWidth = 100
const barWidth = 230

/** A bar for each participant's median, with a line from its least to its most. */
export const bars = (
  rows: ReadonlyArray<Row>,
  field: keyof Sample,
  title: string,
  write: (value: number) => string,
): string => {
  const all = rows.map((each) => ({ peer: each.peer, ...spread(series(each, field)) })).filter((b) => b.median > 0)
  const largest = Math.max(...all.map(({ most }) => most))
  const x = (value: number): number => labelWidth + (value / largest) * barWidth
  const drawn = all.map(({ peer, median: middleValue, least, most }, i) => {
    const y = 22 + i * barHeight
    const middle = y + barHeight / 2 - 2
    return [
      `<text x="${labelWidth - 6}" y="${middle + 4}" text-anchor="end">${escape(peer)}</text>`,
      `<rect class="${kindOf(peer)}" x="${labelWidth}" y="${y}" width="${(x(middleValue) - labelWidth).toFixed(1)}" height="${barHeight - 4}"/>`,
      `<line class="line" x1="${x(least).toFixed(1)}" x2="${x(most).toFixed(1)}" y1="${middle}" y2="${middle}"/>`,
      `<text x="${(x(most) + 6).toFixed(1)}" y="${middle + 4}">${escape(write(middleValue))}</text>`,
    ].join("")
  })
  return svg(title, labelWidth + barWidth + 90, 26 + all.length * barHeight, drawn)
}

const percentiles = [
  ["p50", "50 %"],
  ["p90", "90 %"],
  ["p99", "99 %"],
  ["p999", "99.9 %"],
] as const satisfies ReadonlyArray<readonly [keyof Sample, string]>

const plotWidth = 330
const plotHeight = 180
const left = 62
const top = 26
/** Names at the right ends of the curves are at least so far apart. */
const nameHeight = 13

/** 1, 2 and 5 times the powers of ten from one below the smallest to one above the largest. */
const steps = (smallest: number, largest: number): ReadonlyArray<number> => {
  const all: Array<number> = []
  for (let power = Math.floor(Math.log10(smallest)); power <= Math.ceil(Math.log10(largest)); power++) {
    for (const digit of [1, 2, 5]) all.push(digit * 10 ** power)
  }
  const from = all.findLastIndex((each) => each <= smallest)
  const to = all.findIndex((each) => each >= largest)
  return all.slice(Math.max(0, from), to < 0 ? undefined : to + 1)
}

/**
 * Latency by percentile, a curve for each participant that has one, each point the median of its rounds: microseconds
 * upwards, on a logarithmic scale. Undefined where there is no latency at all.
 */
export const latencyPlot = (rows: ReadonlyArray<Row>): string | undefined => {
  const curves = rows
    .map((each) => ({ peer: each.peer, values: percentiles.map(([field]) => median(each, field)) }))
    .filter(({ values }) => values.every((value) => value > 0))
  if (curves.length === 0) return undefined
  const all = curves.flatMap(({ values }) => values)
  const ticks = steps(Math.min(...all), Math.max(...all, Math.min(...all) * 1.01))
  const [low = 1, high = 10] = [ticks[0], ticks.at(-1)]
  const x = (i: number): number => left + (i / (percentiles.length - 1)) * plotWidth
  const y = (value: number): number => top + plotHeight * (1 - Math.log(value / low) / Math.log(high / low))
  const grid = ticks.map((tick) => {
    const at = y(tick).toFixed(1)
    return `<line class="grid" x1="${left}" x2="${left + plotWidth}" y1="${at}" y2="${at}"/><text x="${left - 6}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${tick.toLocaleString("en-US")}</text>`
  })
  const marks = percentiles.map(
    ([, name], i) => `<text x="${x(i).toFixed(1)}" y="${top + plotHeight + 18}" text-anchor="middle">${name}</text>`,
  )
  // From the top down, each name at the end of its curve or just below the name above it.
  let lowest = top - nameHeight
  const ordered = curves.toSorted((a, b) => (b.values.at(-1) ?? 0) - (a.values.at(-1) ?? 0))
  const drawn = ordered.map(({ peer, values }) => {
    const points = values.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(" ")
    lowest = Math.max(lowest + nameHeight, y(values.at(-1) ?? low) + 4)
    return `<polyline class="curve ${kindOf(peer)}" points="${points}"><title>${escape(peer)}</title></polyline><text x="${left + plotWidth + 6}" y="${lowest.toFixed(1)}">${escape(peer)}</text>`
  })
  const height = Math.max(top + plotHeight + 24, lowest + 6)
  return svg("latency, us, by share of requests", left + plotWidth + 110, Math.ceil(height), [
    ...grid,
    ...marks,
    ...drawn,
  ])
}
