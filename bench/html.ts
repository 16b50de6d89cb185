/** Reports as one HTML file: no script, no font, no image, no request to anywhere. Plots are plain SVG. */
import { compared, comparisonHeading, type Compared } from "./compare.ts"
import { verdictLines } from "./goals.ts"
import type { Outcome } from "./measure.ts"
import { bars, escape, latencyPlot, plotStyle } from "./plots.ts"
import { heading, type Report } from "./report.ts"
import { columnsOf, grid, notes, titleOf } from "./table.ts"

const style = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 66em; margin: 2em auto; padding: 0 1em; color: #222; background: #fff }
h1 { font-size: 1.6em } h2 { font-size: 1.1em; margin-top: 2.2em }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9em }
th, td { padding: .15em .8em; text-align: right; border-bottom: 1px solid #ddd } th:first-child, td:first-child { text-align: left }
.plots { display: flex; flex-wrap: wrap; gap: 1.5em; margin: .8em 0 } pre { background: #f6f6f6; padding: 1em; white-space: pre-wrap }
.note { color: #b3261e; font-weight: 600 }
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #161616 } pre { background: #222 } th, td { border-color: #333 } .note { color: #ff8a80 }
}${plotStyle}`

const page = (title: string, body: ReadonlyArray<string>): string => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escape(title)}</title><style>${style}</style>
<h1>${escape(title)}</h1>
${body.filter((each) => each !== "").join("\n")}
</html>
`

const tableRow = (tag: "th" | "td", cells: ReadonlyArray<string>): string =>
  `<tr>${cells.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join("")}</tr>`

const tableOf = ([head = [], ...rows]: ReadonlyArray<ReadonlyArray<string>>): string =>
  `<table>${tableRow("th", head)}${rows.map((each) => tableRow("td", each)).join("")}</table>`

const noted = (all: ReadonlyArray<string>): string =>
  all.map((each) => `<p class="note">! ${escape(each)}</p>`).join("")

const lines = (all: ReadonlyArray<string>): string => `<pre>${escape(all.join("\n"))}</pre>`

const section = (outcome: Outcome): string => {
  const plots = columnsOf(outcome)
    .filter((column) => column.compared !== undefined)
    .map(({ field, title, write }) => bars(outcome.rows, field, title, write))
  const latency = latencyPlot(outcome.rows)
  return [
    `<h2>${escape(titleOf(outcome))}</h2>${noted(notes(outcome))}`,
    `<div class="plots">${plots.join("")}${latency ?? ""}</div>`,
    tableOf(grid(outcome)),
  ].join("\n")
}

/** One run. */
export const html = (report: Report): string => {
  const list = report.peers.map(
    ({ name, version, about }) =>
      `<li><b>${escape(name)}</b> ${escape(version ?? "not installed")}: ${escape(about)}</li>`,
  )
  return page("Pillion benchmark", [
    lines(heading(report)),
    `<p>Bars are medians, lines go from the worst to the best round. Ratios are ours to theirs, round by round: median (least..most).
A core share with ~ says that the load was the limit: the rate is then a lower bound, and processor time is what counts.</p>`,
    `<ul>${list.join("\n")}</ul>`,
    ...report.outcomes.map(section),
    report.verdicts.length === 0 ? "" : `<h2>Goals</h2>${lines(verdictLines(report.verdicts))}`,
  ])
}

const comparedSection = ({ title, rows, notes: all }: Compared): string =>
  [`<h2>${escape(title)}</h2>${noted(all)}`, tableOf(rows)].join("\n")

/** Two runs, laid side by side. */
export const comparisonHtml = (before: Report, after: Report): string =>
  page("Pillion benchmark: two runs", [
    lines(comparisonHeading(before, after)),
    ...compared(before, after).map(comparedSection),
  ])
