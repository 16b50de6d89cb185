/** The report as one HTML file: no script, no font, no image, no request to anywhere. Plots are plain SVG. */
import { verdictLines, type Verdict } from "./goals.ts"
import type { Machine } from "./machine.ts"
import { series, type Outcome, type Row, type Sample } from "./measure.ts"
import { spread } from "./statistics.ts"
import { columnsOf, grid } from "./table.ts"

export interface Report {
  readonly machine: Machine
  readonly starts: number
  readonly rounds: number
  readonly seconds: number
  readonly peers: ReadonlyArray<{ readonly name: string; readonly version: string | undefined; readonly about: string }>
  readonly outcomes: ReadonlyArray<Outcome>
  readonly verdicts: ReadonlyArray<Verdict>
}

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")

const style = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 66em; margin: 2em auto; padding: 0 1em; color: #222; background: #fff }
h1 { font-size: 1.6em } h2 { font-size: 1.1em; margin-top: 2.2em }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9em }
th, td { padding: .15em .8em; text-align: right; border-bottom: 1px solid #ddd } th:first-child, td:first-child { text-align: left }
.plots { display: flex; flex-wrap: wrap; gap: 1.5em; margin: .8em 0 } pre { background: #f6f6f6; padding: 1em; overflow: auto }
svg { font: 12px system-ui, sans-serif } .ours { fill: #1f6feb } .theirs { fill: #9aa5b1 } .line { stroke: #222 }
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #161616 } pre { background: #222 } th, td { border-color: #333 }
  text { fill: #ddd } .line { stroke: #ddd }
}`

const barHeight = 20
const labelWidth = 100
const barWidth = 230

/** A bar for each participant's median, with a line from its least to its most. */
const plot = (rows: ReadonlyArray<Row>, field: keyof Sample, title: string, write: (v: number) => string): string => {
  const bars = rows.map((each) => ({ peer: each.peer, ...spread(series(each, field)) })).filter((b) => b.median > 0)
  const largest = Math.max(...bars.map(({ most }) => most))
  const x = (value: number): number => labelWidth + (value / largest) * barWidth
  const drawn = bars.map(({ peer, median, least, most }, i) => {
    const y = 22 + i * barHeight
    const middle = y + barHeight / 2 - 2
    const kind = peer.startsWith("pillion") ? "ours" : "theirs"
    return [
      `<text x="${labelWidth - 6}" y="${middle + 4}" text-anchor="end">${escape(peer)}</text>`,
      `<rect class="${kind}" x="${labelWidth}" y="${y}" width="${(x(median) - labelWidth).toFixed(1)}" height="${barHeight - 4}"/>`,
      `<line class="line" x1="${x(least).toFixed(1)}" x2="${x(most).toFixed(1)}" y1="${middle}" y2="${middle}"/>`,
      `<text x="${(x(most) + 6).toFixed(1)}" y="${middle + 4}">${escape(write(median))}</text>`,
    ].join("")
  })
  const height = 26 + bars.length * barHeight
  const label = escape(title)
  return `<svg role="img" aria-label="${label}" width="${labelWidth + barWidth + 90}" height="${height}"><text x="0" y="12">${label}</text>${drawn.join("")}</svg>`
}

const section = (outcome: Outcome): string => {
  const [head = [], ...rows] = grid(outcome)
  const line = (tag: string, cells: ReadonlyArray<string>): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join("")}</tr>`
  const plots = columnsOf(outcome)
    .filter(({ compared }) => compared !== undefined)
    .map(({ field, title, write }) => plot(outcome.rows, field, title, write))
  const problems = outcome.rows.flatMap(({ peer, problem }) =>
    problem === undefined ? [] : [`<p>${escape(`${peer}: ${problem}`)}</p>`],
  )
  const { name, title } = outcome.workload
  return [
    `<h2>${escape(name)}: ${escape(title)}</h2><div class="plots">${plots.join("")}</div>`,
    `<table>${line("th", head)}${rows.map((each) => line("td", each)).join("")}</table>${problems.join("")}`,
  ].join("\n")
}

export const html = ({ machine, starts, rounds, seconds, peers, outcomes, verdicts }: Report): string => {
  const where = [
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Linux ${machine.kernel}, Bun ${machine.bun}`,
    `${starts === 1 ? "" : `${starts} starts, `}${rounds} alternating rounds of ${seconds} s; proxies on core 0, load and origins on core 1; ${machine.when}`,
  ]
  const list = peers.map(
    ({ name, version, about }) =>
      `<li><b>${escape(name)}</b> ${escape(version ?? "not installed")}: ${escape(about)}</li>`,
  )
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Pillion benchmark</title><style>${style}</style>
<h1>Pillion ${escape(machine.pillion)}: benchmark</h1>
${where.map((each) => `<p>${escape(each)}</p>`).join("\n")}
<p>Bars are medians, lines go from the worst to the best round. Ratios are ours to theirs, round by round: median (least..most).
A core share with ~ says that the load was the limit: the rate is then a lower bound, and processor time is what counts.</p>
<ul>${list.join("\n")}</ul>
${outcomes.map(section).join("\n")}
${verdicts.length === 0 ? "" : `<h2>Goals</h2><pre>${escape(verdictLines(verdicts).join("\n"))}</pre>`}
</html>
`
}
